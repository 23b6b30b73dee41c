/*
 * The keys to which shares are sealed on their way here (proto/ROTATION.md, 4). They lie in one row
 * of the vault, each secret wrapped, and are unwrapped for as long as it takes to open a share: so
 * a key that was deleted is nowhere.
 */
#include <assert.h>

#include "base/error.h"
#include "base/secret.h"
#include "node/node.h"

static const struct hf_bytes no_key = {0};
static const uint8_t none[HF_KEY_LEN];

/* Draws a key pair into an entry of the row. */
static void draw(struct hf_engine *e, struct hf_rotated_key *ret)
{
    uint8_t *secret = e->secret_alloc(HF_KEY_LEN);
    hf_assert(secret != NULL && ret->id > 0);
    e->suite->seal_keypair(&e->secrets->rng, ret->public_key, secret);
    e->suite->wrap(&e->secrets->rng, e->secrets->active.wrap_key,
                   hf_bytes_of(ret->public_key, HF_KEY_LEN), hf_bytes_of(secret, HF_KEY_LEN),
                   ret->wrapped);
    e->secret_free(secret);
}

/* Notes an active key as the one of its suite that others are told of. */
static void use(struct hf_engine *e, const struct hf_rotated_key *key)
{
    if (key->state != HF__KEY_ACTIVE)
        return;
    hf_assert(key->suite == HF_SEALING_CHACHA || key->suite == HF_SEALING_GCM);
    hf_assert(e->active.has_root && key->id > 0);
    memcpy(key->suite == HF_SEALING_GCM ? e->sealing_gcm : e->sealing_key, key->public_key,
           HF_KEY_LEN);
}

/* The row of a vault with one key. */
static void put_first(struct hf_engine *e, struct hf_rotated_key *key)
{
    struct hf_keys_row row = {.id_next = 2, .keys = key, .keys_count = 1};
    hf_assert(key->id == 1 && key->state == HF__KEY_ACTIVE);
    memset(e->sealing_gcm, 0, HF_KEY_LEN);
    use(e, key);
    hf__put(e, HF_ROW_KEYS, no_key, &hf_wire_keys_row, &row);
}

static struct hf_rotated_key first_key(const struct hf_engine *e)
{
    hf_assert(e->active.has_root && e->has_account);
    return (struct hf_rotated_key){
        .id = 1, .suite = HF_SEALING_CHACHA, .state = HF__KEY_ACTIVE, .since_s = hf__now_s(e)};
}

void hf__sealing_begin(struct hf_engine *e)
{
    struct hf_rotated_key key = first_key(e);
    hf_assert(!e->open && hf__rows_find(&e->rows, HF_ROW_KEYS, no_key) == NULL);
    draw(e, &key);
    put_first(e, &key);
    memcpy(e->vault_name, e->sealing_key, HF_KEY_LEN);
}

/* What is no secret in a row, as a table; whether it is one. */
static bool read(const struct hf_keys_row *row, struct hf__keys *ret)
{
    static_assert((int)HF_SEALING_KEYS_MAX <= (int)HF__KEYS_MAX, "a place for each");
    *ret = (struct hf__keys){.id_next = (uint32_t)row->id_next};
    for (size_t i = 0; i < row->keys_count; i++) {
        const struct hf_rotated_key *k = &row->keys[i];
        if (k->suite != HF_SEALING_CHACHA && k->suite != HF_SEALING_GCM)
            return false;
        ret->list[ret->count++] = (struct hf__key){.id = (uint32_t)k->id,
                                                   .suite = (uint8_t)k->suite,
                                                   .state = (uint8_t)k->state,
                                                   .ready = true, /* it lies in the vault */
                                                   .since_s = k->since_s};
    }
    hf_assert(ret->count <= HF_SEALING_KEYS_MAX);
    return hf__keys_valid(ret);
}

static const struct hf_rotated_key *find(const struct hf_keys_row *row, uint64_t id)
{
    hf_assert(row->keys_count <= HF_SEALING_KEYS_MAX && id > 0);
    for (size_t i = 0; i < row->keys_count; i++)
        if (row->keys[i].id == id)
            return &row->keys[i];
    return NULL;
}

int hf__sealing_load(struct hf_engine *e, const uint8_t first[static HF_KEY_LEN])
{
    struct hf_keys_row row;
    struct hf__keys keys;
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_KEYS, no_key);
    if (value == NULL && hf_secret_equal(first, none, HF_KEY_LEN))
        return HF_EMALFORMED; /* it is a vault of now, whose row is gone */
    if (value == NULL) {
        struct hf_rotated_key key = first_key(e);
        memcpy(key.public_key, e->vault_name, HF_KEY_LEN);
        e->suite->wrap(&e->secrets->rng, e->secrets->active.wrap_key,
                       hf_bytes_of(key.public_key, HF_KEY_LEN), hf_bytes_of(first, HF_KEY_LEN),
                       key.wrapped);
        put_first(e, &key);
        return 0;
    }
    int r = hf__decode(e, &hf_wire_keys_row, hf_blob_bytes(value), &row);
    if (r != 0 || !read(&row, &keys))
        return HF_EMALFORMED;
    bool active = false;
    memset(e->sealing_gcm, 0, HF_KEY_LEN);
    for (size_t i = 0; i < row.keys_count; i++) {
        use(e, &row.keys[i]);
        active = active ||
                 (row.keys[i].state == HF__KEY_ACTIVE && row.keys[i].suite == HF_SEALING_CHACHA);
    }
    hf_assert(!e->open);
    return active ? 0 : HF_EMALFORMED;
}

void hf__sealing_table(struct hf_engine *e, struct hf_keys_row *ret_row, struct hf__keys *ret)
{
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_KEYS, no_key);
    hf_assert(e->open && value != NULL);
    hf_assert(e->active.has_root);
    int r = hf__decode(e, &hf_wire_keys_row, hf_blob_bytes(value), ret_row);
    bool valid = r == 0 && read(ret_row, ret);
    hf_assert(valid); /* as it was when the vault was opened, and is as this node writes it */
}

void hf__sealing_save(struct hf_engine *e, const struct hf_keys_row *row,
                      const struct hf__keys *keys)
{
    struct hf_rotated_key list[HF_SEALING_KEYS_MAX] = {0};
    struct hf_keys_row m = {.id_next = keys->id_next, .keys = list};
    hf_assert(e->open && keys->count <= HF_SEALING_KEYS_MAX);
    memset(e->sealing_gcm, 0, HF_KEY_LEN); /* its suite may have gone */
    for (uint32_t last = 0; m.keys_count < keys->count;) {
        const struct hf__key *k = hf__key_after(keys, last);
        const struct hf_rotated_key *before = find(row, k->id);
        struct hf_rotated_key *to = &list[m.keys_count++];
        last = k->id;
        if (before != NULL)
            *to = *before;
        to->id = k->id;
        to->suite = k->suite;
        to->state = k->state;
        to->since_s = k->since_s;
        if (before == NULL)
            draw(e, to);
        use(e, to);
    }
    hf_assert(m.keys_count == keys->count && m.id_next >= row->id_next);
    hf__put(e, HF_ROW_KEYS, no_key, &hf_wire_keys_row, &m);
}

int hf__sealing_seal(struct hf_engine *e, uint8_t suite, const uint8_t key[static HF_KEY_LEN],
                     struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret)
{
    hf_assert(suite == HF_SEALING_CHACHA || (suite == HF_SEALING_GCM && e->gcm));
    hf_assert(e->open && plain.len > 0);
    return (suite == HF_SEALING_GCM ? e->suite->seal_gcm : e->suite->seal)(&e->secrets->rng, key,
                                                                           info, aad, plain, ret);
}

bool hf__sealing_has(struct hf_engine *e, const uint8_t public_key[static HF_KEY_LEN])
{
    struct hf_keys_row row;
    struct hf__keys keys;
    hf__sealing_table(e, &row, &keys);
    hf_assert(row.keys_count == keys.count);
    for (size_t i = 0; i < row.keys_count; i++)
        if (memcmp(row.keys[i].public_key, public_key, HF_KEY_LEN) == 0)
            return true;
    return false;
}

int hf__sealing_open(struct hf_engine *e, const uint8_t *public_key, struct hf_bytes info,
                     struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    struct hf_keys_row row;
    struct hf__keys keys;
    hf__sealing_table(e, &row, &keys);
    hf_assert(row.keys_count > 0 && sealed.len > HF_SEAL_OVERHEAD);
    int r = HF_ECRYPTO;
    uint8_t *secret = e->secret_alloc(HF_KEY_LEN);
    if (secret == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < row.keys_count && r == HF_ECRYPTO; i++) {
        const struct hf_rotated_key *k = &row.keys[i];
        if (public_key != NULL && memcmp(k->public_key, public_key, HF_KEY_LEN) != 0)
            continue;
        r = e->suite->unwrap(e->secrets->active.wrap_key, hf_bytes_of(k->public_key, HF_KEY_LEN),
                             hf_bytes_of(k->wrapped, sizeof k->wrapped), secret);
        if (r == 0)
            r = (k->suite == HF_SEALING_GCM ? e->suite->open_gcm
                                            : e->suite->open)(secret, info, aad, sealed, ret);
        if (r == HF_EUNSUPPORTED)
            r = HF_ECRYPTO; /* the vault was on another machine when this key was made */
    }
    e->secret_free(secret);
    return r;
}
