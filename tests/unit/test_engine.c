/* One engine, its events in every order that a shell could bring them in. */
#include "engine_harness.h"
#include "quorum/quorum.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <signal.h>

static const struct hf_bytes nothing = {0};
static struct harness l;

/* ---- hf_engine_new */

Test(hf_engine_new, with_a_bound_or_a_timing_that_is_refused)
{
    struct authority n;
    struct hf_engine *e = NULL;
    struct hf_engine_config good = {.timing = hf_timing_default,
                                    .secret_alloc = hf_secret_alloc,
                                    .secret_free = hf_secret_free};
    cr_assert_eq(hf_secret_init(65536, false), 0);
    authority_init(&n);
    good.suite = n.suite;
    cr_assert_eq(hf_shared_new(n.pool, &good.shared), 0);
    struct hf_engine_config c[14];
    for (size_t i = 0; i < HF_ARRAY_LEN(c); i++)
        c[i] = good;
    c[0].seeds_count = HF_SEEDS_MAX + 1;
    c[1].timing.call_ms = 99;
    c[2].timing.nonce_life_ms = 999;
    c[3].timing.round_grace_ms = 0;
    c[4].timing.retry_ms_min = 9;
    c[5].timing.retry_ms_max = good.timing.retry_ms_min - 1;
    c[6].timing.permanent_ms = 999;
    c[7].timing.standing_ms = 99;
    c[8].timing.watch_ms = 999;
    c[9].timing.documents_ms = 999;
    c[10].timing.gossip_ms = 19;
    c[11].timing.reconcile_ms = 999;
    c[12].timing.audit_ms = 999;
    c[13].timing.probe_ms = 99;
    for (size_t i = 0; i < HF_ARRAY_LEN(c); i++)
        cr_assert_eq(hf_engine_new(&c[i], &e), HF_EINVAL, "configuration %zu", i);
    cr_assert_null(e);
    cr_assert_eq(hf_engine_new(&good, &e), 0);
    hf_engine_free(e);
    hf_engine_free(NULL);
    hf_shared_free(good.shared);
    hf_shared_free(NULL);
    authority_done(&n);
    cr_assert_eq(hf_secret_used(), 0);
}

/* ---- the order of events */

Test(hf_engine_step, started_twice, .signal = SIGABRT)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    harness_start(&l, HF_VAULT_NONE);
}

Test(hf_engine_step, anything_before_start, .signal = SIGABRT)
{
    harness_init(&l);
    harness_tick(&l, 0);
}

Test(hf_engine_step, time_that_runs_backwards, .signal = SIGABRT)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    l.now_ms--;
    harness_tick(&l, 0);
}

Test(hf_engine_step, a_wall_clock_that_jumps_is_no_fault)
{
    struct hf_event event = {.type = HF_EVENT_TICK};
    harness_init(&l);
    harness_fresh(&l);
    for (int i = 0; i < 8; i++) {
        event.now_ms = l.now_ms;
        event.wall_ms = i % 2 == 0 ? 0 : UINT64_MAX;
        hf_engine_step(l.e, &event, &l.u);
        const struct hf_work *w = harness_work(&l, HF_WORK_QUOTE);
        if (w != NULL)
            l.identity_work = w->id;
        event.type = i % 3 == 1 ? HF_EVENT_QUOTE_MADE : HF_EVENT_TICK;
        event.u.quote_made.work = l.identity_work;
        event.u.quote_made.quote = hf_bytes_of("a quote", 7);
    }
    cr_assert_eq(harness_status(&l).state, HF_STATE_FRESH);
    harness_done(&l);
}

/* ---- a fresh node */

Test(hf_engine_step, a_fresh_node_makes_a_vault_then_an_identity_and_waits)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    cr_assert_eq(harness_works(&l, HF_WORK_VAULT_CREATE), 1);
    cr_assert_eq(l.u.writes_count, 0);
    cr_assert_not_null(harness_call(&l, HF_METHOD_DOCUMENTS)); /* from the seed */
    harness_vault(&l, 0);
    cr_assert_eq(l.u.writes_count, 4);
    cr_assert_eq(l.u.writes[0].collection, HF_ROW_ROOTS);
    cr_assert_eq(l.u.writes[1].collection, HF_ROW_KEYS);
    cr_assert_eq(l.u.writes[2].collection, HF_ROW_ACCOUNT);
    cr_assert_eq(l.u.writes[3].collection, HF_ROW_SEQUENCE);
    cr_assert(l.u.identity_changed);
    harness_quote_made(&l, l.identity_work, 0, hf_bytes_of("a quote", 7));
    cr_assert_eq(harness_status(&l).state, HF_STATE_FRESH);
    cr_assert_eq(harness_status(&l).reason, HF_ENODOCUMENTS);
    harness_done(&l);
}

Test(hf_engine_step, a_placing_vault_of_before_is_made_anew)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_PLACING);
    cr_assert_eq(harness_works(&l, HF_WORK_VAULT_CREATE), 1);
    harness_done(&l);
}

Test(hf_engine_step, documents_while_the_vault_is_being_made_do_not_ask_for_another)
{
    struct hf_bytes envelopes[3];
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    harness_envelopes(&l, 2, 3, 4, envelopes);
    for (size_t i = 0; i < 3; i++) {
        harness_documents(&l, &envelopes[i], 1);
        cr_assert_eq(harness_works(&l, HF_WORK_VAULT_CREATE), 0, "document %zu", i);
    }
    harness_tick(&l, 600);
    cr_assert_eq(harness_works(&l, HF_WORK_VAULT_CREATE), 0);
    harness_vault(&l, 0);
    harness_quote_made(&l, l.identity_work, 0, hf_bytes_of("a quote", 7));
    cr_assert_eq(harness_status(&l).state, HF_STATE_PLACING);
    harness_done(&l);
}

Test(hf_engine_step, a_vault_that_cannot_be_made_is_tried_again)
{
    static const int errors[] = {HF_ENOSPACE, HF_EIO, HF_EREADONLY, HF_EVAULTSTATE};
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    for (size_t i = 0; i < HF_ARRAY_LEN(errors); i++) {
        harness_vault(&l, errors[i]);
        cr_assert_eq(harness_status(&l).state, HF_STATE_FRESH);
        cr_assert_eq(harness_status(&l).reason, errors[i]);
        cr_assert_eq(l.u.writes_count, 0);
        harness_tick(&l, 600);
        cr_assert_eq(harness_works(&l, HF_WORK_VAULT_CREATE), 1);
    }
    harness_vault(&l, 0);
    cr_assert_eq(harness_status(&l).reason, HF_ENODOCUMENTS);
    harness_done(&l);
}

/* ---- what stands in the way is a matter for a person */

static struct hf_bytes hint(struct hf_buf *b, const struct hf_network_id *network, bool record)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct hf_public_hint h = {.version = 1, .has_record = record};
    h.network = *network;
    h.record.record = hf_bytes_of(bytes, sizeof bytes);
    hf_buf_init(b, 65536);
    cr_assert_eq(hf_wire_encode(&hf_wire_public_hint, &h, b), 0);
    return hf_buf_bytes(b);
}

Test(hf_engine_step, a_placed_vault_without_a_hint_blocks)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_PLACED);
    cr_assert_eq(harness_status(&l).state, HF_STATE_BLOCKED);
    cr_assert_eq(harness_status(&l).reason, HF_EMISSING);
    harness_done(&l);
    harness_init(&l);
    harness_start_with(&l, HF_VAULT_PLACED, "hint", hf_bytes_of("\xc1", 1));
    cr_assert_eq(harness_status(&l).reason, HF_EMISSING);
    harness_done(&l);
}

Test(hf_engine_step, a_hint_of_another_network_blocks)
{
    struct hf_buf b;
    const struct hf_network_id other = {{1}};
    harness_init(&l);
    harness_start_with(&l, HF_VAULT_PLACED, "hint", hint(&b, &other, false));
    cr_assert_eq(harness_status(&l).state, HF_STATE_BLOCKED);
    cr_assert_eq(harness_status(&l).reason, HF_EDOCUMENT_NETWORK);
    hf_buf_done(&b);
    harness_done(&l);
}

Test(hf_engine_step, a_hint_of_what_was_placed_and_no_vault_blocks)
{
    struct hf_buf b;
    harness_init(&l);
    harness_start_with(&l, HF_VAULT_NONE, "hint", hint(&b, &l.n.network, true));
    cr_assert_eq(harness_status(&l).state, HF_STATE_BLOCKED);
    cr_assert_eq(harness_status(&l).reason, HF_EVAULT_GONE);
    cr_assert_null(harness_work(&l, HF_WORK_VAULT_CREATE));
    hf_buf_done(&b);
    harness_done(&l);
}

/* ---- an empty folder whose account the set is to name */

/* It is at this address, and is given the set then. */
static void find_by(const char *address)
{
    struct hf_bytes envelopes[3];
    harness_init(&l);
    authority_account(7, &l.account);
    l.e->finding = true;
    l.e->members->address = strdup(address);
    harness_start(&l, HF_VAULT_NONE);
    /* Until there is a set it neither asks for shares nor makes up an account. */
    cr_assert_eq(harness_status(&l).state, HF_STATE_STARTING);
    cr_assert_eq(harness_status(&l).reason, HF_ENODOCUMENTS);
    cr_assert(!harness_status(&l).has_account);
    harness_tick(&l, 60000);
    cr_assert_eq(harness_works(&l, HF_WORK_VAULT_CREATE), 0);
    harness_envelopes(&l, 1, 1, 2, envelopes);
    harness_documents(&l, envelopes, 3);
}

Test(hf_engine_step, an_empty_folder_is_of_whom_the_set_has_at_its_address)
{
    find_by("node:1");
    cr_assert_eq(harness_status(&l).state, HF_STATE_RECOVERING);
    cr_assert(harness_status(&l).has_account);
    harness_done(&l);
}

Test(hf_engine_step, an_empty_folder_at_nobodys_address_is_a_new_nodes)
{
    find_by("elsewhere:1");
    cr_assert_eq(harness_status(&l).state, HF_STATE_FRESH);
    cr_assert_eq(harness_works(&l, HF_WORK_VAULT_CREATE), 1);
    harness_done(&l);
}

/* ---- events that no task waits for */

static void nothing_came_of_it(void)
{
    cr_assert_eq(l.u.writes_count, 0);
    cr_assert_eq(l.u.calls_count, 0);
    cr_assert_eq(l.u.work_count, 0);
    cr_assert_eq(l.u.replies_count, 0);
}

/* Every event that the state does not wait for; the state stays. */
static void stray_events(void)
{
    enum hf_state state = harness_status(&l).state;
    harness_response(&l, 0, 0, nothing);
    nothing_came_of_it();
    harness_response(&l, 999999, HF_ETIMEOUT, nothing);
    nothing_came_of_it();
    harness_quote_made(&l, 999999, 0, hf_bytes_of("a quote", 7));
    nothing_came_of_it();
    harness_quote_judged(&l, 999999, 0);
    nothing_came_of_it();
    harness_quote_judged(&l, 0, HF_EQUOTE);
    nothing_came_of_it();
    if (state != HF_STATE_FRESH) {
        harness_vault(&l, 0);
        nothing_came_of_it();
        harness_vault(&l, HF_ECORRUPT);
        nothing_came_of_it();
    }
    cr_assert_eq(harness_status(&l).state, state);
}

/* Of black start requests: a public row, which the host may write. */
Test(hf_engine_step, a_count_of_requests_that_is_spent_is_refused)
{
    struct hf_buf b;
    harness_init(&l);
    harness_start_with(&l, HF_VAULT_PLACED, "hint", hint(&b, &l.n.network, false));
    l.e->quorum->asked = UINT32_MAX;
    harness_local(&l, HF_LOCAL_BLACKSTART, "");
    cr_assert_eq(harness_local_error(&l), HF_EBOUND);
    hf_buf_done(&b);
    harness_done(&l);
}

Test(hf_engine_step, events_that_nobody_waits_for_change_nothing)
{
    struct hf_buf b;
    harness_init(&l);
    harness_fresh(&l);
    stray_events();
    harness_placing(&l, 2, 3, 4);
    stray_events();
    harness_done(&l);
    harness_init(&l);
    harness_start(&l, HF_VAULT_PLACED);
    stray_events();
    harness_done(&l);
    harness_init(&l);
    harness_start_with(&l, HF_VAULT_PLACED, "hint", hint(&b, &l.n.network, false));
    cr_assert_eq(harness_status(&l).state, HF_STATE_RECOVERING);
    stray_events();
    hf_buf_done(&b);
    harness_done(&l);
}

Test(hf_engine_step, an_answer_that_comes_twice_is_taken_once)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    const struct hf_call *c = harness_call(&l, HF_METHOD_OFFER);
    cr_assert_not_null(c);
    uint32_t id = c->id;
    harness_response(&l, id, HF_EQUOTA, nothing);
    cr_assert_not_null(harness_trace(&l, HF_TRACE_CALL_FAILED));
    harness_response(&l, id, HF_EQUOTA, nothing);
    nothing_came_of_it();
    cr_assert_eq(l.u.traces_count, 0);
    harness_done(&l);
}

Test(hf_engine_step, answers_of_no_sense_cost_their_sender_its_place)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 5);
    const struct hf_call *c = harness_call(&l, HF_METHOD_OFFER);
    struct hf_account account;
    account = c->account;
    harness_response(&l, c->id, 0, hf_bytes_of("\xff\xff", 2));
    const struct hf_trace *t = harness_trace(&l, HF_TRACE_PEER_MISBEHAVED);
    cr_assert_not_null(t);
    cr_assert_arr_eq(t->account.bytes, account.bytes, 32);
    cr_assert_eq(t->a, HF_METHOD_OFFER);
    cr_assert_not_null(harness_trace(&l, HF_TRACE_CANDIDATE_FAILED));
    cr_assert_not_null(harness_call(&l, HF_METHOD_OFFER)); /* the next candidate */
    harness_done(&l);
}

/* A seed that is asked and fails: the node says so, goes on asking, and never stops for good. */
Test(hf_engine_step, with_nobody_to_place_with_it_goes_on_asking)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    uint32_t open[64];
    size_t count = 0;
    unsigned asked = 0;
    for (int i = 0; i < 300; i++) {
        for (size_t j = 0; j < l.u.calls_count; j++) {
            asked += l.u.calls[j].method == HF_METHOD_OFFER;
            cr_assert_lt(count, HF_ARRAY_LEN(open));
            open[count++] = l.u.calls[j].id;
        }
        cr_assert(count > 0 || l.u.deadline_ms != UINT64_MAX);
        if (count > 0)
            harness_response(&l, open[--count], HF_ECONNECT, nothing);
        else
            harness_tick(&l, l.u.deadline_ms > l.now_ms ? l.u.deadline_ms - l.now_ms : 0);
    }
    cr_assert_gt(asked, 20);
    cr_assert_eq(harness_status(&l).state, HF_STATE_PLACING);
    cr_assert_eq(harness_status(&l).reason, HF_EFEWPROVIDERS);
    harness_done(&l);
}

/* ---- documents */

Test(hf_engine_step, a_policy_that_trusts_a_development_root_needs_a_node_that_may)
{
    struct hf_bytes envelopes[3];
    harness_init(&l);
    l.e->trust->accept_dev = false;
    harness_fresh(&l);
    harness_envelopes(&l, 2, 3, 4, envelopes);
    harness_documents(&l, envelopes, 3);
    struct hf_status s = harness_status(&l);
    cr_assert_eq(s.last_refusal, HF_EDOCUMENT_DEV);
    cr_assert_eq(s.last_refusal_kind, HF_DOCUMENT_POLICY);
    cr_assert_eq(s.root, 1);
    cr_assert_eq(s.policy, 0);
    cr_assert_eq(s.epoch, 1);
    cr_assert_eq(s.state, HF_STATE_FRESH);
    cr_assert_eq(s.reason, HF_ENODOCUMENTS);
    /* Nor from the disk. */
    harness_done(&l);
    harness_init(&l);
    l.e->trust->accept_dev = false;
    harness_envelopes(&l, 2, 3, 4, envelopes);
    struct hf_row_in rows[2] = {
        {.collection = HF_ROW_PUBLIC, .key = hf_bytes_of("root-1", 6)},
        {.collection = HF_ROW_PUBLIC, .key = hf_bytes_of("policy", 6)},
    };
    for (size_t i = 0; i < 2; i++)
        rows[i].value = hf_blob_new(envelopes[i]);
    struct hf_event event = {.type = HF_EVENT_START, .u.start = {.rows = rows, .rows_count = 2}};
    harness_step(&l, &event);
    cr_assert_eq(harness_status(&l).last_refusal, HF_EDOCUMENT_DEV);
    cr_assert_eq(harness_status(&l).policy, 0);
    for (size_t i = 0; i < 2; i++)
        hf_blob_unref(rows[i].value);
    harness_done(&l);
}

Test(hf_engine_step, documents_in_any_order_are_all_taken_in_the_end)
{
    static const size_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {2, 1, 0}};
    for (size_t i = 0; i < HF_ARRAY_LEN(orders); i++) {
        struct hf_bytes envelopes[3];
        harness_init(&l);
        harness_fresh(&l);
        harness_envelopes(&l, 2, 3, 4, envelopes);
        for (size_t round = 0; round < 3; round++)
            for (size_t j = 0; j < 3; j++)
                harness_documents(&l, &envelopes[orders[i][j]], 1);
        struct hf_status s = harness_status(&l);
        cr_assert(s.root == 1 && s.policy == 1 && s.epoch == 1);
        harness_done(&l);
    }
}

/* ---- quotes */

Test(hf_engine_step, a_quote_of_no_size_or_above_its_bound_counts_as_none_and_is_made_again)
{
    static uint8_t large[HF_WIRE_QUOTE_MAX + 1];
    const struct hf_bytes bad[] = {nothing, hf_bytes_of(large, sizeof large)};
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    harness_vault(&l, 0);
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        harness_quote_made(&l, l.identity_work, 0, bad[i]);
        const struct hf_trace *t = harness_trace(&l, HF_TRACE_QUOTE_FAILED);
        cr_assert_not_null(t);
        cr_assert_eq(t->error, HF_ETOOBIG);
        harness_tick(&l, 2000);
        cr_assert_eq(harness_works(&l, HF_WORK_QUOTE), 1);
    }
    harness_quote_made(&l, l.identity_work, 0, hf_bytes_of(large, HF_WIRE_QUOTE_MAX));
    cr_assert_null(harness_trace(&l, HF_TRACE_QUOTE_FAILED));
    harness_done(&l);
}

Test(hf_engine_step, a_quote_that_could_not_be_made_is_made_again)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    harness_vault(&l, 0);
    for (int i = 0; i < 3; i++) {
        harness_quote_made(&l, l.identity_work, HF_EQUOTE_INTERFERED, nothing);
        cr_assert_eq(harness_trace(&l, HF_TRACE_QUOTE_FAILED)->error, HF_EQUOTE_INTERFERED);
        harness_tick(&l, 2000);
        cr_assert_eq(harness_works(&l, HF_WORK_QUOTE), 1);
    }
    harness_done(&l);
}

Test(hf_engine_step, the_same_events_give_the_same_updates)
{
    struct hf_account accounts[2];
    uint64_t deadlines[2];
    for (size_t i = 0; i < 2; i++) {
        harness_init(&l);
        harness_fresh(&l);
        harness_placing(&l, 2, 3, 4);
        accounts[i] = l.account;
        harness_response(&l, harness_call(&l, HF_METHOD_OFFER)->id, HF_ETIMEOUT, nothing);
        deadlines[i] = l.u.deadline_ms;
        harness_done(&l);
    }
    cr_assert_arr_eq(accounts[0].bytes, accounts[1].bytes, 32);
    cr_assert_eq(deadlines[0], deadlines[1]);
}

Test(hf_engine_free, gives_back_all_memory_for_secrets)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    cr_assert_gt(hf_secret_used(), 0);
    cr_assert_gt(hf_engine_memory(l.e), 0);
    harness_done(&l);
    cr_assert_eq(hf_secret_used(), 0);
}
