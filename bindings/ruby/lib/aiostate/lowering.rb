# frozen_string_literal: true

module Aiostate
  # Arguments and keywords as the library takes them.
  module Lowering # :nodoc:
    SETTERS = Hash.new { |setters, name| setters[name] = :"#{name}=" }

    module_function

    # The library's options of a class, from keywords; nil if there are none.
    def options(class_of_options, keywords)
      fill(class_of_options.new, keywords) unless keywords.empty?
    end

    def fill(target, keywords)
      keywords.each do |name, value|
        next if value.nil?

        if name == :collections && target.respond_to?(:add_collection)
          value.each { |collection| target.add_collection(collection) }
        elsif target.respond_to?(SETTERS[name])
          target.public_send(SETTERS[name], value)
        else
          raise ArgumentError, "unknown keyword: #{name.inspect}"
        end
      end
      target
    end

    # Yields the descriptor of a socket that becomes the library's by it.
    def adopt(socket)
      return yield(socket) if socket.is_a?(Integer)

      result = yield(socket.fileno)
      socket.autoclose = false
      result
    end

    def buffers(views)
      views.each_with_object(Low::Buffers.new) { |view, buffers| buffers.add(view) }
    end

    # From [[data, address], ...], where an address may be nil.
    def messages(messages)
      messages.each_with_object(Low::Messages.new) { |(data, address), lowered| lowered.add(data, address) }
    end
  end
end
