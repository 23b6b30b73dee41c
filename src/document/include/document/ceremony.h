/* What a ceremony gives out, and what share holders say to it (proto/QUORUM.md, 3). */
#ifndef HF_DOCUMENT_CEREMONY_H
#define HF_DOCUMENT_CEREMONY_H

#include "document/document.h"

/* A ceremony's output as it was read. It points into the arena, and into the bytes it was read
 * from. */
struct hf_ceremony {
    struct hf_ceremony_output file;
    struct hf_share_set set; /* without a quote */
    struct hf_hash hash;     /* by which acknowledgements name it */
};

/* HF_EDOCUMENT: a relation of a share set does not hold. The errors of decoding. */
HF_MUST_USE int hf_ceremony_read(struct hf_bytes bytes, struct hf_arena *arena,
                                 struct hf_ceremony *ret);
/* The same from c->file, which is decoded already; its quote may be missing yet. */
HF_MUST_USE int hf_ceremony_decode(struct hf_arena *arena, struct hf_ceremony *c);
/* What its quote must say. HF_ENOMEM. */
HF_MUST_USE int hf_ceremony_report_data(const struct hf_ceremony *c,
                                        uint8_t ret[static HF_REPORT_DATA_LEN]);

/*
 * Seals a holder's share of a key to it, in the ceremony. index: of the holder, from 1. ret:
 * borrows buffer. HF_EPOINT: its key is of small order, or none. HF_ENOMEM.
 */
HF_MUST_USE int hf_share_seal(struct hf_rng *rng, const struct hf_network_id *network,
                              const struct hf_share_set *set, struct hf_bytes name, uint8_t index,
                              const uint8_t share[static HF_SCALAR_LEN],
                              uint8_t buffer[static HF_SEALED_SHARE_MAX],
                              struct hf_sealed_share *ret);
/*
 * Opens it, and holds it against the commitments. key: which of the set's. secret_key: the
 * holder's, of X25519. ret_share: secret. HF_ESHARE: it does not fit, is of another ceremony, or
 * sealed to another kind of key. HF_ENOMEM.
 */
HF_MUST_USE int hf_share_open(const uint8_t secret_key[static HF_KEY_LEN],
                              const struct hf_network_id *network, const struct hf_share_set *set,
                              size_t key, uint8_t index, uint8_t ret_share[static HF_SCALAR_LEN]);

/* The same for a key of P-256 on a token. dh: the x of its product with the point at the beginning
 * of what is sealed, hf_share_point; secret. */
HF_MUST_USE int hf_share_open_dh(const uint8_t dh[static HF_KEY_LEN],
                                 const struct hf_network_id *network,
                                 const struct hf_share_set *set, size_t key, uint8_t index,
                                 uint8_t ret_share[static HF_SCALAR_LEN]);
/* That point, 65 bytes; NULL: the holder's key is of another kind. */
const uint8_t *hf_share_point(const struct hf_share_set *set, size_t key, uint8_t index);

/* The proof that a holder has its share of a key. challenge: 32 bytes, of a drill; NULL: none.
 * HF_ESCALAR. HF_ENOMEM. */
HF_MUST_USE int hf_ack_prove(const struct hf_ceremony *c, const uint8_t *challenge,
                             struct hf_rng *rng, size_t key, uint8_t index,
                             const uint8_t share[static HF_SCALAR_LEN], struct hf_share_proof *ret);
/* Whether an acknowledgement, or a proof in a drill with this challenge, is of a holder of this
 * ceremony that has all its shares. HF_EOTHERREQUEST: of another ceremony, or to another challenge.
 * HF_ENOTHOLDER. HF_EPROOF. HF_ENOMEM. */
HF_MUST_USE int hf_ack_check(const struct hf_ceremony *c, const uint8_t *challenge,
                             const struct hf_share_ack *ack);

#endif
