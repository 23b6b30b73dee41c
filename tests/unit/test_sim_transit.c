/* Memory for messages on their way: blocks that are filled anew when all in them is gone. */
#include "lib/transit.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hf__transit t;

static void up(void)
{
    hf__transit_init(&t);
}

static void down(void)
{
    hf__transit_done(&t);
}

TestSuite(hf_transit, .init = up, .fini = down);

static uint32_t put(size_t len, uint8_t fill)
{
    uint32_t index = hf__transit_take(&t, len);
    memset(hf__transit_at(&t, index), fill, len);
    return index;
}

static void check(uint32_t index, size_t len, uint8_t fill)
{
    const uint8_t *at = hf__transit_at(&t, index);
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(at[i], fill);
}

Test(hf_transit, keeps_each_apart_from_the_others)
{
    static const size_t lens[] = {1, 15, 16, 17, 1000, HF__TRANSIT_MAX - 1, HF__TRANSIT_MAX};
    enum { COUNT = sizeof lens / sizeof lens[0] };
    uint32_t index[COUNT];
    for (uint8_t i = 0; i < COUNT; i++)
        index[i] = put(lens[i], i);
    for (uint8_t i = 0; i < COUNT; i++)
        check(index[i], lens[i], i);
    for (size_t i = 0; i < COUNT; i++)
        hf__transit_give(&t, index[i]);
}

Test(hf_transit, stays_as_small_as_what_is_on_its_way)
{
    enum { ALIVE = 40, LEN = 400 };
    uint32_t index[ALIVE];
    for (size_t i = 0; i < 100000; i++) {
        uint8_t fill = (uint8_t)(i % 251);
        if (i >= ALIVE) {
            check(index[i % ALIVE], LEN, (uint8_t)((i - ALIVE) % 251));
            hf__transit_give(&t, index[i % ALIVE]);
        }
        index[i % ALIVE] = put(LEN, fill);
    }
    /* They fill one block; two are touched at a time, and one waits. */
    cr_assert_leq(t.blocks_count, 3);
    for (size_t i = 0; i < ALIVE; i++)
        hf__transit_give(&t, index[i]);
}

Test(hf_transit, fills_a_block_anew_that_is_empty_at_its_end)
{
    for (size_t i = 0; i < 1000; i++)
        hf__transit_give(&t, put(HF__TRANSIT_MAX / 2 + 1, 1));
    cr_assert_eq(t.blocks_count, 1);
}

Test(hf_transit, one_that_stays_keeps_its_block)
{
    uint32_t stays = put(100, 7);
    for (size_t i = 0; i < 1000; i++)
        hf__transit_give(&t, put(HF__TRANSIT_MAX / 2 + 1, 1));
    check(stays, 100, 7);
    cr_assert_leq(t.blocks_count, 3);
    hf__transit_give(&t, stays);
}
