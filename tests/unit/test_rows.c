/* The engine's mirror of its vault, beside a plain list that does the same slowly. */
#include "node/rows.h"

#include "core/limits.h"

#include <criterion/criterion.h>
#include <signal.h>

static const struct hf_bytes none = {0};

static struct hf_bytes text(const char *s)
{
    return hf_bytes_of(s, strlen(s));
}

static void put(struct hf__rows *r, uint8_t collection, const char *key, const char *value)
{
    struct hf_blob *b = hf_blob_new(text(value));
    cr_assert_not_null(b);
    hf_blob_unref(hf__rows_put(r, collection, text(key), b));
    hf_blob_unref(b);
}

static bool is(const struct hf__rows *r, uint8_t collection, const char *key, const char *value)
{
    struct hf_blob *b = hf__rows_get(r, collection, text(key));
    if (b == NULL || value == NULL)
        return (b == NULL) == (value == NULL);
    return hf_bytes_equal(hf_blob_bytes(b), text(value));
}

Test(hf__rows, an_empty_one_has_nothing)
{
    struct hf__rows r = {0};
    cr_assert_null(hf__rows_get(&r, 1, none));
    cr_assert_null(hf__rows_at(&r, 0, 1, none));
    cr_assert_eq(hf__rows_count(&r, 1), 0);
    hf_blob_unref(hf__rows_del(&r, 1, none));
    hf__rows_done(&r);
}

Test(hf__rows, put_get_replace_and_delete)
{
    struct hf__rows r = {0};
    put(&r, 2, "b", "1");
    put(&r, 2, "a", "2");
    put(&r, 1, "b", "3");
    put(&r, 2, "", "4");
    cr_assert(is(&r, 2, "b", "1") && is(&r, 2, "a", "2") && is(&r, 1, "b", "3") &&
              is(&r, 2, "", "4"));
    cr_assert(is(&r, 1, "a", NULL) && is(&r, 3, "b", NULL) && is(&r, 2, "bb", NULL));
    put(&r, 2, "b", "5");
    cr_assert(is(&r, 2, "b", "5"));
    cr_assert_eq(hf__rows_count(&r, 2), 3);
    hf_blob_unref(hf__rows_del(&r, 2, text("b")));
    hf_blob_unref(hf__rows_del(&r, 2, text("b")));
    cr_assert(is(&r, 2, "b", NULL) && is(&r, 1, "b", "3"));
    cr_assert_eq(hf__rows_count(&r, 1), 1);
    cr_assert_eq(hf__rows_count(&r, 2), 2);
    hf__rows_done(&r);
    cr_assert_eq(hf__rows_count(&r, 2), 0);
}

Test(hf__rows, replacing_a_value_by_itself_keeps_it)
{
    struct hf__rows r = {0};
    put(&r, 1, "k", "v");
    struct hf_blob *b = hf__rows_get(&r, 1, text("k"));
    hf_blob_unref(hf__rows_put(&r, 1, text("k"), b));
    cr_assert_eq(b->refs, 1);
    cr_assert(is(&r, 1, "k", "v"));
    hf__rows_done(&r);
}

Test(hf__rows, a_prefix_walks_its_rows_in_order_and_no_others)
{
    struct hf__rows r = {0};
    static const char *const keys[] = {"ab", "b1", "b", "b2", "c", "a", "b11"};
    static const char *const expected[] = {"b", "b1", "b11", "b2"};
    for (size_t i = 0; i < HF_ARRAY_LEN(keys); i++)
        put(&r, 5, keys[i], keys[i]);
    put(&r, 4, "b3", "below");
    put(&r, 6, "b0", "above");
    size_t i = hf__rows_first(&r, 5, text("b")), found = 0;
    const struct hf__row *row;
    while ((row = hf__rows_at(&r, i++, 5, text("b"))) != NULL) {
        cr_assert_lt(found, HF_ARRAY_LEN(expected));
        cr_assert(hf_bytes_equal(hf_bytes_of(row->key, row->key_len), text(expected[found])));
        found++;
    }
    cr_assert_eq(found, HF_ARRAY_LEN(expected));
    hf__rows_done(&r);
}

Test(hf__rows, every_collection_begins_where_the_one_before_ends)
{
    struct hf__rows r = {0};
    const struct hf__row *row;
    static const uint8_t collections[] = {UINT8_MAX, 0, HF__ROWS_APART - 1, HF__ROWS_APART, 7, 40};
    for (size_t i = 0; i < HF_ARRAY_LEN(collections); i++) {
        put(&r, collections[i], "b", "1");
        put(&r, collections[i], "a", "2");
    }
    for (size_t i = 0; i < HF_ARRAY_LEN(collections); i++) {
        uint8_t c = collections[i];
        size_t at = hf__rows_first(&r, c, none);
        cr_assert(is(&r, c, "a", "2") && is(&r, c, "b", "1") && is(&r, c, "c", NULL), "%u", c);
        cr_assert((row = hf__rows_at(&r, at, c, none)) != NULL && row->key[0] == 'a', "%u", c);
        cr_assert((row = hf__rows_at(&r, at + 1, c, none)) != NULL && row->key[0] == 'b', "%u", c);
        cr_assert_null(hf__rows_at(&r, at + 2, c, none), "%u", c);
        cr_assert(c == UINT8_MAX || hf__rows_count(&r, c) == 2, "%u", c);
    }
    cr_assert(is(&r, 6, "a", NULL) && is(&r, 41, "a", NULL));
    for (size_t i = 0; i < HF_ARRAY_LEN(collections); i++)
        hf_blob_unref(hf__rows_del(&r, collections[i], text("a")));
    for (size_t i = 0; i < HF_ARRAY_LEN(collections); i++)
        cr_assert(is(&r, collections[i], "b", "1") && is(&r, collections[i], "a", NULL));
    cr_assert_eq(r.count, HF_ARRAY_LEN(collections));
    hf__rows_done(&r);
}

Test(hf__rows, many_in_any_order_stay_sorted)
{
    enum { ROWS = 500 };
    static bool held[ROWS];
    struct hf__rows r = {0};
    uint32_t x = 1;
    size_t count = 0;
    for (int step = 0; step < 4000; step++) {
        x = x * 1664525u + 1013904223u;
        size_t at = (x >> 8) % ROWS;
        uint8_t key[2] = {(uint8_t)(at >> 8), (uint8_t)at};
        if ((x & 4) != 0) {
            struct hf_blob *b = hf_blob_new(hf_bytes_of(key, 2));
            cr_assert_not_null(b);
            hf_blob_unref(hf__rows_put(&r, 1, hf_bytes_of(key, 2), b));
            hf_blob_unref(b);
            count += !held[at];
            held[at] = true;
        } else {
            hf_blob_unref(hf__rows_del(&r, 1, hf_bytes_of(key, 2)));
            count -= held[at];
            held[at] = false;
        }
        cr_assert_eq(hf__rows_count(&r, 1), count);
    }
    for (size_t at = 0; at < ROWS; at++) {
        uint8_t key[2] = {(uint8_t)(at >> 8), (uint8_t)at};
        cr_assert_eq(hf__rows_get(&r, 1, hf_bytes_of(key, 2)) != NULL, held[at]);
    }
    cr_assert_gt(hf__rows_memory(&r), count * sizeof(struct hf__row));
    hf__rows_done(&r);
}

Test(hf__rows, a_key_above_its_bound, .signal = SIGABRT)
{
    static const uint8_t key[HF_ROW_KEY_MAX + 1];
    struct hf__rows r = {0};
    struct hf_blob *b = hf_blob_new(none);
    hf_blob_unref(hf__rows_put(&r, 1, hf_bytes_of(key, sizeof key), b));
}

Test(hf__rows, keys_that_begin_alike_stay_apart_and_in_order)
{
    static const char *const keys[] = {"",         "a",         "abcdefg", "abcdefga",
                                       "abcdefgb", "abcdefgbb", "b"};
    struct hf__rows r = {0};
    for (size_t i = HF_ARRAY_LEN(keys); i > 0; i--)
        put(&r, 3, keys[i - 1], keys[i - 1]);
    for (size_t i = 0; i < HF_ARRAY_LEN(keys); i++) {
        const struct hf__row *row = hf__rows_at(&r, i, 3, none);
        cr_assert(hf_bytes_equal(hf_bytes_of(row->key, row->key_len), text(keys[i])));
        cr_assert(is(&r, 3, keys[i], keys[i]));
    }
    cr_assert(is(&r, 3, "abcdefgc", NULL) && is(&r, 3, "abcdef", NULL));
    hf__rows_done(&r);
}

Test(hf__rows, a_memo_lasts_as_long_as_the_value)
{
    struct hf__rows r = {0};
    put(&r, 1, "a", "1");
    cr_assert_eq(hf__rows_find(&r, 1, text("a"))->memo, 0);
    hf__rows_find(&r, 1, text("a"))->memo = 7;
    put(&r, 1, "b", "2");
    cr_assert_eq(hf__rows_find(&r, 1, text("a"))->memo, 7);
    put(&r, 1, "a", "1");
    cr_assert_eq(hf__rows_find(&r, 1, text("a"))->memo, 0);
    cr_assert_null(hf__rows_find(&r, 1, text("c")));
    hf__rows_done(&r);
}
