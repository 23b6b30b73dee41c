/* Which of the statements that there are is shown to share holders (proto/QUORUM.md, 5). */
#include "quorum/quorum.h"

#include "base/error.h"
#include "document/request.h"

static bool read_context(struct hf_engine *e, const struct hf_signed_sealed *s,
                         struct hf_sealed_context *ret)
{
    struct hf_sealed_statement statement;
    hf_assert(s->statement.len > 0);
    return hf__decode(e, &hf_wire_sealed_statement, s->statement, &statement) == 0 &&
           hf__decode(e, &hf_wire_sealed_context, statement.context, ret) == 0;
}

bool hf__quorum_own(struct hf_engine *e, struct hf_signed_sealed *ret,
                    struct hf_sealed_context *ret_context)
{
    struct hf_sealed_row row;
    hf_assert(ret != NULL && ret_context != NULL);
    if (e->quorum->sealed == NULL ||
        hf__decode(e, &hf_wire_sealed_row, hf_blob_bytes(e->quorum->sealed), &row) != 0)
        return false;
    *ret = row.sealed;
    return read_context(e, ret, ret_context);
}

/* Takes one of this account in the place of what is there, where it is the better one. */
static bool take(struct hf_engine *e, struct hf__chosen *c, bool there, struct hf__chosen *ret)
{
    hf_assert(!e->open && c->context.version > 0);
    if (!e->has_account || !hf_account_equal(&c->context.account, &e->account))
        return there;
    c->key = e->trust->shares == NULL
                 ? NULL
                 : hf_share_set_key_of(&e->trust->shares->u.shares, c->context.quorum_key);
    bool fits = c->key != NULL;
    if (!there || (fits && ret->key == NULL) ||
        (fits == (ret->key != NULL) && hf__sealed_newer(&c->context, &ret->context)))
        *ret = *c;
    return true;
}

bool hf__quorum_choose(struct hf_engine *e, bool sure, struct hf__chosen *ret)
{
    struct hf__chosen own = {0}, learned = {0};
    struct hf_bytes given = hf__statement_learned(e);
    bool there = false;
    hf_assert(!e->open);
    if (hf__quorum_own(e, &own.sealed, &own.context) &&
        (!sure || hf__sealed_read(e, &own.sealed, &e->account, &own.context) == 0))
        there = take(e, &own, there, ret);
    /* The account's signature was looked at when it came. */
    if (given.len > 0 && hf__decode(e, &hf_wire_signed_sealed, given, &learned.sealed) == 0 &&
        read_context(e, &learned.sealed, &learned.context))
        there = take(e, &learned, there, ret);
    hf_assert(!there || ret->sealed.statement.len > 0);
    return there;
}
