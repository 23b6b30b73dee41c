/* Members that this node has to do with, the keys of each pair, and what is under way. */
#include "members/detect.h"

#include <stdlib.h>

#include "base/error.h"

static bool is_at(const struct hf__detector *d, size_t at, uint16_t head,
                  const struct hf_account *account)
{
    return d->heads[at] == head && d->contacts[at].used &&
           hf_account_equal(&d->contacts[at].account, account);
}

struct hf__contact *hf__contact_find(const struct hf_engine *e, const struct hf_account *account)
{
    struct hf__detector *d = e->members->detector;
    uint16_t head = hf__head(account);
    hf_assert(d == NULL || d->contacts_cap <= HF_CONTACTS_MAX);
    if (d == NULL)
        return NULL;
    if (d->contacts_last < d->contacts_cap && is_at(d, d->contacts_last, head, account))
        return &d->contacts[d->contacts_last];
    for (size_t i = 0; (i = hf__head_next(d->heads, d->contacts_cap, i, head)) < d->contacts_cap;
         i++)
        if (is_at(d, i, head, account)) {
            d->contacts_last = (uint16_t)i;
            return &d->contacts[i];
        }
    return NULL;
}

/* Twice as many places; the keys move within memory for secrets. False: there is none for so many:
 * one that is of no use gives way. */
static bool grow(struct hf_engine *e, struct hf__detector *d)
{
    uint16_t cap = (uint16_t)(d->contacts_cap < 8 ? 8 : d->contacts_cap * 2);
    hf_assert(cap > d->contacts_cap);
    hf_assert(cap <= HF_CONTACTS_MAX);
    struct hf__pair *pairs = e->secret_alloc(cap * sizeof *pairs);
    struct hf__pair *before = d->before != NULL ? e->secret_alloc(cap * sizeof *before) : NULL;
    if (pairs == NULL || (before == NULL && d->before != NULL)) {
        e->secret_free(pairs);
        e->secret_free(before);
        return false;
    }
    d->contacts = realloc(d->contacts, cap * sizeof *d->contacts);
    d->heads = realloc(d->heads, cap * sizeof *d->heads);
    hf_assert(d->contacts != NULL && d->heads != NULL);
    hf_assert((before == NULL) == (d->before == NULL));
    memset(d->heads + d->contacts_cap, 0, (cap - d->contacts_cap) * sizeof *d->heads);
    memset(d->contacts + d->contacts_cap, 0, (cap - d->contacts_cap) * sizeof *d->contacts);
    if (d->contacts_cap > 0) {
        memcpy(pairs, d->pairs, d->contacts_cap * sizeof *pairs);
        hf_wipe(d->pairs, d->contacts_cap * sizeof *pairs);
    }
    if (before != NULL) {
        memcpy(before, d->before, d->contacts_cap * sizeof *before);
        hf_wipe(d->before, d->contacts_cap * sizeof *before);
    }
    e->secret_free(d->pairs);
    e->secret_free(d->before);
    d->pairs = pairs;
    d->before = before;
    d->contacts_cap = cap;
    return true;
}

/* A free place, or that of the one that was of no use for longest; who is suspected stays. */
static struct hf__contact *place_for(struct hf_engine *e, struct hf__detector *d, bool wanted)
{
    struct hf__contact *oldest = NULL;
    for (size_t i = 0; i < d->contacts_cap; i++) {
        struct hf__contact *c = &d->contacts[i];
        if (!c->used)
            return c;
        if (c->found == HF__FOUND_WELL && (oldest == NULL || c->used_ms < oldest->used_ms))
            oldest = c;
    }
    size_t at = d->contacts_cap;
    if (at < HF_CONTACTS_MAX && grow(e, d))
        return &d->contacts[at];
    hf_assert(oldest == NULL || (oldest->used && oldest->found == HF__FOUND_WELL));
    return wanted ? oldest : NULL;
}

struct hf__contact *hf__contact_get(struct hf_engine *e, const struct hf_account *account,
                                    bool wanted)
{
    struct hf__detector *d = e->members->detector;
    hf_assert(d != NULL && !hf_account_equal(account, &e->account));
    struct hf__contact *c = hf__contact_find(e, account);
    if (c == NULL) {
        c = place_for(e, d, wanted);
        if (c == NULL)
            return NULL;
        *c = (struct hf__contact){.used = true, .due_ms = HF__NEVER, .found_ms = e->now_ms};
        c->account = *account;
        d->heads[c - d->contacts] = hf__head(account);
        d->look_ms = 0; /* another may have been due in its place */
    }
    c->used_ms = e->now_ms;
    hf_assert(c->used && hf_account_equal(&c->account, account));
    return c;
}

/* Makes room for one more that this node looks at out of turn, beside those that it probes in turn
 * and that prove that it is not cut off: half of the places are theirs. false: all the others are
 * looked at still. */
static bool room_to_look(struct hf_engine *e, struct hf__detector *d)
{
    struct hf__contact *oldest = NULL;
    size_t count = 0;
    for (size_t i = 0; i < d->contacts_cap; i++) {
        struct hf__contact *c = &d->contacts[i];
        if (!c->used || c->in_turn || c->found == HF__FOUND_WELL)
            continue;
        count++;
        if (oldest == NULL || c->used_ms < oldest->used_ms)
            oldest = c;
    }
    hf_assert(count <= HF_CONTACTS_MAX);
    if (count < HF_CONTACTS_MAX / 2)
        return true;
    if (e->now_ms - oldest->used_ms < 4 * (uint64_t)e->timing.watch_ms)
        return false;
    oldest->used = false;
    return true;
}

void hf__members_look(struct hf_engine *e, const struct hf_account *account)
{
    struct hf__detector *d = e->members->detector;
    if (d == NULL || !e->claimed || !hf__is_member(e, account) || hf__view_left(e, account) ||
        hf_account_equal(account, &e->account))
        return;
    struct hf__contact *c = hf__contact_find(e, account);
    bool fresh = c == NULL || (e->now_ms - c->used_ms >= e->timing.watch_ms &&
                               e->now_ms - c->heard_ms >= e->timing.watch_ms);
    if (c == NULL && room_to_look(e, d))
        c = hf__contact_get(e, account, true);
    if (c == NULL || c->in_turn)
        return;
    hf_assert(c->used && c->heard_ms <= e->now_ms);
    if (c->found != HF__FOUND_WELL || fresh)
        c->used_ms = e->now_ms;
    if (c->found != HF__FOUND_WELL || !fresh || c->due_ms != HF__NEVER)
        return;
    c->due_ms = e->now_ms;
    d->look_ms = 0;
    hf__detect_soon(e);
}

static void direction(struct hf_engine *e, const uint8_t shared[static HF_KEY_LEN],
                      const struct hf_account *from, const struct hf_account *to,
                      uint8_t ret[static HF_KEY_LEN])
{
    hf_assert(!hf_account_equal(from, to));
    static const char label[] = "holdfast/v1/datagram";
    uint8_t info[sizeof label - 1 + 2 * HF_ID_LEN];
    memcpy(info, label, sizeof label - 1);
    memcpy(info + sizeof label - 1, from, HF_ID_LEN);
    memcpy(info + sizeof label - 1 + HF_ID_LEN, to, HF_ID_LEN);
    e->suite->kdf(e->network.bytes, hf_bytes_of(shared, HF_KEY_LEN), hf_bytes_of(info, sizeof info),
                  ret, HF_KEY_LEN);
}

const struct hf__pair *hf__contact_keys(struct hf_engine *e, struct hf__contact *c)
{
    struct hf__detector *d = e->members->detector;
    struct hf__pair *pair = &d->pairs[c - d->contacts];
    hf_assert(c->used && c >= d->contacts && c < d->contacts + d->contacts_cap);
    if (c->edition == e->members->told_edition)
        return c->keyed ? pair : NULL;
    const struct hf__told *told = hf__told_find(e, &c->account, HF__NEWS_ALIVE, NULL);
    struct hf_signed_event what;
    struct hf_event_statement s;
    if (told == NULL)
        return NULL;
    c->edition = e->members->told_edition;
    /* One that gave no key is not asked again and again: a datagram in its name proves no
     * sender. */
    if (hf__place_compare(&c->place, &told->place) == 0)
        return c->keyed ? pair : NULL;
    int r = hf__decode(e, &hf_wire_signed_event, hf_blob_bytes(told->encoded), &what);
    if (r == 0)
        r = hf__decode(e, &hf_wire_event_statement, what.statement, &s);
    hf_assert(r == 0);
    c->keyed = false;
    uint8_t *shared = s.has_mesh_key ? e->secret_alloc(HF_KEY_LEN) : NULL;
    if (s.has_mesh_key && shared == NULL) {
        c->edition--; /* memory is full: the next datagram tries again */
        return NULL;
    }
    c->place = told->place;
    if (!s.has_mesh_key)
        return NULL;
    hf_assert(told->kind == HF__NEWS_ALIVE && shared != NULL);
    c->keyed = e->suite->agree(e->secrets->mesh, s.mesh_key, shared) == 0;
    if (c->keyed) {
        direction(e, shared, &e->account, &c->account, pair->out);
        direction(e, shared, &c->account, &e->account, pair->in);
    }
    e->secret_free(shared);
    return c->keyed ? pair : NULL;
}

const struct hf__pair *hf__contact_before(const struct hf_engine *e, const struct hf__contact *c)
{
    const struct hf__detector *d = e->members->detector;
    hf_assert(c->used && c >= d->contacts && c < d->contacts + d->contacts_cap);
    hf_assert(!c->before || d->before != NULL);
    hf_assert(!c->behind || c->before);
    return c->before ? &d->before[c - d->contacts] : NULL;
}

void *hf__places_double(void *list, uint8_t *cap, size_t size)
{
    hf_assert(*cap < HF_PROBES_MAX && HF_PROBES_MAX == HF_CARRIED_MAX);
    hf_assert((list == NULL) == (*cap == 0));
    size_t before = *cap, after = before == 0 ? 1 : 2 * before;
    uint8_t *longer = realloc(list, after * size);
    hf_assert(longer != NULL);
    memset(longer + before * size, 0, (after - before) * size);
    *cap = (uint8_t)after;
    return longer;
}

struct hf__probe_run *hf__run_of(struct hf__detector *d, const struct hf_account *account)
{
    hf_assert(d != NULL);
    for (size_t i = 0; i < d->runs_cap; i++)
        if (d->runs[i].used && hf_account_equal(&d->runs[i].account, account))
            return &d->runs[i];
    return NULL;
}

struct hf__probe_run *hf__run_new(struct hf__detector *d)
{
    hf_assert(d->runs_cap <= HF_PROBES_MAX);
    size_t at = 0;
    while (at < d->runs_cap && d->runs[at].used)
        at++;
    if (at == HF_PROBES_MAX)
        return NULL;
    if (at == d->runs_cap)
        d->runs = hf__places_double(d->runs, &d->runs_cap, sizeof *d->runs);
    return &d->runs[at];
}

void hf__strangers_drop(struct hf_engine *e, struct hf__detector *d)
{
    hf_assert(e->members->detector == d);
    for (size_t i = 0; i < d->contacts_cap; i++)
        if (d->contacts[i].used && !hf__is_member(e, &d->contacts[i].account))
            d->contacts[i].used = false;
    for (size_t i = 0; i < d->runs_cap; i++)
        if (d->runs[i].used && !hf__is_member(e, &d->runs[i].account))
            d->runs[i].used = false;
    d->contacts_adopted = e->trust->adopted;
    d->look_ms = 0;
}

size_t hf__detect_memory(const struct hf_engine *e)
{
    const struct hf__detector *d = e->members->detector;
    hf_assert(d == NULL || d->contacts_cap == 0 || d->pairs != NULL);
    if (d == NULL)
        return 0;
    return sizeof *d + d->runs_cap * sizeof *d->runs + d->carried_cap * sizeof *d->carried +
           d->contacts_cap * (sizeof *d->contacts + sizeof *d->pairs + sizeof *d->heads) +
           (d->before != NULL ? d->contacts_cap * sizeof *d->before : 0);
}

bool hf__cut_off(const struct hf_engine *e)
{
    const struct hf__detector *d = e->members->detector;
    size_t known = 0, unreachable = 0;
    for (size_t i = 0; d != NULL && i < d->contacts_cap; i++) {
        const struct hf__contact *c = &d->contacts[i];
        known += c->used && c->in_turn;
        unreachable += c->used && c->in_turn && c->found == HF__FOUND_UNREACHABLE;
    }
    hf_assert(unreachable <= known && known <= HF_CONTACTS_MAX);
    return unreachable * 3 > known;
}

/* ---- the whole */

void hf__detect_open(struct hf_engine *e)
{
    hf_assert(e->open);
    if (e->timing.probe_ms == 0)
        return;
    struct hf__detector *d = calloc(1, sizeof *d);
    hf_assert(d != NULL && e->members->detector == NULL);
    e->members->detector = d;
    hf__mesh_begin(e, d);
    d->targets_adopted = UINT32_MAX;
}

void hf__detect_lock(struct hf_engine *e)
{
    struct hf__detector *d = e->members->detector;
    if (d == NULL)
        return;
    if (d->pairs != NULL)
        hf_wipe(d->pairs, d->contacts_cap * sizeof *d->pairs);
    hf__mesh_forget(e, d);
    e->secret_free(d->pairs);
    free(d->contacts);
    free(d->heads);
    free(d->runs);
    free(d->carried);
    free(d);
    e->members->detector = NULL;
    hf_wipe(e->secrets->mesh, sizeof e->secrets->mesh);
}
