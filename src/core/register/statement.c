/* What share holders open of an owner (proto/QUORUM.md, 4), as it goes from hand to hand. */
#include "register/register.h"

#include "base/error.h"

int hf__sealed_read(struct hf_engine *e, const struct hf_signed_sealed *s,
                    const struct hf_account *owner, struct hf_sealed_context *ret)
{
    struct hf_sealed_statement statement;
    struct hf_sealed_context c;
    hf_assert(owner != NULL && ret != NULL);
    int r = hf__decode(e, &hf_wire_sealed_statement, s->statement, &statement);
    if (r == 0)
        r = hf__decode(e, &hf_wire_sealed_context, statement.context, &c);
    if (r != 0)
        return r;
    if (!hf_network_id_equal(&c.network, &e->network) || !hf_account_equal(&c.account, owner))
        return HF_ESEALED;
    if (e->suite->verify(owner->bytes, "holdfast/v1/sealed", s->statement, s->signature) != 0)
        return HF_ESEALED;
    hf_assert(c.version > 0);
    *ret = c;
    return 0;
}

bool hf__sealed_newer(const struct hf_sealed_context *one, const struct hf_sealed_context *other)
{
    hf_assert(one->version > 0 && other->version > 0);
    if (one->version != other->version)
        return one->version > other->version;
    if (one->share_set != other->share_set)
        return one->share_set > other->share_set;
    return one->made_s > other->made_s;
}
