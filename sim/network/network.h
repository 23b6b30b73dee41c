/* Messages on their way: what they cost, where they arrive, how they fail. */
#ifndef HF_SIM_NETWORK_H
#define HF_SIM_NETWORK_H

#include "world/world.h"

/* message.c */
/* One that carries a copy of body, and is zero otherwise; from and to are still to be set. */
uint32_t hf__message_new(struct hf_world *w, struct hf_bytes body);
/* Gives back a message and its body. */
void hf__message_free(struct hf_world *w, uint32_t message);
/* Changes one bit of the body's byte at. */
void hf__message_spoil(struct hf__message *m, size_t at);
/* What a message takes on the line whose body takes so much, with headers. */
uint64_t hf__line_len(const struct hf__message *m, uint64_t body);
/* Another body and error; what was appended to body is taken out of it. */
void hf__message_replace(struct hf__message *m, struct hf_buf *body, int error);

/* network.c */
/*
 * The messages of an update, made for its shell, which sends them when the write that they depend
 * on is durable. HF__NOBODY: there is none to send.
 */
HF_MUST_USE uint32_t hf__network_call(struct hf_world *w, const struct hf__node *n,
                                      const struct hf_call *call, uint64_t at_us);
/* The answer to a request; its asker may have gone. */
HF_MUST_USE uint32_t hf__network_reply(struct hf_world *w, const struct hf__node *n,
                                       const struct hf_reply *reply);
/* Of a message that is neither answered nor sent again. */
HF_MUST_USE uint32_t hf__network_datagram(struct hf_world *w, const struct hf__node *n,
                                          const struct hf_datagram_out *datagram);
/* The entry of a message has come. */
void hf__network_arrive(struct hf_world *w, uint32_t message);
/* The entry of the time-out of a call has come. */
void hf__network_timeout(struct hf_world *w, uint32_t call, uint32_t mark);
/* Sends a message that waited, or one just made; the message belongs to the network afterwards. */
void hf__network_send(struct hf_world *w, uint32_t message, uint64_t at_us);
/* What a message takes on the line: records stand for quotes of the real size. */
uint64_t hf__wire_len(const struct hf_world *w, struct hf_bytes body);
/* One trip between two nodes, drawn. */
uint64_t hf__one_way_us(struct hf_world *w, uint32_t from, uint32_t to);

/* Ends a call with an error, delay_us from now. */
void hf__network_fail(struct hf_world *w, uint32_t call, uint32_t mark, int error, uint64_t at_us);
/* A request from a stranger, whose answer hf_world_ask waits for, or from a strategy, whose answer
 * goes nowhere. Returns its number, that hf_message.call shows in the answer. */
uint64_t hf__network_inject(struct hf_world *w, uint32_t from, uint32_t to, uint8_t method,
                            const struct hf_account *account, struct hf_bytes body, uint64_t at_us);

/* conn.c */
/* When a message arrives that would at arrives_us, if not for those sent before it the same way. */
uint64_t hf__conn_order(struct hf_world *w, const struct hf__message *m, uint64_t arrives_us);
/* Whether the caller must first open a connection; it counts as open afterwards. */
bool hf__conn_opens(struct hf_world *w, const struct hf__message *m);
/*
 * When a request arrives that must open its connection, and whose trip takes trip_us: TCP, then TLS
 * 1.3 with two certificates. Where cores are shared, each end computes when its flight arrives.
 */
uint64_t hf__conn_open(struct hf_world *w, struct hf__message *m, uint64_t trip_us);
/* A flight of TLS arrives instead of the request. False: the request itself is there. */
bool hf__conn_shakes(struct hf_world *w, uint32_t message, struct hf__message *m);
/* Processes have ended: the other ends of their connections hear of it, unless the host is
 * silent. */
void hf__network_ended(struct hf_world *w);

/* loss.c */
/* Whether a message is lost whose trip takes so long; if not, how much later it arrives. */
bool hf__loss(struct hf_world *w, const struct hf__message *m, uint64_t trip_us,
              uint64_t *ret_late_us);
/* How much later a flight of a handshake arrives; first: no round trip has been measured yet. */
uint64_t hf__loss_flight_us(struct hf_world *w, uint64_t trip_us, bool first);
/* One trip, not drawn: of what a kernel answers by itself. */
uint64_t hf__trip_us(const struct hf_world *w, uint32_t from, uint32_t to);
/* A process has died: calls under way at it will be reset, unless its host is silent. */
void hf__resets_expect(struct hf_world *w);
/* The entry of such resets has come. */
void hf__resets(struct hf_world *w);

/* rule.c */
/* What the rules of a scenario do with a message; HF_FATE_REPLACE: it arrives twice. */
enum hf_fate hf__rules_judge(struct hf_world *w, struct hf__message *m, uint64_t *ret_delay_us);
/* Whether a cut or a partition lies between two nodes. */
bool hf__cut_between(const struct hf_world *w, uint32_t from, uint32_t to);

#endif
