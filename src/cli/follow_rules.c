#include "follow_rules.h"

#include "base/duration.h"
#include "base/error.h"
#include "document/selection.h"

#include <stdlib.h>

enum { RENEW_QUARTERS = 4 };

/* ---- the list */

/* A list that is being made. */
struct making {
    const struct hf__following *f;
    const struct hf__follow_choice *choice;
    const struct hf_document *like; /* NULL: all that enough agree in is done */
    bool entries_only;
    size_t go; /* how many may still leave */
    size_t changes;
    struct hf_validator *list; /* room for all of the set and of what is agreed in */
    size_t count;
    struct hf_departed_floor *departed; /* room for all floors of the set */
};

/*
 * How many may go at once: of a validator's n holders n - q may be lost before it cannot claim. The
 * next may go when those that stay have had the time to deal anew, by this signer's own clock: what
 * a proposer says of the time brings no member out earlier.
 */
static size_t may_go(const struct hf__following *f)
{
    const struct hf_policy *p = &f->policy->u.policy;
    size_t spare = p->shares - p->claim_quorum;
    if (f->left_s != 0 && f->now_s < f->left_s + p->holder_grace_s)
        return 0;
    return spare > 1 ? spare : 1;
}

/* The place of the first agreed change of an account or of one behind it. */
static size_t first_of(const struct hf__backed *b, const struct hf_account *account)
{
    size_t low = 0, high = b->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (hf_account_compare(&b->list[mid]->account, account) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static const struct hf_validator *find(const struct hf_document *set,
                                       const struct hf_account *account)
{
    long at = hf_set_find(set, account);
    return at >= 0 ? &set->u.set.validators[at] : NULL;
}

static bool says(const struct hf_chain_change *c, const struct hf_validator *v)
{
    return hf_bytes_equal(v->address, c->address) &&
           hf_bytes_equal(v->operator_name, c->operator_name) && hf_bytes_equal(v->zone, c->zone);
}

/* Whether a change is one that is to be made. */
static bool is_done(const struct making *m, const struct hf_chain_change *c)
{
    if (c->kind != HF__ENTERS && m->entries_only)
        return false;
    if (c->kind == HF__LEAVES && m->go == 0)
        return false;
    if (m->like == NULL)
        return true;
    const struct hf_validator *v = find(m->like, &c->account);
    return c->kind == HF__LEAVES ? v == NULL : v != NULL && says(c, v);
}

static void tell(struct hf_validator *v, const struct hf_chain_change *c)
{
    v->address = c->address;
    v->operator_name = c->operator_name;
    v->zone = c->zone;
}

static void take_member(struct making *m, const struct hf_validator *v)
{
    const struct hf__backed *b = m->f->backed;
    struct hf_validator now = *v;
    for (size_t i = first_of(b, &v->account);
         i < b->count && hf_account_equal(&b->list[i]->account, &v->account); i++) {
        const struct hf_chain_change *c = b->list[i];
        if (c->kind == HF__ENTERS || !is_done(m, c))
            continue;
        m->changes++;
        if (c->kind == HF__LEAVES) {
            m->go--;
            return;
        }
        tell(&now, c);
        break;
    }
    m->list[m->count++] = now;
}

/* Who comes back brings along what the authority has decided. */
static void recall_floor(const struct hf__following *f, struct hf_validator *v)
{
    const struct hf_floor *before = hf_set_floor(f->set, &v->account);
    v->has_floor = before != NULL;
    if (before != NULL)
        v->floor = *before;
}

static void take_entries(struct making *m)
{
    const struct hf__backed *b = m->f->backed;
    const struct hf_account *last = NULL;
    for (size_t i = 0; i < b->count && m->count < HF__FOLLOW_MEMBERS_MAX; i++) {
        const struct hf_chain_change *c = b->list[i];
        if (c->kind != HF__ENTERS || hf_set_find(m->f->set, &c->account) >= 0 ||
            (last != NULL && hf_account_equal(last, &c->account)) || !is_done(m, c))
            continue;
        struct hf_validator *v = &m->list[m->count++];
        *v = (struct hf_validator){.account = c->account, .registered_epoch = m->choice->epoch};
        tell(v, c);
        recall_floor(m->f, v);
        m->changes++;
        last = &c->account;
    }
}

static int by_validator(const void *a, const void *b)
{
    const struct hf_validator *x = a, *y = b;
    return hf_account_compare(&x->account, &y->account);
}

static void make_list(struct making *m)
{
    const struct hf_validator_set *set = &m->f->set->u.set;
    m->go = may_go(m->f);
    for (size_t i = 0; i < set->validators_count; i++)
        take_member(m, &set->validators[i]);
    take_entries(m);
    qsort(m->list, m->count, sizeof *m->list, by_validator);
}

/* ---- the body */

/* Whether every validator could place its shares under an encoded set. */
static int check_possible(const struct hf__following *f, struct hf_bytes body)
{
    const struct hf_policy *p = &f->policy->u.policy;
    struct hf_document *d = NULL;
    struct hf_buf envelope;
    hf_buf_init(&envelope, HF_WIRE_DOCUMENT_MAX);
    int r = hf_document_wrap(HF_DOCUMENT_SET, body, &envelope);
    if (r == 0)
        r = hf_document_read(f->set->pool, hf_buf_bytes(&envelope), &d);
    if (r == 0)
        r = hf_select_possible(d, (enum hf_domain_rule)p->domain_rule, (uint8_t)p->shares);
    hf_document_unref(d);
    hf_buf_done(&envelope);
    return r;
}

/* The body of a list; ret: as it was where it fails. */
static int encode(struct making *m, struct hf_buf *ret)
{
    const struct hf__following *f = m->f;
    const struct hf_validator_set *now = &f->set->u.set;
    struct hf_validator_set set = {.epoch = m->choice->epoch,
                                   .issued_s = m->choice->issued_s,
                                   .expires_s =
                                       m->choice->issued_s + now->expires_s - now->issued_s};
    m->count = m->changes = 0;
    make_list(m);
    set.validators = m->list;
    set.validators_count = m->count;
    memcpy(set.beacon, m->choice->beacon, sizeof set.beacon);
    hf_set_keep_departed(f->set, &set, m->departed);
    if (f->base != NULL && hf_set_decides(f->base))
        set.base = hf_blob_bytes(f->base->envelope);
    struct hf_buf body;
    hf_buf_init(&body, HF_WIRE_DOCUMENT_MAX);
    int r = hf_wire_encode(&hf_wire_validator_set, &set, &body);
    if (r == 0)
        r = check_possible(f, hf_buf_bytes(&body));
    if (r == 0) {
        hf_buf_append(ret, body.data, body.len);
        r = ret->error;
    }
    hf_buf_done(&body);
    return r;
}

int hf__follow_body(const struct hf__following *f, const struct hf__follow_choice *c,
                    const struct hf_document *like, struct hf_buf *ret_body, bool *ret_changes)
{
    const struct hf_validator_set *now = &f->set->u.set;
    uint64_t validity_s = now->expires_s - now->issued_s;
    struct making m = {.f = f, .choice = c, .like = like};
    m.list = calloc(now->validators_count + f->backed->count + 1, sizeof *m.list);
    m.departed = calloc(hf_set_floors(f->set) + 1, sizeof *m.departed);
    int r = m.list != NULL && m.departed != NULL ? encode(&m, ret_body) : HF_ENOMEM;
    /* Who enters takes no candidate from any member: what leaves or moves waits alone. */
    if (r == HF_ESELECTION && like == NULL) {
        m.entries_only = true;
        r = encode(&m, ret_body);
    }
    if (r == 0)
        *ret_changes = m.changes > 0 || (f->backed->enough &&
                                         f->now_s + validity_s / RENEW_QUARTERS > now->expires_s);
    free(m.list);
    free(m.departed);
    return r;
}

/* ---- proposals of others, and turns */

/* Whether an epoch may be signed above one: so that no signer uses up the numbers, and those that
 * were apart for however long find together. */
static bool epoch_fits(uint32_t in_force, uint64_t epoch, uint64_t now_s)
{
    return epoch > in_force && epoch <= UINT32_MAX &&
           (epoch - in_force <= HF__FOLLOW_EPOCHS_MAX || epoch <= now_s / HF__FOLLOW_EPOCH_S);
}

int hf__follow_accepts(const struct hf__following *f, const struct hf_document *d,
                       uint32_t signed_epoch)
{
    struct hf_buf own;
    bool changes = false;
    const struct hf_validator_set *s = &d->u.set, *now = &f->set->u.set;
    hf_assert(d->kind == HF_DOCUMENT_SET);
    if (!epoch_fits((uint32_t)now->epoch, s->epoch, f->now_s) || s->epoch <= signed_epoch ||
        s->issued_s < now->issued_s || s->issued_s > f->now_s + HF_CLOCK_AHEAD_S ||
        f->now_s > s->issued_s + HF__FOLLOW_PROPOSED_S ||
        memcmp(s->beacon, now->beacon, sizeof s->beacon) == 0)
        return HF_EDOCUMENT;
    struct hf__follow_choice c = {.epoch = (uint32_t)s->epoch, .issued_s = s->issued_s};
    memcpy(c.beacon, s->beacon, sizeof c.beacon);
    hf_buf_init(&own, HF_WIRE_DOCUMENT_MAX);
    int r = hf__follow_body(f, &c, d, &own, &changes);
    if (r == 0 && (!changes || !hf_bytes_equal(hf_buf_bytes(&own), d->signatures.body)))
        r = HF_EDOCUMENT;
    hf_buf_done(&own);
    return r;
}

/*
 * How long an epoch that was signed waits for the signatures of others before this signer goes on
 * to the next: twice as long each time, until a proposal gets all of its life.
 */
static uint64_t patience_s(const struct hf__follow_turn *t)
{
    uint64_t pause_s = HF__FOLLOW_STALE_TURNS * t->turn_s;
    for (uint32_t n = t->signed_epoch - t->in_force; n > 1 && pause_s < HF__FOLLOW_PROPOSED_S; n--)
        pause_s *= 2;
    return pause_s;
}

bool hf__follow_is_turn(const struct hf__follow_turn *t, uint32_t *ret_epoch)
{
    bool waiting = t->signed_epoch > t->in_force;
    uint64_t epoch = (uint64_t)(waiting ? t->signed_epoch : t->in_force) + 1;
    uint64_t before = (t->own + t->signers - epoch % t->signers) % t->signers;
    uint64_t since_s = waiting ? t->signed_s + patience_s(t) : t->waits_since_s;
    *ret_epoch = (uint32_t)epoch;
    return epoch_fits(t->in_force, epoch, t->now_s) && t->now_s >= since_s + before * t->turn_s;
}

bool hf__follow_replaces(const struct hf_document *d, bool by_authority,
                         const struct hf_document *in_force, bool in_force_by_authority)
{
    uint32_t epoch = hf_document_version(d), now = hf_document_version(in_force);
    return epoch > now || (epoch == now && by_authority && !in_force_by_authority);
}
