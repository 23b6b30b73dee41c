/* Files by which set signers exchange what each has signed (proto/FOLLOW.md, 3 and 5). */
#ifndef HF_CLI_FOLLOW_EXCHANGE_H
#define HF_CLI_FOLLOW_EXCHANGE_H

#include "authority.h"

enum { HF__SET_SIGNERS_MAX = 32 }; /* root.set_signers */

/* A signer's word, and what it borrows. */
struct hf__heard {
    struct hf_buf bytes;
    struct hf_arena arena;
    struct hf_chain_word word;
};

/* What one set signer has put there. */
struct hf__signer_files {
    struct hf__heard *heard;      /* NULL: no word */
    struct hf_document *proposal; /* a set that it has signed; NULL: none */
    struct hf_document *in_force; /* the set that it goes by, with all signatures; NULL: none */
};

struct hf__exchange {
    struct hf__signer_files signers[HF__SET_SIGNERS_MAX]; /* in the root's order */
    size_t count;
    size_t strange; /* files under a signer's name that it has not signed, or that are something
                       else */
};

/*
 * Reads the three files of each set signer in a folder; others are not looked at. What is in ret
 * was signed by whom its name says, and the sets in force as the root asks. ret: ended with
 * hf__exchange_done. HF_ENOMEM.
 */
HF_MUST_USE int hf__exchange_read(const struct hf__authority *a, const char *folder,
                                  struct hf__exchange *ret);
/* Gives back what was read. */
void hf__exchange_done(struct hf__exchange *x);

/* An envelope of one body with each good signature that the proposals have, appended to ret.
 * ret_count: how many. */
HF_MUST_USE int hf__exchange_merge(const struct hf__authority *a, const struct hf__exchange *x,
                                   const struct hf_document *d, struct hf_buf *ret,
                                   size_t *ret_count);

/* Signs a body with this signer's key, and puts it in the place of its proposal before. own: its
 * place in the root. HF_ENOTFOUND: no key of a set signer is here. */
HF_MUST_USE int hf__exchange_propose(const struct hf__authority *a, const char *key_file,
                                     const char *folder, struct hf_bytes body,
                                     struct hf__exchange *x, size_t own);
/* Signs a word, and puts it in the place of the one before. Errors as above. */
HF_MUST_USE int hf__exchange_say(const struct hf__authority *a, const char *key_file,
                                 const char *folder, const struct hf_chain_word *word);
/* Shows the set in force to the others. key: this signer's. */
HF_MUST_USE int hf__exchange_show(const char *folder, const uint8_t key[static HF_KEY_LEN],
                                  const struct hf_document *set);

#endif
