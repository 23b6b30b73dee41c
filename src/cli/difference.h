/* What a document changes against another, for a person who is to sign it. */
#ifndef HF_CLI_DIFFERENCE_H
#define HF_CLI_DIFFERENCE_H

#include "document/document.h"

/*
 * Prints to standard output, a line each, what `to` no longer says ("-") and what it says anew
 * ("+"), by the names of the fields; and whether that is all that every version has for itself.
 * from: NULL for nothing. Both of one kind. HF_ENOMEM.
 */
HF_MUST_USE int hf__difference_print(const struct hf_document *from, const struct hf_document *to);
/* Prints a document as JSON to standard output. HF_ENOMEM. HF_EIO. */
HF_MUST_USE int hf__document_print(const struct hf_document *d);
/* Prints a policy for a person: dates, shares, machines, quotes, releases. 0. */
HF_MUST_USE int hf__policy_print(const struct hf_document *d);

#endif
