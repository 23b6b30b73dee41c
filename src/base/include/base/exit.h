/*
 * Exit statuses of what can be wrong with what a person hands over: one number for one kind, in
 * every program of the house that says it. What a command says of each stands in src/cli/exits.def.
 */
#ifndef HF_BASE_EXIT_H
#define HF_BASE_EXIT_H

#include "base/options.h"

enum {
    HF_EXIT_OK = 0,
    HF_EXIT_ERROR = 1,         /* a file cannot be read or written, or makes no sense */
    HF_EXIT_REFUSED = 3,       /* the request must not be answered */
    HF_EXIT_SHARE = 4,         /* the share does not fit */
    HF_EXIT_PASSPHRASE = 5,    /* a wrong passphrase */
    HF_EXIT_OLD = 6,           /* documents that are too old, or have expired */
    HF_EXIT_CLOCK = 7,         /* this machine's clock is off */
    HF_EXIT_UNSURE = 8,        /* it was not confirmed */
    HF_EXIT_MEMORY = 9,        /* what the key has seen and answered is not beside it */
    HF_EXIT_TOKEN_ABSENT = 10, /* the token is not plugged in, or is without the key */
    HF_EXIT_TOKEN_LOCKED = 11,
    HF_EXIT_PIN = 12,           /* a wrong PIN */
    HF_EXIT_TOKEN_DERIVE = 13,  /* the token cannot do what is asked of it */
    HF_EXIT_WHICH_NETWORK = 14, /* of which network the key is, is not known yet */
    HF_EXIT_NOT_HOLDER = 15,    /* this is no share holder's key */
    HF_EXIT_WORD = 16,          /* a wrong word */
    HF_EXIT_EXPIRED = 17,       /* the share set has expired */
    HF_EXIT_NETWORK = 18,       /* it belongs to another network */
    HF_EXIT_OTHER_REQUEST = 19, /* the answer is to another request, or of another ceremony */
    HF_EXIT_ANSWER = 20,        /* a wrong answer */
};

/* The exit status of this kind of error; HF_EXIT_ERROR: it has none of its own. */
int hf_exit_of(int error);
/* The same of what a share holder gave, HF_EXIT_ANSWER where it does not verify. */
int hf_exit_of_answer(int error);

#endif
