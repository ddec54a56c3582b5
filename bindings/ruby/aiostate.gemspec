# frozen_string_literal: true

# Of the folder that `package` has put together.
Gem::Specification.new do |gem|
  $LOAD_PATH.unshift("#{__dir__}/lib")
  require "aiostate"

  gem.name = "aiostate"
  gem.version = Aiostate::VERSION
  gem.summary = "Asynchronous sockets with timeouts, exact counts and one completion each"
  gem.description = "TCP, UDP, Unix sockets and TLS: operations that call back once, or wait, also under a Fiber scheduler."
  gem.authors = ["The aiostate authors"]
  gem.license = "MIT"
  gem.platform = Gem::Platform::CURRENT
  gem.required_ruby_version = "~> #{RbConfig::CONFIG["ruby_version"]}"
  gem.files = Dir.chdir(__dir__) { Dir["lib/**/*", "README.md", "LICENSE"] }
  gem.extra_rdoc_files = ["README.md"]
end
