/* Who breaks a promise leaves signed words that prove it to any reader, and a holder that breaks
 * none never signs such words, whatever an owner asks (proto/EVIDENCE.md). */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"
#include "owner/owner.h"

#include <criterion/criterion.h>

enum { DAY_S = 86400 }; /* a grace by which nothing is replaced for silence */

static struct hf_world *audited(void)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.timing.audit_ms = 20000;
    s.policy.holder_grace_s = DAY_S;
    return testnet_up_from(&s, 9);
}

static size_t evidence_of(struct hf_world *w, uint32_t owner)
{
    struct hf_broken_status b;
    size_t count = 0;
    while (hf_engine_broken(hf_world_engine(w, owner), count, &b))
        count++;
    return count;
}

/* The one broken promise that an owner keeps, which is of this holder. */
static struct hf_broken only_evidence(struct hf_world *w, uint32_t owner, uint32_t holder)
{
    struct hf_broken_status b;
    struct hf_peer_status p;
    cr_assert(hf_engine_broken(hf_world_engine(w, owner), 0, &b));
    cr_assert(hf_account_equal(&b.what.provider, hf_world_account(w, holder)));
    cr_assert(hf_account_equal(&b.what.owner, hf_world_account(w, owner)));
    cr_assert(hf_network_id_equal(&b.what.network, hf_world_network_id(w)));
    cr_assert_eq(evidence_of(w, owner), 1);
    for (size_t at = 0; hf_engine_peer(hf_world_engine(w, owner), at, &p); at++)
        cr_assert_eq(p.broke, hf_account_equal(&p.account, hf_world_account(w, holder)));
    return b.what;
}

/* ---- who breaks one */

/* A corrupt holder turns the proofs that it signs for one owner, or leaves them out. */
struct liar {
    struct hf_world *w;
    uint32_t owner, holder;
    bool drops;
};

static enum hf_fate lie(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *l = ctx;
    struct hf_ack_response response;
    struct hf_ack_statement s;
    struct hf_arena arena;
    struct hf_buf encoded;
    enum hf_fate fate = HF_FATE_PASS;
    if (!m->response || m->method != HF_METHOD_STANDING || m->from != l->holder ||
        m->to != l->owner || m->error != 0)
        return HF_FATE_PASS;
    const struct hf_engine *e = hf_world_engine(l->w, l->holder);
    hf_arena_init(&arena, 1 << 20);
    hf_buf_init(&encoded, 4096);
    cr_assert_eq(hf_wire_decode(&hf_wire_ack_response, m->body, &arena, &response, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_ack_statement, response.statement, &arena, &s, NULL), 0);
    if (s.has_proof) {
        s.proof[7] ^= 1;
        s.has_proof = !l->drops;
        cr_assert_eq(hf_wire_encode(&hf_wire_ack_statement, &s, &encoded), 0);
        response.statement = hf_buf_bytes(&encoded);
        e->suite->sign(e->secrets->account, "holdfast/v1/ack", response.statement,
                       response.signature);
        cr_assert_eq(hf_wire_encode(&hf_wire_ack_response, &response, ret->body), 0);
        fate = HF_FATE_REPLACE;
    }
    hf_buf_done(&encoded);
    hf_arena_done(&arena);
    return fate;
}

static void a_liar_is_caught(bool drops)
{
    struct hf_world *w = audited();
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    struct liar l = {.w = w, .owner = 0, .holder = holders[1], .drops = drops};
    hf_world_corrupt(w, l.holder);
    hf_world_watch(w, lie, &l);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_PROMISE_BROKEN, 1, TESTNET_MS));
    cr_assert_eq(only_evidence(w, 0, l.holder).breach, HF_BREACH_PROOF);
    /* It is one of a kind, and outlives the owner's process and the holder's part. */
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    hf_world_watch(w, NULL, NULL);
    cr_assert_not(testnet_holds(w, 0, l.holder));
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    cr_assert_eq(only_evidence(w, 0, l.holder).breach, HF_BREACH_PROOF);
    testnet_end(w);
}

Test(evidence, is_kept_of_a_wrong_proof)
{
    a_liar_is_caught(false);
}

Test(evidence, is_kept_of_an_audit_without_a_proof)
{
    a_liar_is_caught(true);
}

/* So many are kept that one has to go: the one that was kept first, whatever dates the accused have
 * signed. One from before orders were noted goes before the others. */
static void the_first_makes_room(bool with_one_of_before)
{
    struct hf_world *w = audited();
    struct hf_engine *e = hf_world_engine(w, 0);
    uint32_t holders[16];
    uint8_t key[56] = {0};
    testnet_holders(w, 0, holders);
    for (uint8_t i = 1; i <= HF_BROKEN_MAX; i++) {
        struct hf_ack_statement s = {.at_s = 1000 - i};
        struct hf_broken_promise m = {.format = 1, .breach = {.question = hf_bytes_of("?", 1)}};
        struct hf_buf said, row;
        hf_buf_init(&said, 4096);
        hf_buf_init(&row, 4096);
        cr_assert_eq(hf_wire_encode(&hf_wire_ack_statement, &s, &said), 0);
        m.breach.statement = hf_buf_bytes(&said);
        cr_assert_eq(hf_wire_encode(&hf_wire_broken_promise, &m, &row), 0);
        struct hf_blob *value = hf_blob_new(hf_buf_bytes(&row));
        key[47] = i * 7 % HF_BROKEN_MAX;
        key[54] = 1;
        key[55] = i;
        size_t len = with_one_of_before && i == 9 ? 48 : sizeof key;
        cr_assert_null(hf__rows_put(&e->rows, HF_ROW_BROKEN, hf_bytes_of(key, len), value));
        hf_blob_unref(value);
        hf_buf_done(&said);
        hf_buf_done(&row);
    }
    struct liar l = {.w = w, .owner = 0, .holder = holders[1]};
    hf_world_corrupt(w, l.holder);
    hf_world_watch(w, lie, &l);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_PROMISE_BROKEN, 1, TESTNET_MS));
    cr_assert_eq(hf__rows_count(&e->rows, HF_ROW_BROKEN), HF_BROKEN_MAX);
    for (uint8_t i = 1; i <= HF_BROKEN_MAX; i++) {
        key[47] = i * 7 % HF_BROKEN_MAX;
        size_t at = hf__rows_first(&e->rows, HF_ROW_BROKEN, hf_bytes_of(key, 48));
        bool is = hf__rows_at(&e->rows, at, HF_ROW_BROKEN, hf_bytes_of(key, 48)) != NULL;
        cr_assert_eq(is, i != (with_one_of_before ? 9 : 1), "%u", i);
    }
    struct hf_bytes liar = hf_bytes_of(hf_world_account(w, l.holder)->bytes, HF_ID_LEN);
    const struct hf__row *row =
        hf__rows_at(&e->rows, hf__rows_first(&e->rows, HF_ROW_BROKEN, liar), HF_ROW_BROKEN, liar);
    cr_assert_eq(row->key_len, sizeof key);
    cr_assert(row->key[54] == 1 && row->key[55] == HF_BROKEN_MAX + 1);
    hf_world_watch(w, NULL, NULL);
    testnet_end(w);
}

Test(evidence, is_bounded_and_what_was_kept_first_makes_room)
{
    the_first_makes_room(false);
}

Test(evidence, from_before_orders_were_noted_makes_room_first)
{
    the_first_makes_room(true);
}

/* ---- whose memory is full */

static void *no_room(size_t len)
{
    (void)len;
    return NULL;
}

Test(evidence, accuses_nobody_whose_memory_is_full_and_who_says_nothing_then)
{
    struct hf_world *w = audited();
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    struct hf_engine *holder = hf_world_engine(w, holders[1]);
    void *(*room)(size_t len) = holder->secret_alloc;
    holder->secret_alloc = no_room;
    hf_world_run_for(w, 100000);
    holder->secret_alloc = room;
    cr_assert_eq(evidence_of(w, 0), 0);
    cr_assert_eq(
        hf__holder_find(hf_world_engine(w, 0), hf_world_account(w, holders[1]))->audits_failed, 0);
    hf_world_run_for(w, 100000);
    testnet_ready(w, 0);
    cr_assert_eq(evidence_of(w, 0), 0);
    testnet_end(w);
}

/* Each holder's disk as it was before the deposit, for the host that puts it back. */
static void put_back_old_disk(struct hf_world *w, uint32_t node, const struct hf_disk *old)
{
    hf_world_crash(w, node);
    hf_world_disk_put(w, node, old);
    hf_world_start(w, node);
    testnet_ready(w, node);
}

Test(evidence, is_kept_of_a_holder_whose_host_puts_an_older_disk_back)
{
    struct hf_disk *disks[7] = {0};
    uint32_t holders[16];
    struct hf_world *w = testnet_joined(7, 3, 5, disks);
    testnet_holders(w, 0, holders);
    hf_world_run_for(w, 20000);
    /* What was promised is remembered across the owner's restart. */
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    put_back_old_disk(w, holders[2], disks[holders[2]]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_PROMISE_BROKEN, 1, TESTNET_MS));
    struct hf_broken what = only_evidence(w, 0, holders[2]);
    cr_assert_eq(what.breach, HF_BREACH_DENIAL);
    cr_assert(what.unknown);
    cr_assert(what.promised_s > 0 && what.promised_s <= what.broken_s);
    for (uint32_t i = 1; i < 7; i++)
        hf_disk_free(disks[i]);
    testnet_end(w);
}

/* ---- who breaks none */

Test(evidence, accuses_nobody_whose_folder_is_lost_and_who_says_so)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_run_for(w, 20000);
    struct hf_account account = *hf_world_account(w, holders[1]);
    hf_world_crash(w, holders[1]);
    hf_world_disk_wipe(w, holders[1]);
    hf_world_told(w, holders[1], &account);
    hf_world_start(w, holders[1]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    cr_assert(testnet_traced(w, 0, HF_TRACE_CALL_FAILED, HF_ENOSHARE));
    hf_world_run_for(w, 60000);
    for (uint32_t i = 0; i < 9; i++)
        cr_assert_eq(hf_world_trace_count(w, i, HF_TRACE_PROMISE_BROKEN), 0);
    testnet_end(w);
}

Test(evidence, accuses_nobody_who_leaves_or_is_replaced_or_restarts)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.timing.audit_ms = 20000;
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_up_from(&s, 12);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    cr_assert_eq(hf_world_leave(w, holders[0], DAY_S, TESTNET_MS), 0);
    cr_assert(hf_world_run_until_state(w, holders[0], HF_STATE_LEFT, TESTNET_MS));
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[1]);
    hf_world_run_for(w, 60000);
    hf_world_start(w, holders[1]);
    for (uint32_t i = 0; i < 12; i++)
        if (i != holders[1] && hf_world_state(w, i) == HF_STATE_READY)
            testnet_restart(w, i);
    hf_world_set_issue(w);
    hf_world_run_for(w, 120000);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_PROMISE_BROKEN), 0);
    testnet_end(w);
}

/* ---- an owner that asks what it likes */

struct asking {
    struct hf_world *w;
    uint32_t owner, holder;
    uint8_t index;
    struct hf_arena arena;
};

static void asking_begin(struct asking *a, struct hf_world *w)
{
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    *a = (struct asking){.w = w, .owner = 0, .holder = holders[1]};
    const struct hf__owner *o = hf_world_engine(w, 0)->owner;
    for (size_t i = 0; i < o->holders_count; i++)
        if (hf_account_equal(&o->holders[i].account, hf_world_account(w, a->holder)))
            a->index = o->holders[i].index;
    hf_arena_init(&a->arena, 1 << 20);
}

/* The question about the share that the holder keeps. */
static struct hf_standing question(const struct asking *a)
{
    const struct hf_engine *e = hf_world_engine(a->w, a->owner);
    struct hf_standing m = {.generation = e->owner->recorded, .index = a->index};
    hf__fill_header(e, hf_world_account(a->w, a->holder), &m.header);
    m.has_commitments_hash = true;
    m.commitments_hash = e->owner->commitments_hash;
    return m;
}

/* The holder's signed word; its parts last as long as the arena. */
static struct hf_acknowledged word_of(struct asking *a, const struct hf_standing *m,
                                      struct hf_ack_statement *ret)
{
    struct hf_engine *e = hf_world_engine(a->w, a->owner);
    struct hf_owner_request request = {.versions = {.root = 1, .policy = 1, .epoch = 1}};
    struct hf_ack_response response;
    struct hf_acknowledged word = {0};
    struct hf_bytes body;
    struct hf_buf answer;
    hf__versions(e, &request.versions);
    cr_assert_eq(hf_wire_encode_in(&hf_wire_standing, m, &a->arena, &request.body), 0);
    e->suite->sign(e->secrets->account, "holdfast/v1/standing", request.body, request.signature);
    cr_assert_eq(hf_wire_encode_in(&hf_wire_owner_request, &request, &a->arena, &body), 0);
    hf_buf_init(&answer, 1 << 16);
    cr_assert_eq(hf_world_ask(a->w, a->holder, HF_METHOD_STANDING, &e->account, body, &answer), 0);
    void *copy;
    cr_assert_eq(hf_arena_alloc(&a->arena, 1, answer.len, &copy), 0);
    memcpy(copy, answer.data, answer.len);
    cr_assert_eq(hf_wire_decode(&hf_wire_ack_response, hf_bytes_of(copy, answer.len), &a->arena,
                                &response, NULL),
                 0);
    hf_buf_done(&answer);
    cr_assert_eq(hf_wire_decode(&hf_wire_ack_statement, response.statement, &a->arena, ret, NULL),
                 0);
    word.question = request.body;
    word.statement = response.statement;
    memcpy(word.signature, response.signature, sizeof word.signature);
    return word;
}

static int verdict(struct asking *a, const struct hf_acknowledged *promise,
                   const struct hf_acknowledged *breach)
{
    struct hf_broken what;
    struct hf_placement_record record;
    struct hf_broken_promise m = {.format = 1, .has_promise = promise != NULL, .breach = *breach};
    if (promise != NULL)
        m.promise = *promise;
    cr_assert(hf__own_record(hf_world_engine(a->w, a->owner), &record, NULL, NULL));
    m.commitments = record.commitments;
    return hf_broken_check(hf_world_suite(a->w), &m, &a->arena, &what);
}

Test(evidence, cannot_be_made_by_an_owner_that_asks_for_what_was_never_promised)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    struct hf_ack_statement s;
    struct asking a;
    asking_begin(&a, w);
    struct hf_standing m = question(&a);
    struct hf_acknowledged promise = word_of(&a, &m, &s);
    cr_assert(s.holds && s.at_s > 0 && s.has_sealing_key);
    /* The same promise, and a question about another share, dealing or polynomial. */
    for (int i = 0; i < 5; i++) {
        m = question(&a);
        m.has_earlier = true;
        hf_acknowledged_hash(hf_world_suite(w), &promise, &m.earlier);
        m.index = i == 0 ? m.index % 5 + 1 : m.index;
        m.generation.number += i == 1;
        m.generation.version += i == 2;
        m.generation.id[0] ^= i == 3;
        m.commitments_hash.bytes[0] ^= i == 4;
        struct hf_acknowledged other = word_of(&a, &m, &s);
        cr_assert_not(s.holds);
        cr_assert_eq(verdict(&a, &promise, &other), HF_EUNPROVEN, "case %d", i);
    }
    /* An audit of other commitments. */
    m = question(&a);
    m.has_challenge = true;
    m.commitments_hash.bytes[0] ^= 1;
    struct hf_acknowledged proof = word_of(&a, &m, &s);
    cr_assert(!s.holds && !s.has_proof);
    cr_assert_eq(verdict(&a, NULL, &proof), HF_EUNPROVEN);
    /* And a right one, which proves nothing but that all is well. */
    m = question(&a);
    m.has_challenge = true;
    proof = word_of(&a, &m, &s);
    cr_assert(s.holds && s.has_proof);
    cr_assert_eq(verdict(&a, NULL, &proof), HF_EUNPROVEN);
    hf_arena_done(&a.arena);
    testnet_end(w);
}

/* The dealing is replaced, and with it the holder: what it is asked about the old one, in words
 * new or old, is answered by `released`. */
Test(evidence, cannot_be_made_of_a_dealing_that_was_superseded)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    settings.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_up_from(&settings, 12);
    struct hf_ack_statement s;
    uint32_t holders[16];
    struct asking a;
    asking_begin(&a, w);
    testnet_holders(w, 0, holders);
    struct hf_standing m = question(&a);
    struct hf_acknowledged promise = word_of(&a, &m, &s);
    cr_assert(s.holds);
    m.has_earlier = true;
    hf_acknowledged_hash(hf_world_suite(w), &promise, &m.earlier);
    hf_world_crash(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, TESTNET_MS));
    hf_world_run_for(w, 30000);
    struct hf_acknowledged later = word_of(&a, &m, &s);
    cr_assert(!s.holds && s.released);
    cr_assert_eq(verdict(&a, &promise, &later), HF_EUNPROVEN);
    hf_arena_done(&a.arena);
    testnet_end(w);
}

/* A denial from before the deposit cannot name the promise: neither what it says nor what it will
 * be asked tells its signature. */
Test(evidence, cannot_be_made_of_a_denial_from_before_the_promise)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    struct hf_ack_statement s;
    struct asking a;
    asking_begin(&a, w);
    struct hf_standing m = question(&a);
    m.generation.number++;
    m.has_earlier = true;
    struct hf_acknowledged denial = word_of(&a, &m, &s);
    cr_assert(!s.holds && !s.released);
    m = question(&a);
    struct hf_acknowledged promise = word_of(&a, &m, &s);
    cr_assert_eq(verdict(&a, &promise, &denial), HF_EUNPROVEN);
    cr_assert_eq(verdict(&a, NULL, &denial), HF_EUNPROVEN);
    hf_arena_done(&a.arena);
    testnet_end(w);
}
