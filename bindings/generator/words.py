"""What documents functions whose C comment speaks of memory, handles or user info, or of several at once."""

WORDS = {
    "aio_state_read_buffer": """Reads exactly `length` bytes, or at least `minimum` of them. What earlier reads left
        over is served first, also before a known end. AIO_EOF: the peer ended before enough came, and the bytes
        that did come are given all the same, as they are with AIO_TIMEOUT and errors.""",
    "aio_state_write_buffer": """Sends bytes, or their part from `start` to `end`, and is done when the kernel has
        taken all of them, or with the number of bytes it took. Writes queue in the order of submission and do not
        interleave. Their timeout runs from submission, a stall timeout from being first in the queue. A write that
        timed out or was aborted sends nothing more. Behind a failed write the queued ones end with its status and
        count 0; behind one that timed out with AIO_ERR_CANCELED and count 0, since a gap must not be sent.
        AIO_ERR_BROKEN_PIPE: the connection takes no more. Refused with AIO_ERR_LIMIT: see
        aio_state_set_write_limit; with AIO_ERR_CLOSED: also after aio_state_shutdown.""",
    "aio_state_write_buffers": """Sends several pieces of bytes, one behind the other, as one
        aio_state_write_buffer; `start` and `end` index the whole of them.""",
    "aio_state_read_with_checking": """Reads on and on: the callback is shown all bytes that have not been dropped,
        whenever new ones have come, at most `max_read` of them new. aio_state_discard and aio_state_finish_read
        drop bytes, also in the callback; aio_state_old_length tells how many bytes an earlier call has shown. Bytes
        left over by earlier reads are the first to be shown. The last call has a status other than AIO_OK and no
        new bytes, and what is left stays for the next read: AIO_EOF, AIO_TIMEOUT (nothing came for `timeout`
        seconds), AIO_ERR_LIMIT (see aio_state_set_buffer_limit), or an error. aio_state_finish_read ends it without
        a last call.""",
    "aio_state_read_until": """Reads up to and with the first `delimiter`, of at least one byte. With any other
        status than AIO_OK it gives nothing, and all that came stays for the next read: AIO_EOF or an error,
        AIO_TIMEOUT, AIO_ERR_LIMIT (no delimiter within the state's buffer_limit).""",
    "aio_state_read_frame": """Reads one frame of the format, without its first `strip` bytes (all of them if the
        frame is shorter). With any other status than AIO_OK it gives nothing, and all that came stays for the next
        read. AIO_ERR_LIMIT: the frame is longer than `maximum` or the state's buffer_limit, or its length field is
        no length: negative with the adjustment, or beyond 64 bits.""",
    "aio_state_wait_for_input": """Is done when a read would give a byte, an end or an error; consumes nothing. It
        is a read of a kind: only one at a time.""",
    "aio_state_receive_message": """Receives one datagram of up to `length` bytes, and tells its sender. What does
        not fit is lost, and the message says that it was truncated.""",
    "aio_state_receive_messages": """Receives on and on: the callback gets datagram after datagram, each once. The
        timeout is per datagram. The last call has no message and a status other than AIO_OK: AIO_TIMEOUT or an
        error. aio_state_finish_read ends it without a last call; datagrams that were received and not delivered
        stay for the next receive.""",
    "aio_state_send_message": """Sends bytes, or their part from `start` to `end`, as one datagram to the peer of a
        connected state, and is done with all its bytes when the kernel has taken it, or with 0. Datagrams leave in
        the order of submission; those of one turn leave together.""",
    "aio_state_send_message_to_address": "Sends one datagram to an address, on a state that is not connected.",
    "aio_state_send_message_to_host": """Sends one datagram to `host` (a name or a numeric address; the first one of
        the socket's family) and `service`, on a state that is not connected. Names are looked up off the loop's
        thread; later datagrams wait for it. Outcomes also: AIO_ERR_HOST_NOT_FOUND, AIO_ERR_SERVICE_NOT_FOUND.""",
    "aio_state_send_messages": """Sends several datagrams in order as one operation, each with its address, or
        without on a connected state. It gives the number of datagrams the kernel took; with a status other than
        AIO_OK the one behind those was the cause, and the rest was not sent.""",
    "aio_state_release_socket": """Closes the state, but leaves its socket open, non-blocking, and the caller's: its
        descriptor. Bytes that were read and not consumed stay for aio_state_take_buffered. AIO_ERR_CLOSED: closing.
        AIO_ERR_NOT_CONNECTED: still connecting, or failed to. AIO_ERR_BUSY: another thread drives the collection,
        or TLS is attached.""",
    "aio_state_take_buffered": """Up to `length` of the bytes that were read from the socket and not consumed, also
        after close. None while a read runs.""",
    "aio_state_discard": "Drops the first `count` bytes that a standing read has shown; returns how many are left.",
    "aio_state_finish_read": """The same, and ends the standing read: nothing more is called, and a new read may
        start at once.""",
    "aio_state_is_open": "Whether the socket is open or connecting; false from the call of close on.",
    "aio_state_socket": """The socket's descriptor, to look at and to set options; -1 while there is none. It stays
        the state's.""",
    "aio_state_name": 'The name the state was given, or "".',
    "aio_state_queued_bytes": "Bytes submitted that the kernel has not taken yet.",
    "aio_state_queued_writes": "Write operations that have not been told of as done yet.",
    "aio_state_read_status": "The outcome of the latest read whose end was told; AIO_OK before the first.",
    "aio_state_write_status": "The outcome of the latest write whose end was told; AIO_OK before the first.",
    "aio_state_system_error": "The system's number (errno) behind the latest error; 0 if there was none.",
    "aio_state_error_text": 'More about the latest error, such as the address; "" if there is nothing.',
    "aio_state_local_address": """The address of this end. AIO_ERR_NOT_CONNECTED: there is none yet. AIO_ERR_CLOSED:
        closed.""",
    "aio_state_peer_address": """The address of the other end. AIO_ERR_NOT_CONNECTED: there is none yet.
        AIO_ERR_CLOSED: closed.""",
    "aio_state_read_timeout": "Seconds that each read submitted later gets; AIO_NO_TIMEOUT if no limit.",
    "aio_state_set_read_timeout": "Gives each read submitted later so many seconds; 0: no limit.",
    "aio_state_write_timeout": "Seconds that each write submitted later gets; AIO_NO_TIMEOUT if no limit.",
    "aio_state_set_write_timeout": "Gives each write submitted later so many seconds; 0: no limit.",
    "aio_state_write_limit": "Bytes that may wait besides those of the first write; a write beyond is AIO_ERR_LIMIT.",
    "aio_state_set_write_limit": """Sets how many bytes may wait besides those of the first write; a write beyond is
        AIO_ERR_LIMIT. 0: no limit.""",
    "aio_state_set_write_marks": """Tells each time the queued bytes (see aio_state_queued_bytes) have reached
        `high` (0 counts as 1) and fallen to `low` or less again; when the output has ended, with its status. That
        is when a producer that stopped at the high mark goes on. New marks replace the old ones; none removes them.
        AIO_ERR_INVALID_ARGUMENT: low > high. AIO_ERR_CLOSED: closing.""",
    "aio_state_set_rate_limit": """Lets bytes move in `direction` (AIO_INPUT, AIO_OUTPUT, AIO_BOTH: each by itself)
        no faster than `limit` says, from now on; none: no limit. A datagram counts with its bytes and is never cut;
        timeouts go on while bytes wait. AIO_ERR_INVALID_ARGUMENT: bad direction, a rate that is not more than 0.
        AIO_ERR_CLOSED: closing.""",
    "aio_state_nodelay": """TCP_NODELAY of the socket or, while connecting, what it will get; 0 where there is no
        such thing.""",
    "aio_state_set_nodelay": "Sets TCP_NODELAY. AIO_ERR_CLOSED: closed. AIO_ERR_UNSUPPORTED: not such a socket.",
    "aio_state_keepalive": """SO_KEEPALIVE of the socket or, while connecting, what it will get; 0 where there is no
        such thing.""",
    "aio_state_set_keepalive": "Sets SO_KEEPALIVE. AIO_ERR_CLOSED: closed. AIO_ERR_UNSUPPORTED: not such a socket.",
    "aio_state_counters": "What the state has done so far.",
    "aio_state_join_group": """Joins a multicast group, given by its numeric address (RFC 1112, RFC 4291); with
        `source`, the numeric address of one sender, only what that one sends (RFC 4607). `interface_name` is an
        interface ("eth0") or its index; none: the system's choice. AIO_ERR_INVALID_ARGUMENT: not numeric, not a
        group's address, families that differ. AIO_ERR_UNSUPPORTED: not a UDP state. AIO_ERR_NOT_FOUND: no such
        interface. AIO_ERR_ADDRESS_IN_USE: joined already. AIO_ERR_LIMIT: the system's limit of groups (igmp(4),
        ip(7)).""",
    "aio_state_leave_group": """Leaves a multicast group, given as for aio_state_join_group.
        AIO_ERR_ADDRESS_NOT_AVAILABLE: not joined.""",
    "aio_state_tls_side": "AIO_TLS_CLIENT or AIO_TLS_SERVER; 0: no TLS, or no more.",
    "aio_state_tls_version": 'What the latest handshake agreed on, such as "TLSv1.3"; "" without TLS.',
    "aio_state_tls_cipher": 'What the latest handshake agreed on, such as "TLS_AES_256_GCM_SHA384"; "" without TLS.',
    "aio_state_tls_alpn": 'The protocol that was agreed on by ALPN, or "".',
    "aio_state_tls_server_name": 'What was asked for by SNI, on both sides, or "".',
    "aio_state_tls_session_reused": "Whether the session was resumed, without certificates.",
    "aio_state_tls_peer_certificate": """The peer's certificate in PEM; "" if there is none.""",
    "aio_state_create_udp": """Makes a UDP state that is not connected. `address` (a name or a numeric address;
        none: all of the machine's) and `service` (a port number or a service name; "0": a free port) say where it
        is bound, in this call; without both the first send binds it to a free port. Of several addresses the first
        that can be bound is used. With both families an IPv4 address shows as an IPv6 one, "::ffff:192.0.2.1" (RFC
        4291, 2.5.5.2), and both can be sent to. AIO_ERR_INVALID_ARGUMENT: an address without a service, a bad time,
        choice or family, a negative size, a `multicast_ttl` outside 0 to 255. AIO_ERR_UNSUPPORTED: the system lacks
        `reuse_port` or the family. AIO_ERR_ADDRESS_IN_USE, AIO_ERR_ADDRESS_NOT_AVAILABLE, AIO_ERR_ACCESS,
        AIO_ERR_HOST_NOT_FOUND, AIO_ERR_SERVICE_NOT_FOUND, AIO_ERR_TOO_MANY_FILES, AIO_ERR_SYSTEM: why it could not
        be made.""",
    "aio_acceptor_create_tcp": """Listens on `address` (a name or a numeric address; the first that can be bound is
        used; none: all of the machine's) and `service` (a port number or a service name; "0": a free port, see
        aio_acceptor_local_port). Binding happens in this call. The callback runs for each connection on the
        acceptor's collection, until aio_acceptor_close; the state may live in another one (`collections`), where
        its callbacks run.

        Accept failures go to `error_callback` and the acceptor goes on. AIO_ERR_TOO_MANY_FILES is told once, then
        the acceptor waits and tries again until there are descriptors.

        With `tls` a connection is handed out when its handshake is done; at most 1024 go on at once, further
        connections stay in the kernel's queue. A failed one goes to `tls_error_callback` with AIO_TIMEOUT,
        AIO_ERR_TLS, AIO_ERR_TLS_CERTIFICATE or an error of the connection.

        AIO_ERR_INVALID_ARGUMENT: a bad time, choice or family, `tls` is a client's. AIO_ERR_UNSUPPORTED: the system
        lacks `reuse_port` or the family. AIO_ERR_ADDRESS_IN_USE, AIO_ERR_ADDRESS_NOT_AVAILABLE, AIO_ERR_ACCESS,
        AIO_ERR_HOST_NOT_FOUND, AIO_ERR_SERVICE_NOT_FOUND, AIO_ERR_TOO_MANY_FILES, AIO_ERR_SYSTEM: why it could not
        be bound.""",
    "aio_acceptor_pause": "Stops handing out connections; meanwhile the kernel queues them up to the backlog.",
    "aio_acceptor_resume": "Hands out connections again.",
    "aio_acceptor_socket": "The listening socket's descriptor, to look at; -1 once closed. It stays the acceptor's.",
    "aio_acceptor_name": 'The name the acceptor was given, or "".',
    "aio_acceptor_error_text": 'More about the latest accept or handshake failure; "" if there was none.',
    "aio_collection_counters": "The sums over all states, closed ones too.",
    "aio_version": 'The version of the library, such as "0.1.0".',
    "aio_has_feature": """Whether this build on this system has a feature: "tcp", "ipv6", "udp", "unix",
        "reuse_port", "multicast", "udp_batch" (several datagrams per system call), "udp_segmentation" (the system
        cuts and joins runs of equal datagrams), "descriptor", "thread", "tls". False for names that it does not
        know.""",
    "aio_tls_context_reload": """Gives later connections other certificates and everything else that options say;
        connections that stand keep what they have, sessions are forgotten. Without options the same files are read
        again. On failure nothing changes. Statuses as for making a context.""",
    "aio_tls_context_add_server_name": """Has a server present another context's certificate, with its verification
        and ALPN, to clients that ask for `name_or_wildcard` by SNI (RFC 6066): a name, or "*." and a name, which
        stands for one label. A name goes before a wildcard, a later one before an earlier one; who asks for none of
        them, or for nothing, gets the server's own. Later reloads of the other one count. AIO_ERR_INVALID_ARGUMENT:
        an empty name, or one of the contexts is a client's.""",
    "aio_frame_format": """A frame: a length field and what follows it. Nothing set means a LEB128 length at the
        beginning, as in Protocol Buffers' delimited streams.""",
    "aio_address_parse": """Makes an address from a numeric host: IPv4 in dotted form ("192.0.2.1"), IPv6 (RFC 4291,
        "2001:db8::1"), also with a scope ("fe80::1%eth0", RFC 4007). Names are not looked up.""",
    "aio_address_host": "The host in numeric form, with its scope; a Unix address's path.",
    "aio_address_format": """Host and port: "127.0.0.1:80", "[::1]:80" (RFC 3986); a Unix address's path.""",
    "aio_address_equal": "Whether both mean the same host, scope and port, or the same path.",
}
