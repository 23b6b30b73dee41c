/* What the checkers remember does not grow with the time that a world runs. */
#include "checkers/checkers.h"
#include "trial/trial.h"

#include <criterion/criterion.h>
#include <string.h>

enum { HOUR_MS = 3600000, NODES = 20 };

static struct hf_world *up(void)
{
    struct hf_world_settings s;
    struct hf_world *w;
    hf_world_settings_init(&s);
    s.traces = false;
    cr_assert_eq(hf_world_new(&s, &w), 0);
    hf_world_add_many(w, NODES);
    cr_assert_eq(hf_world_bring_up(w, 60000), 0);
    return w;
}

Test(hf_sim_checks, memory_after_six_hours_is_that_after_one)
{
    struct hf_world *w = up();
    hf_world_run_for(w, HOUR_MS);
    size_t one = hf__checks_bytes(w);
    hf_world_run_for(w, 5 * HOUR_MS);
    size_t six = hf__checks_bytes(w);
    cr_assert(six < one + one / 4, "%zu bytes after 1 h, %zu after 6 h", one, six);
    cr_assert_null(hf_world_violation(w));
    hf_world_free(w);
}

/* Restarts bring calls, nonces, quotes and claims. */
Test(hf_sim_checks, nor_does_it_with_restarts)
{
    struct hf_world *w = up();
    size_t early = 0, late = 0;
    for (int i = 0; i < 600; i++) {
        uint32_t node = (uint32_t)i % 4;
        hf_world_crash(w, node);
        hf_world_start(w, node);
        hf_world_run_for(w, 60000);
        if (i == 299)
            early = hf__checks_bytes(w);
    }
    late = hf__checks_bytes(w);
    cr_assert_null(hf_world_violation(w));
    /* Two quotes a restart are remembered for the days in which a node may take them. */
    cr_assert(late < early + 300 * 3072, "%zu bytes after 300 restarts, %zu after 600", early,
              late);
    hf_world_free(w);
}

/* What a status borrows of its engine is given back by the next event alone: who asks a large world
 * what became of its nodes must ask for none. */
Test(hf_sim_checks, any_number_of_nodes_can_be_asked_what_became_of_them_between_two_events)
{
    struct hf_world *w = up();
    enum hf__outcome outcomes[NODES];
    for (int i = 0; i < 8000; i++)
        hf__outcomes(w, outcomes);
    for (int i = 0; i < NODES; i++)
        cr_assert_eq(outcomes[i], HF__OUTCOME_OPEN);
    hf_world_free(w);
}

/* The requests that are remembered of those which a node has heard. */
static unsigned heard_by(struct hf_world *w, uint32_t node)
{
    size_t at = 0;
    unsigned count = 0;
    for (const struct hf__heard *h; (h = hf__map_next(&w->checks->heard, &at)) != NULL;)
        count += h->node == node && h->body != NULL;
    return count;
}

/* Its answer waits for the disk, and the caller for nothing any more. */
Test(hf_sim_checks, a_request_is_remembered_while_its_answer_waits_for_a_disk)
{
    struct hf_world *w = up();
    hf_world_disk_stall(w, 1, 300000);
    for (uint32_t i = 0; i < 20 && hf__node(w, 1)->pending == NULL; i++) {
        uint32_t other = 2 + i % (NODES - 2);
        hf_world_crash(w, other);
        hf_world_start(w, other);
        hf_world_run_for(w, 1000);
    }
    cr_assert_not_null(hf__node(w, 1)->pending);
    hf_world_run_for(w, 120000);
    unsigned before = heard_by(w, 1);
    cr_assert_gt(before, 0);
    hf__check_forget_now(w->checks);
    cr_assert_eq(heard_by(w, 1), before);
    hf_world_run_for(w, 300000);
    hf__check_forget_now(w->checks);
    cr_assert_eq(heard_by(w, 1), 0);
    cr_assert_null(hf_world_violation(w));
    hf_world_free(w);
}

static bool even(void *ctx, void *value)
{
    uint64_t number;
    unsigned *dropped = ctx;
    memcpy(&number, value, sizeof(number));
    *dropped += number % 2 != 0;
    return number % 2 == 0;
}

Test(hf_sim_map, a_sweep_leaves_what_is_wanted_and_nothing_else)
{
    enum { COUNT = 40000 };
    struct hf__map m;
    unsigned dropped = 0;
    hf__map_init(&m, sizeof(uint64_t));
    for (uint64_t i = 0; i < COUNT; i++) {
        struct hf_bytes none = hf_bytes_of(NULL, 0);
        memcpy(hf__map_at(&m, hf__key_of(hf_bytes_of(&i, sizeof(i)), none, none)), &i, sizeof(i));
    }
    cr_assert(hf__map_is_due(&m));
    hf__map_sweep(&m, even, &dropped);
    cr_assert_eq(m.count, COUNT / 2);
    cr_assert_eq(dropped, COUNT / 2);
    cr_assert_not(hf__map_is_due(&m));
    for (uint64_t i = 0; i < COUNT; i++) {
        struct hf_bytes none = hf_bytes_of(NULL, 0);
        const uint64_t *found =
            hf__map_find(&m, hf__key_of(hf_bytes_of(&i, sizeof(i)), none, none));
        cr_assert_eq(found != NULL, i % 2 == 0);
        cr_assert(found == NULL || *found == i);
    }
    hf__map_done(&m);
}

static uint64_t *number_at(struct hf__map *m, uint64_t i)
{
    struct hf_bytes none = {0};
    return hf__map_find(m, hf__key_of(hf_bytes_of(&i, sizeof(i)), none, none));
}

Test(hf_sim_map, what_is_dropped_is_gone_and_everything_else_is_found)
{
    enum { NUMBERS = 2000 };
    struct hf_bytes none = {0};
    struct hf__map m;
    hf__map_init(&m, sizeof(uint64_t));
    for (uint64_t i = 0; i < NUMBERS; i++)
        memcpy(hf__map_at(&m, hf__key_of(hf_bytes_of(&i, sizeof(i)), none, none)), &i, sizeof(i));
    for (uint64_t i = 0; i < NUMBERS; i += 3)
        hf__map_drop(&m, number_at(&m, i));
    for (uint64_t i = 0; i < NUMBERS; i++) {
        const uint64_t *there = number_at(&m, i);
        cr_assert(i % 3 == 0 ? there == NULL : there != NULL && *there == i, "%zu", (size_t)i);
    }
    cr_assert_eq(m.count, NUMBERS - (NUMBERS + 2) / 3);
    hf__map_done(&m);
}
