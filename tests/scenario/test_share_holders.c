/* When people cannot open a node, and how they can all the same (proto/QUORUM.md, 4 and 5). */
#include "testnet.h"

#include "base/arena.h"
#include "base/error.h"
#include "quorum/quorum.h"

#include <criterion/criterion.h>

enum { NODES = 7, SHARES = 5, M = 3, N = 5, SHARES_VALID_S = 1200 };

Test(blackstart, a_share_set_that_has_expired_opens_nothing)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    struct hf_blackstart_report report;
    struct hf_buf request, before;
    hf_world_shares_valid(w, SHARES_VALID_S);
    hf_world_quorum_issue(w, M, N, true);
    cr_assert(hf_world_run_until(w, testnet_all_sealed, NULL, TESTNET_MS));
    testnet_power_cut(w);
    testnet_ask(w, 0, &request);
    cr_assert_eq(testnet_answered(w, 0, 1, &request, &report), 0);
    hf_buf_init(&before, 4096);
    cr_assert_eq(hf_world_holder_answer(w, 2, hf_buf_bytes(&request), &before), 0);
    cr_assert(testnet_status(w, 0).openable);
    hf_world_run_for(w, SHARES_VALID_S * 1000);
    cr_assert_not(testnet_status(w, 0).openable);
    cr_assert_eq(testnet_answered(w, 0, 3, &request, &report), HF_ESHARES_EXPIRED,
                 "no holder answers");
    cr_assert_eq(hf_world_answer(w, 0, hf_buf_bytes(&before), TESTNET_MS, &report),
                 HF_ESHARES_EXPIRED, "what was answered before does not count");
    cr_assert_eq(report.have, 1);
    cr_assert_eq(hf_world_blackstart(w, 1, TESTNET_MS, &before), HF_ESHARES_EXPIRED);
    hf_buf_done(&before);
    hf_buf_done(&request);
    testnet_end(w);
}

Test(sealing, to_a_share_set_that_has_expired_counts_for_nothing)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    hf_world_shares_valid(w, SHARES_VALID_S);
    hf_world_quorum_issue(w, M, N, true);
    cr_assert(hf_world_run_until(w, testnet_all_sealed, NULL, TESTNET_MS));
    hf_world_run_for(w, SHARES_VALID_S * 1000);
    for (uint32_t i = 0; i < NODES; i++) {
        testnet_reason(w, i, HF_STATE_DEGRADED, HF_EUNSEALED);
        cr_assert_not(testnet_status(w, i).sealed);
        cr_assert_neq(testnet_status(w, i).sealed_s, 0, "what was sealed stays");
    }
    hf_world_quorum_issue(w, M, N, true);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

/* Share holders that lie are named and cost nothing: with m others each node opens, whatever comes
 * before, between and after what they say. */
Test(blackstart, share_holders_that_lie_open_nothing_and_keep_nobody_from_opening)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    uint32_t open = 0;
    testnet_power_cut(w);
    for (uint32_t i = 0; i < NODES; i++) {
        hf_world_by_people(w, i);
        hf_world_run_for(w, 100);
        open += testnet_status(w, i).open;
    }
    cr_assert_gt(hf_world_falsehoods(w), NODES / 2);
    cr_assert_geq(open, NODES - 2, "now and then one fewer than m answers");
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

static uint64_t version_of_shares(struct hf_world *w, uint32_t node)
{
    return hf_document_version(hf_world_engine(w, node)->trust->shares);
}

/*
 * The authority signs the share set anew before it ends: same people, same key, later dates. Every
 * node takes it, and what it has sealed stands as it is: it is to the same point.
 */
Test(sealing, stands_when_the_share_set_is_renewed_and_opens_by_the_renewed_one)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.authority.valid_s = SHARES_VALID_S;
    s.policy.quote_age_max_s = 600;
    struct hf_world *w = testnet_up_from(&s, NODES);
    struct hf_blackstart_report report;
    struct hf_buf request;
    uint64_t sealed_s[NODES];
    hf_world_quorum_issue(w, M, N, true);
    cr_assert(hf_world_run_until(w, testnet_all_sealed, NULL, TESTNET_MS));
    for (uint32_t i = 0; i < NODES; i++)
        sealed_s[i] = testnet_status(w, i).sealed_s;
    hf_world_run_for(w, 3 * SHARES_VALID_S * 1000);
    for (uint32_t i = 0; i < NODES; i++) {
        cr_assert_gt(version_of_shares(w, i), 2, "node %u has not taken the newer one", i);
        cr_assert(testnet_status(w, i).sealed, "node %u", i);
        cr_assert(testnet_status(w, i).openable, "node %u", i);
        cr_assert_eq(testnet_status(w, i).sealed_s, sealed_s[i], "node %u sealed anew", i);
        cr_assert_eq(testnet_status(w, i).state, HF_STATE_READY);
    }
    testnet_power_cut(w);
    testnet_ask(w, 0, &request);
    for (uint8_t holder = 1; holder <= M; holder++)
        cr_assert_eq(testnet_answered(w, 0, holder, &request, &report), 0);
    cr_assert_eq(report.have, M);
    hf_world_run_for(w, 1000);
    cr_assert(testnet_status(w, 0).open);
    hf_buf_done(&request);
    testnet_end(w);
}

/* Whether what node 0 has sealed is of another time than it was. */
static bool sealed_anew(struct hf_world *w, void *ctx)
{
    const uint64_t *before_s = ctx;
    struct hf_status s = testnet_status(w, 0);
    return s.sealed && s.sealed_s > *before_s && s.sealed_holders == SHARES;
}

/* Node 0 stops, and starts again as this software on this machine. */
static void restart_as(struct hf_world *w, const char *image, uint32_t machine)
{
    hf_world_power_off(w, 0);
    hf_world_image(w, 0, image);
    hf_world_machine(w, 0, machine);
    hf_world_start(w, 0);
    hf_world_run_for(w, 30000);
}

Test(sealing, is_done_anew_by_software_of_a_higher_rank)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    struct hf_blackstart_report report;
    struct hf_buf request;
    hf_world_policy_accept(w, "holdfast-2", 2);
    hf_world_run_for(w, 30000);
    uint64_t before_s = testnet_status(w, 0).sealed_s;
    restart_as(w, "holdfast-2", 0);
    cr_assert(hf_world_run_until(w, sealed_anew, &before_s, TESTNET_MS));
    /* Providers refuse the older release then, and so do people after a power cut. */
    testnet_power_cut(w);
    restart_as(w, "holdfast-1", 0);
    testnet_ask(w, 0, &request);
    cr_assert_eq(testnet_answered(w, 0, 1, &request, &report), HF_ERANK);
    restart_as(w, "holdfast-2", 0);
    hf_buf_done(&request);
    testnet_ask(w, 0, &request);
    cr_assert_eq(testnet_answered(w, 0, 1, &request, &report), 0);
    hf_buf_done(&request);
    testnet_end(w);
}

/* Whether what every node has sealed under the share set of this version lies with its holders. */
static bool left_with_all(struct hf_world *w, void *ctx)
{
    const uint32_t *version = ctx;
    for (uint32_t i = 0; i < hf_world_count(w); i++) {
        struct hf_status s = testnet_status(w, i);
        if (s.sealed_share_set != *version || s.sealed_holders != SHARES)
            return false;
    }
    return true;
}

static void wait_left(struct hf_world *w, uint32_t version)
{
    cr_assert(hf_world_run_until(w, left_with_all, &version, TESTNET_MS));
}

/* Three of the people answer a node. */
static void open_by_people(struct hf_world *w, uint32_t node)
{
    struct hf_blackstart_report report;
    struct hf_buf request;
    testnet_ask(w, node, &request);
    for (uint8_t holder = 1; holder <= M; holder++)
        cr_assert_eq(testnet_answered(w, node, holder, &request, &report), 0);
    hf_buf_done(&request);
    hf_world_run_for(w, 5000);
    cr_assert(testnet_status(w, node).open);
}

/* All nodes stop; node 0's folder is lost, and of the others only one that keeps its share starts
 * again. Returns that one. */
static uint32_t lose_all_but_one(struct hf_world *w)
{
    uint32_t holders[16];
    const struct hf_account account = *hf_world_account(w, 0);
    cr_assert_eq(testnet_holders(w, 0, holders), SHARES);
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        hf_world_power_off(w, i);
    hf_world_disk_wipe(w, 0);
    hf_world_told(w, 0, &account);
    hf_world_start(w, 0);
    hf_world_start(w, holders[2]);
    hf_world_run_for(w, 30000);
    return holders[2];
}

Test(statement, lies_with_every_holder_and_is_renewed_with_the_key)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    wait_left(w, 1);
    hf_world_quorum_issue(w, 2, 3, true);
    wait_left(w, 2);
    /* A holder that lost its folder keeps nothing, until it is given it once more. */
    uint32_t holders[16];
    cr_assert_gt(testnet_holders(w, 0, holders), 0);
    const struct hf_account account = *hf_world_account(w, holders[0]);
    hf_world_crash(w, holders[0]);
    hf_world_disk_wipe(w, holders[0]);
    hf_world_told(w, holders[0], &account);
    hf_world_start(w, holders[0]);
    testnet_ready(w, HF_WORLD_ALL);
    wait_left(w, 2);
    testnet_end(w);
}

Test(statement, opens_a_lost_folder_with_one_holder_left)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    wait_left(w, 1);
    uint32_t left = lose_all_but_one(w);
    struct hf_buf none;
    hf_buf_init(&none, 1 << 20);
    cr_assert_eq(hf_world_blackstart(w, 0, TESTNET_MS, &none), HF_EVAULT_GONE);
    hf_buf_done(&none);
    open_by_people(w, left);
    hf_world_run_for(w, 120000);
    cr_assert_not(testnet_status(w, 0).open, "one holder is too few");
    open_by_people(w, 0);
    /* It is the same instance's account, and releases nothing before it has claimed. */
    cr_assert_neq(testnet_status(w, 0).state, HF_STATE_READY);
    for (uint32_t i = 1; i < NODES; i++)
        hf_world_start(w, i);
    for (uint32_t i = 1; i < NODES; i++) {
        hf_world_run_for(w, 30000);
        if (!testnet_status(w, i).open)
            open_by_people(w, i);
    }
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* What a corrupt holder gives to the owner whose folder is lost, in the place of its statement. */
enum forgery { ANOTHER_POINT, ITS_OWN_STATEMENT, A_LATER_ONE, FORGERIES };

struct forger {
    struct hf_world *w;
    uint32_t holder;
    enum forgery how;
    unsigned acts;
};

static void sign_as(const struct forger *f, const char *label, struct hf_bytes data,
                    uint8_t ret[static HF_SIGNATURE_LEN])
{
    hf_world_suite(f->w)->sign(hf_world_engine(f->w, f->holder)->secrets->account, label, data,
                               ret);
}

static void encode(const struct hf_wire_type *type, const void *message, struct hf_buf *ret)
{
    hf_buf_init(ret, 1 << 16);
    cr_assert_eq(hf_wire_encode(type, message, ret), 0);
}

/* Every part of it is as it was, or the holder's own work: it has no other's key. */
static void bend(const struct forger *f, struct hf_arena *arena, struct hf_signed_sealed *s,
                 struct hf_buf buf[static 2])
{
    struct hf_sealed_statement statement;
    struct hf_sealed_context context;
    struct hf_sealed_row row;
    if (f->how == ITS_OWN_STATEMENT) {
        struct hf_bytes own =
            hf_blob_bytes(hf_world_row(f->w, f->holder, HF_ROW_SEALED, (struct hf_bytes){0}));
        cr_assert_eq(hf_wire_decode(&hf_wire_sealed_row, own, arena, &row, NULL), 0);
        *s = row.sealed;
        return;
    }
    cr_assert_eq(hf_wire_decode(&hf_wire_sealed_statement, s->statement, arena, &statement, NULL),
                 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_sealed_context, statement.context, arena, &context, NULL),
                 0);
    if (f->how == A_LATER_ONE) {
        context.share_set++;
        encode(&hf_wire_sealed_context, &context, &buf[0]);
        statement.context = hf_buf_bytes(&buf[0]);
    } else {
        /* Share holders would open something else. */
        memcpy(statement.c1, context.quorum_key, sizeof statement.c1);
    }
    encode(&hf_wire_sealed_statement, &statement, &buf[1]);
    s->statement = hf_buf_bytes(&buf[1]);
    if (f->how == ANOTHER_POINT)
        sign_as(f, "holdfast/v1/sealed", s->statement, s->signature);
}

static enum hf_fate forge(void *ctx, const struct hf_message *m, struct hf_verdict_on *verdict)
{
    struct forger *f = ctx;
    struct hf_recover_response response;
    struct hf_recover_answer answer;
    struct hf_arena arena;
    struct hf_buf buf[3] = {0};
    if (m->datagram || !m->response || m->error != 0 || m->method != HF_METHOD_RECOVER ||
        m->from != f->holder)
        return HF_FATE_PASS;
    hf_arena_init(&arena, 1 << 20);
    cr_assert_eq(hf_wire_decode(&hf_wire_recover_response, m->body, &arena, &response, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_recover_answer, response.answer, &arena, &answer, NULL),
                 0);
    cr_assert(answer.has_sealed);
    bend(f, &arena, &answer.sealed, buf);
    encode(&hf_wire_recover_answer, &answer, &buf[2]);
    response.answer = hf_buf_bytes(&buf[2]);
    sign_as(f, "holdfast/v1/recover-answer", response.answer, response.signature);
    cr_assert_eq(hf_wire_encode(&hf_wire_recover_response, &response, verdict->body), 0);
    f->acts++;
    for (size_t i = 0; i < HF_ARRAY_LEN(buf); i++)
        hf_buf_done(&buf[i]);
    hf_arena_done(&arena);
    return HF_FATE_REPLACE;
}

Test(statement, that_a_holder_forges_is_not_taken_and_hides_none)
{
    for (enum forgery how = 0; how < FORGERIES; how++) {
        struct hf_world *w = testnet_sealed(NODES, M, N);
        uint32_t holders[16];
        struct hf_buf none;
        hf_buf_init(&none, 1 << 20);
        wait_left(w, 1);
        cr_assert_eq(testnet_holders(w, 0, holders), SHARES);
        struct forger f = {.w = w, .holder = lose_all_but_one(w), .how = how};
        hf_world_watch(w, forge, &f);
        open_by_people(w, f.holder);
        hf_world_run_for(w, 120000);
        cr_assert_gt(f.acts, 0);
        cr_assert_eq(hf_world_blackstart(w, 0, TESTNET_MS, &none), HF_EUNSEALED, "%d", how);
        /* One that is honest is enough, whatever the other goes on giving. */
        unsigned before = f.acts;
        hf_world_start(w, holders[1]);
        hf_world_run_for(w, 30000);
        open_by_people(w, holders[1]);
        hf_world_run_for(w, 120000);
        cr_assert_gt(f.acts, before);
        open_by_people(w, 0);
        hf_world_watch(w, NULL, NULL);
        hf_buf_done(&none);
        testnet_end(w);
    }
}

Test(statement, of_an_older_key_is_not_taken_for_the_newest)
{
    struct hf_world *w = testnet_sealed(NODES, M, N);
    wait_left(w, 1);
    /* The folder is as it was before another key was sealed to. */
    struct hf_blob *old =
        hf_blob_new(hf_blob_bytes(hf_world_row(w, 0, HF_ROW_PUBLIC, hf_bytes_of("sealed", 6))));
    hf_world_quorum_issue(w, M, N, true);
    wait_left(w, 2);
    uint32_t left = lose_all_but_one(w);
    hf_world_crash(w, 0);
    hf_world_public_put(w, 0, "sealed", hf_blob_bytes(old));
    hf_world_start(w, 0);
    hf_world_run_for(w, 5000);
    open_by_people(w, left);
    hf_world_run_for(w, 120000);
    open_by_people(w, 0);
    hf_blob_unref(old);
    testnet_end(w);
}
