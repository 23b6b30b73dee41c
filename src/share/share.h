/* What the parts of holdfast-share have in common. */
#ifndef HF_SHARE_SHARE_H
#define HF_SHARE_SHARE_H

#include "base/options.h"
#include "crypto/words.h"
#include "document/ceremony.h"
#include "document/request.h"

/* Exit statuses: each kind of trouble has its own. */
enum {
    HF__SHARE_OK = 0,
    HF__SHARE_ERROR = 1, /* a file cannot be read or written, or makes no sense */
    HF__SHARE_USAGE = HF_EXIT_USAGE,
    HF__SHARE_REFUSED = 3, /* the request must not be answered */
    HF__SHARE_OTHERS = 4,  /* the share does not fit, or this is no share holder's key */
    HF__SHARE_SECRET = 5,  /* a wrong passphrase, or a wrong word */
    HF__SHARE_OLD = 6,     /* documents that are too old, or have expired */
    HF__SHARE_CLOCK = 7,   /* this machine's clock is off */
    HF__SHARE_UNSURE = 8,  /* it was not confirmed */
};

enum { HF__SHARE_FILE_MAX = 4 << 20, HF__SHARE_PATH_LEN = 4096, HF__PASSPHRASE_MAX = 1024 };

/* What was said on the command line. */
struct hf__share_options {
    const char *key, *out, *collateral, *network, *digest, *challenge;
    int passphrase_fd, words_fd; /* -1: at the terminal */
    bool again;
    uint64_t passes, memory_kib; /* of a new key's passphrase */
    char **words;
    int words_count;
};

/* Writes what --out names. HF_EEXIST: that is the key, what it remembers, or what is answered. */
HF_MUST_USE int hf__share_write(const struct hf__share_options *o, struct hf_bytes bytes);
/* Says what went wrong with what, on standard error; returns the exit status of this error. */
int hf__share_say(const char *what, int error);

/* ---- ask.c: what only a person can say */

/*
 * A passphrase, or the words: a line of the descriptor or, with -1, of the terminal, unseen. ret:
 * HF__PASSPHRASE_MAX bytes in memory for secrets, terminated. HF_EPERMISSION: there is no terminal.
 * HF_EINVAL: nothing was said, or no text. HF_ETOOBIG. HF_ECANCELED: by a signal.
 */
HF_MUST_USE int hf__ask_secret(const char *prompt, int fd, char *ret);
/* Shows a secret: at a terminal until Enter, and so that it cannot be scrolled back to. text:
 * HF_WORDS_TEXT_LEN at most. HF_EIO. Otherwise the errors of hf__ask_secret at the terminal. */
HF_MUST_USE int hf__show_secret(const char *text);
/* Whether a person types yes, or has confirmed this very digest on the command line. */
bool hf__ask_yes(const char *digest, const char *confirmed);

/* ---- key.c */

/* A personal key that was opened. In memory for secrets. */
struct hf__person {
    uint8_t public_key[HF_KEY_LEN];
    uint8_t secret_key[HF_KEY_LEN];
    uint8_t entropy[32];
};

/* Opens the key of --key with its passphrase. ret: given back with hf_secret_free.
 * HF_EPASSPHRASE. */
HF_MUST_USE int hf__person_open(const struct hf__share_options *o, struct hf__person **ret);
/* holdfast-share key new|restore|words|show FILE. */
int hf__share_key(const struct hf__share_options *o);

/* ---- state.c: what this holder has seen and done, beside the key */

struct hf__memory {
    char path[HF__SHARE_PATH_LEN];
    int lock;   /* on the key: one at a time reads the memory, asks, and remembers */
    bool known; /* there is a network that it is bound to */
    struct hf_arena arena;
    struct hf_share_state state;
};

/* Reads it, or begins it anew; by whatever links the key is called, it is the same. ret: ended
 * with hf__memory_done, on failure too. HF_EBUSY: another answers with this key. */
HF_MUST_USE int hf__memory_open(const char *key, struct hf__memory *ret);
void hf__memory_done(struct hf__memory *m);
/* The network by which documents are judged: the one remembered, else that of --network.
 * HF_EDOCUMENT_NETWORK: they differ. HF_EINVAL: neither says one. */
HF_MUST_USE int hf__memory_network(const struct hf__memory *m, const char *option,
                                   struct hf_network_id *ret);
/* HF_EDOCUMENT_OLD: a document is older than one that was seen. */
HF_MUST_USE int hf__memory_check(const struct hf__memory *m, const struct hf_document *root,
                                 const struct hf_request_documents *d);
/* HF_ESECONDREQUEST: another request of the account was answered. ret_at_s: when. */
HF_MUST_USE int hf__memory_second(const struct hf__memory *m, const struct hf_request *q,
                                  uint64_t *ret_at_s);
/* Remembers documents and the request, durably, before an answer leaves. */
HF_MUST_USE int hf__memory_save(struct hf__memory *m, const struct hf_document *root,
                                const struct hf_request_documents *d, const struct hf_request *q,
                                uint64_t now_s);

/* ---- papers.c: documents, verified */

struct hf__papers {
    struct hf_pool *pool;
    struct hf_network_id network;
    struct hf_document *root, *policy, *set, *shares;
};

/* Verifies those that came with a request, from the first root on. ret: ended with
 * hf__papers_done. HF_ENODOCUMENTS: one is missing. The errors of hf_document_verify. */
HF_MUST_USE int hf__papers_read(const struct hf_request *q, const struct hf_network_id *network,
                                struct hf__papers *ret);
void hf__papers_done(struct hf__papers *p);
/* The index of this person among the holders; 0: none. */
uint8_t hf__share_index(const struct hf__person *person, const struct hf_share_set *set);

/* ---- open.c, answer.c */

/* holdfast-share open FILE: whether the shares in a ceremony's output are right. */
int hf__share_open_file(const struct hf__share_options *o);
/* holdfast-share answer REQUEST. */
int hf__share_answer(const struct hf__share_options *o);

#endif
