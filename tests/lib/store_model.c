#include "store_model.h"
#include "scratch.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

const uint8_t store_model_key[HF_KEY_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};
const struct hf_vault_header store_model_header = {
    .network = {{0x11, 0x22}}, .account = {{0x33, 0x44}}, .key_version = 7};

static const uint8_t other_key[HF_KEY_LEN] = {8, 7, 6, 5, 4, 3, 2, 1};

const uint8_t *store_model_key_of(uint32_t version)
{
    return version % 2 == store_model_header.key_version % 2 ? store_model_key : other_key;
}

struct hf_store_op store_model_rekey(uint32_t version, uint8_t room[static 4])
{
    for (int i = 0; i < 4; i++)
        room[i] = (uint8_t)(version >> (24 - 8 * i));
    return (struct hf_store_op){.type = HF_STORE_REKEY,
                                .key = hf_bytes_of(room, 4),
                                .value = hf_bytes_of(store_model_key_of(version), HF_KEY_LEN)};
}

void store_model_folder(char ret_dir[static STORE_MODEL_PATH_LEN])
{
    char outer[HF_SCRATCH_PATH_LEN];
    hf_scratch_make(outer);
    (void)snprintf(ret_dir, STORE_MODEL_PATH_LEN, "%s/data", outer);
}

void store_model_folder_remove(const char *dir)
{
    char outer[STORE_MODEL_PATH_LEN];
    (void)snprintf(outer, sizeof outer, "%s", dir);
    *strrchr(outer, '/') = '\0';
    hf_scratch_remove(outer);
}

uint32_t store_model_draw(uint64_t *seed, uint32_t bound)
{
    /* xorshift64* */
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (uint32_t)((*seed * 0x2545f4914f6cdd1dull) >> 33) % bound;
}

struct hf_store_update store_model_draw_update(uint64_t *seed, struct hf_store_op *ops)
{
    static uint8_t values[6][20000];
    static char keys[6][16];
    size_t count = 1 + store_model_draw(seed, 6);
    for (size_t i = 0; i < count; i++) {
        if (store_model_draw(seed, 60) == 0) {
            ops[i] = store_model_rekey(1 + store_model_draw(seed, 255), (uint8_t *)keys[i]);
            continue;
        }
        uint32_t what = store_model_draw(seed, 10);
        uint8_t type = what < 5   ? HF_STORE_VAULT_PUT
                       : what < 6 ? HF_STORE_VAULT_DEL
                       : what < 8 ? HF_STORE_PUBLIC_PUT
                       : what < 9 ? HF_STORE_PUBLIC_DEL
                                  : HF_STORE_VAULT_PUT;
        int key_len = snprintf(keys[i], sizeof keys[i], "k%u", store_model_draw(seed, 24));
        size_t len = store_model_draw(seed, 40) == 0 ? store_model_draw(seed, 20000)
                                                     : store_model_draw(seed, 400);
        for (size_t j = 0; j < len; j++)
            values[i][j] = (uint8_t)store_model_draw(seed, 256);
        ops[i] = (struct hf_store_op){.type = type,
                                      .collection = (uint8_t)store_model_draw(seed, 3),
                                      .key = hf_bytes_of(keys[i], (size_t)key_len),
                                      .value = hf_bytes_of(values[i], len)};
    }
    return (struct hf_store_update){.ops = ops, .ops_count = count};
}

static struct store_model_row *find(struct store_model *m, bool vault, uint8_t collection,
                                    struct hf_bytes key)
{
    for (size_t i = 0; i < m->count; i++) {
        struct store_model_row *r = &m->rows[i];
        if (r->vault == vault && (!vault || r->collection == collection) &&
            hf_bytes_equal(hf_bytes_of(r->key, r->key_len), key))
            return r;
    }
    return NULL;
}

static void put(struct store_model *m, bool vault, uint8_t collection, struct hf_bytes key,
                struct hf_bytes value)
{
    struct store_model_row *r = find(m, vault, collection, key);
    if (r == NULL) {
        hf_assert(m->count < STORE_MODEL_ROWS_MAX);
        r = &m->rows[m->count++];
        *r = (struct store_model_row){
            .vault = vault, .collection = vault ? collection : 0, .key_len = (uint8_t)key.len};
        memcpy(r->key, key.data, key.len);
    }
    free(r->value);
    r->value = malloc(value.len + 1);
    hf_assert(r->value != NULL);
    if (value.len > 0)
        memcpy(r->value, value.data, value.len);
    r->len = value.len;
}

static void del(struct store_model *m, bool vault, uint8_t collection, struct hf_bytes key)
{
    struct store_model_row *r = find(m, vault, collection, key);
    if (r == NULL)
        return;
    free(r->value);
    *r = m->rows[--m->count];
}

void store_model_apply(struct store_model *m, const struct hf_store_update *u)
{
    for (size_t i = 0; i < u->ops_count; i++) {
        const struct hf_store_op *op = &u->ops[i];
        bool vault = op->type == HF_STORE_VAULT_PUT || op->type == HF_STORE_VAULT_DEL;
        if (op->type == HF_STORE_SET_PLACED)
            m->state = HF_VAULT_PLACED;
        else if (op->type == HF_STORE_REKEY)
            m->version = op->key.data[3]; /* as it is drawn */
        else if (op->type == HF_STORE_VAULT_PUT || op->type == HF_STORE_PUBLIC_PUT)
            put(m, vault, op->collection, op->key, op->value);
        else
            del(m, vault, op->collection, op->key);
    }
}

static int take_vault(void *ctx, uint8_t collection, struct hf_bytes key, struct hf_bytes value)
{
    put(ctx, true, collection, key, value);
    return 0;
}

static int take_public(void *ctx, const char *key, struct hf_bytes value)
{
    put(ctx, false, 0, hf_bytes_of(key, strlen(key)), value);
    return 0;
}

int store_model_read(struct hf_store *s, struct store_model *ret, struct hf_store_error *err)
{
    struct hf_vault_header h;
    hf_store_header(s, &h);
    *ret = (struct store_model){.state = h.state, .version = h.key_version};
    int e = hf_store_public_each(s, take_public, ret, err);
    if (e == 0 && h.state != HF_VAULT_NONE)
        e = hf_store_vault_open(s, store_model_key_of(h.key_version), take_vault, ret, err);
    if (e != 0)
        store_model_done(ret);
    return e;
}

bool store_model_equal(const struct store_model *a, const struct store_model *b)
{
    if (a->count != b->count || a->state != b->state ||
        (a->version != b->version && a->version != 0 && b->version != 0))
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct store_model_row *r = &a->rows[i];
        const struct store_model_row *t = find((struct store_model *)(uintptr_t)b, r->vault,
                                               r->collection, hf_bytes_of(r->key, r->key_len));
        if (t == NULL ||
            !hf_bytes_equal(hf_bytes_of(r->value, r->len), hf_bytes_of(t->value, t->len)))
            return false;
    }
    return true;
}

void store_model_copy(const struct store_model *from, struct store_model *ret)
{
    *ret = (struct store_model){.state = from->state, .version = from->version};
    for (size_t i = 0; i < from->count; i++) {
        const struct store_model_row *r = &from->rows[i];
        put(ret, r->vault, r->collection, hf_bytes_of(r->key, r->key_len),
            hf_bytes_of(r->value, r->len));
    }
}

void store_model_done(struct store_model *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->rows[i].value);
    m->count = 0;
}
