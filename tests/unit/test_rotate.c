/* When keys give way to the next (proto/ROTATION.md): what must hold of every sweep, and each case
 * that the page names. */
#include "rotate_sweeps.h"

#include <criterion/criterion.h>

Test(hf__rotate, keeps_every_property_over_any_table_policy_and_clock)
{
    for (uint64_t seed = 1; seed <= ROTATE_CASES; seed++) {
        const char *broken = rotate_case(seed);
        cr_assert_null(broken, "case %u: %s", (unsigned)seed, broken);
    }
}

Test(hf__rotate, promotes_the_first_pending_key_however_many_are_added)
{
    const char *broken = rotate_starved();
    cr_assert_null(broken, "%s", broken);
}

/* ---- the cases of proto/ROTATION.md, 3, by name */

static bool has_op(const struct rotate_sweep *s, enum hf__key_verb verb, uint32_t id)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->ops[i].verb == (uint8_t)verb && s->ops[i].id == id)
            return true;
    return false;
}

static struct rotate_sweep of(uint32_t suites)
{
    return (struct rotate_sweep){.now_s = ROTATE_START_S,
                                 .policy = {.pending_s = 10,
                                            .active_s = 100,
                                            .expired_s = 50,
                                            .suites = suites,
                                            .max = HF__KEYS_MAX}};
}

static struct hf__key key(uint32_t id, uint8_t suite, enum hf__key_state in, uint64_t age_s)
{
    return (struct hf__key){
        .id = id, .suite = suite, .state = (uint8_t)in, .since_s = ROTATE_START_S - age_s};
}

static void put(struct rotate_sweep *s, struct hf__key k)
{
    s->before.list[s->before.count++] = k;
    if (s->before.id_next <= k.id)
        s->before.id_next = k.id + 1;
}

static void later(struct rotate_sweep *s, uint64_t by_s)
{
    s->before = s->after;
    s->now_s += by_s;
    rotate_sweep(s);
}

Test(hf__rotate, makes_the_first_key_and_uses_it_as_soon_as_it_is_ready)
{
    struct rotate_sweep s = of(1);
    s.before.id_next = 1;
    rotate_sweep(&s);
    cr_assert_eq(s.count, 1);
    cr_assert(has_op(&s, HF__KEY_MAKE, 1));
    later(&s, 1000);
    cr_assert_eq(s.count, 0, "it is not ready");
    s.after.list[0].ready = true;
    later(&s, 0);
    cr_assert(has_op(&s, HF__KEY_ACTIVATE, 1));
}

Test(hf__rotate, replaces_the_only_suite_in_one_edit_without_a_moment_without_a_key)
{
    struct rotate_sweep s = of(1u << 2);
    put(&s, key(1, 1, HF__KEY_ACTIVE, 5));
    rotate_sweep(&s);
    cr_assert_eq(s.count, 1);
    cr_assert(has_op(&s, HF__KEY_MAKE, 2));
    later(&s, 5000);
    cr_assert_eq(s.count, 0, "the old one serves for as long as it takes");
    hf__key_of_id(&s.after, 2)->ready = true;
    later(&s, 1);
    cr_assert(has_op(&s, HF__KEY_ACTIVATE, 2) && has_op(&s, HF__KEY_EXPIRE, 1));
    later(&s, 50);
    cr_assert(has_op(&s, HF__KEY_DELETE, 1));
}

Test(hf__rotate, begins_anew_from_a_table_of_expired_keys_only)
{
    struct rotate_sweep s = of(1);
    put(&s, key(1, 0, HF__KEY_EXPIRED, 5));
    put(&s, key(2, 0, HF__KEY_EXPIRED, 5));
    rotate_sweep(&s);
    cr_assert_eq(s.count, 1);
    cr_assert(has_op(&s, HF__KEY_MAKE, 3));
    cr_assert_eq(rotate_count(&s.after, 0, HF__KEY_EXPIRED), 2, "none comes back from there");
}

Test(hf__rotate, of_a_removed_suite_expires_the_active_key_and_drops_the_pending_one)
{
    struct rotate_sweep s = of(1);
    put(&s, key(1, 0, HF__KEY_ACTIVE, 5));
    put(&s, key(2, 3, HF__KEY_ACTIVE, 5));
    put(&s, key(3, 3, HF__KEY_PENDING, 5));
    put(&s, key(4, 3, HF__KEY_EXPIRED, 49));
    rotate_sweep(&s);
    cr_assert_eq(s.count, 2);
    cr_assert(has_op(&s, HF__KEY_EXPIRE, 2) && has_op(&s, HF__KEY_DELETE, 3));
    later(&s, 1);
    cr_assert(has_op(&s, HF__KEY_DELETE, 4));
}

Test(hf__rotate, lets_the_active_key_serve_beyond_its_time_while_the_pending_one_is_not_ready)
{
    struct rotate_sweep s = of(1);
    put(&s, key(1, 0, HF__KEY_ACTIVE, 100));
    rotate_sweep(&s);
    cr_assert(has_op(&s, HF__KEY_MAKE, 2));
    for (size_t i = 0; i < 20; i++) {
        later(&s, 1000);
        cr_assert_eq(s.count, 0);
        cr_assert_eq(hf__rotate_next(&s.after, &s.policy), UINT64_MAX, "no time mends that");
    }
}

Test(hf__rotate, counts_from_now_on_when_the_clock_was_set_back)
{
    struct rotate_sweep s = of(1);
    struct hf__key k = key(1, 0, HF__KEY_ACTIVE, 0);
    k.since_s = ROTATE_START_S + 1000000;
    put(&s, k);
    rotate_sweep(&s);
    cr_assert_eq(s.count, 1);
    cr_assert(has_op(&s, HF__KEY_REDATE, 1));
    later(&s, 99);
    cr_assert_eq(s.count, 0);
    later(&s, 1);
    cr_assert(has_op(&s, HF__KEY_MAKE, 2));
}

Test(hf__rotate, never_gives_an_id_again)
{
    struct rotate_sweep s = of(1);
    s.before.id_next = 7; /* the six before were deleted */
    rotate_sweep(&s);
    cr_assert(has_op(&s, HF__KEY_MAKE, 7));
    cr_assert_eq(s.after.id_next, 8);
    s = of(1);
    s.before.id_next = UINT32_MAX;
    rotate_sweep(&s);
    cr_assert_eq(s.count, 0, "rather no key than one that was there");
}

Test(hf__rotate, puts_taint_ahead_of_all_durations)
{
    struct rotate_sweep s = of(1);
    struct hf__key k = key(1, 0, HF__KEY_ACTIVE, 0);
    k.tainted = true;
    put(&s, k);
    rotate_sweep(&s);
    cr_assert(has_op(&s, HF__KEY_MAKE, 2));
    hf__key_of_id(&s.after, 2)->ready = true;
    later(&s, 0);
    cr_assert_eq(s.count, 3);
    cr_assert(has_op(&s, HF__KEY_ACTIVATE, 2) && has_op(&s, HF__KEY_EXPIRE, 1) &&
              has_op(&s, HF__KEY_DELETE, 1));
}

Test(hf__rotate, keeps_what_is_needed_tainted_or_not)
{
    struct rotate_sweep s = of(1);
    struct hf__key k = key(1, 0, HF__KEY_EXPIRED, 5000);
    k.needed = k.tainted = true;
    put(&s, key(2, 0, HF__KEY_ACTIVE, 1));
    put(&s, k);
    rotate_sweep(&s);
    cr_assert_eq(s.count, 0);
    hf__key_of_id(&s.after, 1)->needed = false;
    later(&s, 0);
    cr_assert(has_op(&s, HF__KEY_DELETE, 1));
}

Test(hf__rotate, makes_no_key_where_there_is_no_room)
{
    struct rotate_sweep s = of(1);
    s.policy.max = 2;
    struct hf__key k = key(1, 0, HF__KEY_EXPIRED, 5000);
    k.needed = true;
    put(&s, k);
    put(&s, key(2, 0, HF__KEY_ACTIVE, 500));
    rotate_sweep(&s);
    cr_assert_eq(s.count, 0);
    hf__key_of_id(&s.after, 1)->needed = false;
    later(&s, 0);
    cr_assert(has_op(&s, HF__KEY_DELETE, 1) && has_op(&s, HF__KEY_MAKE, 3));
}

Test(hf__keys_valid, refuses_what_no_table_can_be)
{
    struct hf__keys keys = {
        .id_next = 3,
        .count = 2,
        .list = {{.id = 1, .state = HF__KEY_ACTIVE}, {.id = 2, .state = HF__KEY_PENDING}}};
    cr_assert(hf__keys_valid(&keys));
    struct hf__keys bad = keys;
    bad.id_next = 2;
    cr_assert_not(hf__keys_valid(&bad), "an id that is still to be given");
    bad = keys;
    bad.list[1].id = 1;
    cr_assert_not(hf__keys_valid(&bad), "two of one id");
    bad = keys;
    bad.list[0].id = 0;
    cr_assert_not(hf__keys_valid(&bad));
    bad = keys;
    bad.list[0].state = 0;
    cr_assert_not(hf__keys_valid(&bad));
    bad.list[0].state = HF__KEY_EXPIRED + 1;
    cr_assert_not(hf__keys_valid(&bad));
    bad = keys;
    bad.list[0].suite = HF__KEY_SUITES;
    cr_assert_not(hf__keys_valid(&bad));
    bad = keys;
    bad.count = HF__KEYS_MAX + 1;
    cr_assert_not(hf__keys_valid(&bad));
    bad = keys;
    bad.id_next = 0;
    bad.count = 0;
    cr_assert_not(hf__keys_valid(&bad));
}
