#include "lib/queue.h"
#include "lib/random.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(hf_sim_queue, gives_entries_by_time_and_equal_times_in_the_order_they_came)
{
    struct hf__queue q;
    struct hf__stream r;
    struct hf__entry e, last = {0, 0};
    uint64_t pushed = 0, popped = 0;
    hf__queue_init(&q);
    hf__stream_init(&r, 7, "faults", 0);
    for (int round = 0; round < 200000; round++) {
        uint64_t spread = UINT64_C(1) << hf__draw_below(&r, 34);
        if (hf__draw_below(&r, 100) < 52) {
            hf__queue_push(&q, last.at_us + hf__draw_below(&r, spread), pushed++);
        } else if (hf__queue_pop(&q, UINT64_MAX, &e)) {
            cr_assert(e.at_us > last.at_us || (e.at_us == last.at_us && e.what > last.what) ||
                      popped == 0);
            last = e;
            popped++;
        }
        cr_assert_eq(q.count, pushed - popped);
    }
    while (hf__queue_pop(&q, UINT64_MAX, &e)) {
        cr_assert(e.at_us > last.at_us || (e.at_us == last.at_us && e.what > last.what));
        last = e;
        popped++;
    }
    cr_assert_eq(popped, pushed);
    hf__queue_done(&q);
}

Test(hf_sim_queue, keeps_what_is_due_later_than_asked_for)
{
    struct hf__queue q;
    struct hf__entry e;
    hf__queue_init(&q);
    hf__queue_push(&q, 100000, 1);
    cr_assert(!hf__queue_pop(&q, 99999, &e));
    hf__queue_push(&q, 50000, 2);
    cr_assert(hf__queue_pop(&q, 99999, &e));
    cr_assert_eq(e.what, 2);
    cr_assert(hf__queue_pop(&q, 100000, &e));
    cr_assert_eq(e.what, 1);
    cr_assert(!hf__queue_pop(&q, UINT64_MAX, &e));
    hf__queue_done(&q);
}

Test(hf_sim_random, streams_of_one_seed_differ_and_repeat)
{
    struct hf__stream a, b, c;
    hf__stream_init(&a, 1, "network", 0);
    hf__stream_init(&b, 1, "network", 0);
    hf__stream_init(&c, 1, "storage", 0);
    uint64_t first = hf__draw(&a);
    cr_assert_eq(first, hf__draw(&b));
    cr_assert_neq(first, hf__draw(&c));
}

Test(hf_sim_random, a_lognormal_duration_has_its_median)
{
    struct hf__stream r;
    struct hf_world_duration d = {.median_us = 10000, .sigma = 0.5};
    int below = 0;
    hf__stream_init(&r, 3, "network", 0);
    for (int i = 0; i < 20000; i++)
        below += hf__draw_duration(&r, d) < d.median_us;
    cr_assert(below > 9700 && below < 10300, "%d of 20000 below the median", below);
}

/* What is shown ahead is what is taken, but for what was pushed meanwhile; and the last ones shown,
 * as many as are counted, have not been taken. */
Test(hf_sim_queue, shows_what_is_still_to_be_taken)
{
    enum { COUNT = 100000, DEPTH = 20 };
    static bool taken[COUNT], seen[COUNT];
    struct hf__queue q;
    struct hf__stream r;
    struct hf__entry e, ahead;
    uint64_t pushed = 0, shown = 0, popped = 0, last[DEPTH];
    hf__queue_init(&q);
    hf__stream_init(&r, 8, "faults", 0);
    while (popped < COUNT) {
        for (uint64_t i = hf__draw_below(&r, 5); i > 0 && pushed < COUNT; i--)
            hf__queue_push(&q, q.now_us + hf__draw_below(&r, 700), pushed++);
        while (q.ahead.count < DEPTH && hf__queue_show(&q, &ahead)) {
            last[shown++ % DEPTH] = ahead.what;
            seen[ahead.what] = true;
        }
        for (unsigned i = 0; i < q.ahead.count; i++)
            cr_assert(!taken[last[(shown - 1 - i) % DEPTH]]);
        if (hf__queue_pop(&q, UINT64_MAX, &e)) {
            taken[e.what] = true;
            popped++;
        }
    }
    uint64_t prepared = 0;
    for (size_t i = 0; i < COUNT; i++)
        prepared += seen[i];
    cr_assert_gt(prepared, COUNT / 2);
    cr_assert_not(hf__queue_show(&q, &ahead));
    hf__queue_done(&q);
}
