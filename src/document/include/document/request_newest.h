/* The documents that come with requests for a black start: verified, and the newest of each. */
#ifndef HF_DOCUMENT_REQUEST_NEWEST_H
#define HF_DOCUMENT_REQUEST_NEWEST_H

#include "document/request.h"

struct hf_request_newest {
    struct hf_pool *pool;
    struct hf_network_id network;
    struct hf_document *root, *policy, *set, *shares; /* all there once one request was added */
};

/* ret: ended with hf_request_newest_done. HF_ENOMEM. */
HF_MUST_USE int hf_request_newest_init(const struct hf_network_id *network,
                                       struct hf_request_newest *ret);
/* Frees them; of one that is zeroed too. */
void hf_request_newest_done(struct hf_request_newest *p);
/*
 * Verifies the documents of a request, from the network's first root on, and keeps each that is
 * newer than what is there. HF_ENODOCUMENTS: one is missing. HF_EDOCUMENT: one that has no place
 * here. The errors of hf_document_read and hf_document_verify. On failure p is as it was.
 */
HF_MUST_USE int hf_request_newest_add(struct hf_request_newest *p, const struct hf_request *q);
/* The same, as hf_request_check takes them. */
struct hf_request_documents hf_request_newest_documents(const struct hf_request_newest *p);

#endif
