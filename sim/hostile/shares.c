/* A provider that is corrupt inside its trust domain answers recoveries with wrong shares: damaged,
 * under another index or generation, or over other commitments; all properly signed. */
#include "hostile/answer.h"

static bool spoil(struct hf__strategy_run *run, const struct hf_message *m,
                  struct hf_recover_answer *answer)
{
    struct hf_held_share *share = &answer->shares[hf__draw_below(&run->r, answer->shares_count)];
    (void)m;
    switch (hf__draw_below(&run->r, 5)) {
    case 0:
        share->index = share->index % share->shares + 1;
        return true;
    case 1:
        share->generation.number++;
        return true;
    case 2:
        share->generation.id[0] ^= 1;
        return true;
    case 3:
        /* What is borrowed lies in the message that is being replaced. */
        ((uint8_t *)(uintptr_t)share->commitments.data)[0] ^= 1;
        return true;
    default:
        if (share->sealed.len > 0)
            ((uint8_t *)(uintptr_t)share->sealed.data)[40] ^= 1;
        return share->sealed.len > 0;
    }
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
    return hf__hostile_new(w, nodes, count, observer, 0);
}

const struct hf__strategy hf__strategy_shares = {
    .name = "wrong-shares",
    .doc = "corrupt providers answer recoveries with wrong shares, signed",
    .corrupts = true,
    .begin = begin,
    .end = hf__hostile_end,
};
