/* What both sides of a handover hold against each other (proto/HANDOVER.md, 1). */
#include "base/error.h"
#include "handover/handover.h"

int hf__takeover_ready(const struct hf_engine *e, bool *ret_timed)
{
    struct hf_time_interval now;
    int r = hf__documents_ready(e);
    if (r != 0)
        return r;
    bool timed = hf__time_now(e, &now);
    hf_assert(!timed || now.low_us <= now.high_us);
    if (!timed && !hf__policy(e)->handover_untimed)
        return HF_EHANDOVERUNTIMED;
    *ret_timed = timed;
    return 0;
}

int hf__takeover_dated(const struct hf_engine *e, uint64_t made_s)
{
    uint64_t now_s = hf__now_s(e);
    hf_assert(now_s > 0 && now_s <= HF_WIRE_TIME_MAX);
    bool late = made_s + HF_HANDOVER_S<now_s, early = made_s> now_s + HF_HANDOVER_S;
    return late || early ? HF_EHANDOVERTIME : 0;
}

int hf__takeover_machine(const uint8_t one[static HF_PPID_LEN],
                         const uint8_t other[static HF_PPID_LEN])
{
    hf_assert(one != NULL && other != NULL);
    return memcmp(one, other, HF_PPID_LEN) == 0 ? 0 : HF_EOTHERMACHINE;
}

void hf__takeover_bound(struct hf_engine *e, const struct hf_hash *transcript,
                        const struct hf_hash *quote_new, const struct hf_hash *quote_old,
                        struct hf_hash *ret)
{
    const struct hf_handover_bound m = {
        .transcript = *transcript, .quote_new = *quote_new, .quote_old = *quote_old};
    hf_assert(ret != transcript);
    e->suite->hash("holdfast/v1/handover-bound", hf__encode(e, &hf_wire_handover_bound, &m), ret);
}

uint8_t *hf__takeover_key(struct hf_engine *e, const struct hf_hash *bound)
{
    uint8_t *key = e->secret_alloc(HF_KEY_LEN);
    hf_assert(e->active.has_root && e->has_account);
    if (key != NULL)
        hf__derive(e, "handover", hf_bytes_of(bound->bytes, sizeof bound->bytes), key);
    return key;
}
