/* Outputs leave when what they speak of is durable, in order, and never before. */
#include "gate.h"

#include <criterion/criterion.h>

struct out {
    struct hf__gated gated;
    int number;
};

static int popped(struct hf__gate *g)
{
    struct out *o = (struct out *)hf__gate_pop(g);
    return o == NULL ? 0 : o->number;
}

Test(gate, what_waits_for_nothing_may_leave_at_once)
{
    struct hf__gate g = {0};
    cr_assert(hf__gate_open(&g, 0));
    cr_assert_not(hf__gate_open(&g, 1));
}

Test(gate, nothing_leaves_before_its_write_is_durable)
{
    struct hf__gate g = {0};
    struct out a = {.number = 1}, b = {.number = 2};
    hf__gate_push(&g, &a.gated, 1);
    hf__gate_push(&g, &b.gated, 2);
    cr_assert_eq(popped(&g), 0);
    hf__gate_advance(&g, 1);
    cr_assert_eq(popped(&g), 1);
    cr_assert_eq(popped(&g), 0);
    hf__gate_advance(&g, 2);
    cr_assert_eq(popped(&g), 2);
    cr_assert_eq(popped(&g), 0);
    cr_assert_eq(g.count, 0);
}

Test(gate, outputs_of_one_write_leave_in_the_order_in_which_they_came)
{
    struct hf__gate g = {0};
    struct out o[5] = {{.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}, {.number = 5}};
    for (int i = 0; i < 5; i++)
        hf__gate_push(&g, &o[i].gated, i < 3 ? 7 : 8);
    hf__gate_advance(&g, 9);
    for (int i = 1; i <= 5; i++)
        cr_assert_eq(popped(&g), i);
}

Test(gate, an_earlier_write_than_the_one_waited_for_keeps_the_order)
{
    struct hf__gate g = {0};
    struct out a = {.number = 1}, b = {.number = 2}, c = {.number = 3};
    hf__gate_push(&g, &a.gated, 7);
    hf__gate_push(&g, &b.gated, 5);
    hf__gate_push(&g, &c.gated, 8);
    hf__gate_advance(&g, 5);
    cr_assert_eq(popped(&g), 0);
    hf__gate_advance(&g, 7);
    cr_assert_eq(popped(&g), 1);
    cr_assert_eq(popped(&g), 2);
    cr_assert_eq(popped(&g), 0);
    hf__gate_advance(&g, 8);
    cr_assert_eq(popped(&g), 3);
}

Test(gate, a_durable_write_opens_it_for_what_comes_later)
{
    struct hf__gate g = {0};
    hf__gate_advance(&g, 3);
    cr_assert(hf__gate_open(&g, 3));
    cr_assert_not(hf__gate_open(&g, 4));
}

Test(gate, it_can_be_used_again_when_it_was_emptied)
{
    struct hf__gate g = {0};
    struct out a = {.number = 1}, b = {.number = 2};
    hf__gate_push(&g, &a.gated, 1);
    cr_assert_eq(hf__gate_drop(&g), &a.gated);
    cr_assert_null(hf__gate_drop(&g));
    hf__gate_push(&g, &b.gated, 1);
    hf__gate_advance(&g, 1);
    cr_assert_eq(popped(&g), 2);
}

/* 64 of one asker, however many others wait; those without a name are bounded by their maker. */
Test(gate, one_asker_has_so_much_room_and_no_more)
{
    static struct out o[HF__GATE_EACH_MAX + 2];
    struct hf__gate g = {0};
    for (size_t i = 0; i < HF__GATE_EACH_MAX; i++) {
        cr_assert(hf__gate_room(&g, 7, 10));
        o[i].gated = (struct hf__gated){.who = 7, .size = 10};
        hf__gate_push(&g, &o[i].gated, 1);
    }
    cr_assert_not(hf__gate_room(&g, 7, 10));
    cr_assert(hf__gate_room(&g, 8, 10));
    cr_assert(hf__gate_room(&g, 0, 10));
    cr_assert_not(hf__gate_room(&g, 8, HF__GATE_BYTES_MAX));
    hf__gate_advance(&g, 1);
    cr_assert_eq(popped(&g), 0);
    cr_assert(hf__gate_room(&g, 7, 10));
    while (hf__gate_pop(&g) != NULL)
        ;
    cr_assert(hf__gate_room(&g, 8, HF__GATE_BYTES_MAX));
}

static bool is_number(const struct hf__gated *what, void *number)
{
    return ((const struct out *)what)->number == *(int *)number;
}

Test(gate, what_is_of_no_more_use_is_taken_out)
{
    struct hf__gate g = {0};
    struct out o[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    int last = 3, first = 1, none = 9;
    for (int i = 0; i < 3; i++)
        hf__gate_push(&g, &o[i].gated, 5);
    cr_assert_null(hf__gate_pull(&g, is_number, &none));
    cr_assert_eq(hf__gate_pull(&g, is_number, &last), &o[2].gated);
    hf__gate_push(&g, &o[2].gated, 5);
    cr_assert_eq(hf__gate_pull(&g, is_number, &first), &o[0].gated);
    hf__gate_advance(&g, 5);
    cr_assert_eq(popped(&g), 2);
    cr_assert_eq(popped(&g), 3);
    cr_assert_eq(popped(&g), 0);
    cr_assert_eq(g.count, 0);
}
