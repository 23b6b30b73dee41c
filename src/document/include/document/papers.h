/* The documents that come with requests for a black start: verified, and the newest of each. */
#ifndef HF_DOCUMENT_PAPERS_H
#define HF_DOCUMENT_PAPERS_H

#include "document/request.h"

struct hf_papers {
    struct hf_pool *pool;
    struct hf_network_id network;
    struct hf_document *root, *policy, *set, *shares; /* all there once one request was added */
};

/* ret: ended with hf_papers_done. HF_ENOMEM. */
HF_MUST_USE int hf_papers_init(const struct hf_network_id *network, struct hf_papers *ret);
/* Frees them; of one that is zeroed too. */
void hf_papers_done(struct hf_papers *p);
/*
 * Verifies the documents of a request, from the network's first root on, and keeps each that is
 * newer than what is there. HF_ENODOCUMENTS: one is missing. HF_EDOCUMENT: one that has no place
 * here. The errors of hf_document_read and hf_document_verify. On failure p is as it was.
 */
HF_MUST_USE int hf_papers_add(struct hf_papers *p, const struct hf_request *q);
/* The same, as hf_request_check takes them. */
struct hf_request_documents hf_papers_documents(const struct hf_papers *p);

#endif
