/* Sharing keys anew: what the holders of the old share set give, until there is enough of it. */
#ifndef HF_CEREMONY_RESHARD_H
#define HF_CEREMONY_RESHARD_H

#include "document/reshard.h"

struct hf__reshard_secrets;

struct hf__reshard {
    const struct hf_document *proposal, *shares; /* borrowed */
    struct hf_hash request;
    uint8_t indices[HF_SHARES_MAX]; /* of the holders whose shares are here */
    uint8_t count;
    struct hf__reshard_secrets *secrets;
};

/*
 * Draws the key to which shares are sent. ret: ended with hf__reshard_done, on failure too.
 * ret_statement: encoded; initialised by the caller. The errors of hf_reshard_fits. HF_ENOMEM.
 */
HF_MUST_USE int hf__reshard_begin(const struct hf_document *proposal,
                                  const struct hf_document *shares,
                                  const struct hf_network_id *network, struct hf_rng *rng,
                                  struct hf__reshard *ret, struct hf_buf *ret_statement);
/* Wipes and frees what hf__reshard_begin made. */
void hf__reshard_done(struct hf__reshard *r);
/*
 * Takes what one holder gives. ret_index: of the holder; 0: not known. HF_EOTHERREQUEST;
 * HF_ENOTHOLDER; HF_EREPEATED: its shares are here; HF_ESHARE: one is wrong, and none of them is
 * taken; the errors of decoding. HF_ENOMEM.
 */
HF_MUST_USE int hf__reshard_take(struct hf__reshard *r, struct hf_bytes answer, uint8_t *ret_index);
/* With m holders: the keys, in the proposal's order, until hf__reshard_done. HF_EFEWSHARES. */
HF_MUST_USE int hf__reshard_combine(struct hf__reshard *r, const uint8_t (**ret)[HF_SCALAR_LEN]);

#endif
