/* The way of a share that is handed over, as a table: what may follow, and what must hold then. */
#include "provider/handing.h"

static const uint32_t phase_moves[HF__HANDING_PHASES] = {
    [HF__HANDING_ASK] = HF__TO(HF__HANDING_TAKE),
    [HF__HANDING_TAKE] = HF__TO(HF__HANDING_TAKE) | HF__TO(HF__HANDING_TELL),
    [HF__HANDING_TELL] = HF__TO(HF__HANDING_FINISH),
    [HF__HANDING_FINISH] = 0,
};

static bool phase_invariant(const struct hf__handing *h)
{
    hf_assert(h->phase < HF__HANDING_PHASES && h->silent <= HF_SHARES_MAX);
    switch ((enum hf__handing_phase)h->phase) {
    case HF__HANDING_ASK:
    case HF__HANDING_TAKE: /* nothing has left */
        return h->kept == 0 && !h->given && h->sealing_suite == 0;
    case HF__HANDING_TELL: /* it has said how the share is sealed to it */
        return h->kept == 0 && !h->given && h->sealing_suite != 0;
    default:
        return h->kept != 0 && h->given;
    }
}

void hf__handing_move(struct hf__handing *h, enum hf__handing_phase to)
{
    hf_assert(h->waiting == 0 && h->phase < HF__HANDING_PHASES);
    hf_assert((phase_moves[h->phase] & HF__TO(to)) != 0);
    h->phase = (uint8_t)to;
    hf_assert(phase_invariant(h));
}
