/* What the parts of holdfast-share have in common. */
#ifndef HF_SHARE_SHARE_H
#define HF_SHARE_SHARE_H

#include "base/exit.h"
#include "crypto/words.h"
#include "attest/collateral.h"
#include "attest/verdict.h"
#include "document/ceremony.h"
#include "document/request_newest.h"
#include "token.h"

enum { HF__SHARE_FILE_MAX = 4 << 20, HF__SHARE_PATH_LEN = 4096, HF__PASSPHRASE_MAX = 1024 };

enum { HF__AGAIN_MAX = 1024, HF__AGAIN_LEN = 8 }; /* accounts, and digits of one at least */

/* What was said on the command line. */
struct hf__share_options {
    const char *key, *token, *out, *collateral, *network, *digest, *challenge;
    int passphrase_fd, words_fd; /* -1: at the terminal */
    bool without_memory;
    const char *again[HF__AGAIN_MAX]; /* how the accounts begin of which one more is answered */
    size_t again_count;
    uint64_t passes, memory_kib; /* of a new key's passphrase */
    char **words;
    int words_count;
};

/* HF_EEXIST: what --out names is the key, what it remembers, or what is answered. */
HF_MUST_USE int hf__share_writable(const struct hf__share_options *o);
/* Writes what --out names. The errors of hf__share_writable and of writing. */
HF_MUST_USE int hf__share_write(const struct hf__share_options *o, struct hf_bytes bytes);
/* Says what went wrong with what, on standard error; returns the exit status of this error. */
int hf__share_say(const char *what, int error);
/* The same of a request that is not answered: what has no exit status of its own is refused. */
int hf__share_refused(const char *what, int error);

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
/* Says why hf__ask_yes gave false, and that no answer was written. The exit status. */
int hf__share_unsure(const char *digest, const char *confirmed);

/* ---- person.c */

/* The public part of a personal key. */
struct hf__public {
    uint8_t kind; /* enum hf_holder_kind */
    uint8_t key[HF_HOLDER_KEY_MAX];
    size_t len;
};

/* A personal key that was opened. In memory for secrets. */
struct hf__person {
    struct hf__public public;
    struct hf__token *token; /* of P-256; the rest is empty then */
    uint8_t secret_key[HF_KEY_LEN];
    uint8_t entropy[HF_ENTROPY_LEN];
};

/* The public part of the key in a file. HF_ENOTFOUND and so on; the errors of decoding. */
HF_MUST_USE int hf__person_public(const char *path, struct hf__public *ret);
/* Which share holder the key in a file is, without its passphrase. ret_index:
 * from 1. HF_ENOTHOLDER; the errors of hf__person_public. */
HF_MUST_USE int hf__person_index(const char *path, const struct hf_share_set *set,
                                 uint8_t *ret_index);
/* The hash whose first bits are a key's fingerprint. */
void hf__person_hash(const struct hf__public *p, struct hf_hash *ret);
/* Opens the key of --key with its passphrase or, on a token, with its PIN. ret: given back with
 * hf__person_close. HF_EPASSPHRASE; the errors of hf__token_open. */
HF_MUST_USE int hf__person_open(const struct hf__share_options *o, struct hf__person **ret);
/* NULL is fine. */
void hf__person_close(struct hf__person *p);
/* This person's share of a key of a set. ret: secret. HF_ESHARE, as hf_share_open; HF_ETOKEN. */
HF_MUST_USE int hf__person_share(struct hf__person *p, const struct hf_network_id *network,
                                 const struct hf_share_set *set, size_t key, uint8_t index,
                                 uint8_t ret[static HF_SCALAR_LEN]);
/* Fills in what follows from the entropy. */
void hf__person_derive(struct hf__person *p);

/* ---- key.c */

/* holdfast-share key new|restore|words|show FILE. */
int hf__share_key(const struct hf__share_options *o);

/* ---- state.c: what this holder has seen and done, beside the key */

struct hf__memory {
    char path[HF__SHARE_PATH_LEN];
    int lock; /* on the key: one at a time reads the memory, asks, and remembers */
    struct hf_arena arena;
    struct hf_share_state state;
};

/*
 * Reads it; by whatever links the key is called, it is the same. begin: one that is missing begins
 * anew. ret: ended with hf__memory_done, on failure too. HF_EBUSY: another answers with this key.
 * HF_EMEMORY: it is missing: the key is a copy. HF_EOTHERMEMORY: it is of another key.
 */
HF_MUST_USE int hf__memory_open(const char *key, bool begin, struct hf__memory *ret);
/* Frees it, and lets others answer with this key. */
void hf__memory_done(struct hf__memory *m);
/* Makes the empty memory of a key that was made just now. HF_EEXIST: there is one. */
HF_MUST_USE int hf__memory_make(const char *key);
/* Whether there is a memory, or something in its place, for a key that is not there yet. */
bool hf__memory_exists(const char *key);
/* The network by which documents are judged: the one remembered, else that of --network.
 * HF_EDOCUMENT_NETWORK: they differ. HF_EINVAL: that is none. HF_EWHICHNETWORK: none is said. */
HF_MUST_USE int hf__memory_network(const struct hf__memory *m, const char *option,
                                   struct hf_network_id *ret);
/* HF_EDOCUMENT_OLD: a document is older than one that was seen. */
HF_MUST_USE int hf__memory_check(const struct hf__memory *m, const struct hf_document *root,
                                 const struct hf_request_documents *d);
/*
 * HF_ESECONDREQUEST: another request of the account was answered. HF_EREQUESTOLDER: one that was
 * made later, or that had something opened that was sealed later: no word of a person waives that.
 * ret: what was answered, borrowed from m; NULL: nothing, or this very request.
 */
HF_MUST_USE int hf__memory_second(const struct hf__memory *m, const struct hf_request *q,
                                  const struct hf_answered **ret);

/* ---- batch.c: the requests that are answered together */

/* One of them. */
struct hf__asked {
    const char *path;
    struct hf_buf bytes; /* the request, without its documents */
    struct hf_arena arena;
    struct hf_request q;
    const struct hf_quorum_key *key;
    struct hf_verdict verdict;
    const struct hf_measurement *release;
    const struct hf_answered *before; /* another request of the account; NULL: none was answered */
};

struct hf__batch {
    struct hf__asked *items;
    size_t count;
    struct hf_request_newest newest; /* the newest that came with any of them */
    struct hf_hash digest;           /* what a person confirms */
    uint64_t now_s;
};

/*
 * Reads the requests of these files, and verifies the documents that came with them. ret: ended
 * with hf__batch_done, on failure too. ret_path: of the file that failed. HF_ETWOREQUESTS: two are
 * of one account. The errors of hf_request_read and hf_request_newest_add.
 */
HF_MUST_USE int hf__batch_read(char **paths, size_t count, const struct hf_network_id *network,
                               struct hf__batch *ret, const char **ret_path);
/* Frees the requests and their documents. */
void hf__batch_done(struct hf__batch *b);
/* One line of what is shown: versions and dates of the documents by which it was judged. set: NULL:
 * none was. */
void hf__show_documents(const struct hf_document *root, const struct hf_request_documents *d);
/* One line of what is shown: its name, and a time. */
void hf__show_time(const char *what, uint64_t s, const char *more);
/* One line of what is shown: its name, and a text of a document or request. */
void hf__show_text(const char *what, struct hf_bytes text);
/* One line of what is shown: as which share holder the person answers. index: of it, from 1. */
void hf__show_holder(const struct hf_share_set *set, uint8_t index);
/* Everything that a person may hold against what the operators say on the telephone. index: of the
 * share holder who is to answer. */
void hf__batch_show(const struct hf__batch *b, uint8_t index);
/*
 * Remembers the network, and those of these documents that are newer than any before, durably: as
 * soon as they are verified, whatever becomes of the request that they came with.
 */
HF_MUST_USE int hf__memory_seen(struct hf__memory *m, const struct hf_document *root,
                                const struct hf_request_documents *d);
/* Remembers the network alone, where none is known. HF_EDOCUMENT_NETWORK: it is another. */
HF_MUST_USE int hf__memory_of_network(struct hf__memory *m, const struct hf_network_id *network);
/* Remembers requests, durably, before an answer leaves. */
HF_MUST_USE int hf__memory_save(struct hf__memory *m, const struct hf__batch *b);
/* The index of this key among the holders; 0: none. */
uint8_t hf__share_index(const struct hf__public *p, const struct hf_share_set *set);

/* ---- open.c, print.c, reshard.c, answer.c */

/* holdfast-share open FILE: whether the shares in a ceremony's output are right. */
int hf__share_open_file(const struct hf__share_options *o);
/* holdfast-share reshard REQUEST: a ceremony's. */
int hf__share_reshard(const struct hf__share_options *o);
/* holdfast-share print FILE: a page. */
int hf__share_print(const struct hf__share_options *o);
/* holdfast-share answer REQUEST...: all of them, or none. */
int hf__share_answer(const struct hf__share_options *o);

#endif
