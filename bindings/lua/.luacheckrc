std = "lua54"
files["**/spec/*_spec.lua"].std = "lua54+busted"
