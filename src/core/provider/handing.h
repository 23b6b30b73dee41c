/* A share that is being handed over (proto/REPAIR.md): what is kept of it, and how it goes on. */
#ifndef HF_CORE_HANDING_H
#define HF_CORE_HANDING_H

#include "provider/provider.h"

/* Moved by hf__handing_move alone. */
enum hf__handing_phase {
    HF__HANDING_ASK,    /* the other holders: does the owner answer them? */
    HF__HANDING_TAKE,   /* a candidate: would it have the share? */
    HF__HANDING_TELL,   /* the transfer to the other holders, the share to its new one */
    HF__HANDING_FINISH, /* the words of the other holders to the new one */
    HF__HANDING_PHASES,
};

struct hf__handing {
    uint32_t number; /* answers to another one are stale */
    uint8_t phase;   /* enum hf__handing_phase */
    uint8_t waiting; /* calls that are out */
    uint8_t silent;  /* holders that do not reach the owner */
    uint8_t index;   /* of the share */
    bool yields;     /* another goes first: nothing is signed in this round */
    bool given;      /* the new holder has the share */
    uint16_t rank;   /* of the candidate that is asked next */
    uint32_t kept;   /* bit of each index whose voter keeps the transfer */
    struct hf_account owner;
    struct hf_account to;
    uint8_t generation[16];
    uint8_t sealing_suite;
    uint8_t sealing_key[HF_KEY_LEN];
    uint8_t nonce[40];
    uint8_t words[HF_SHARES_MAX + 1][64]; /* by index */
};

/* Moves it on, when all who were asked have answered; asserts that the move is permitted, and what
 * holds then (handing.c). */
void hf__handing_move(struct hf__handing *h, enum hf__handing_phase to);

#endif
