/* Dealing what a proposal asks for. */
#ifndef HF_CEREMONY_DEAL_H
#define HF_CEREMONY_DEAL_H

#include "document/document.h"

/*
 * Deals every key of a proposal among its holders. rng: fresh. secrets: the keys that are shared
 * anew, in the proposal's order; NULL: they are drawn. ret_body: the encoded share set, without a
 * quote; initialised by the caller. No key that is drawn and no share outlives the call but sealed.
 * HF_EPOINT: a holder's key is of small order, or none. HF_ENOMEM.
 */
HF_MUST_USE int hf__ceremony_deal(const struct hf_document *proposal,
                                  const struct hf_network_id *network, struct hf_rng *rng,
                                  const uint8_t (*secrets)[HF_SCALAR_LEN], struct hf_buf *ret_body);

#endif
