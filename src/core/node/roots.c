/*
 * The versions of the root secret (proto/ROTATION.md, 5). They lie in one row of the vault. The
 * active one, under which the vault is, is in no row: it is what opens the vault. The others are
 * wrapped, and unwrapped for as long as they are used.
 *
 * The wrapping key is that of the vault's first version, whichever is active: so what is wrapped
 * stays as it is when the vault goes under another version. It guards what is in memory; what is on
 * the disk is sealed under the active version's vault key.
 */
#include <assert.h>

#include "base/error.h"
#include "base/secret.h"
#include "node/node.h"

static const struct hf_bytes no_key = {0};

/* What a wrapped version is bound to. */
static struct hf_bytes aad_of(uint32_t version, uint8_t ret[static 4])
{
    hf_assert(version > 0);
    for (int i = 0; i < 4; i++)
        ret[i] = (uint8_t)(version >> (24 - 8 * i));
    return hf_bytes_of(ret, 4);
}

static void wrap(struct hf_engine *e, uint32_t version, const uint8_t root[static HF_SCALAR_LEN],
                 struct hf_kept_root *ret)
{
    uint8_t aad[4];
    hf_assert(e->active.has_root);
    ret->has_wrapped = true;
    e->suite->wrap(&e->secrets->rng, e->secrets->active.wrap_key, aad_of(version, aad),
                   hf_bytes_of(root, HF_SCALAR_LEN), ret->wrapped);
}

static int unwrap(struct hf_engine *e, const struct hf_kept_root *from,
                  uint8_t ret[static HF_SCALAR_LEN])
{
    uint8_t aad[4];
    hf_assert(e->active.has_root && from->has_wrapped);
    return e->suite->unwrap(e->secrets->active.wrap_key, aad_of((uint32_t)from->version, aad),
                            hf_bytes_of(from->wrapped, sizeof from->wrapped), ret);
}

void hf__roots_begin(struct hf_engine *e)
{
    struct hf_kept_root active = {
        .version = e->active.number, .state = HF__KEY_ACTIVE, .since_s = hf__now_s(e)};
    struct hf_roots_row row = {
        .version_next = (uint64_t)e->active.number + 1, .roots = &active, .roots_count = 1};
    hf_assert(!e->open && hf__rows_find(&e->rows, HF_ROW_ROOTS, no_key) == NULL);
    hf_assert(e->active.number < UINT32_MAX && e->active.has_root);
    hf__put(e, HF_ROW_ROOTS, no_key, &hf_wire_roots_row, &row);
}

/* What is no secret in a row, as a table; whether it is one: the vault is under its active version,
 * and every other is there. */
static bool read(const struct hf_engine *e, const struct hf_roots_row *row, struct hf__keys *ret)
{
    static_assert((int)HF_ROOTS_KEPT_MAX <= (int)HF__KEYS_MAX, "a place for each");
    bool active = false;
    *ret = (struct hf__keys){.id_next = (uint32_t)row->version_next};
    for (size_t i = 0; i < row->roots_count; i++) {
        const struct hf_kept_root *k = &row->roots[i];
        bool is_active = k->version == e->active.number;
        if (is_active != (k->state == HF__KEY_ACTIVE) || is_active == k->has_wrapped)
            return false;
        active = active || is_active;
        ret->list[ret->count++] = (struct hf__key){.id = (uint32_t)k->version,
                                                   .state = (uint8_t)k->state,
                                                   .tainted = k->tainted,
                                                   .since_s = k->since_s};
    }
    hf_assert(ret->count <= HF_ROOTS_KEPT_MAX);
    return active && hf__keys_valid(ret);
}

static int find_row(struct hf_engine *e, struct hf_roots_row *ret, struct hf__keys *ret_keys)
{
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_ROOTS, no_key);
    hf_assert(e->active.has_root);
    if (value == NULL)
        return HF_EMISSING;
    int r = hf__decode(e, &hf_wire_roots_row, hf_blob_bytes(value), ret);
    hf_assert(r != 0 || ret->version_next > 0);
    return r == 0 && read(e, ret, ret_keys) ? 0 : HF_EMALFORMED;
}

int hf__roots_load(struct hf_engine *e)
{
    struct hf_roots_row row;
    struct hf__keys keys;
    hf_assert(!e->open && e->active.has_root);
    int r = find_row(e, &row, &keys);
    if (r == HF_EMISSING) { /* a vault from before there was one */
        hf__roots_begin(e);
        return 0;
    }
    if (r != 0 || !row.has_wrap_key)
        return r;
    uint8_t *key = e->secret_alloc(HF_KEY_LEN);
    if (key == NULL)
        return HF_ENOMEM;
    r = e->suite->unwrap(e->secrets->active.wrap_key, hf_account_bytes(&e->account),
                         hf_bytes_of(row.wrap_key, sizeof row.wrap_key), key);
    if (r == 0)
        memcpy(e->secrets->active.wrap_key, key, HF_KEY_LEN);
    e->secret_free(key);
    return r;
}

void hf__roots_table(struct hf_engine *e, struct hf_roots_row *ret_row, struct hf__keys *ret)
{
    int r = find_row(e, ret_row, ret);
    hf_assert(r == 0); /* as it was when the vault was opened, and is as this node writes it */
    hf_assert(ret->count > 0 && ret->count <= HF_ROOTS_KEPT_MAX);
}

void hf__roots_put(struct hf_engine *e, const struct hf_roots_row *row)
{
    hf_assert(row->roots_count > 0 && row->roots_count <= HF_ROOTS_KEPT_MAX);
    hf_assert(row->version_next > row->roots[row->roots_count - 1].version);
    hf__put(e, HF_ROW_ROOTS, no_key, &hf_wire_roots_row, row);
    if (e->open)
        hf__sequence_advance(e);
}

static const struct hf_kept_root *find(const struct hf_roots_row *row, uint64_t version)
{
    hf_assert(row->roots_count <= HF_ROOTS_KEPT_MAX && version > 0);
    for (size_t i = 0; i < row->roots_count; i++)
        if (row->roots[i].version == version)
            return &row->roots[i];
    return NULL;
}

bool hf__root_copy(struct hf_engine *e, uint32_t version, uint8_t ret[static HF_SCALAR_LEN])
{
    struct hf_roots_row row;
    struct hf__keys keys;
    hf_assert(e->active.has_root && version > 0);
    if (version == e->active.number) {
        memcpy(ret, e->secrets->active.root, HF_SCALAR_LEN);
        return true;
    }
    hf__roots_table(e, &row, &keys);
    const struct hf_kept_root *kept = find(&row, version);
    return kept != NULL && unwrap(e, kept, ret) == 0;
}

/* A new version, which no node has ever had. */
static void draw(struct hf_engine *e, struct hf_kept_root *ret)
{
    uint8_t *root = e->secret_alloc(HF_SCALAR_LEN);
    hf_assert(root != NULL && ret->version > 0);
    e->suite->scalar_random(&e->secrets->rng, root);
    wrap(e, (uint32_t)ret->version, root, ret);
    e->secret_free(root);
}

/* Where a version has its place in a row that has room, by version; those after it move on. */
static struct hf_kept_root *insert(struct hf_roots_row *row, uint64_t version)
{
    size_t at = row->roots_count++;
    hf_assert(row->roots_count <= HF_ROOTS_KEPT_MAX);
    for (; at > 0 && row->roots[at - 1].version > version; at--)
        row->roots[at] = row->roots[at - 1];
    hf_assert(at == 0 || row->roots[at - 1].version != version);
    row->roots[at] = (struct hf_kept_root){.version = version};
    return &row->roots[at];
}

/* Whether a version that is kept, and is not the active one, has this secret. */
static bool is_that(struct hf_engine *e, const struct hf_kept_root *k,
                    const uint8_t root[static HF_SCALAR_LEN])
{
    uint8_t *own = e->secret_alloc(HF_SCALAR_LEN);
    hf_assert(k->version != e->active.number);
    bool same = own == NULL || /* that it cannot be told now is no reason to change it */
                (unwrap(e, k, own) == 0 && hf_secret_equal(own, root, HF_SCALAR_LEN));
    e->secret_free(own);
    return same;
}

void hf__roots_merge(struct hf_engine *e, const struct hf__given_roots *given, bool lost)
{
    struct hf_kept_root list[HF_ROOTS_KEPT_MAX];
    struct hf_roots_row row;
    struct hf__keys keys;
    bool any = false;
    hf__roots_table(e, &row, &keys);
    hf_assert(given->count <= HF_ROOTS_KEPT_MAX);
    memcpy(list, row.roots, row.roots_count * sizeof *list);
    row.roots = list;
    row.unsure = row.unsure || (lost && given->count > 1);
    for (size_t i = given->count; i-- > 0;) {
        uint32_t version = given->version[i];
        if (version >= row.version_next)
            row.version_next = (uint64_t)version + 1;
        struct hf_kept_root *k = (struct hf_kept_root *)find(&row, version);
        if (k == NULL && row.roots_count == HF_ROOTS_KEPT_MAX)
            continue;
        if (version == e->active.number || (k != NULL && is_that(e, k, given->root[i])))
            continue;
        if (k == NULL)
            k = insert(&row, version);
        else if (hf__rows_find(&e->rows, HF_ROW_SEALED, no_key) != NULL)
            hf__del(e, HF_ROW_SEALED, no_key); /* share holders would give the other */
        k->state = version > e->active.number ? HF__KEY_PENDING : HF__KEY_EXPIRED;
        k->since_s = hf__now_s(e);
        wrap(e, version, given->root[i], k);
        any = true;
    }
    if (any)
        hf__roots_put(e, &row);
}

uint32_t hf__roots_first(struct hf_engine *e)
{
    struct hf_roots_row row;
    struct hf__keys keys;
    hf__roots_table(e, &row, &keys);
    hf_assert(row.roots_count > 0 && e->active.number > 0);
    return row.unsure ? (uint32_t)row.roots[0].version : e->active.number;
}

/* The vault goes under another version: the wrapping key comes along. */
static void activate(struct hf_engine *e, const uint8_t root[static HF_SCALAR_LEN],
                     uint32_t version, struct hf_roots_row *row)
{
    struct hf__version_secrets *s = &e->secrets->active;
    uint8_t *key = e->secret_alloc(HF_KEY_LEN);
    hf_assert(key != NULL && version != e->active.number);
    memcpy(s->root, root, HF_SCALAR_LEN);
    e->active.number = version;
    hf__derive(e, "wrap", no_key, key);
    e->suite->wrap(&e->secrets->rng, key, hf_account_bytes(&e->account),
                   hf_bytes_of(s->wrap_key, HF_KEY_LEN), row->wrap_key);
    row->has_wrap_key = true;
    hf__derive(e, "vault", no_key, s->vault_key);
    hf__put_rekey(e);
    e->secret_free(key);
    hf_assert(e->open && e->claimed);
}

/* The entries of a table, of which those that were there before keep what they have. Returns the
 * active one. */
static struct hf_kept_root *fill(struct hf_engine *e, const struct hf_roots_row *row,
                                 const struct hf__keys *keys, struct hf_roots_row *ret)
{
    struct hf_kept_root *active = NULL;
    for (uint32_t last = 0; ret->roots_count < keys->count;) {
        const struct hf__key *k = hf__key_after(keys, last);
        const struct hf_kept_root *before = find(row, k->id);
        struct hf_kept_root *to = &ret->roots[ret->roots_count++];
        last = k->id;
        *to = before != NULL ? *before : (struct hf_kept_root){.version = k->id};
        to->state = k->state;
        to->since_s = k->since_s;
        to->tainted = k->tainted;
        if (before == NULL)
            draw(e, to);
        if (k->state == HF__KEY_ACTIVE)
            active = to;
    }
    hf_assert(active != NULL && ret->roots_count == keys->count);
    return active;
}

bool hf__roots_save(struct hf_engine *e, const struct hf_roots_row *row,
                    const struct hf__keys *keys)
{
    struct hf_kept_root list[HF_ROOTS_KEPT_MAX] = {0};
    struct hf_roots_row m = {.version_next = keys->id_next,
                             .roots = list,
                             .has_wrap_key = row->has_wrap_key,
                             .unsure = row->unsure && keys->count > 1};
    hf_assert(e->open && keys->count <= HF_ROOTS_KEPT_MAX);
    memcpy(m.wrap_key, row->wrap_key, sizeof m.wrap_key);
    struct hf_kept_root *active = fill(e, row, keys, &m);
    bool changes = active->version != e->active.number;
    if (changes) {
        uint8_t *root = e->secret_alloc(HF_SCALAR_LEN);
        hf_assert(root != NULL);
        int r = unwrap(e, active, root);
        hf_assert(r == 0); /* this node has wrapped it */
        struct hf_kept_root *before = (struct hf_kept_root *)find(&m, e->active.number);
        hf_assert(before != NULL); /* what the vault is under is needed */
        wrap(e, e->active.number, e->secrets->active.root, before);
        active->has_wrapped = false;
        activate(e, root, (uint32_t)active->version, &m);
        e->secret_free(root);
    }
    hf__roots_put(e, &m);
    return changes;
}
