# frozen_string_literal: true

module Aiostate
  # An operation was refused, or did not complete.
  class Error < IOError
    # One of the module's constants, such as ERR_BUSY.
    attr_reader :status

    # What had come when a read ended.
    attr_reader :data

    # How many bytes, or messages, had gone out when a write ended.
    attr_reader :count

    def initialize(status, text = "", data: "".b, count: 0)
      @status = status
      @data = data
      @count = count
      super("#{name}: #{text.empty? ? Low.status_message(status) : text}")
    end

    # The name of the status, such as "ERR_BUSY".
    def name = Aiostate.status_name(status)

    # The error for a status, of the class that tells it apart.
    def self.for(status, text = "", **details)
      CLASSES.fetch(status, Error).new(status, text, **details)
    end
  end

  # The peer has ended its side of the stream.
  class EndOfStream < Error; end

  # The time given for the operation is over.
  class Timeout < Error; end

  # The operation was aborted, or its state or collection was closed.
  class Canceled < Error; end

  Error::CLASSES = {
    Low::EOF => EndOfStream, Low::TIMEOUT => Timeout, Low::ERR_CANCELED => Canceled
  }.freeze
  Error.private_constant :CLASSES
end
