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

enum {
    HF__PATH_LEN = 4352,
    HF__DOCUMENT_MAX = 16 << 20,
    HF__ROOTS_MAX = 16,
    HF__SIGNERS_MAX = 64, /* keys of two roots */
};

struct hf__authority {
    const char *folder;
    struct hf_pool *pool;
    struct hf_network_id network;
    struct hf_document *root; /* newest; NULL: the first waits for signatures */
    struct hf_document *older[HF__ROOTS_MAX];
    size_t older_count;
    struct hf_document *policy; /* in force; NULL: none */
    struct hf_document *set;    /* in force; NULL: none */
    struct hf_document *shares; /* the share set in force; NULL: none */
};

/* Opens a folder and verifies what is in it. Says on standard error what is wrong. ret: ended with
 * hf__authority_close. */
HF_MUST_USE int hf__authority_open(const char *folder, struct hf__authority *ret);
/* A folder that has no root yet, without looking into it. */
HF_MUST_USE int hf__authority_open_new(const char *folder, struct hf__authority *ret);
/* Frees what was loaded. */
void hf__authority_close(struct hf__authority *a);

/* A path inside the folder. false: too long. */
HF_MUST_USE bool hf__path(char ret[static HF__PATH_LEN], const char *folder, const char *name);

/* A fresh key pair under a name, written to keys/. ret_public: 32 bytes. */
HF_MUST_USE int hf__key_make(const char *folder, const char *name,
                             uint8_t ret_public[static HF_KEY_LEN]);
/* The same, to any file. It must not be there. */
HF_MUST_USE int hf__key_make_file(const char *path, uint8_t ret_public[static HF_KEY_LEN]);

typedef int hf__key_make_fn(const char *path, uint8_t ret_public[static HF_KEY_LEN]);
/* Makes a key by make and prints its public part. The exit status. */
int hf__key_new(const char *command, const char *path, hf__key_make_fn *make);

/* The key of an operator who stands outside the trust domain: made, and used to sign with.
 * HF_EMALFORMED: the file is no such key. HF_ENOTFOUND. HF_EPERMISSION: others may read it. */
HF_MUST_USE int hf__operator_key_make(const char *path, uint8_t ret_public[static HF_KEY_LEN]);
HF_MUST_USE int hf__operator_key_sign(const char *path, const char *label, struct hf_bytes data,
                                      uint8_t ret_public[static HF_KEY_LEN],
                                      uint8_t ret_signature[static 64]);

/* The keys that may sign a document: those of the newest root, and of a root its own too. Returns
 * how many. */
size_t hf__signers(const struct hf__authority *a, const struct hf_document *d,
                   struct hf_authority_key ret[static HF__SIGNERS_MAX]);
/* The network in what is signed of a document: 32 bytes, zeros for a first root. */
const struct hf_network_id *hf__signed_network(const struct hf__authority *a,
                                               const struct hf_document *d);
/* Signs the envelope of d with every key of the folder's keys/ that may, and with key_file, where
 * one is given. ret_signed: by how many. envelope: replaced. */
HF_MUST_USE int hf__sign_all(const struct hf__authority *a, const char *key_file,
                             const struct hf_document *d, struct hf_buf *envelope,
                             size_t *ret_signed);

/*
 * Signs data under a label with one key of the newest root: the first of the folder's keys/ that is
 * one, else the one in key_file, where one is given. HF_ENOTFOUND: none of them is one; else what
 * is wrong with a key's file, which is said.
 */
HF_MUST_USE int hf__sign_word(const struct hf__authority *a, const char *key_file,
                              const char *label, struct hf_bytes data,
                              uint8_t ret_public[static HF_KEY_LEN],
                              uint8_t ret_signature[static 64]);

/*
 * The key of a set signer among the same files, and a set signed with it: ret_envelope, initialised
 * by the caller, or NULL: the key alone is asked for, and envelope is not looked at. Errors as
 * above, and those of hf_document_sign.
 */
HF_MUST_USE int hf__sign_following(const struct hf__authority *a, const char *key_file,
                                   struct hf_bytes envelope, uint8_t ret_public[static HF_KEY_LEN],
                                   struct hf_buf *ret_envelope);

/* Signs data under a label with the same key. Errors as above. */
HF_MUST_USE int hf__sign_following_word(const struct hf__authority *a, const char *key_file,
                                        const char *label, struct hf_bytes data,
                                        uint8_t ret_public[static HF_KEY_LEN],
                                        uint8_t ret_signature[static 64]);

/* What the person at the command agreed to. */
struct hf__consent {
    const char *digest; /* of --yes; NULL: asked at a terminal */
    bool foreign;       /* a pending document need not be what the own form gives */
    bool force;         /* signed although it may lock the network */
    bool own;           /* the tool made it all by itself just now: nothing is asked */
};

/* Appends an encoded body. like: NULL, or the document whose dates and random parts it takes. */
typedef int hf__make_fn(const struct hf__authority *a, void *ctx, const struct hf_document *like,
                        struct hf_buf *ret_body);

/* Whether a document may lock validators out when it is in force; ret: how, for a person. */
typedef bool hf__risk_fn(const struct hf__authority *a, const struct hf_document *d, char *ret,
                         size_t len);

/* Prints what every signer of a document has to see beside what it changes. */
typedef void hf__show_fn(const struct hf__authority *a, const struct hf_document *d);

struct hf__issue_job {
    uint8_t kind;
    const char *name; /* "policy", "set", "root" */
    const char *key_file;
    hf__make_fn *make; /* the own form; NULL: there is none */
    void *ctx;
    hf__risk_fn *risk; /* NULL: there is none */
    hf__show_fn *show; /* NULL: there is none */
    struct hf__consent consent;
    char pending[HF__PATH_LEN]; /* filled in */
};

/*
 * Signs a document that is pending or, when none is, the one that make builds, once it is checked
 * and confirmed. With enough signatures it becomes documents/<name>.doc; else it stays as
 * pending-<name>.doc, to be signed further. Says what it did or why not. ret_issued: whether it is
 * in force. What it replaces is kept in old/. HF_EDOCUMENT: not what may be signed here, or may
 * lock validators out and is not forced. HF_ECANCELED: not confirmed; it lies there
 * as pending. HF_EDOCUMENT_SIGNATURE: signed, but not by enough yet.
 */
HF_MUST_USE int hf__issue(struct hf__authority *a, struct hf__issue_job *job, bool *ret_issued);
/* The exit status of a command that has issued, with what went wrong said. */
int hf__issued(const char *command, const char *what, int error);

/* Prints a document to standard output: hf__document_print, or one for a kind. An error's code. */
typedef int hf__print_fn(const struct hf_document *d);

/* Prints a document, and its digest on standard error. The exit status. */
int hf__show(const char *command, const struct hf_document *d, hf__print_fn *print);
/* `show FILE`: a document of the kind, signed or not, with its digest. The exit status. */
int hf__show_file(const char *command, const char *path, uint8_t kind, hf__print_fn *print);

#endif
