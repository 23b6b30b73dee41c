/* Quotes that an application shows others: made by the daemon, checked without one. */
#ifndef HF_CLI_QUOTE_APPLICATION_H
#define HF_CLI_QUOTE_APPLICATION_H

#include "base/buf.h"
#include "crypto/suite.h"
#include "wire/messages.h"

/* holdfast quote make: argv[0] is `make`. */
int hf_cli_quote_make(int argc, char **argv);

enum { HF__APPLICATION_BYTES = 64, HF__APPLICATION_NONCE = 32 };

/* What an application's quote must be over. */
struct hf_cli_application {
    uint8_t bytes[HF__APPLICATION_BYTES], nonce[HF__APPLICATION_NONCE];
    struct hf_network_id network;
    bool has_network, has_account;
    struct hf_account account;
};

/*
 * Takes an application_quote apart. file: replaced by the quote in it. ret_report_data: what that
 * must be over. ret_name: which part of the statement is not as wanted; NULL: all is.
 * HF_EMALFORMED.
 */
HF_MUST_USE int hf_cli_application_open(struct hf_buf *file, const struct hf_cli_application *want,
                                        uint8_t ret_report_data[static 64],
                                        struct hf_application_statement *ret,
                                        const char **ret_name);

/*
 * The account of the newest set of an authority's folder that a word names: by its operator, or by
 * its first digits. What is wrong is said. HF_ENOTMEMBER: none or several; the errors of reading
 * the folder.
 */
HF_MUST_USE int hf_cli_application_named(const char *folder, const char *word,
                                         struct hf_account *ret);

/*
 * Whether the account of a statement is in the newest set of an authority's folder. ret: 0, or why
 * it is no validator there at this time: HF_ENOTMEMBER; HF_EDOCUMENT_NETWORK: the statement is of
 * another network; HF_ENODOCUMENTS, HF_EEXPIRED: of the set. What is wrong with the folder is said
 * and returned.
 */
HF_MUST_USE int hf_cli_application_member(const char *folder,
                                          const struct hf_application_statement *s, uint64_t at_s,
                                          int *ret);

#endif
