/* What the provider's handlers share. Private to core. */
#ifndef HF_CORE_PROVIDER_H
#define HF_CORE_PROVIDER_H

#include "node.h"
#include "register.h"

/* ---- acceptor.c */
void hf__owner_put(struct hf_engine *e, const uint8_t owner[static 32],
                   const struct hf_owner_row *row);
/* The ballot that a row promises. */
void hf__promised(struct hf_engine *e, const struct hf_owner_row *row, struct hf_ballot *ret);
/* HF_ESUPERSEDED: the ballot is below the one promised or the owner's floor, or another
 * instance's of the same number. */
HF_MUST_USE int hf__promise_check(struct hf_engine *e, const struct hf_owner_row *row,
                                  const uint8_t owner[static 32], const struct hf_ballot *ballot);
/*
 * Raises the promise in a row to the ballot of a request, when that is higher; the caller puts the
 * row before it answers. A row without a promise is one that is being made. HF_ESUPERSEDED.
 * HF_EIDENTITY: the request lacks the owner's word for its ballot. HF_EBALLOT, HF_ESIGNATURE: the
 * word does not fit. The store's error.
 */
HF_MUST_USE int hf__promise(struct hf_engine *e, struct hf_owner_row *row,
                            const struct hf_owner_header *header,
                            const struct hf_owner_request *request, bool *ret_raised);
/* Keeps the proof that came with a request, when it is of the request's ballot and higher than
 * the one kept. Whether the row has changed. */
bool hf__proof_keep(struct hf_engine *e, struct hf_owner_row *row,
                    const struct hf_owner_header *header, const struct hf_owner_request *request);
/* The order of the newest record in a row; false: none is known. */
bool hf__newest_order(struct hf_engine *e, const struct hf_owner_row *row,
                      struct hf_record_order *ret);
/* Whether this node is an acceptor for the generation: it holds or has held its share. */
bool hf__votes_for(struct hf_engine *e, const uint8_t owner[static 32],
                   const struct hf_owner_row *row, const uint8_t generation[static 16]);
/* Notes that a share is gone and its vote stays. */
void hf__former_add(struct hf_engine *e, struct hf_owner_row *row,
                    const uint8_t generation[static 16]);
/* Whether a share of any generation is held for an owner. */
bool hf__holds_any(const struct hf_engine *e, const uint8_t owner[static 32]);
/* Owners for whom a share is held. */
size_t hf__owners_served(const struct hf_engine *e);

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
