/* Documents that come together in one file, in their order (proto/QUORUM.md, 3 and 5). Private to
 * document. */
#ifndef HF_DOCUMENT_TOGETHER_H
#define HF_DOCUMENT_TOGETHER_H

#include "document/document.h"

/* Where a document of a kind belongs. */
struct hf__place {
    uint8_t kind;
    struct hf_document **at;
    /* NULL, or one that was verified before, under the one that is known in the root's place. */
    const struct hf_document *known;
};

/*
 * Reads a document and puts it into its place: each root replaces the one before, of the others
 * there is one each, behind the roots and signed by the last. places: the root's first. pool: with
 * a reference for the caller to give back. HF_EDOCUMENT: a kind that has no place, a second of one,
 * or a root behind the others; the errors of hf_document_read and hf_document_verify.
 */
HF_MUST_USE int hf__document_take(struct hf_pool *pool, const struct hf_network_id *network,
                                  const struct hf__place *places, size_t count,
                                  struct hf_bytes envelope);
/* Gives back what is in the places. */
void hf__documents_drop(const struct hf__place *places, size_t count);

#endif
