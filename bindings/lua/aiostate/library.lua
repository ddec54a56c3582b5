--- The C module. SWIG sets two globals when it is loaded, of which nothing is left here.
local swig_type, swig_equals = _G.swig_type, _G.swig_equals
local low = require "aiostate.low"
_G.swig_type, _G.swig_equals = swig_type, swig_equals
return low
