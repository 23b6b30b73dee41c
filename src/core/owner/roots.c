#include "owner/roots.h"

#include "base/error.h"
#include "base/secret.h"
#include "owner/deal.h"
#include "owner/record.h"

static const struct hf_bytes no_key = {0};

struct hf__rotation hf__roots_policy(const struct hf_engine *e)
{
    struct hf_lifetimes l;
    hf_policy_lifetimes(hf__policy(e), &l);
    hf_assert(hf_policy_lifetimes_check(hf__policy(e)) == HF_LIFETIMES_FIT);
    return (struct hf__rotation){.pending_s = l.pending_s,
                                 .active_s = l.active_s,
                                 .expired_s = l.expired_s,
                                 .suites = 1, /* a root secret has one kind */
                                 .max = HF_ROOTS_KEPT_MAX};
}

bool hf__dealt_has(const struct hf__dealt *d, uint32_t version)
{
    hf_assert(d->count <= HF_ROOTS_KEPT_MAX && version > 0);
    for (size_t i = 0; i < d->count; i++)
        if (d->version[i] == version)
            return true;
    return false;
}

bool hf__dealt_equal(const struct hf__dealt *a, const struct hf__dealt *b)
{
    hf_assert(a->count <= HF_ROOTS_KEPT_MAX && b->count <= HF_ROOTS_KEPT_MAX);
    return a->count == b->count &&
           memcmp(a->version, b->version, a->count * sizeof *a->version) == 0;
}

void hf__roots_recorded(const struct hf_placement_record *record, struct hf__dealt *ret)
{
    *ret = (struct hf__dealt){0};
    ret->count = (uint8_t)hf__record_roots(record, ret->version);
    hf_assert(ret->count > 0);
}

/* The bindings one after the other: at begins at the first of them; false: there is no further. */
static bool next_binding(struct hf_engine *e, size_t *at, struct hf_binding_row *ret)
{
    const struct hf__row *row = hf__rows_at(&e->rows, *at, HF_ROW_BINDING, no_key);
    hf_assert(e->open);
    if (row == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_binding_row, hf_blob_bytes(row->value), ret);
    hf_assert(r == 0);
    ++*at;
    return true;
}

bool hf__root_bound(struct hf_engine *e, uint32_t version)
{
    struct hf_binding_row binding;
    hf_assert(version > 0);
    for (size_t at = hf__rows_first(&e->rows, HF_ROW_BINDING, no_key);
         next_binding(e, &at, &binding);)
        if (binding.version == version || binding.next == version)
            return true;
    return false;
}

uint32_t hf__root_names(struct hf_engine *e, uint32_t version, uint32_t *ret_moving)
{
    struct hf_binding_row binding;
    uint32_t count = 0;
    *ret_moving = 0;
    for (size_t at = hf__rows_first(&e->rows, HF_ROW_BINDING, no_key);
         next_binding(e, &at, &binding);)
        if (binding.version == version) {
            count++;
            *ret_moving += binding.next != 0;
        }
    hf_assert(*ret_moving <= count);
    return count;
}

/* Whether the time of a version is over: as in a sweep (owner/rotate.c). */
static bool is_over(const struct hf_engine *e, const struct hf__key *k)
{
    uint64_t now_s = hf__now_s(e);
    hf_assert(k->state == HF__KEY_EXPIRED);
    if (k->tainted || e->trust->policy == NULL)
        return k->tainted;
    return k->since_s <= now_s && now_s - k->since_s >= hf__roots_policy(e).expired_s;
}

void hf__roots_wanted(struct hf_engine *e, struct hf__dealt *ret)
{
    struct hf_roots_row row;
    struct hf__keys keys;
    hf__roots_table(e, &row, &keys);
    *ret = (struct hf__dealt){0};
    for (size_t i = 0; i < keys.count; i++) /* ascending, as the row is */
        if (keys.list[i].state != HF__KEY_EXPIRED || !is_over(e, &keys.list[i]) ||
            hf__root_bound(e, keys.list[i].id))
            ret->version[ret->count++] = keys.list[i].id;
    hf_assert(ret->count > 0 && hf__dealt_has(ret, e->active.number));
}

bool hf__root_dealt(struct hf_engine *e, uint32_t version, uint64_t dealt)
{
    struct hf_placement_record record;
    struct hf__dealt recorded;
    struct hf_older_row row;
    const struct hf__dealing *d = e->owner->dealing;
    hf_assert(e->open && version > 0);
    if (d != NULL && hf__dealt_has(&d->dealt, version))
        return true;
    if (hf__own_record(e, &record, NULL, NULL)) {
        hf__roots_recorded(&record, &recorded);
        if (hf__dealt_has(&recorded, version))
            return true;
    }
    for (size_t at = 0; hf__older_next(e, &at, &row);)
        if (row.generation.number <= dealt && !hf__older_retired(e, &row))
            return true;
    return false;
}

void hf__roots_note(struct hf_engine *e, const struct hf_placement_record *record)
{
    struct hf_kept_root list[HF_ROOTS_KEPT_MAX];
    struct hf_roots_row row;
    struct hf__keys keys;
    struct hf__dealt recorded;
    bool any = false;
    hf__roots_table(e, &row, &keys);
    hf__roots_recorded(record, &recorded);
    hf_assert(row.roots_count <= HF_ROOTS_KEPT_MAX);
    memcpy(list, row.roots, row.roots_count * sizeof *list);
    row.roots = list;
    uint32_t last = recorded.version[recorded.count - 1];
    if (last >= row.version_next && last < UINT32_MAX) {
        /* Another vault of this account has given it: it is not given again. */
        row.version_next = (uint64_t)last + 1;
        any = true;
    }
    for (size_t i = 0; i < row.roots_count && (recorded.count > 1 || row.roots_count > 1); i++)
        if (hf__dealt_has(&recorded, (uint32_t)list[i].version) &&
            list[i].dealt < record->generation.number) {
            list[i].dealt = record->generation.number;
            any = true;
        }
    if (any)
        hf__roots_put(e, &row);
    hf__roots_look(e);
}

int hf__roots_check(struct hf_engine *e, const struct hf_placement_record *record)
{
    struct hf__dealt recorded;
    struct hf_rng *rng = e->secret_alloc(sizeof *rng);
    uint8_t *secret = e->secret_alloc(HF_SCALAR_LEN);
    int r = HF_ENOMEM;
    hf__roots_recorded(record, &recorded);
    hf_assert(record->commitments.len >= HF_POINT_LEN);
    if (rng != NULL && secret != NULL &&
        hf__dealt_secret(e, &recorded, record->generation.id, rng, secret))
        r = e->suite->secret_check(secret, record->commitments.data);
    e->secret_free(rng);
    e->secret_free(secret);
    return r;
}

void hf__roots_look(struct hf_engine *e)
{
    struct hf_placement_record record;
    struct hf__dealt recorded, wanted;
    e->owner->other_roots = false;
    hf_assert(e->open);
    if (!hf__own_record(e, &record, NULL, NULL))
        return;
    hf__roots_recorded(&record, &recorded);
    hf__roots_wanted(e, &wanted);
    e->owner->other_roots =
        !hf__dealt_equal(&recorded, &wanted) || hf__roots_check(e, &record) == HF_ESHARE;
}

/* The row, to be changed: its entries are in list. */
static void copy_row(struct hf_engine *e, struct hf_kept_root list[static HF_ROOTS_KEPT_MAX],
                     struct hf_roots_row *ret)
{
    struct hf__keys keys;
    hf__roots_table(e, ret, &keys);
    hf_assert(ret->roots_count > 0 && ret->roots_count <= HF_ROOTS_KEPT_MAX);
    memcpy(list, ret->roots, ret->roots_count * sizeof *list);
    ret->roots = list;
}

size_t hf__roots_taint(struct hf_engine *e, uint32_t through)
{
    struct hf_kept_root list[HF_ROOTS_KEPT_MAX];
    struct hf_roots_row row;
    size_t count = 0;
    copy_row(e, list, &row);
    for (size_t i = 0; i < row.roots_count; i++) {
        if (list[i].tainted || list[i].version > through)
            continue;
        list[i].tainted = true;
        hf__trace(e, HF_TRACE_ROOT, 0, NULL, list[i].version, HF__KEY_TAINTED);
        count++;
    }
    hf_assert(count <= HF_ROOTS_KEPT_MAX);
    if (count > 0) {
        hf__roots_put(e, &row);
        hf__timer_set(e, HF__TIMER_KEYS, 0);
    }
    return count;
}

void hf__roots_departed(struct hf_engine *e, const struct hf_placement_record *before,
                        const struct hf_placement_record *now)
{
    struct hf_kept_root list[HF_ROOTS_KEPT_MAX];
    struct hf_roots_row row;
    struct hf__dealt recorded;
    uint64_t departed = 0;
    hf_assert(before->holders_count > 0 && now->holders_count > 0);
    for (size_t i = 0; i < before->holders_count; i++) {
        bool stays = false;
        for (size_t j = 0; j < now->holders_count && !stays; j++)
            stays = hf_account_equal(&before->holders[i].account, &now->holders[j].account);
        departed += !stays;
    }
    if (departed == 0 || e->trust->policy == NULL || hf__policy(e)->rotation_departures == 0)
        return;
    hf__roots_recorded(before, &recorded);
    copy_row(e, list, &row);
    for (size_t i = 0; i < row.roots_count; i++)
        if (hf__dealt_has(&recorded, (uint32_t)list[i].version) &&
            list[i].departed <= UINT32_MAX - departed)
            list[i].departed += departed;
    hf__roots_put(e, &row);
    hf__timer_set(e, HF__TIMER_KEYS, 0);
}

void hf__roots_obey(struct hf_engine *e)
{
    struct hf_roots_row row;
    struct hf__keys keys;
    uint64_t through = 0, most = hf__policy(e)->rotation_departures;
    hf_assert(e->open && e->trust->policy != NULL);
    long self = e->trust->set != NULL ? hf_set_find(e->trust->set, &e->account) : -1;
    if (self >= 0)
        through = e->trust->set->u.set.validators[self].root_tainted;
    hf__roots_table(e, &row, &keys);
    for (size_t i = 0; i < row.roots_count; i++)
        if (most > 0 && row.roots[i].departed >= most && row.roots[i].version > through)
            through = row.roots[i].version;
    if (through > 0)
        (void)hf__roots_taint(e, (uint32_t)through);
}

/* Of several versions: from all of them and the generation's id. Who lacks one of them, and has an
 * old record, learns nothing by the others. */
static bool seed_of(struct hf_engine *e, const struct hf__dealt *d, const uint8_t id[static 16],
                    uint8_t *root, uint8_t *parts, uint8_t *ret)
{
    static const char info[] = "holdfast/v1/dealing-seed";
    bool all = true;
    hf_assert(d->count > 0 && d->count <= HF_ROOTS_KEPT_MAX);
    for (size_t i = 0; i < d->count && all; i++) {
        all = hf__root_copy(e, d->version[i], root);
        if (all)
            hf__derive_from(e, root, d->version[i], "dealing", hf_bytes_of(id, 16),
                            parts + i * HF_KEY_LEN);
    }
    if (all && d->count == 1)
        memcpy(ret, parts, HF_KEY_LEN);
    else if (all)
        e->suite->kdf(e->network.bytes, hf_bytes_of(parts, (size_t)d->count * HF_KEY_LEN),
                      hf_bytes_of(info, sizeof info - 1), ret, HF_KEY_LEN);
    return all;
}

bool hf__dealt_secret(struct hf_engine *e, const struct hf__dealt *d, const uint8_t id[static 16],
                      struct hf_rng *rng, uint8_t ret[static HF_SCALAR_LEN])
{
    uint8_t *seed = e->secret_alloc(HF_KEY_LEN);
    uint8_t *parts = e->secret_alloc(HF_ROOTS_KEPT_MAX * HF_KEY_LEN);
    bool all = seed != NULL && parts != NULL && seed_of(e, d, id, ret, parts, seed);
    if (all)
        hf_rng_init(rng, seed);
    if (all && d->count > 1)
        e->suite->scalar_random(rng, ret); /* else it is the root secret of the only version */
    e->secret_free(parts);
    e->secret_free(seed);
    hf_assert(d->count > 0);
    return all;
}

size_t hf__dealt_wrap(struct hf_engine *e, const struct hf__dealt *d, const uint8_t id[static 16],
                      const uint8_t secret[static HF_SCALAR_LEN], struct hf_dealt_root *ret)
{
    if (d->count == 1)
        return 0;
    uint8_t *root = e->secret_alloc(HF_SCALAR_LEN), *key = e->secret_alloc(HF_KEY_LEN);
    hf_assert(root != NULL && key != NULL);
    for (size_t i = 0; i < d->count; i++) {
        bool kept = hf__root_copy(e, d->version[i], root);
        hf_assert(kept); /* a dealing is of what is kept */
        hf__derive_from(e, secret, d->version[i], "dealt", hf_bytes_of(id, 16), key);
        ret[i].version = d->version[i];
        e->suite->wrap(&e->secrets->rng, key, hf_account_bytes(&e->account),
                       hf_bytes_of(root, HF_SCALAR_LEN), ret[i].wrapped);
    }
    e->secret_free(key);
    e->secret_free(root);
    return d->count;
}

int hf__dealt_open(struct hf_engine *e, const struct hf_placement_record *record,
                   const uint8_t secret[static HF_SCALAR_LEN], struct hf__given_roots *ret)
{
    hf_assert(!e->open && record->roots_count <= HF_ROOTS_KEPT_MAX);
    int r = 0;
    ret->count = (uint8_t)hf__record_roots(record, ret->version);
    if (record->roots_count == 0) {
        memcpy(ret->root[0], secret, HF_SCALAR_LEN);
        return 0;
    }
    uint8_t *key = e->secret_alloc(HF_KEY_LEN);
    if (key == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < ret->count && r == 0; i++) {
        const struct hf_dealt_root *from = &record->roots[i];
        hf__derive_from(e, secret, ret->version[i], "dealt", hf_bytes_of(record->generation.id, 16),
                        key);
        r = e->suite->unwrap(key, hf_account_bytes(&e->account),
                             hf_bytes_of(from->wrapped, sizeof from->wrapped), ret->root[i]);
    }
    e->secret_free(key);
    return r;
}

void hf__roots_given(struct hf_engine *e, const struct hf__given_roots *given, uint32_t otherwise)
{
    hf_assert(!e->open && !e->active.has_root && given->count > 0);
    size_t at = given->count;
    for (size_t i = 0; i < given->count; i++)
        if (given->version[i] == otherwise && at == given->count)
            at = i;
    for (size_t i = 0; i < given->count && !e->lost; i++)
        if (given->version[i] == e->active.number)
            at = i;
    hf_assert(at < given->count);
    e->active.number = given->version[at];
    memcpy(e->secrets->active.root, given->root[at], HF_SCALAR_LEN);
    e->active.has_root = true;
}
