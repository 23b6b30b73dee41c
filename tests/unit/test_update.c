/* Filling an update: one transaction a step, and what may leave only after it. */
#include "engine_harness.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct harness l;
static const struct hf_bytes none = {0};

static void up(void)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    hf__update_begin(l.e);
}

static void put(const char *name)
{
    struct hf_binding_row row = {.version = 1};
    hf__put(l.e, HF_ROW_BINDING, hf_bytes_of(name, strlen(name)), &hf_wire_binding_row, &row);
}

static void call(bool at_once)
{
    struct hf_account account;
    authority_account(0, &account);
    cr_assert_eq(hf__call(l.e, &(struct hf__ask){.method = HF_METHOD_STANDING, .at_once = at_once},
                          &account, none),
                 0);
}

Test(hf__update, the_writes_of_a_step_are_one_transaction_and_the_next_has_the_next_number)
{
    struct hf_update u;
    up();
    put("a");
    put("b");
    hf__del(l.e, HF_ROW_BINDING, hf_bytes_of("a", 1));
    hf__update_end(l.e, &u);
    cr_assert_eq(u.writes_count, 3);
    cr_assert_null(u.writes[2].value);
    cr_assert_eq(u.writes[2].key_len, 1);
    uint64_t first = u.write_seq;
    cr_assert_gt(first, 0);
    hf__update_begin(l.e);
    hf__update_end(l.e, &u);
    cr_assert_eq(u.writes_count, 0);
    cr_assert_eq(u.write_seq, 0);
    hf__update_begin(l.e);
    put("c");
    hf__update_end(l.e, &u);
    cr_assert_eq(u.write_seq, first + 1);
    harness_done(&l);
}

Test(hf__update, what_a_row_was_decoded_from_outlives_it_until_the_step_ends)
{
    up();
    put("a");
    hf__update_begin(l.e);
    struct hf_blob *before = hf__rows_get(&l.e->rows, HF_ROW_BINDING, hf_bytes_of("a", 1));
    hf_blob_ref(before);
    put("a");
    cr_assert_eq(before->refs, 2, "the step still reads what it decoded from it");
    struct hf_blob *last = hf__rows_get(&l.e->rows, HF_ROW_BINDING, hf_bytes_of("a", 1));
    cr_assert_neq(last, before);
    hf_blob_ref(last);
    hf__del(l.e, HF_ROW_BINDING, hf_bytes_of("a", 1));
    hf__update_begin(l.e);
    cr_assert_eq(before->refs, 1);
    cr_assert_eq(last->refs, 1);
    hf_blob_unref(before);
    hf_blob_unref(last);
    harness_done(&l);
}

/* An answer borrows from the events that are kept; a later event of its request replaces one. */
Test(hf__told_put, what_a_newer_event_replaces_outlives_it_until_the_step_ends)
{
    static const uint8_t older[] = "older", newer[] = "newer";
    up();
    struct hf__told told = {.kind = HF__NEWS_ALIVE,
                            .encoded = hf_blob_new(hf_bytes_of(older, sizeof older))};
    authority_account(0, &told.subject);
    authority_account(0, &told.author);
    struct hf_blob *before = hf_blob_ref(told.encoded);
    hf__told_put(l.e, &told);
    told.encoded = hf_blob_new(hf_bytes_of(newer, sizeof newer));
    hf__told_put(l.e, &told);
    cr_assert_eq(before->refs, 2, "the step still reads what it borrowed from it");
    hf__update_begin(l.e);
    cr_assert_eq(before->refs, 1);
    hf_blob_unref(before);
    harness_done(&l);
}

Test(hf__update, what_is_put_is_in_the_mirror_at_once)
{
    up();
    put("a");
    cr_assert_not_null(hf__rows_get(&l.e->rows, HF_ROW_BINDING, hf_bytes_of("a", 1)));
    hf__del(l.e, HF_ROW_BINDING, hf_bytes_of("a", 1));
    cr_assert_null(hf__rows_get(&l.e->rows, HF_ROW_BINDING, hf_bytes_of("a", 1)));
    /* Public rows have no mirror: the disk is a hint. */
    struct hf_blob *b = hf_blob_new(hf_bytes_of("x", 1));
    hf__put_blob(l.e, HF_ROW_PUBLIC, hf_bytes_of("hint", 4), b);
    hf_blob_unref(b);
    cr_assert_eq(hf__rows_count(&l.e->rows, HF_ROW_PUBLIC), 0);
    harness_done(&l);
}

Test(hf__update, calls_and_replies_wait_for_the_writes_before_them)
{
    struct hf_update u;
    up();
    uint64_t before = l.e->write_seq;
    call(false);
    call(true);
    put("a");
    hf__reply(l.e, 1, 0, none, false);
    hf__reply(l.e, 2, 0, none, true);
    call(false);
    hf__local_reply(l.e, 3, 0);
    hf__update_end(l.e, &u);
    cr_assert_eq(u.calls_count, 3);
    cr_assert_eq(u.calls[0].after, before);
    cr_assert_eq(u.calls[1].after, 0);
    cr_assert_eq(u.calls[2].after, before + 1);
    cr_assert_eq(u.replies[0].after, before + 1);
    cr_assert_eq(u.replies[1].after, 0);
    cr_assert_eq(u.locals[0].after, 0); /* unless it tells of something written */
    cr_assert_eq(u.write_seq, before + 1);
    harness_done(&l);
}

Test(hf__update, a_reply_without_a_write_of_its_own_still_waits_for_earlier_ones)
{
    struct hf_update u;
    up();
    put("a");
    hf__update_end(l.e, &u);
    uint64_t seq = u.write_seq;
    hf__update_begin(l.e);
    hf__reply(l.e, 1, 0, none, false);
    hf__update_end(l.e, &u);
    cr_assert_eq(u.write_seq, 0);
    cr_assert_eq(u.replies[0].after, seq);
    harness_done(&l);
}

Test(hf__update, calls_go_to_members_only_and_name_whom_they_expect)
{
    struct hf_update u;
    const struct hf_account stranger = {{9}};
    struct hf_account account;
    up();
    authority_account(1, &account);
    cr_assert_eq(hf__call(l.e, &(struct hf__ask){.method = HF_METHOD_OFFER}, &stranger, none),
                 HF_EREMOVED);
    cr_assert_eq(hf__call(l.e, &(struct hf__ask){.method = HF_METHOD_OFFER}, &account, none), 0);
    cr_assert_eq(hf__call(l.e, &(struct hf__ask){.method = HF_METHOD_DOCUMENTS, .at_once = true},
                          &account, none),
                 0);
    cr_assert_eq(hf__call_address(l.e, &(struct hf__ask){.method = HF_METHOD_DOCUMENTS}, NULL,
                                  "seed:1", none),
                 0);
    hf__update_end(l.e, &u);
    cr_assert_eq(u.calls_count, 3);
    cr_assert(u.calls[0].has_account);
    cr_assert_arr_eq(u.calls[0].account.bytes, account.bytes, 32);
    cr_assert_str_eq(u.calls[0].address, "node:1");
    /* Documents speak for themselves, through any peer. */
    cr_assert(!u.calls[1].has_account);
    cr_assert(!u.calls[2].has_account);
    cr_assert_str_eq(u.calls[2].address, "seed:1");
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(u.calls[i].timeout_ms, hf_timing_default.call_ms);
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(u.calls[i].id, u.calls[j].id);
    }
    harness_done(&l);
}

/* Calls until one is refused; how many left. */
static size_t call_until_busy(enum hf__task task, uint8_t method, const struct hf_account *account)
{
    size_t made = 0;
    int r;
    do {
        r = hf__call(l.e, &(struct hf__ask){.task = task, .method = method, .at_once = true},
                     account, none);
        made += r == 0;
    } while (r == 0);
    cr_assert_eq(r, HF_EBUSY);
    return made;
}

Test(hf__update, calls_are_bounded_by_what_they_are_for)
{
    struct hf_account account;
    up();
    authority_account(0, &account);
    /* Recovery at its bound leaves every other task its own. */
    cr_assert_eq(call_until_busy(HF__TASK_RECOVER, HF_METHOD_NONCE, &account),
                 HF_CALLS_RECOVER_MAX);
    cr_assert_eq(call_until_busy(HF__TASK_STANDING, HF_METHOD_STANDING, &account),
                 HF_CALLS_HOLDERS_MAX);
    cr_assert_eq(call_until_busy(HF__TASK_DRAIN, HF_METHOD_NONCE, &account), HF_CALLS_DRAIN_MAX);
    harness_done(&l);
}

Test(hf__quote_made, names_the_task_that_asked_once)
{
    enum hf__task task;
    up();
    uint32_t deal = hf__quote(l.e, HF__TASK_DEAL, "holdfast/v1/deposit", none);
    uint32_t drill = hf__quote(l.e, HF__TASK_DRILL, "holdfast/v1/drill", none);
    cr_assert(hf__quote_made(l.e, deal, &task));
    cr_assert_eq(task, HF__TASK_DEAL);
    cr_assert(!hf__quote_made(l.e, deal, &task));
    cr_assert(hf__quote_made(l.e, drill, &task));
    cr_assert_eq(task, HF__TASK_DRILL);
    harness_done(&l);
}

Test(hf__update, the_deadline_is_the_nearest_timer)
{
    struct hf_update u;
    up();
    for (int t = 0; t < HF__TIMERS; t++)
        hf__timer_clear(l.e, (enum hf__timer)t);
    hf__update_end(l.e, &u);
    cr_assert_eq(u.deadline_ms, UINT64_MAX);
    hf__timer_set(l.e, HF__TIMER_GRACE, 70);
    hf__timer_set(l.e, HF__TIMER_IDENTITY, 50);
    hf__timer_set(l.e, HF__TIMER_RECOVER, 60);
    hf__update_end(l.e, &u);
    cr_assert_eq(u.deadline_ms, l.e->now_ms + 50);
    harness_done(&l);
}

Test(hf__update, a_claim_follows_the_identity_of_a_node_that_is_claiming)
{
    struct hf_update u;
    up();
    for (int changed = 0; changed < 2; changed++)
        for (int claiming = 0; claiming < 2; claiming++) {
            hf__update_begin(l.e);
            l.e->new_identity = changed != 0;
            l.e->state = claiming != 0 ? HF_STATE_CLAIMING : HF_STATE_PLACED;
            hf__update_end(l.e, &u);
            cr_assert_eq(u.identity_changed, changed != 0);
            cr_assert_eq(u.claim_follows, changed != 0 && claiming != 0);
        }
    harness_done(&l);
}

Test(hf__update, a_vault_state_without_a_write, .signal = SIGABRT)
{
    up();
    hf__put_vault_state(l.e, HF_VAULT_PLACED);
}

Test(hf__update, a_released_key_is_wiped_at_the_next_step)
{
    static const uint8_t zeros[HF_APP_KEY_LEN];
    up();
    memset(l.e->secrets->app_key, 5, sizeof l.e->secrets->app_key);
    l.e->key_out = true;
    harness_tick(&l, 0);
    cr_assert_arr_eq(l.e->secrets->app_key, zeros, sizeof zeros);
    harness_done(&l);
}
