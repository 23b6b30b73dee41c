/* Whom a set signer asks what they are, and what it notes of the answers. */
#include "follow.h"

#include "attest.h"
#include "base/error.h"
#include "base/hex.h"
#include "set_form.h"

#include <stdio.h>
#include <stdlib.h>

enum { STRANGERS_MAX = 128 }; /* accounts outside the set that are asked in one round */

/* Whether an account is to be asked in this round. */
static bool is_due(const struct hf__round *r, const struct hf__follow_account *k)
{
    bool passes = k->passed_s != 0 && k->failed_since_s == 0;
    uint64_t again_s = passes ? r->o->reattest_s : r->o->every_s;
    bool epoch = k->member && k->asked_s < r->a.set->u.set.issued_s; /* all in each epoch */
    return k->asked_s == 0 || epoch || r->now_s >= k->asked_s + again_s;
}

static void note(struct hf__round *r, const struct hf__attested *m)
{
    char account[2 * sizeof(struct hf_account) + 1];
    struct hf__follow_account *k = hf__follow_know(&r->state, m->account);
    hf_assert(k != NULL); /* it was asked, so it is known */
    bool failed = k->failed_since_s != 0;
    k->asked_s = r->now_s;
    if (m->as == HF__PASSES) {
        k->passed_s = r->now_s;
        k->failed_since_s = 0;
    } else if (m->as == HF__FAILS && !failed) {
        k->failed_since_s = r->now_s;
    }
    if (m->as == HF__PASSES && !failed)
        return;
    hf_hex_encode(m->account->bytes, sizeof *m->account, account);
    hf__follow_say_time(r->now_s);
    printf("%.8s at %s %s%s\n", account, m->address,
           m->as == HF__PASSES  ? "passes again"
           : m->as == HF__FAILS ? "fails: "
                                : "has not answered: ",
           m->reason);
}

/* Who may be asked. */
struct due {
    const struct hf__chain_validator *validator;
    bool member;
    uint64_t asked_s;
};

/* Members first; of others, who was asked longest ago. */
static int by_turn(const void *a, const void *b)
{
    const struct due *x = a, *y = b;
    if (x->member != y->member)
        return x->member ? -1 : 1;
    return (x->asked_s > y->asked_s) - (x->asked_s < y->asked_s);
}

/* Whom to ask; ret: room for the view. Many that are new and silent take no time from the rest. */
static int list_due(struct hf__round *r, struct due *ret, size_t *ret_count)
{
    const struct hf__chain_view *view = hf__chain_view(r->chain);
    size_t count = 0, kept = 0, strangers = 0;
    for (size_t i = 0; i < view->count; i++) {
        const struct hf__chain_validator *c = &view->list[i];
        const struct hf__follow_account *k =
            c->bad ? NULL : hf__follow_know(&r->state, &c->account);
        if (!c->bad && k == NULL)
            return HF_ENOMEM;
        if (k != NULL && is_due(r, k))
            ret[count++] = (struct due){.validator = c, .member = k->member, .asked_s = k->asked_s};
    }
    qsort(ret, count, sizeof *ret, by_turn);
    for (size_t i = 0; i < count; i++)
        if (ret[i].member || strangers++ < STRANGERS_MAX)
            ret[kept++] = ret[i];
    *ret_count = kept;
    return 0;
}

static int ask(struct hf__round *r, const struct due *due, size_t count)
{
    char own[HF__PATH_LEN];
    struct hf__attesting how;
    struct hf__attested *list = calloc(count, sizeof *list);
    char *addresses = calloc(count, HF__ADDRESS_TEXT_LEN);
    int error = list != NULL && addresses != NULL ? 0 : HF_ENOMEM;
    for (size_t i = 0; error == 0 && i < count; i++) {
        const struct hf__chain_validator *c = due[i].validator;
        char *address = addresses + i * HF__ADDRESS_TEXT_LEN;
        hf_assert(c->address.len < HF__ADDRESS_TEXT_LEN);
        memcpy(address, c->address.data, c->address.len);
        list[i] = (struct hf__attested){.address = address, .account = &c->account};
    }
    if (error == 0 && !hf__path(own, r->a.folder, "collateral"))
        error = HF_ETOOBIG;
    if (error == 0)
        error = hf__attesting_init(&how, &r->a, r->o->key_file,
                                   r->o->collateral != NULL ? r->o->collateral : own);
    if (error == 0)
        error = hf__attest(&how, list, count);
    for (size_t i = 0; error == 0 && i < count; i++)
        note(r, &list[i]);
    free(list);
    free(addresses);
    return error;
}

int hf__follow_ask(struct hf__round *r)
{
    size_t count = 0;
    struct due *due = calloc(hf__chain_view(r->chain)->count + 1, sizeof *due);
    int error = due != NULL ? list_due(r, due, &count) : HF_ENOMEM;
    if (error == 0 && count > 0)
        error = ask(r, due, count);
    free(due);
    return error;
}
