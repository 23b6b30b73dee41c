/* Corrupt providers mix up what they give: a share under the name of another generation that they
 * hold, or one that was sealed for another asker, owner or round. */
#include "hostile/answer.h"

#include <string.h>

struct mixed {
    uint8_t sealed[HF_SCALAR_LEN + HF_SEAL_OVERHEAD]; /* of an earlier answer by any of them */
    uint8_t given[HF_SCALAR_LEN + HF_SEAL_OVERHEAD];  /* the one that is given now */
    bool has;
};

static bool spoil(struct hf__strategy_run *run, const struct hf_message *m,
                  struct hf_recover_answer *answer)
{
    struct mixed *mixed = run->more;
    struct hf_held_share *first = &answer->shares[0];
    struct hf_held_share *last = &answer->shares[answer->shares_count - 1];
    struct hf_bytes sealed = last->sealed;
    bool other = mixed->has;
    (void)m;
    if (sealed.len != sizeof mixed->sealed)
        return false;
    if (first != last) {
        last->sealed = first->sealed;
        first->sealed = sealed;
        return true;
    }
    memcpy(mixed->given, mixed->sealed, sizeof mixed->given);
    memcpy(mixed->sealed, sealed.data, sealed.len);
    mixed->has = true;
    if (other)
        last->sealed = hf_bytes_of(mixed->given, sizeof mixed->given);
    return other;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    (void)w;
    return hf__answer_spoil(ctx, m, ret, spoil);
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent};
    return hf__hostile_new(w, nodes, count, observer, sizeof(struct mixed));
}

const struct hf__strategy hf__strategy_mixed = {
    .name = "mixed-shares",
    .doc = "corrupt providers give shares of one generation, asker or owner as those of another",
    .corrupts = true,
    .begin = begin,
    .end = hf__hostile_end,
};
