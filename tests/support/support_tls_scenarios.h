/* What the sweeps run of TLS. */
#ifndef SUPPORT_TLS_SCENARIOS_H
#define SUPPORT_TLS_SCENARIOS_H

void tls_contexts(void);
void tls_connect_echo_close(void);
void tls_attach_detach(void);
void tls_attach_in_need(void);
void tls_standing_read(void);
void tls_aborting(void);
void tls_on_another_thread(void);
void tls_closed_while_running(void);

#define TLS_SCENARIOS                                                                       \
  {"tls_contexts", tls_contexts}, {"tls_connect_echo_close", tls_connect_echo_close},       \
      {"tls_attach_detach", tls_attach_detach}, {"tls_attach_in_need", tls_attach_in_need}, \
      {"tls_standing_read", tls_standing_read}, {"tls_aborting", tls_aborting},             \
      {"tls_on_another_thread", tls_on_another_thread}, {                                   \
    "tls_closed_while_running", tls_closed_while_running                                    \
  }

#endif
