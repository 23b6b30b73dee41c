/* What one member that signs too much, too often, or one thing to some and another to others takes
 * from all others: nothing. They are heard, they hear each other, and they are not put to work
 * (proto/GOSSIP.md, 2). */
#include "events.h"

#include "base/error.h"
#include "members/detect.h"

#include <criterion/criterion.h>

enum { LIAR = 3, SPOKEN_MS = 60000, TURN_MS = 100, KINDS = 3 };

static const enum hf__news kinds[KINDS] = {HF__NEWS_DRAINING, HF__NEWS_ADDRESS, HF__NEWS_LEAVE};

static const char *place_name(uint32_t number)
{
    static const char *const names[] = {"elsewhere:1", "elsewhere:2"};
    return names[number % 2];
}

/* What the liar says of itself at a place: variants of one place contradict each other. */
static struct hf_event_statement word_of(struct hf_world *w, enum hf__news kind, uint64_t place,
                                         uint32_t variant)
{
    struct hf_event_statement s = event_of(w, LIAR, LIAR, kind, place);
    s.over = true; /* it stays, drains no more and has not moved: no owner has anything to do */
    if (kind == HF__NEWS_ADDRESS)
        s.address = hf_bytes_of(place_name(variant), 11);
    else
        s.until_s = s.issued_s + 5 + variant;
    return s;
}

/* Tells a node as much in a turn as the liar may; what is refused is refused. */
static void tell_all(struct hf_world *w, uint32_t to, uint64_t turn, uint32_t variant)
{
    struct hf_buf bytes;
    hf_buf_init(&bytes, 4096);
    for (size_t i = 0; i < KINDS; i++) {
        struct hf_event_statement s = word_of(w, kinds[i], 1000 + KINDS * turn + i, variant);
        hf_buf_clear(&bytes);
        struct hf_signed_event what = sign(w, LIAR, &s, &bytes);
        (void)tell(w, to, account(w, LIAR), &what);
    }
    hf_buf_done(&bytes);
}

/* Accuses a member of not answering, by its newest word that is known. */
static void accuse(struct hf_world *w, uint32_t to, uint32_t of)
{
    struct hf_event_statement s = event_of(w, LIAR, of, HF__NEWS_SUSPECT, 0);
    const struct hf__told *seen = kept(w, of, of, HF__NEWS_ALIVE, -1);
    struct hf_buf bytes;
    hf_buf_init(&bytes, 4096);
    if (seen != NULL)
        s.seen = hf_blob_bytes(seen->encoded);
    struct hf_signed_event what = sign(w, LIAR, &s, &bytes);
    (void)tell(w, to, account(w, LIAR), &what);
    hf_buf_done(&bytes);
}

/* No node has refused another for telling too much but the liar. */
static void nobody_else_is_refused(struct hf_world *w)
{
    for (uint32_t i = 0; i < hf_world_count(w); i++) {
        struct hf_status s = testnet_status(w, i);
        for (size_t j = 0; j < s.excess_count; j++)
            cr_assert(hf_account_equal(&s.excess[j].account, account(w, LIAR)),
                      "n%u refuses an honest member", i);
    }
}

/* Half of the members hear one thing, half the other, at the same places. Each passes on in good
 * faith what it has heard. */
Test(voices, of_those_that_pass_on_two_words_for_one_place_are_not_taken)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    for (uint64_t turn = 0; turn < SPOKEN_MS / TURN_MS; turn++) {
        for (uint32_t to = 0; to < 7; to++)
            if (to != LIAR)
                tell_all(w, to, turn, to % 2);
        hf_world_run_for(w, TURN_MS);
        nobody_else_is_refused(w);
    }
    testnet_end(w);
}

/* It is just not yet too old, or too early, at some, and at others it is. */
Test(voices, of_those_whose_clocks_are_behind_or_ahead_are_not_taken)
{
    struct hf_world *w = testnet_up(5, 2, 3);
    for (uint32_t i = 0; i < 5; i++)
        hf_world_clock_shift(w, i, 20 * (int64_t)(i % 2));
    for (uint64_t turn = 0; turn < SPOKEN_MS / TURN_MS; turn++) {
        uint64_t now_s = hf_world_engine(w, 0)->wall_ms / 1000;
        for (uint32_t to = 0; to < 5; to++)
            for (size_t i = 0; i < KINDS && to != LIAR; i++) {
                struct hf_event_statement s = word_of(w, kinds[i], 1000 + KINDS * turn + i, 0);
                struct hf_buf bytes;
                s.issued_s = i < 2 ? now_s + 310 : now_s - 60;
                s.expires_s = i < 2 ? s.issued_s + 60 : now_s + 10;
                hf_buf_init(&bytes, 4096);
                struct hf_signed_event what = sign(w, LIAR, &s, &bytes);
                (void)tell(w, to, account(w, LIAR), &what);
                hf_buf_done(&bytes);
            }
        hf_world_run_for(w, TURN_MS);
        nobody_else_is_refused(w);
    }
    testnet_end(w);
}

static bool is_heard(struct hf_world *w, void *ctx)
{
    for (uint32_t i = 0; i < hf_world_count(w); i++) {
        const struct hf__told *told = kept(w, i, *(uint32_t *)ctx, HF__NEWS_DRAINING, -1);
        if (told == NULL || told->over)
            return false;
    }
    return true;
}

/* Its words are new all the time, and more than a message holds; those of the last in the order of
 * accounts are heard as soon as without it. */
Test(voices, of_who_has_something_to_say_are_heard_beside_one_that_never_ends)
{
    struct hf_world *w = testnet_up(20, 3, 5);
    uint32_t last = LIAR == 0;
    for (uint32_t i = 0; i < 20; i++)
        if (i != LIAR && hf_account_compare(account(w, i), account(w, last)) > 0)
            last = i;
    bool heard = false;
    for (uint64_t turn = 0; turn < 150; turn++) {
        for (uint32_t to = 0; to < 20; to++) {
            if (to == LIAR)
                continue;
            tell_all(w, to, turn, 0);
            for (uint32_t of = 0; of < 20; of++)
                if (of != LIAR && of != to && of != last)
                    accuse(w, to, of);
        }
        if (turn == 50) {
            int r = hf_world_drain(w, last, true, TESTNET_MS);
            cr_assert_eq(r, 0, "%s", hf_error_name(r));
        }
        hf_world_run_for(w, TURN_MS);
        heard = heard || (turn > 50 && is_heard(w, &last));
    }
    cr_assert(heard, "not within ten seconds");
    nobody_else_is_refused(w);
    testnet_end(w);
}

/* Bytes of gossip and datagrams that honest members send. */
struct sent {
    uint64_t bytes, events;
};

static enum hf_fate count_sent(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct sent *s = ctx;
    (void)ret;
    if (m->from < 20 && m->from != LIAR && (m->datagram || m->method == HF_METHOD_GOSSIP))
        s->bytes += m->body.len;
    return HF_FATE_PASS;
}

/* What one author can have the others carry is bounded by what it may sign, and not by what each
 * member may tell. */
Test(voices, of_one_that_never_ends_cost_the_others_no_more_than_it_may_sign)
{
    struct hf_world *w = testnet_up(20, 3, 5);
    struct sent s = {0};
    for (uint64_t turn = 0; turn < 100; turn++) {
        for (uint32_t to = 0; to < 20; to++)
            if (to != LIAR)
                tell_all(w, to, turn, 0);
        hf_world_run_for(w, TURN_MS);
    }
    hf_world_watch(w, count_sent, &s);
    for (uint64_t turn = 100; turn < 300; turn++) {
        for (uint32_t to = 0; to < 20; to++)
            if (to != LIAR)
                tell_all(w, to, turn, 0);
        hf_world_run_for(w, TURN_MS);
    }
    hf_world_watch(w, NULL, NULL);
    cr_assert_lt(s.bytes / 19 / 20, 12000, "%zu bytes a node a second",
                 (size_t)(s.bytes / 19 / 20));
    testnet_end(w);
}

/* Every member is accused twice a second; each answers at once, and then ever more seldom. */
Test(voices, of_one_that_accuses_all_the_time_are_answered_ever_more_seldom)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    uint64_t before[9];
    for (uint32_t i = 0; i < 9; i++)
        before[i] = hf_world_engine(w, i)->members->incarnation;
    for (unsigned i = 0; i < 240; i++) {
        for (uint32_t to = 0; to < 9; to++)
            if (to != LIAR)
                accuse(w, to, to);
        hf_world_run_for(w, 500);
    }
    for (uint32_t i = 0; i < 9; i++) {
        const struct hf_engine *e = hf_world_engine(w, i);
        uint64_t answers = e->members->incarnation - before[i];
        cr_assert(i == LIAR || (answers >= 2 && answers <= 14), "n%u answered %zu times", i,
                  (size_t)answers);
        cr_assert_lt(e->members->detector->health, HF_HEALTH_MAX / 2, "n%u takes itself for slow",
                     i);
        for (uint32_t j = 0; j < 9; j++)
            cr_assert(i == j || j == LIAR ||
                      hf__view(e, account(w, j)).state != HF_MEMBER_UNREACHABLE);
    }
    testnet_end(w);
}
