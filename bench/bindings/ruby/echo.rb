#!/usr/bin/env ruby
# frozen_string_literal: true

# Echo round trips of 64 bytes over one connection, client and server in this process; prints for each way
# NAME, round trips per second of CPU, and microseconds of CPU per round trip; and per event of an `apply` loop.
# usage: ruby -I bindings/ruby/lib -I BUILD/layer echo.rb [ROUND-TRIPS]

require "aiostate"
require "socket"
require_relative "../../../bindings/ruby/tests/select_scheduler"

COUNT = (ARGV.first || 20_000).to_i
SIZE = 64
PING = ("x" * SIZE).b.freeze

def measure(name, count: COUNT, unit: "round trip")
  GC.start
  before = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
  yield count
  seconds = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - before
  puts format("%s\t%.0f\t%.2f", "#{name} (#{unit})", count / seconds, seconds / count * 1e6)
end

def pair(collection)
  acceptor = collection.listen_tcp("127.0.0.1", 0)
  client = collection.connect_tcp("127.0.0.1", acceptor.local_port)
  [client, acceptor.accept]
end

def callbacks(count)
  Aiostate::Collection.open do |collection|
    client, server = pair(collection)
    answer = lambda do |state, bytes, status|
      next unless status == Aiostate::OK

      state.write(bytes) {}
      state.read(SIZE, &answer)
    end
    server.read(SIZE, &answer)
    left = count
    again = lambda do |state, _, _|
      next collection.stop if (left -= 1).zero?

      state.write(PING) {}
      state.read(SIZE, &again)
    end
    client.write(PING) {}
    client.read(SIZE, &again)
    collection.run
  end
end

# Both sides in one thread, each operation waited for.
def waiting(count)
  Aiostate::Collection.open do |collection|
    client, server = pair(collection)
    count.times do
      client.write(PING)
      server.write(server.read(SIZE))
      client.read(SIZE)
    end
  end
end

# A thread for each side.
def threads(count)
  Aiostate::Collection.open do |collection|
    client, server = pair(collection)
    serving = Thread.new { count.times { server.write(server.read(SIZE)) } }
    count.times do
      client.write(PING)
      client.read(SIZE)
    end
    serving.join
  end
end

# A fiber for each side.
def fibers(count)
  Thread.new do
    Fiber.set_scheduler(SelectScheduler.new)
    Fiber.schedule do
      collection = Aiostate::Collection.new
      client, server = pair(collection)
      Fiber.schedule { count.times { server.write(server.read(SIZE)) } }
      count.times do
        client.write(PING)
        client.read(SIZE)
      end
    end
  end.join
end

def events(count)
  Aiostate::Collection.open do |collection|
    left = count
    again = -> { (left -= 1).zero? ? collection.stop : collection.apply(&again) }
    collection.apply(&again)
    collection.run
  end
end

def socket_pair
  listening = TCPServer.new("127.0.0.1", 0)
  client = TCPSocket.new("127.0.0.1", listening.addr[1])
  [client, listening.accept].each { |socket| socket.setsockopt(:TCP, :NODELAY, true) }
end

# What Ruby's servers do: a thread for each connection.
def socket_threads(count)
  client, server = socket_pair
  serving = Thread.new { count.times { server.write(server.readpartial(SIZE)) } }
  count.times do
    client.write(PING)
    client.readpartial(SIZE)
  end
  serving.join
end

# One thread for all connections: what their event loops do.
def socket_select(count)
  client, server = socket_pair
  client.write_nonblock(PING)
  left = count
  until left.zero?
    IO.select([client, server]).first.each do |socket|
      bytes = socket.read_nonblock(SIZE)
      next socket.write_nonblock(bytes) if socket.equal?(server)

      left -= 1
      client.write_nonblock(PING) unless left.zero?
    end
  end
end

measure("aiostate, blocks") { |count| callbacks(count) }
measure("aiostate, waiting") { |count| waiting(count) }
measure("aiostate, two fibers") { |count| fibers(count) }
measure("aiostate, two threads") { |count| threads(count) }
measure("socket, two threads") { |count| socket_threads(count) }
measure("socket, IO.select") { |count| socket_select(count) }
measure("aiostate, apply", count: COUNT * 10, unit: "event") { |count| events(count) }
