/*
 * What a locked node asks of share holders, and what they answer (proto/QUORUM.md, 4 and 5): the
 * checks that both sides make, and the bytes that go between them. A holder's program and the
 * simulator's holders run these; the node's side is in core.
 */
#ifndef HF_DOCUMENT_REQUEST_H
#define HF_DOCUMENT_REQUEST_H

#include "document/document.h"

/* A request as it was read. It points into the arena, and into the bytes that it was read from. */
struct hf_request {
    struct hf_blackstart_request file;
    struct hf_blackstart_transcript transcript;
    struct hf_sealed_statement sealed;
    struct hf_sealed_context context;
    struct hf_hash hash; /* by which answers name it */
};

/* The documents by which a request is judged: the newest that the judge has ever seen. */
struct hf_request_documents {
    const struct hf_network_id *network;
    const struct hf_document *policy;
    const struct hf_document *set;
    const struct hf_document *shares;
};

/* Reads a request, and all that is encoded in it. The errors of decoding. */
HF_MUST_USE int hf_request_read(const struct hf_suite *suite, struct hf_bytes bytes,
                                struct hf_arena *arena, struct hf_request *ret);

/* By what a request names what is to be opened; also the context of the proof in it. */
void hf_sealed_hash(const struct hf_suite *suite, struct hf_bytes statement, struct hf_hash *ret);

/*
 * Everything that a holder checks of a request but its quote. ret_key: the quorum key to which it
 * was sealed. HF_EDOCUMENT_NETWORK: of another network. HF_EEXPIRED, HF_ESHARES_EXPIRED: a
 * document has expired at now_s. HF_EDOCUMENT_OLD: it names another share set, or an older policy.
 * HF_EBEHIND: a newer policy. HF_ENOTMEMBER: the account is not in the set. HF_ESEALED: what is to
 * be opened is not the account's, or not what the transcript names. HF_EUNSEALED: it is sealed to
 * no key of the share set.
 */
HF_MUST_USE int hf_request_check(const struct hf_suite *suite, const struct hf_request *request,
                                 const struct hf_request_documents *documents, uint64_t now_s,
                                 const struct hf_quorum_key **ret_key);
/* Whether the asker's machine and software may have what is to be opened. rank: of the software.
 * HF_EPLATFORM, HF_ERANK. */
HF_MUST_USE int hf_request_platform_check(const struct hf_request *request,
                                          const struct hf_request_documents *documents,
                                          const uint8_t ppid[static 16], uint32_t rank);
/* What the quote of a request must say. */
void hf_request_report_data(const struct hf_suite *suite, const struct hf_request *request,
                            uint8_t ret[static HF_REPORT_DATA_LEN]);

/*
 * A holder's answer to a request that was checked. share: of key, secret; it fits. index: of the
 * holder. HF_EPOINT: the response key is of small order, or C1 no point. HF_ESCALAR. HF_ENOMEM.
 */
HF_MUST_USE int hf_answer_make(const struct hf_suite *suite, struct hf_rng *rng,
                               const struct hf_request *request, uint8_t index,
                               const uint8_t share[static HF_SCALAR_LEN],
                               struct hf_blackstart_answer *ret);
/*
 * The answer to a request among those in a file; the first, where none of them is: the node then
 * says why it will not do. HF_EMALFORMED: there is none. The errors of decoding.
 */
HF_MUST_USE int hf_answers_pick(struct hf_bytes file, struct hf_arena *arena,
                                const struct hf_hash *request, struct hf_blackstart_answer *ret);
/*
 * Opens an answer and checks it. request: the hash of the one that it must answer. secret_key: of
 * the response key. c1: what was to be opened. ret_partial: HF_PARTIAL_LEN bytes, secret.
 * HF_EOTHERREQUEST: to another request. HF_EDOCUMENT_OLD: of another share set. HF_ENOTHOLDER: no
 * holder has its index. HF_ECRYPTO, HF_EPOINT, HF_EPROOF: it is wrong, and ret_index says whose;
 * the errors of decoding. ret_index: 0 where it is not known.
 */
HF_MUST_USE int hf_answer_open(const struct hf_suite *suite, struct hf_bytes answer,
                               const struct hf_hash *request,
                               const uint8_t secret_key[static HF_KEY_LEN],
                               const uint8_t c1[static HF_POINT_LEN],
                               const struct hf_document *shares, const struct hf_quorum_key *key,
                               uint8_t *ret_index, uint8_t *ret_partial);

/* The quorum key of a point in a share set; NULL: it has none. */
const struct hf_quorum_key *hf_share_set_key_of(const struct hf_share_set *s,
                                                const uint8_t point[static HF_POINT_LEN]);

#endif
