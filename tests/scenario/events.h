/* Events as their authors would make them, told by any node of a scenario (proto/GOSSIP.md). */
#ifndef HF_TESTS_EVENTS_H
#define HF_TESTS_EVENTS_H

#include "testnet.h"

#include "base/buf.h"
#include "members/members.h"

const struct hf_account *account(struct hf_world *w, uint32_t node);
/* What a node keeps of a kind about another; NULL: nothing. by: the author of a suspect. */
const struct hf__told *kept(struct hf_world *w, uint32_t node, uint32_t about, enum hf__news kind,
                            long by);
/* An event as its author would make it now: of itself, or a suspicion of another. */
struct hf_event_statement event_of(struct hf_world *w, uint32_t author, uint32_t subject,
                                   enum hf__news kind, uint64_t incarnation);
/* Signed by a node's own key; encoded in ret, which is initialised. */
struct hf_signed_event sign(struct hf_world *w, uint32_t signer, const struct hf_event_statement *s,
                            struct hf_buf *ret);
/* Tells one event to a node, on a connection of another; the answer's error. */
int tell(struct hf_world *w, uint32_t to, const struct hf_account *as,
         struct hf_signed_event *what);
/* Signs and tells: what node `to` keeps afterwards is looked at by the caller. */
void say(struct hf_world *w, uint32_t to, uint32_t teller, uint32_t signer,
         const struct hf_event_statement *s);

#endif
