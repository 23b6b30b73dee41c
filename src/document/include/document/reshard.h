/* Sharing quorum keys anew (proto/QUORUM.md, 3): what a ceremony asks of the old share holders, and
 * what they give it. */
#ifndef HF_DOCUMENT_RESHARD_H
#define HF_DOCUMENT_RESHARD_H

#include "document/document.h"

/* A request as it was read and verified. It points into the arena, and into the bytes that it was
 * read from. */
struct hf_reshard {
    struct hf_reshard_request file;
    struct hf_reshard_statement statement;
    struct hf_hash hash; /* by which answers name it */
    struct hf_document *root, *policy, *shares, *proposal;
};

/*
 * Whether a proposal means to share keys of this share set anew. HF_EDOCUMENT: it does not, or
 * names another share set, or a key that this one has not.
 */
HF_MUST_USE int hf_reshard_fits(const struct hf_document *proposal,
                                const struct hf_document *shares);
/* Whether what a ceremony made of it has the very keys: a public check. HF_EDOCUMENT. */
HF_MUST_USE int hf_reshard_same(const struct hf_share_set *made, const struct hf_share_set *old);

/*
 * Reads a request, and verifies its documents from the network's first root on. ret: ended with
 * hf_reshard_done. HF_EDOCUMENT_NETWORK; HF_ENODOCUMENTS: one is missing; HF_EOTHERREQUEST: the
 * statement is about other documents; those of hf_reshard_fits, of decoding, and of verifying.
 */
HF_MUST_USE int hf_reshard_read(struct hf_pool *pool, const struct hf_network_id *network,
                                struct hf_bytes bytes, struct hf_arena *arena,
                                struct hf_reshard *ret);
/* Frees the documents that it holds. */
void hf_reshard_done(struct hf_reshard *r);
/* What the quote over an encoded statement must say, and the hash by which answers name it. */
void hf_reshard_names(struct hf_bytes statement, uint8_t ret_report[static HF_REPORT_DATA_LEN],
                      struct hf_hash *ret_hash);

/* Seals an old share to the ceremony. HF_EPOINT: its key is of small order. HF_ENOMEM. */
HF_MUST_USE int hf_reshard_seal(struct hf_rng *rng, const uint8_t response_key[static HF_KEY_LEN],
                                const struct hf_hash *request, struct hf_bytes name, uint8_t index,
                                const uint8_t share[static HF_SCALAR_LEN],
                                struct hf_reshard_share *ret);
/* Opens it, and holds it against the old commitments. key: of the old share set. ret: secret.
 * HF_ESHARE: it is none of this holder's. HF_ENOMEM. */
HF_MUST_USE int hf_reshard_open(const uint8_t secret_key[static HF_KEY_LEN],
                                const struct hf_hash *request, const struct hf_share_set *old,
                                const struct hf_quorum_key *key, uint8_t index,
                                const struct hf_reshard_share *share,
                                uint8_t ret[static HF_SCALAR_LEN]);

#endif
