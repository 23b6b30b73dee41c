/* Dealing what a proposal asks for. */
#ifndef HF_CEREMONY_DEAL_H
#define HF_CEREMONY_DEAL_H

#include "document/document.h"

/*
 * Deals every key of a proposal among its holders. rng: fresh. ret_body: the
 * encoded share set, without a quote; initialised by the caller. No key and no share outlives the
 * call but sealed. HF_EPOINT: a holder's key is of small order. HF_ENOMEM.
 */
HF_MUST_USE int hf__ceremony_deal(const struct hf_document *proposal,
                                  const struct hf_network_id *network, struct hf_rng *rng,
                                  struct hf_buf *ret_body);

#endif
