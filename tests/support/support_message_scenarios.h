/* What the sweeps run of datagrams. */
#ifndef SUPPORT_MESSAGE_SCENARIOS_H
#define SUPPORT_MESSAGE_SCENARIOS_H

void single_messages(void);
void message_batches(void);
void named_messages(void);
void messages_ended(void);

/* Batches that the kernel can cut out of one, from one state. */
void equal_messages(void);

#define MESSAGE_SCENARIOS                                                                                         \
  {"single_messages", single_messages}, {"message_batches", message_batches}, {"named_messages", named_messages}, \
      {"messages_ended", messages_ended}, {                                                                       \
    "equal_messages", equal_messages                                                                              \
  }

#endif
