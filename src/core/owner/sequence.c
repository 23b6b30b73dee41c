/*
 * The owner's side of how far its vault has come (proto/CLAIMS.md, 4.9). Holders are told with what
 * they are sent anyway; what they were told decides when the vault is opened again. What must hold:
 * an instance whose vault is behind a point that a vault of its account has been at does nothing
 * for the account, and one whose vault is behind nothing is never kept from it: a holder has no
 * point that was not durable in a vault before, and none that its owner has not signed.
 */
#include "owner/sequence.h"

#include "base/error.h"
#include "owner/recover.h"

/* The own word. It is signed anew only when there is another. */
static const struct hf_signed_sequence *own_word(struct hf_engine *e)
{
    struct hf_signed_sequence *word = &e->owner->word;
    hf_assert(e->sequence.at.number > 0);
    if (hf_sequence_compare(&word->at, &e->sequence.at) != 0)
        hf__sequence_sign(e, &e->sequence.at, word);
    hf_assert(word->at.number == e->sequence.at.number);
    return word;
}

void hf__sequence_fill(struct hf_engine *e, uint8_t method, const struct hf_account *provider,
                       struct hf_owner_request *ret)
{
    const struct hf__holder *h = hf__holder_find(e, provider);
    hf_assert(e->open);
    if (method == HF_METHOD_OFFER || method == HF_METHOD_DEPOSIT || e->sequence.at.number == 0 ||
        (h != NULL && hf_sequence_compare(&h->sequence, &e->sequence.at) >= 0))
        return;
    ret->has_sequence = true;
    ret->sequence = *own_word(e);
}

/* Whether enough holders keep what the vault was when it was opened. */
static void firm(struct hf_engine *e)
{
    struct hf_placement_record record;
    size_t count = 0;
    if (e->sequence.firm)
        return;
    for (size_t i = 0; i < e->owner->holders_count; i++)
        count += hf_sequence_compare(&e->owner->holders[i].sequence, &e->owner->opened) >= 0;
    hf_assert(count <= e->owner->holders_count);
    e->sequence.firm = !hf__own_record(e, &record, NULL, NULL) || count >= record.quorum;
}

bool hf__sequence_told(const struct hf_ack_statement *s, const struct hf_sequence_point *at)
{
    hf_assert(at->number > 0);
    return s->has_sequence && hf_sequence_compare(&s->sequence, at) >= 0;
}

void hf__sequence_kept(struct hf_engine *e, struct hf__holder *h, const struct hf_ack_statement *s)
{
    hf_assert(h->index > 0);
    h->sequence = s->has_sequence ? s->sequence : (struct hf_sequence_point){0};
    firm(e);
}

void hf__sequence_won(struct hf_engine *e)
{
    hf_assert(e->claimed);
    hf__sequence_stands(e);
    firm(e);
}

/* ---- what holders say to an instance that does not stand yet */

/* Whether the authority lets this vault go on though another has been at this point. */
static bool is_allowed(const struct hf_engine *e, const struct hf_sequence_point *seen)
{
    const struct hf_sequence_floor *floor = hf__sequence_floor(e);
    hf_assert(seen->number > 0);
    return floor != NULL && hf_sequence_compare(seen, &floor->seen) <= 0 &&
           hf_sequence_compare(&e->sequence.at, &floor->vault) >= 0;
}

/* The vault is an old one: what shows it is what the authority is sent. */
static int is_behind(struct hf_engine *e, const struct hf_signed_sequence *seen)
{
    struct hf__owner *o = e->owner;
    hf_assert(hf_sequence_compare(&seen->at, &e->sequence.at) > 0 && !e->claimed);
    if (hf__rows_get(&e->rows, HF_ROW_GIVEN, (struct hf_bytes){0}) != NULL)
        return HF_EHANDEDOVER; /* who has it has gone on */
    o->behind = true;
    o->seen = *seen;
    hf__sequence_sign(e, &e->sequence.at, &o->had);
    hf__trace(e, HF_TRACE_VAULT_BEHIND, HF_EVAULTBEHIND, NULL, seen->at.number,
              e->sequence.at.number);
    return HF_EVAULTBEHIND;
}

/* What one holder says. */
static int hear(struct hf_engine *e, const struct hf_signed_sequence *word)
{
    hf_assert(!e->claimed);
    if (e->sequence.anew || hf_sequence_compare(&word->at, &e->sequence.at) <= 0 ||
        !hf__sequence_holds(e, &e->account, word))
        return 0;
    if (!is_allowed(e, &word->at))
        return is_behind(e, word);
    hf__sequence_raise(e, &word->at, false);
    return 0;
}

int hf__sequence_judge(struct hf_engine *e, bool lost)
{
    const struct hf__recovery *rc = e->owner->recovery;
    const struct hf_signed_sequence *seen = NULL;
    hf_assert(rc != NULL && !e->open);
    hf_assert(!e->claimed && e->has_account);
    e->owner->behind = false;
    for (size_t i = 0; i < rc->round.targets_count; i++) {
        struct hf_recover_answer *a = hf__scratch(e, sizeof *a);
        if (rc->targets[i].answer == NULL)
            continue;
        int r = hf__decode(e, &hf_wire_recover_answer, hf_blob_bytes(rc->targets[i].answer), a);
        hf_assert(r == 0);
        if (a->has_sequence && hf_sequence_compare(&a->sequence.at, &e->sequence.at) > 0 &&
            (seen == NULL || hf_sequence_compare(&a->sequence.at, &seen->at) > 0) &&
            hf__sequence_holds(e, &e->account, &a->sequence))
            seen = &a->sequence;
    }
    if (lost) {
        const struct hf_sequence_point none = {0};
        hf__sequence_raise(e, seen != NULL ? &seen->at : &none, true);
        return 0;
    }
    int r = seen == NULL ? 0 : hear(e, seen);
    return r == HF_EHANDEDOVER ? 0 : r; /* the ballots that it hears of say so */
}

void hf__sequence_opened(struct hf_engine *e)
{
    hf_assert(e->open && !e->claimed);
    e->owner->opened = e->sequence.at;
    if (!e->sequence.anew)
        hf__trace(e, HF_TRACE_VAULT_OPENED, 0, NULL, e->sequence.at.claim, e->sequence.at.number);
}

bool hf__sequence_heard(struct hf_engine *e, const struct hf_account *account,
                        const struct hf_claim_response *m)
{
    struct hf__holder *h = hf__holder_find(e, account);
    hf_assert(e->open);
    if (e->claimed || !m->has_sequence)
        return true;
    int r = hear(e, &m->sequence);
    /* A word that is the own one is known to be: there is one signature of a statement. */
    if (r == 0 && h != NULL && e->sequence.at.number > 0 &&
        hf_sequence_compare(&m->sequence.at, &e->sequence.at) == 0 &&
        memcmp(m->sequence.signature, own_word(e)->signature, sizeof m->sequence.signature) == 0)
        h->sequence = m->sequence.at;
    if (r != 0)
        e->owner->outcome = r == HF_EHANDEDOVER ? HF__OUTCOME_HANDED_OVER : HF__OUTCOME_BEHIND;
    return r == 0;
}
