/*
 * What proves that another signed what no honest one does (proto/EVIDENCE.md): kept for those who
 * ask later. Nothing that this node does goes by it, but that a liar is not asked to help.
 */
#include "register/register.h"

static const struct hf_bytes no_key = {0};

/* A row's key: who (32), generation id (16), and in what order it was kept (8). */
enum { ABOUT_LEN = HF_ID_LEN + 16, KEY_LEN = ABOUT_LEN + 8 };

/* In what order a row was kept; 0: before such an order was noted. */
static uint64_t order_of(const struct hf__row *row)
{
    uint64_t order = 0;
    hf_assert(row->key_len == KEY_LEN || row->key_len == ABOUT_LEN);
    for (size_t i = ABOUT_LEN; i < row->key_len; i++)
        order = order << 8 | row->key[i];
    return order;
}

/*
 * The one that was kept first makes room: an accused one chooses its dates, and not when it was
 * heard. Returns the order of the next.
 */
static uint64_t make_room(struct hf_engine *e)
{
    const struct hf__row *at, *first = NULL;
    uint64_t newest = 0;
    hf_assert(e->open && hf__rows_count(&e->rows, HF_ROW_BROKEN) <= HF_BROKEN_MAX);
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_BROKEN, no_key);
         (at = hf__rows_at(&e->rows, i, HF_ROW_BROKEN, no_key)) != NULL; i++) {
        if (first == NULL || order_of(at) < order_of(first))
            first = at;
        newest = order_of(at) > newest ? order_of(at) : newest;
    }
    if (hf__rows_count(&e->rows, HF_ROW_BROKEN) == HF_BROKEN_MAX) {
        uint8_t key[HF_ROW_KEY_MAX];
        hf_assert(first != NULL);
        size_t len = first->key_len;
        memcpy(key, first->key, len);
        hf__del(e, HF_ROW_BROKEN, hf_bytes_of(key, len));
    }
    return newest + 1;
}

static void about(const struct hf_account *account, const uint8_t generation[static 16],
                  uint8_t ret[static ABOUT_LEN])
{
    static const struct hf_account none;
    hf_assert(!hf_account_equal(account, &none));
    memcpy(ret, account->bytes, HF_ID_LEN);
    memcpy(ret + HF_ID_LEN, generation, 16);
}

bool hf__broken_has(const struct hf_engine *e, const struct hf_account *account,
                    const uint8_t generation[static 16])
{
    uint8_t key[ABOUT_LEN];
    hf_assert(e->open);
    about(account, generation, key);
    size_t at = hf__rows_first(&e->rows, HF_ROW_BROKEN, hf_bytes_of(key, sizeof key));
    return hf__rows_at(&e->rows, at, HF_ROW_BROKEN, hf_bytes_of(key, sizeof key)) != NULL;
}

/* Whether a file of this length can be kept: an operator is shown all of them at once. */
static bool has_room(const struct hf_engine *e, size_t len)
{
    const struct hf__row *at;
    size_t count = 0;
    hf_assert(len > 0);
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_BROKEN, no_key);
         (at = hf__rows_at(&e->rows, i, HF_ROW_BROKEN, no_key)) != NULL; i++)
        count += hf_blob_bytes(at->value).len > HF_BROKEN_SHORT;
    return len <= HF_BROKEN_SHORT || count < HF_BROKEN_LONG_MAX;
}

void hf__broken_keep(struct hf_engine *e, const struct hf_account *account,
                     const uint8_t generation[static 16], const struct hf_wire_type *type,
                     const void *file)
{
    uint8_t key[KEY_LEN];
    hf_assert(e->store_error == 0 && !hf__broken_has(e, account, generation));
    if (!has_room(e, hf__encode(e, type, file).len))
        return;
    about(account, generation, key);
    uint64_t order = make_room(e);
    for (size_t i = KEY_LEN; i > ABOUT_LEN; order >>= 8)
        key[--i] = (uint8_t)order;
    hf__put(e, HF_ROW_BROKEN, hf_bytes_of(key, sizeof key), type, file);
    hf_assert(hf__broken_has(e, account, generation));
}
