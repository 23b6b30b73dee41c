/* One engine, and what peers, the application and the operator ask of it. */
#include "engine_harness.h"

#include "base/error.h"

#include <criterion/criterion.h>

static struct harness l;

/* ---- requests of peers */

Test(hf_engine_step, a_locked_node_answers_documents_and_nothing_else)
{
    struct hf_documents_request m = {0};
    struct hf_buf b;
    harness_init(&l);
    harness_start(&l, HF_VAULT_PLACED);
    for (uint8_t method = 0; method <= HF_METHODS + 1; method++) {
        /* An old one that gave its ballot up is locked, and still hands over what is inherited. */
        if (method == HF_METHOD_DOCUMENTS || method == HF_METHOD_INHERIT)
            continue;
        harness_request(&l, method, NULL, hf_bytes_of("\x80", 1));
        cr_assert_eq(harness_refusal(&l), HF_ELOCKED);
        cr_assert_not_null(harness_trace(&l, HF_TRACE_REQUEST_REFUSED));
    }
    hf_buf_init(&b, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_documents_request, &m, &b), 0);
    harness_request(&l, HF_METHOD_DOCUMENTS, NULL, hf_buf_bytes(&b));
    cr_assert_eq(harness_refusal(&l), 0);
    hf_buf_done(&b);
    harness_done(&l);
}

/* Whether a member is asked for documents, that says which epoch it knows; the call of it. */
static bool asks(size_t member, uint32_t epoch, uint32_t *ret_call)
{
    struct hf_gossip_request m = {.versions = {.root = 1, .policy = 1, .epoch = epoch}};
    const struct hf_account *account = &l.validators[member].account;
    struct hf_buf b;
    hf_buf_init(&b, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_gossip_request, &m, &b), 0);
    l.e->claimed = true;
    harness_request(&l, HF_METHOD_GOSSIP, account, hf_buf_bytes(&b));
    hf_buf_done(&b);
    for (size_t i = 0; i < l.u.calls_count; i++)
        if (l.u.calls[i].method == HF_METHOD_DOCUMENTS &&
            hf_account_equal(&l.u.calls[i].account, account)) {
            *ret_call = l.u.calls[i].id;
            return true;
        }
    return false;
}

/* What is asked now and then of a random member gets no answer. */
static void nobody_answers_the_tick(void)
{
    uint32_t calls[8];
    size_t count = 0;
    harness_tick(&l, 1000);
    for (size_t i = 0; i < l.u.calls_count && count < HF_ARRAY_LEN(calls); i++)
        if (l.u.calls[i].method == HF_METHOD_DOCUMENTS)
            calls[count++] = l.u.calls[i].id;
    for (size_t i = 0; i < count; i++)
        harness_response(&l, calls[i], HF_ECONNECT, (struct hf_bytes){0});
}

/* A small request has this node fetch and read as much as its author likes to answer. */
Test(hf_engine_step, a_member_that_claims_newer_documents_and_has_none_is_asked_seldom)
{
    enum { LEN = 2 << 20 };
    uint8_t *nonsense = calloc(1, LEN);
    uint32_t call = 0, other = 0;
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    nobody_answers_the_tick();
    cr_assert(asks(0, 9, &call));
    harness_response(&l, call, 0, hf_bytes_of(nonsense, LEN));
    cr_assert_not(asks(0, 9, &call));
    cr_assert(asks(1, 9, &other), "another's word is another's");
    harness_response(&l, other, HF_ECONNECT, (struct hf_bytes){0});
    l.now_ms += 1900;
    cr_assert_not(asks(0, 9, &call));
    l.now_ms += 200;
    cr_assert(asks(0, 9, &call), "a second for each mebibyte");
    free(nonsense);
    harness_done(&l);
}

Test(hf_engine_step, bytes_that_are_no_message_are_refused_in_every_method)
{
    static const char *const bodies[] = {"", "\xff", "\x80", "\x81", "\xc1\xc1", "\x81\x01\x81"};
    struct hf_account account;
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    authority_account(0, &account);
    for (uint8_t method = 0; method <= HF_METHODS + 1; method++)
        for (size_t i = 0; i < HF_ARRAY_LEN(bodies); i++) {
            harness_request(&l, method, &account, hf_bytes_of(bodies[i], strlen(bodies[i])));
            cr_assert_lt(harness_refusal(&l), 0);
            cr_assert_eq(l.u.writes_count, 0);
            cr_assert_eq(l.u.replies[0].after, 0); /* a refusal tells nothing that must last */
        }
    harness_request(&l, HF_METHODS + 1, &account, hf_bytes_of("\x80", 1));
    cr_assert_eq(harness_refusal(&l), HF_EUNSUPPORTED);
    harness_done(&l);
}

/* ---- the application and the operator */

Test(hf_engine_step, local_requests_of_a_locked_node_are_refused)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_PLACED);
    harness_local(&l, HF_LOCAL_KEY, "tss-db");
    cr_assert_eq(harness_local_error(&l), HF_ELOCKED);
    harness_local(&l, HF_LOCAL_DRILL, "");
    cr_assert_eq(harness_local_error(&l), HF_ELOCKED);
    harness_local(&l, (enum hf_local_type)99, "");
    cr_assert_eq(harness_local_error(&l), HF_EUNSUPPORTED);
    harness_done(&l);
}

/* ---- quotes for applications */

static const char asked[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                            "a nonce of thirty-two characters";

static void ask_quote(void)
{
    harness_local(&l, HF_LOCAL_QUOTE, asked);
}

Test(hf_engine_step, a_quote_for_an_application_is_over_account_bytes_nonce_and_claim)
{
    struct hf_arena arena;
    struct hf_application_quote q;
    struct hf_application_statement s;
    harness_init(&l);
    harness_fresh(&l);
    ask_quote();
    cr_assert_eq(l.u.locals_count, 0);
    uint32_t work = harness_work(&l, HF_WORK_QUOTE)->id;
    harness_quote_made(&l, work + 1000, 0, hf_bytes_of("another", 7));
    cr_assert_eq(l.u.locals_count, 0);
    harness_quote_made(&l, work, 0, hf_bytes_of("a quote", 7));
    cr_assert_eq(harness_local_error(&l), 0);
    hf_arena_init(&arena, 1 << 16);
    cr_assert_eq(hf_wire_decode(&hf_wire_application_quote, l.u.locals[0].quote, &arena, &q, NULL),
                 0);
    cr_assert(hf_bytes_equal(q.quote, hf_bytes_of("a quote", 7)));
    cr_assert_eq(hf_wire_decode(&hf_wire_application_statement, q.statement, &arena, &s, NULL), 0);
    cr_assert(hf_account_equal(&s.account, &l.account));
    cr_assert(hf_network_id_equal(&s.network, &l.n.network));
    cr_assert_arr_eq(s.bytes, asked, 64);
    cr_assert_arr_eq(s.nonce, asked + 64, 32);
    cr_assert_eq(s.claim, 1);
    hf_arena_done(&arena);
    harness_done(&l);
}

Test(hf_engine_step, quotes_for_applications_are_few_at_a_time_and_end_with_the_engine)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_PLACED);
    ask_quote();
    cr_assert_eq(harness_local_error(&l), HF_ELOCKED);
    harness_done(&l);
    harness_init(&l);
    harness_fresh(&l);
    harness_local(&l, HF_LOCAL_QUOTE, asked + 1);
    cr_assert_eq(harness_local_error(&l), HF_EINVAL);
    for (int i = 0; i < HF_APPLICATION_QUOTES_MAX; i++) {
        ask_quote();
        cr_assert_eq(l.u.locals_count, 0);
    }
    uint32_t last = harness_work(&l, HF_WORK_QUOTE)->id;
    ask_quote();
    cr_assert_eq(harness_local_error(&l), HF_EBUSY);
    harness_quote_made(&l, last, HF_ETIMEOUT, hf_bytes_of(NULL, 0));
    cr_assert_eq(harness_local_error(&l), HF_ETIMEOUT);
    ask_quote();
    cr_assert_eq(l.u.locals_count, 0);
    harness_done(&l);
}

Test(hf_engine_step, local_requests_before_anything_is_placed)
{
    char name[HF_KEY_NAME_MAX + 2];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    harness_init(&l);
    harness_fresh(&l);
    harness_local(&l, HF_LOCAL_KEY, "tss-db");
    cr_assert_eq(harness_local_error(&l), HF_ENOTREADY);
    cr_assert_null(l.u.locals[0].key);
    harness_local(&l, HF_LOCAL_KEY, name);
    cr_assert_eq(harness_local_error(&l), HF_EINVAL);
    harness_local(&l, HF_LOCAL_DRILL, "");
    cr_assert_eq(harness_local_error(&l), HF_ENOTPLACED);
    harness_local(&l, HF_LOCAL_DRAIN, "");
    cr_assert_eq(harness_local_error(&l), 0);
    cr_assert(harness_status(&l).draining);
    harness_local(&l, HF_LOCAL_UNDRAIN, "");
    cr_assert(!harness_status(&l).draining);
    harness_done(&l);
}

Test(hf_engine_step, writing_that_fails_is_traced_once_and_shown)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_store(&l, HF_ENOSPACE);
    cr_assert_eq(harness_trace(&l, HF_TRACE_STORE)->error, HF_ENOSPACE);
    harness_store(&l, HF_ENOSPACE);
    cr_assert_null(harness_trace(&l, HF_TRACE_STORE));
    cr_assert_eq(harness_status(&l).store_error, HF_ENOSPACE);
    harness_store(&l, 0);
    cr_assert_eq(harness_trace(&l, HF_TRACE_STORE)->error, 0);
    cr_assert_eq(harness_status(&l).store_error, 0);
    harness_done(&l);
}

Test(hf_engine_step, a_key_waits_until_the_claim_stands)
{
    harness_init(&l);
    harness_fresh(&l);
    l.e->claimed = false;
    harness_local(&l, HF_LOCAL_KEY, "tss-db");
    cr_assert_eq(harness_local_error(&l), HF_ENOTCLAIMED);
    cr_assert_null(l.u.locals[0].key);
    harness_done(&l);
}

/* ---- what an owner's requests are held against */

Test(hf__record_check, a_record_whose_parts_do_not_fit_each_other_is_refused)
{
    static const uint8_t points[64];
    struct hf_placement_record m = {.generation = {.version = 1, .number = 1},
                                    .threshold = 2,
                                    .commitments = {points, 32},
                                    .epoch = 1,
                                    .quorum = 1,
                                    .provisional = 1,
                                    .ballot = {.number = 1}};
    struct hf_placement_record read;
    struct hf_signed_record record = {0};
    struct hf_buf b;
    harness_init(&l);
    harness_fresh(&l);
    m.network = l.e->network;
    m.owner = l.account;
    hf_buf_init(&b, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_placement_record, &m, &b), 0);
    record.record = hf_buf_bytes(&b); /* k = 2, one commitment, no holder */
    cr_assert_eq(hf__record_check(l.e, &record, &l.account, &read), HF_ERECORD);
    hf_buf_done(&b);
    harness_done(&l);
}

Test(hf_engine_certify, needs_an_open_vault)
{
    struct hf_account account;
    uint8_t signature[64];
    struct hf_bytes spki = hf_bytes_of("a key", 5);
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    cr_assert_eq(hf_engine_certify(l.e, spki, &account, signature), HF_ELOCKED);
    harness_vault(&l, 0);
    cr_assert_eq(hf_engine_certify(l.e, spki, &account, signature), 0);
    cr_assert_arr_eq(account.bytes, l.account.bytes, 32);
    cr_assert_eq(l.n.suite->verify(account.bytes, "holdfast/v1/tls", spki, signature), 0);
    harness_done(&l);
}
