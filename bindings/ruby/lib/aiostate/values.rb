# frozen_string_literal: true

require "aiostate/lowering"

module Aiostate
  # How frames look, for State#read_frame: a length field and what follows it.
  class FrameFormat < Low::FrameFormat
    # length_offset:: bytes in front of the length field
    # length_size::   bytes of the length field: 1, 2, 4 or 8; 0 (the default) is LEB128
    # little_endian:: least significant byte first
    # adjustment::    what to add to its value to get the number of bytes behind it
    # strip::         leading bytes that are not delivered
    # maximum::       of a whole frame
    def initialize(**options)
      super()
      Lowering.fill(self, options)
    end
  end

  # How fast bytes may move, for State#set_rate_limit: +bytes_per_second+, and +burst+, how many may move at once.
  class RateLimit < Low::RateLimit
    def initialize(**options)
      super()
      Lowering.fill(self, options)
    end
  end

  # Certificates and trust for one side of TLS.
  #
  #   TlsContext.new(TLS_CLIENT, trust_file: "ca.pem")
  #   TlsContext.new(TLS_SERVER, certificate_file: "server.pem", key_file: "server.key")
  class TlsContext < Low::TlsContext
    # Options: certificate_file, key_file, password, certificate_data, key_data, trust_file, trust_directory, trust_data,
    # crl_file, system_trust, verify, minimum_version, session_cache, low_memory, alpn.
    def initialize(side, **options)
      super()
      create(side, Lowering.options(Low::TlsOptions, options))
    end

    # Gives later connections other certificates; without options the same files are read again.
    def reload(**options)
      super(Lowering.options(Low::TlsOptions, options))
    end
  end
end
