/* What the provider's handlers share. Private to core. */
#ifndef HF_CORE_PROVIDER_H
#define HF_CORE_PROVIDER_H

#include "node.h"

/* Whether this node's own shares are with all their holders. */
bool hf__is_placed(const struct hf_engine *e);
/*
 * Whether an owner may leave a share of this generation. The store's error while writing fails;
 * HF_EQUOTA; HF_ESUPERSEDED: a lower claim than one known; HF_EGENERATION: not newer than what was
 * accepted.
 */
HF_MUST_USE int hf__room_check(struct hf_engine *e, const struct hf_owner_header *header,
                               const struct hf_generation_id *generation);
/* What the nonce of an offer is bound to. */
struct hf_bytes hf__offer_context(struct hf_engine *e, const uint8_t owner[static 32],
                                  const struct hf_generation_id *generation);
/* What the nonce of a recovery is bound to. */
struct hf_bytes hf__recover_context(struct hf_engine *e, const uint8_t account[static 32],
                                    const uint8_t response_key[static 32]);

#endif
