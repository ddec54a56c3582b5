/* The structs of the C ABI where pointers have 64 bits. A line changes only with the SONAME. */
#include <aiostate/aiostate.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FIELD(type, field, expected) \
  { #type "." #field, offsetof(type, field), expected }
#define SIZE(type, expected) \
  { "sizeof " #type, sizeof(type), expected }

static const struct {
  const char *what;
  size_t actual;
  size_t expected;
} table[] = {
    SIZE(aio_status, 4),
    SIZE(aio_socket, 4),

    FIELD(aio_address, length, 0),
    FIELD(aio_address, storage, 4),
    SIZE(aio_address, 132),

    FIELD(aio_counters, bytes_read, 0),
    FIELD(aio_counters, bytes_written, 8),
    FIELD(aio_counters, operations_read, 16),
    FIELD(aio_counters, operations_written, 24),
    FIELD(aio_counters, calls_read, 32),
    FIELD(aio_counters, calls_written, 40),
    FIELD(aio_counters, callbacks, 48),
    FIELD(aio_counters, open_states, 56),
    FIELD(aio_counters, reserved, 64),
    SIZE(aio_counters, 128),

    FIELD(aio_io_options, start, 0),
    FIELD(aio_io_options, end, 8),
    FIELD(aio_io_options, minimum, 16),
    FIELD(aio_io_options, max_read, 24),
    FIELD(aio_io_options, timeout, 32),
    FIELD(aio_io_options, stall_timeout, 40),
    FIELD(aio_io_options, error_callback, 48),
    FIELD(aio_io_options, user_info, 56),
    FIELD(aio_io_options, reserved, 64),
    SIZE(aio_io_options, 96),

    FIELD(aio_collection_options, thread_start, 0),
    FIELD(aio_collection_options, thread_stop, 8),
    FIELD(aio_collection_options, thread_argument, 16),
    FIELD(aio_collection_options, reserved, 24),
    SIZE(aio_collection_options, 56),

    FIELD(aio_attach_options, server_name, 0),
    FIELD(aio_attach_options, handshake_timeout, 8),
    FIELD(aio_attach_options, user_info, 16),
    FIELD(aio_attach_options, reserved, 24),
    SIZE(aio_attach_options, 56),

    FIELD(aio_tls_options, certificate_file, 0),
    FIELD(aio_tls_options, key_file, 8),
    FIELD(aio_tls_options, password, 16),
    FIELD(aio_tls_options, certificate_data, 24),
    FIELD(aio_tls_options, certificate_length, 32),
    FIELD(aio_tls_options, key_data, 40),
    FIELD(aio_tls_options, key_length, 48),
    FIELD(aio_tls_options, trust_file, 56),
    FIELD(aio_tls_options, trust_directory, 64),
    FIELD(aio_tls_options, trust_data, 72),
    FIELD(aio_tls_options, trust_length, 80),
    FIELD(aio_tls_options, crl_file, 88),
    FIELD(aio_tls_options, system_trust, 96),
    FIELD(aio_tls_options, verify, 100),
    FIELD(aio_tls_options, minimum_version, 104),
    FIELD(aio_tls_options, session_cache, 108),
    FIELD(aio_tls_options, low_memory, 112),
    FIELD(aio_tls_options, alpn, 120),
    FIELD(aio_tls_options, reserved, 128),
    SIZE(aio_tls_options, 192),

    FIELD(aio_udp_options, family, 0),
    FIELD(aio_udp_options, reuse_address, 4),
    FIELD(aio_udp_options, reuse_port, 8),
    FIELD(aio_udp_options, broadcast, 12),
    FIELD(aio_udp_options, multicast_ttl, 16),
    FIELD(aio_udp_options, multicast_loop, 20),
    FIELD(aio_udp_options, receive_buffer_size, 24),
    FIELD(aio_udp_options, send_buffer_size, 28),
    FIELD(aio_udp_options, queue_output, 32),
    FIELD(aio_udp_options, name, 40),
    FIELD(aio_udp_options, read_timeout, 48),
    FIELD(aio_udp_options, write_timeout, 56),
    FIELD(aio_udp_options, user_info, 64),
    FIELD(aio_udp_options, reserved, 72),
    SIZE(aio_udp_options, 104),

    FIELD(aio_message, data, 0),
    FIELD(aio_message, length, 8),
    FIELD(aio_message, address, 16),
    FIELD(aio_message, reserved, 24),
    SIZE(aio_message, 40),

    FIELD(aio_frame_format, length_offset, 0),
    FIELD(aio_frame_format, length_size, 8),
    FIELD(aio_frame_format, little_endian, 12),
    FIELD(aio_frame_format, adjustment, 16),
    FIELD(aio_frame_format, strip, 24),
    FIELD(aio_frame_format, maximum, 32),
    FIELD(aio_frame_format, reserved, 40),
    SIZE(aio_frame_format, 72),

    FIELD(aio_buffer_view, data, 0),
    FIELD(aio_buffer_view, length, 8),
    SIZE(aio_buffer_view, 16),

    FIELD(aio_rate_limit, bytes_per_second, 0),
    FIELD(aio_rate_limit, burst, 8),
    FIELD(aio_rate_limit, reserved, 16),
    SIZE(aio_rate_limit, 48),

    FIELD(aio_credentials, process, 0),
    FIELD(aio_credentials, user, 8),
    FIELD(aio_credentials, group, 16),
    FIELD(aio_credentials, reserved, 24),
    SIZE(aio_credentials, 56),

    FIELD(aio_state_options, kind, 0),
    FIELD(aio_state_options, queue_output, 4),
    FIELD(aio_state_options, read_timeout, 8),
    FIELD(aio_state_options, write_timeout, 16),
    FIELD(aio_state_options, user_info, 24),
    FIELD(aio_state_options, name, 32),
    FIELD(aio_state_options, reserved, 40),
    SIZE(aio_state_options, 72),

    FIELD(aio_connect_options, connect_timeout, 0),
    FIELD(aio_connect_options, read_timeout, 8),
    FIELD(aio_connect_options, write_timeout, 16),
    FIELD(aio_connect_options, user_info, 24),
    FIELD(aio_connect_options, name, 32),
    FIELD(aio_connect_options, family, 40),
    FIELD(aio_connect_options, nodelay, 44),
    FIELD(aio_connect_options, keepalive, 48),
    FIELD(aio_connect_options, queue_output, 52),
    FIELD(aio_connect_options, local_address, 56),
    FIELD(aio_connect_options, local_service, 64),
    FIELD(aio_connect_options, tls, 72),
    FIELD(aio_connect_options, tls_server_name, 80),
    FIELD(aio_connect_options, handshake_timeout, 88),
    FIELD(aio_connect_options, reserved, 96),
    SIZE(aio_connect_options, 160),

    FIELD(aio_close_options, linger, 0),
    FIELD(aio_close_options, reset, 8),
    FIELD(aio_close_options, user_info, 16),
    FIELD(aio_close_options, reserved, 24),
    SIZE(aio_close_options, 56),

    FIELD(aio_accept_options, backlog, 0),
    FIELD(aio_accept_options, family, 4),
    FIELD(aio_accept_options, reuse_port, 8),
    FIELD(aio_accept_options, nodelay, 12),
    FIELD(aio_accept_options, keepalive, 16),
    FIELD(aio_accept_options, queue_output, 20),
    FIELD(aio_accept_options, unix_mode, 24),
    FIELD(aio_accept_options, connection_limit, 32),
    FIELD(aio_accept_options, read_timeout, 40),
    FIELD(aio_accept_options, write_timeout, 48),
    FIELD(aio_accept_options, user_info, 56),
    FIELD(aio_accept_options, name, 64),
    FIELD(aio_accept_options, socket_callback, 72),
    FIELD(aio_accept_options, error_callback, 80),
    FIELD(aio_accept_options, collections, 88),
    FIELD(aio_accept_options, collection_count, 96),
    FIELD(aio_accept_options, tls, 104),
    FIELD(aio_accept_options, handshake_timeout, 112),
    FIELD(aio_accept_options, tls_error_callback, 120),
    FIELD(aio_accept_options, reserved, 128),
    SIZE(aio_accept_options, 192),
};

static void test_layout__is_what_programs_were_compiled_against(void **unused) {
  (void)unused;
  size_t wrong = 0;
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (table[i].actual != table[i].expected) {
      print_error("%s is %zu, not %zu\n", table[i].what, table[i].actual, table[i].expected);
      wrong++;
    }
  }
  assert_int_equal(wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layout__is_what_programs_were_compiled_against),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
