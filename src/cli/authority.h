/*
 * The folder of a network's authority:
 *
 *   keys/NAME.key         the authority's keys, 0600; they may as well lie on other machines
 *   documents/            signed documents, for the daemons' folders
 *   policy.yaml, set.yaml what the next policy and set will say, for people to read and edit
 *   pending-*.doc         documents that lack signatures
 *   dev/, collateral/     in a development network: its root, and collateral signed by it
 */
#ifndef HF_CLI_AUTHORITY_H
#define HF_CLI_AUTHORITY_H

#include "document/document.h"

enum { HF__PATH_LEN = 4352, HF__DOCUMENT_MAX = 16 << 20 };

struct hf__authority {
    const char *folder;
    struct hf_pool *pool;
    uint8_t network[32];
    struct hf_document *root;   /* newest */
    struct hf_document *policy; /* in force; NULL: none */
    struct hf_document *set;    /* in force; NULL: none */
};

/* Opens a folder and verifies what is in it. Says on standard error what is wrong. ret: ended with
 * hf__authority_close. */
HF_MUST_USE int hf__authority_open(const char *folder, struct hf__authority *ret);
/* Frees what was loaded. */
void hf__authority_close(struct hf__authority *a);

/* A path inside the folder. false: too long. */
HF_MUST_USE bool hf__path(char ret[static HF__PATH_LEN], const char *folder, const char *name);

/* A fresh key pair under a name, written to keys/. ret_public: 32 bytes. */
HF_MUST_USE int hf__key_make(const char *folder, const char *name, uint8_t ret_public[static 32]);
/* Signs an envelope with every key of the folder's keys/ and with key_file, where one is given;
 * network: zeros for a first root. ret_signed: by how many. envelope: replaced. */
HF_MUST_USE int hf__sign_all(const char *folder, const char *key_file,
                             const uint8_t network[static 32], const struct hf_msg_root *root,
                             struct hf_buf *envelope, size_t *ret_signed);

/*
 * Signs a document that is pending or, when none is, the one that make builds. With enough
 * signatures it becomes documents/<name>.doc; else it stays as pending-<name>.doc, to be signed
 * further. make appends an encoded body. Says what it did. ret_issued: whether it is in force.
 */
typedef int hf__make_fn(const struct hf__authority *a, void *ctx, struct hf_buf *ret_body);
HF_MUST_USE int hf__issue(struct hf__authority *a, uint8_t kind, const char *name,
                          const char *key_file, hf__make_fn *make, void *ctx, bool *ret_issued);

#endif
