/* Every bound of documents and of selection, in one place. */
#ifndef HF_DOCUMENT_LIMITS_H
#define HF_DOCUMENT_LIMITS_H

enum {
    HF_DOCUMENT_MAX = 960 * 1024, /* bytes of a signed document: about 8,000 validators */
    HF_RANK_FACTOR = 3,           /* a provider accepts up to rank HF_RANK_FACTOR * n */
};

#endif
