/* How far a new one is, as a table: what may follow, and what must hold then. */
#include "handover/handover.h"

static const uint32_t phase_moves[HF__TAKING_PHASES] = {
    [HF__TAKING_IDLE] = HF__TO(HF__TAKING_CHALLENGE) | HF__TO(HF__TAKING_IDLE),
    [HF__TAKING_CHALLENGE] = HF__TO(HF__TAKING_QUOTE) | HF__TO(HF__TAKING_IDLE),
    [HF__TAKING_QUOTE] = HF__TO(HF__TAKING_PRESENT) | HF__TO(HF__TAKING_IDLE),
    [HF__TAKING_PRESENT] = HF__TO(HF__TAKING_ROWS) | HF__TO(HF__TAKING_IDLE),
    [HF__TAKING_ROWS] = HF__TO(HF__TAKING_VAULT) | HF__TO(HF__TAKING_IDLE),
    [HF__TAKING_VAULT] = HF__TO(HF__TAKING_DURABLE) | HF__TO(HF__TAKING_IDLE),
    [HF__TAKING_DURABLE] = HF__TO(HF__TAKING_IDLE),
};

static bool phase_invariant(const struct hf__taking *t)
{
    bool asked = t->secret != NULL, challenged = asked && t->transcript != NULL,
         shown = challenged && t->quote != NULL && t->work == 0;
    hf_assert(t->phase < HF__TAKING_PHASES && (t->quote == NULL || t->transcript != NULL));
    switch ((enum hf__taking_phase)t->phase) {
    case HF__TAKING_IDLE:
        return !asked && t->transcript == NULL && t->proof == NULL && t->key == NULL &&
               t->rows.count == 0;
    case HF__TAKING_CHALLENGE:
        return asked && t->transcript == NULL;
    case HF__TAKING_QUOTE:
        return challenged && t->quote == NULL && t->work == 0; /* it is asked for next */
    case HF__TAKING_PRESENT:
    case HF__TAKING_ROWS: /* the old one has given nothing yet */
        return shown && t->key == NULL && t->rows.count == 0;
    case HF__TAKING_VAULT:
        return shown && t->key != NULL && t->rows.count == t->rows_wanted;
    default:
        return shown && t->key != NULL;
    }
}

void hf__taking_move(struct hf__taking *t, enum hf__taking_phase to)
{
    hf_assert(t->phase < HF__TAKING_PHASES);
    hf_assert((phase_moves[t->phase] & HF__TO(to)) != 0);
    t->phase = (uint8_t)to;
    hf_assert(phase_invariant(t));
}
