/* An owner's word for how far its vault has come: signed by its account, kept by its holders, who
 * cannot invent one (proto/CLAIMS.md, 4.9). */
#include "base/error.h"
#include "register/register.h"

static struct hf_bytes statement(struct hf_engine *e, const struct hf_account *owner,
                                 const struct hf_sequence_point *at)
{
    struct hf_sequence_statement s = {.at = *at};
    hf_assert(at->number > 0);
    s.network = e->network;
    s.owner = *owner;
    return hf__encode(e, &hf_wire_sequence_statement, &s);
}

void hf__sequence_sign(struct hf_engine *e, const struct hf_sequence_point *at,
                       struct hf_signed_sequence *ret)
{
    hf_assert(e->has_account);
    ret->at = *at;
    e->suite->sign(e->secrets->account, "holdfast/v1/sequence", statement(e, &e->account, at),
                   ret->signature);
}

bool hf__sequence_holds(struct hf_engine *e, const struct hf_account *owner,
                        const struct hf_signed_sequence *word)
{
    hf_assert(owner != NULL);
    return word->at.number > 0 &&
           e->suite->verify(owner->bytes, "holdfast/v1/sequence", statement(e, owner, &word->at),
                            word->signature) == 0;
}

bool hf__sequence_keep(struct hf_engine *e, struct hf_owner_row *row,
                       const struct hf_account *owner, const struct hf_signed_sequence *word)
{
    hf_assert(word != NULL);
    if (e->store_error != 0 ||
        (row->has_sequence && hf_sequence_compare(&word->at, &row->sequence.at) <= 0) ||
        !hf__sequence_holds(e, owner, word))
        return false;
    hf_assert(word->at.number > 0);
    row->has_sequence = true;
    row->sequence = *word;
    return true;
}

const struct hf_sequence_floor *hf__sequence_floor(const struct hf_engine *e)
{
    hf_assert(e->has_account);
    long at = e->trust->set == NULL ? -1 : hf_set_find(e->trust->set, &e->account);
    const struct hf_validator *v = at < 0 ? NULL : &e->trust->set->u.set.validators[at];
    return v != NULL && v->has_sequence_floor ? &v->sequence_floor : NULL;
}
