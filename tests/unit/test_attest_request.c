/* Attestation on request: who may ask, how often, and what the answer is over. */
#include "engine_harness.h"

#include "base/duration.h"
#include "base/error.h"

#include <criterion/criterion.h>

static struct harness l;
static const uint8_t nonce[32] = "a nonce of the asker's own draw";

static void set_up(void)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
}

static void tear_down(void)
{
    harness_done(&l);
}

TestSuite(hf__recv_attest, .init = set_up, .fini = tear_down);

static struct hf_attest_ask good_ask(void)
{
    struct hf_attest_ask ask = {.network = l.n.network,
                                .has_account = true,
                                .account = l.account,
                                .made_s = AUTHORITY_NOW_S + l.now_ms / 1000};
    memcpy(ask.nonce, nonce, sizeof nonce);
    return ask;
}

/* Asks under a key of the authority; signer: which. */
static void ask_signed(const struct hf_attest_ask *ask, size_t signer, bool spoilt,
                       const struct hf_versions *versions)
{
    struct hf_buf statement, body;
    hf_buf_init(&statement, 512);
    hf_buf_init(&body, 1024);
    struct hf_attest_request m = {.has_ask = true};
    if (versions != NULL)
        m.versions = *versions;
    memcpy(m.nonce, nonce, sizeof nonce);
    cr_assert_eq(hf_wire_encode(&hf_wire_attest_ask, ask, &statement), 0);
    m.ask.statement = hf_buf_bytes(&statement);
    memcpy(m.ask.key, l.n.public_keys[signer], sizeof m.ask.key);
    l.n.suite->sign(l.n.secret_keys[signer], "holdfast/v1/attest-ask", m.ask.statement,
                    m.ask.signature);
    m.ask.signature[5] ^= spoilt;
    cr_assert_eq(hf_wire_encode(&hf_wire_attest_request, &m, &body), 0);
    harness_request(&l, HF_METHOD_ATTEST, NULL, hf_buf_bytes(&body));
    hf_buf_done(&statement);
    hf_buf_done(&body);
}

static void ask_as(const struct hf_account *account)
{
    struct hf_attest_request m = {0};
    struct hf_buf body;
    hf_buf_init(&body, 1024);
    memcpy(m.nonce, nonce, sizeof nonce);
    cr_assert_eq(hf_wire_encode(&hf_wire_attest_request, &m, &body), 0);
    harness_request(&l, HF_METHOD_ATTEST, account, hf_buf_bytes(&body));
    hf_buf_done(&body);
}

/* The quote that the last request has started. */
static uint32_t begun(void)
{
    cr_assert_eq(l.u.replies_count, 0, "refused with %s",
                 l.u.replies_count > 0 ? hf_error_name(l.u.replies[0].error) : "");
    const struct hf_work *w = harness_work(&l, HF_WORK_QUOTE);
    cr_assert_not_null(w);
    cr_assert_str_eq(w->label, "holdfast/v1/attest");
    return w->id;
}

static int refused(void)
{
    cr_assert_null(harness_work(&l, HF_WORK_QUOTE));
    return harness_refusal(&l);
}

static void check_answer(uint32_t registered)
{
    struct hf_arena arena;
    struct hf_attest_response m;
    struct hf_attest_statement s;
    hf_arena_init(&arena, 1 << 16);
    cr_assert_eq(harness_refusal(&l), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_attest_response, l.u.replies[0].body, &arena, &m, NULL),
                 0);
    cr_assert(hf_bytes_equal(m.quote, hf_bytes_of("a quote", 7)));
    cr_assert_eq(hf_wire_decode(&hf_wire_attest_statement, m.statement, &arena, &s, NULL), 0);
    cr_assert(hf_account_equal(&s.account, &l.account));
    cr_assert(hf_network_id_equal(&s.network, &l.n.network));
    cr_assert_arr_eq(s.nonce, nonce, sizeof nonce);
    cr_assert_arr_eq(s.sealing_key, l.e->sealing_key, sizeof s.sealing_key);
    cr_assert_arr_eq(s.tls_key.bytes, l.e->tls_key.bytes, sizeof s.tls_key);
    cr_assert(!hf_hash_equal(&s.tls_key, &(struct hf_hash){{0}}));
    cr_assert_eq(s.registered_epoch, registered);
    cr_assert_eq(s.claim, 1);
    cr_assert(s.has_mesh_key);
    hf_arena_done(&arena);
}

Test(hf__recv_attest, a_member_gets_a_quote_over_its_nonce_and_every_key)
{
    struct hf_account member;
    authority_account(0, &member);
    ask_as(&member);
    uint32_t work = begun();
    harness_quote_made(&l, work + 1000, 0, hf_bytes_of("another", 7));
    cr_assert_eq(l.u.replies_count, 0);
    harness_quote_made(&l, work, 0, hf_bytes_of("a quote", 7));
    check_answer(1);
}

Test(hf__recv_attest, the_authority_gets_one_of_a_node_that_is_in_no_set)
{
    harness_done(&l);
    harness_init(&l);
    harness_fresh(&l);
    struct hf_attest_ask ask = good_ask();
    ask_signed(&ask, 0, false, NULL);
    cr_assert_eq(refused(), HF_EPERMISSION, "it knows no root yet");
    struct hf_bytes root = hf_blob_bytes(l.n.root->envelope);
    harness_documents(&l, &root, 1);
    ask_signed(&ask, 0, false, NULL);
    harness_quote_made(&l, begun(), 0, hf_bytes_of("a quote", 7));
    check_answer(0);
    ask.has_account = false; /* any that answers there */
    ask_signed(&ask, 1, false, NULL);
    (void)begun();
}

Test(hf__recv_attest, strangers_are_refused)
{
    struct hf_account account = {{1, 2, 3}};
    struct hf_attest_ask ask = good_ask();
    ask_as(NULL);
    cr_assert_eq(refused(), HF_EPERMISSION);
    ask_as(&account);
    cr_assert_eq(refused(), HF_EPERMISSION, "an account in no set");
    ask_signed(&ask, 3, false, NULL);
    cr_assert_eq(refused(), HF_EPERMISSION, "a key that the root does not name");
    ask_signed(&ask, 0, true, NULL);
    cr_assert_eq(refused(), HF_ESIGNATURE);
}

Test(hf__recv_attest, an_ask_for_another_time_nonce_node_or_network_is_refused)
{
    struct hf_attest_ask ask = good_ask();
    ask.made_s -= HF_CLOCK_AHEAD_S;
    ask_signed(&ask, 0, false, NULL);
    (void)begun();
    ask.made_s--;
    ask_signed(&ask, 1, false, NULL);
    cr_assert_eq(refused(), HF_EASKTIME);
    ask = good_ask();
    ask.made_s += HF_CLOCK_AHEAD_S + 1;
    ask_signed(&ask, 1, false, NULL);
    cr_assert_eq(refused(), HF_EASKTIME);
    ask = good_ask();
    ask.nonce[0] ^= 1;
    ask_signed(&ask, 1, false, NULL);
    cr_assert_eq(refused(), HF_ENONCE);
    ask = good_ask();
    ask.account.bytes[0] ^= 1;
    ask_signed(&ask, 1, false, NULL);
    cr_assert_eq(refused(), HF_EPEER_ACCOUNT);
    ask = good_ask();
    ask.network.bytes[0] ^= 1;
    ask_signed(&ask, 1, false, NULL);
    cr_assert_eq(refused(), HF_EDOCUMENT_NETWORK);
    ask = good_ask();
    ask_signed(&ask, 1, false, &(struct hf_versions){.root = 2});
    cr_assert_eq(refused(), HF_EBEHIND);
    ask_signed(&ask, 3, false, &(struct hf_versions){.root = 2});
    cr_assert_eq(refused(), HF_EBEHIND, "a newer root may name the key");
}

Test(hf__recv_attest, one_asker_has_one_quote_under_way)
{
    struct hf_account member;
    struct hf_attest_ask ask = good_ask();
    authority_account(0, &member);
    ask_as(&member);
    uint32_t work = begun();
    ask_as(&member);
    cr_assert_eq(refused(), HF_EBUSY);
    ask_signed(&ask, 0, false, NULL); /* another's */
    (void)begun();
    ask_signed(&ask, 0, false, NULL);
    cr_assert_eq(refused(), HF_EBUSY);
    harness_quote_made(&l, work, HF_ETIMEOUT, (struct hf_bytes){0});
    cr_assert_eq(harness_refusal(&l), HF_ETIMEOUT);
    ask_as(&member);
    (void)begun();
}

Test(hf__recv_attest, members_and_signers_have_places_of_their_own)
{
    struct hf_account member;
    struct hf_attest_ask ask = good_ask();
    harness_done(&l);
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, HF_ATTESTS_MAX + 1);
    for (size_t i = 0; i < HF_ATTESTS_MAX; i++) {
        authority_account(i, &member);
        ask_as(&member);
        (void)begun();
    }
    authority_account(HF_ATTESTS_MAX, &member);
    ask_as(&member);
    cr_assert_eq(refused(), HF_EBUSY);
    ask = good_ask();
    ask_signed(&ask, 0, false, NULL);
    (void)begun();
}

Test(hf__recv_attest, an_asker_beyond_its_part_is_refused_and_shown)
{
    struct hf_account member, other;
    authority_account(0, &member);
    authority_account(1, &other);
    for (int i = 0; i < HF_RATE_ATTEST_BURST; i++) {
        ask_as(&member);
        harness_quote_made(&l, begun(), 0, hf_bytes_of("a quote", 7));
    }
    ask_as(&member);
    cr_assert_eq(refused(), HF_ERATE);
    cr_assert(hf_account_equal(&harness_status(&l).excess[0].account, &member));
    ask_as(&other);
    harness_quote_made(&l, begun(), 0, hf_bytes_of("a quote", 7));
    harness_tick(&l, HF_RATE_ATTEST_S * 1000);
    ask_as(&member);
    (void)begun();
}

Test(hf__recv_attest, those_that_wait_are_told_when_the_vault_is_locked)
{
    struct hf_account member;
    authority_account(0, &member);
    ask_as(&member);
    uint32_t work = begun();
    hf__provider_lock(l.e);
    harness_quote_made(&l, work, 0, hf_bytes_of("a quote", 7));
    cr_assert_eq(l.u.replies_count, 0, "it has been answered");
    ask_as(&member);
    uint32_t again = begun();
    l.e->claimed = false; /* another instance has the account meanwhile */
    harness_quote_made(&l, again, 0, hf_bytes_of("a quote", 7));
    cr_assert_eq(harness_refusal(&l), HF_ENOTCLAIMED);
    l.e->claimed = true;
}
