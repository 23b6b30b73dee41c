/* One repair under way, for repair.c and mending.c: who asks the others to restore a share. */
#ifndef HF_CORE_PROVIDER_MENDING_H
#define HF_CORE_PROVIDER_MENDING_H

#include "provider/provider.h"

enum hf__mending_phase {
    HF__MENDING_HELP,    /* the other holders: would they help? */
    HF__MENDING_TAKE,    /* a candidate: would it have the share? */
    HF__MENDING_SPLIT,   /* the helpers: their parts, sealed to each other */
    HF__MENDING_SUM,     /* the helpers: what they add up, sealed to the new holder */
    HF__MENDING_RESTORE, /* the new holder: the sums */
    HF__MENDING_TELL,    /* the other holders: where the share is */
    HF__MENDING_PHASES
};

struct hf__mending {
    uint32_t number; /* answers to another one are stale */
    uint8_t phase;   /* enum hf__mending_phase */
    uint8_t waiting; /* calls that are out */
    uint8_t index;   /* of the lost share */
    uint8_t k;
    uint16_t rank;     /* of the candidate that is asked next */
    uint32_t left_out; /* bit of each index that failed, or lied */
    uint32_t blamed;   /* bit of each index that lies, or may, as was said in this step */
    uint32_t willing;  /* bit of each index that would help */
    uint32_t given;    /* bit of each place whose points are here */
    uint32_t summed;   /* bit of each place whose sum is here */
    uint32_t rank_shown;
    struct hf_account owner;
    struct hf_account to;
    uint8_t generation[16];
    uint8_t nonce[40];
    uint8_t keys[HF_SHARES_MAX + 1][HF_KEY_LEN]; /* by index */
    size_t transfer_len, repair_len;
    uint8_t transfer[1408], repair[704];
    uint8_t consents[HF_SHARES_MAX][HF_SIGNATURE_LEN]; /* by place, from here on */
    uint8_t signatures[HF_SHARES_MAX][HF_SIGNATURE_LEN];
    uint8_t points[HF_SHARES_MAX][HF_SHARES_MAX * HF_POINT_LEN];
    uint8_t parts[HF_SHARES_MAX][HF_SHARES_MAX][HF__PART_SEALED]; /* by giver, by taker */
    uint8_t sums[HF_SHARES_MAX][HF__PART_SEALED];
};

/* Changes the phase; asserts that it may, and what holds then (repair.c). */
void hf__mending_move(struct hf__mending *m, enum hf__mending_phase to);
/* Calls one, and counts it (repair.c). The errors of hf__call. */
HF_MUST_USE int hf__mending_call(struct hf_engine *e, uint8_t method, const struct hf_account *to,
                                 struct hf_bytes body);
/* Begins anew, where an index is left out that was not before (repair.c). */
void hf__mending_again(struct hf_engine *e, const struct hf__lost *l, uint32_t left_out);
/* The plan as it was written, against the record as it is known now. The errors of
 * hf__plan_read. */
HF_MUST_USE int hf__mending_plan(struct hf_engine *e, const struct hf__lost *l,
                                 struct hf__plan *ret);
/* The candidate would have the share: has the helpers split theirs. HF__PARK, or why not. */
HF_MUST_USE int hf__mending_split(struct hf_engine *e, const struct hf__pending *asked,
                                  struct hf__lost *l, struct hf_bytes body);
/* Takes what the helper at a place has split. Why not. */
HF_MUST_USE int hf__mending_take_split(struct hf_engine *e, const struct hf__plan *p, size_t place,
                                       struct hf_bytes body);
/* Notes durably that the share is restored, before any sum leaves; adds up what is for this node;
 * and asks the others. */
void hf__mending_sum(struct hf_engine *e, struct hf__lost *l, const struct hf__plan *p);
/* Takes the sum of the helper at a place; or blames who lies. */
HF_MUST_USE int hf__mending_take_sum(struct hf_engine *e, const struct hf__plan *p, size_t place,
                                     struct hf_bytes body);
/* Brings the sums to the new holder. */
void hf__mending_restore(struct hf_engine *e, const struct hf__lost *l);
/* The new holder has the share, and the others are told; or it blames who lies. */
HF_MUST_USE int hf__mending_restored(struct hf_engine *e, struct hf__lost *l,
                                     const struct hf__plan *p, struct hf_bytes body);

#endif
