/* What a holder refuses of an owner's own words, signed with the owner's own key: what an instance
 * that was superseded, or an old disk, could send it. */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"
#include "owner/owner.h"
#include "provider/provider.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* A request of node 0 to one of its holders. */
struct words {
    struct hf_world *w;
    uint32_t holder;
    uint8_t method;
    struct hf_ballot ballot;
    struct hf_signed_claim claim;       /* within arena */
    const struct hf_claim_proof *proof; /* NULL: none */
    struct hf_buf body;
    uint8_t signature[64];
    struct hf_buf statement;
};

/* Node 0 as it is now, under a number that is so much higher than the one that it stands under. */
static struct hf_engine *words_begin(struct words *x, struct hf_world *w, uint8_t method,
                                     uint64_t higher)
{
    uint32_t holders[16];
    struct hf_engine *e = hf_world_engine(w, 0);
    struct hf_placement_record record;
    struct hf_record_order known;
    struct hf_signed_claim claim;
    testnet_holders(w, 0, holders);
    *x = (struct words){.w = w, .holder = holders[0], .method = method};
    x->ballot.number = e->claim + higher;
    memcpy(x->ballot.instance, e->instance, 16);
    hf_buf_init(&x->body, HF_WIRE_BODY_MAX);
    hf_buf_init(&x->statement, 512);
    hf__update_begin(e);
    cr_assert(hf__own_record(e, &record, NULL, NULL));
    hf__record_order(&record, &known);
    hf__claim_sign(e, &x->ballot, &known, &claim);
    hf_buf_append(&x->statement, claim.statement.data, claim.statement.len);
    x->claim = claim;
    x->claim.statement = hf_buf_bytes(&x->statement);
    return e;
}

static void words_say(struct words *x, struct hf_engine *e, const struct hf_wire_type *type,
                      const void *message)
{
    char label[40];
    cr_assert_eq(hf_wire_encode(type, message, &x->body), 0);
    snprintf(label, sizeof label, "holdfast/v1/%s", hf_method_name(x->method));
    e->suite->sign(e->secrets->account, label, hf_buf_bytes(&x->body), x->signature);
}

static struct hf_owner_header header_of(const struct words *x, struct hf_engine *e)
{
    struct hf_owner_header h = {0};
    hf__fill_header(e, hf_world_account(x->w, x->holder), &h);
    h.ballot = x->ballot;
    return h;
}

/* Sends it, with the documents that the holder has; what the holder says. */
static int ask(const struct words *x)
{
    struct hf_buf envelope, answer;
    struct hf_engine *holder = hf_world_engine(x->w, x->holder);
    struct hf_owner_request request = {
        .body = hf_buf_bytes(&x->body), .has_claim = true, .claim = x->claim};
    struct hf_account account = *hf_world_account(x->w, 0);
    request.has_proof = x->proof != NULL;
    if (x->proof != NULL)
        request.proof = *x->proof;
    hf__versions(holder, &request.versions);
    memcpy(request.signature, x->signature, sizeof x->signature);
    hf_buf_init(&envelope, 1 << 20);
    hf_buf_init(&answer, 1 << 20);
    cr_assert_eq(hf_wire_encode(&hf_wire_owner_request, &request, &envelope), 0);
    int r = hf_world_ask(x->w, x->holder, x->method, &account, hf_buf_bytes(&envelope), &answer);
    hf_buf_done(&envelope);
    hf_buf_done(&answer);
    return r;
}

static void words_end(struct words *x)
{
    hf_buf_done(&x->body);
    hf_buf_done(&x->statement);
}

static uint64_t promised(const struct words *x)
{
    struct hf_engine *e = hf_world_engine(x->w, x->holder);
    struct hf_owner_row row;
    struct hf_ballot b;
    hf__update_begin(e);
    cr_assert(hf__owner_row(e, hf_world_account(x->w, 0), &row));
    hf__promised(e, &row, &b);
    return b.number;
}

/* The instance of a higher ballot goes on with a dealing of a lower one: it signs the record anew,
 * or no holder takes it. */
Test(acceptor, takes_no_record_of_another_ballot)
{
    struct words x;
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_placement_record record;
    struct hf_engine *e = words_begin(&x, w, HF_METHOD_RECORD, 1);
    struct hf_record_request m = {.header = header_of(&x, e)};
    cr_assert(hf__own_record(e, &record, &m.record, NULL));
    words_say(&x, e, &hf_wire_record_request, &m);
    cr_assert_eq(ask(&x), HF_EBALLOT);
    words_end(&x);
    testnet_end(w);
}

static struct hf_standing standing_of(const struct words *x, struct hf_engine *e)
{
    struct hf_standing m = {
        .header = header_of(x, e), .generation = e->owner->recorded, .index = 1};
    return m;
}

/* No holder has promised more, and the authority has decided that the number is void. */
Test(acceptor, refuses_what_is_below_the_floor)
{
    struct words x;
    uint32_t holders[16];
    struct hf_world_settings s = testnet_settings(2, 3);
    struct hf_world *w = testnet_from(&s, 12);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, holders);
    struct hf_engine *e = words_begin(&x, w, HF_METHOD_STANDING, 0);
    struct hf_standing m = standing_of(&x, e);
    words_say(&x, e, &hf_wire_standing, &m);
    cr_assert_eq(ask(&x), 0);
    hf_world_crash(w, 0);
    hf_world_crash(w, holders[1]);
    hf_world_crash(w, holders[2]);
    cr_assert_eq(ask(&x), 0);
    cr_assert(hf_world_set_floor(w, 0));
    hf_world_set_issue(w);
    hf_world_run_for(w, 60000);
    cr_assert_eq(ask(&x), HF_ESUPERSEDED);
    words_end(&x);
    testnet_end(w);
}

/* An instance that does not know the newest record is handed it, and has not been promised
 * anything: an old disk would supersede the instance that lives by asking. */
Test(acceptor, promises_nothing_to_who_does_not_know_the_newest_record)
{
    struct words x;
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_engine *e = words_begin(&x, w, HF_METHOD_CLAIM, 4);
    struct hf_claim_request m = {0};
    struct hf_account account = *hf_world_account(w, 0);
    struct hf_buf answer;
    uint64_t before = promised(&x);
    hf__update_begin(e);
    hf__claim_sign(e, &x.ballot, NULL, &m.claim);
    cr_assert(hf__identity_own(e, &m.identity));
    hf__versions(e, &m.versions);
    cr_assert_eq(hf_wire_encode(&hf_wire_claim_request, &m, &x.body), 0);
    hf_buf_init(&answer, 1 << 20);
    cr_assert_eq(
        hf_world_ask(w, x.holder, HF_METHOD_CLAIM, &account, hf_buf_bytes(&x.body), &answer), 0);
    hf_buf_done(&answer);
    cr_assert(testnet_traced(w, x.holder, HF_TRACE_CLAIM_REFUSED, 0));
    cr_assert_eq(promised(&x), before);
    words_end(&x);
    testnet_end(w);
}

/* All that is older goes by a record of the order's own ballot alone: one of an earlier ballot does
 * not say that enough acceptors keep it under this one. */
Test(acceptor, forgets_nothing_for_a_record_of_another_ballot)
{
    struct words x;
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_placement_record record;
    struct hf_engine *e = words_begin(&x, w, HF_METHOD_DELETE, 1);
    struct hf_deletion m = {.header = header_of(&x, e), .all = true};
    cr_assert(hf__own_record(e, &record, &m.record, NULL));
    m.complete = m.generation = record.generation;
    m.generation.id[0] ^= 1; /* one that no node holds */
    words_say(&x, e, &hf_wire_deletion, &m);
    cr_assert_eq(ask(&x), HF_EGENERATION);
    cr_assert_eq(promised(&x), e->claim);
    words_end(&x);
    testnet_end(w);
}

/* Forty dealings, each in place of a holder that is gone until the next one is there. */
static void deal_on(uint64_t grace_s)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.policy.holder_grace_s = grace_s;
    struct hf_world *w = testnet_up_from(&s, 7);
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t holders[16];
        testnet_holders(w, 0, holders);
        hf_world_power_off(w, holders[i % 5]);
        cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, 300000), "dealing %u", i);
        hf_world_start(w, holders[i % 5]);
        testnet_ready(w, 0);
    }
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* A holder of many dealings of one ballot votes for each of them, and takes no further share when
 * it has 16 votes: under a higher ballot it forgets them. */
Test(acceptor, of_any_number_of_dealings_by_one_instance_takes_the_next)
{
    deal_on(20);
}

/* They are told as soon as enough keep the record under that ballot: the one that is gone is not
 * waited for, nor is the next dealing tried before, which would begin all that anew. */
Test(acceptor, of_any_number_of_dealings_takes_the_next_of_an_impatient_owner)
{
    deal_on(5);
}

/* Node 0's own record, changed, and signed anew with its key. */
static void forge(struct hf_engine *e, const struct hf_placement_record *record,
                  struct hf_signed_record *ret)
{
    ret->record = hf__encode(e, &hf_wire_placement_record, record);
    e->suite->sign(e->secrets->account, "holdfast/v1/placement-record", ret->record,
                   ret->signature);
}

/* Whether the record that the holder knows as the newest is node 0's own. */
static bool knows_own(const struct words *x)
{
    struct hf_engine *owner = hf_world_engine(x->w, 0), *e = hf_world_engine(x->w, x->holder);
    struct hf_placement_record record;
    struct hf_signed_record own;
    struct hf_owner_row row;
    hf__update_begin(owner);
    cr_assert(hf__own_record(owner, &record, &own, NULL));
    hf__update_begin(e);
    cr_assert(hf__owner_row(e, hf_world_account(x->w, 0), &row));
    return hf__newest_is(&row, &own) && row.certificates_count == 0;
}

/* No owner makes two records of one order: the first one stays, in whatever request the second
 * comes, and nothing of the request is done. */
Test(acceptor, takes_no_second_record_of_one_order)
{
    struct words x;
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_placement_record record;
    struct hf_engine *e = words_begin(&x, w, HF_METHOD_RECORD, 0);
    struct hf_record_request m = {.header = header_of(&x, e)};
    cr_assert(hf__own_record(e, &record, &m.record, NULL));
    record.epoch++;
    forge(e, &record, &m.record);
    words_say(&x, e, &hf_wire_record_request, &m);
    cr_assert_eq(ask(&x), HF_ECONTRADICTION);
    cr_assert(testnet_traced(w, x.holder, HF_TRACE_REQUEST_REFUSED, HF_ECONTRADICTION));
    cr_assert(knows_own(&x));
    words_end(&x);

    e = words_begin(&x, w, HF_METHOD_DELETE, 0);
    struct hf_deletion d = {.header = header_of(&x, e), .all = true};
    cr_assert(hf__own_record(e, &record, &d.record, NULL));
    record.epoch++;
    forge(e, &record, &d.record);
    d.complete = d.generation = record.generation;
    d.generation.id[0] ^= 1; /* one that no node holds */
    words_say(&x, e, &hf_wire_deletion, &d);
    cr_assert_eq(ask(&x), HF_ECONTRADICTION);
    cr_assert(knows_own(&x));
    words_end(&x);
    testnet_end(w);
}

/* Node 0's record under a higher ballot, with an older generation of the same holders, which q of
 * them have sealed; `bad` is the seal that is none, or -1. What the holder says. */
static int show_certificate(struct words *x, struct hf_world *w, int bad)
{
    struct hf_placement_record record;
    struct hf_unsealed older = {0};
    struct hf_seal seals[HF_SHARES_MAX];
    struct hf_certificate c = {.seals = seals};
    struct hf_engine *e = words_begin(x, w, HF_METHOD_RECORD, 1);
    struct hf_record_request m = {
        .header = header_of(x, e), .certificates = &c, .certificates_count = 1};
    cr_assert(hf__own_record(e, &record, &m.record, NULL));
    older = (struct hf_unsealed){.generation = record.generation,
                                 .threshold = record.threshold,
                                 .quorum = record.quorum,
                                 .provisional = record.provisional,
                                 .holders = record.holders,
                                 .holders_count = record.holders_count};
    older.generation.id[0] ^= 1;
    record.chain = &older;
    record.chain_count = 1;
    record.ballot = x->ballot;
    forge(e, &record, &m.record);
    memcpy(c.generation, older.generation.id, 16);
    memcpy(c.by, record.generation.id, 16);
    c.ballot = x->ballot;
    hf__record_hash(e, &m.record, &c.record);
    c.seals_count = record.quorum;
    for (size_t i = 0; i < c.seals_count; i++) {
        const struct hf_account *holder = &record.holders[i].account;
        struct hf_engine *h = hf_world_engine(w, (uint32_t)hf_world_find(w, holder));
        seals[i].acceptor = *holder;
        e->suite->sign(h->secrets->account, "holdfast/v1/seal",
                       hf__seal_bytes(e, &record.owner, &c, holder), seals[i].signature);
    }
    if (bad >= 0)
        seals[bad].signature[0] ^= 1;
    words_say(x, e, &hf_wire_record_request, &m);
    return ask(x);
}

/* Instances check each certificate that they are handed: none is kept that only costs them that. */
Test(acceptor, keeps_no_certificate_that_does_not_hold)
{
    struct words x;
    struct hf_world *w = testnet_up(7, 3, 5);
    for (int bad = 0; bad < 3; bad++) {
        cr_assert_eq(show_certificate(&x, w, bad), HF_ECERTIFICATE);
        cr_assert(knows_own(&x));
        cr_assert_lt(promised(&x), x.ballot.number);
        words_end(&x);
    }
    cr_assert_eq(show_certificate(&x, w, -1), 0);
    cr_assert_eq(promised(&x), x.ballot.number);
    words_end(&x);
    testnet_end(w);
}

/* A copy of the folder that starts from what the authority has given up is not carried. */
Test(acceptor, turns_away_who_starts_from_a_record_that_is_void)
{
    static const struct {
        uint8_t other;
        int error;
    } rows[] = {{1, HF_EVOIDRECORD}, {0, 0}};
    struct hf_world_settings s = testnet_settings(2, 3);
    struct hf_world *w = testnet_from(&s, 12);
    uint32_t holders[16];
    struct words x;
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[1]);
    hf_world_crash(w, holders[2]);
    cr_assert(hf_world_set_floor(w, 0));
    hf_world_set_issue(w);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    testnet_ready(w, 0);
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        struct hf_engine *e = words_begin(&x, w, HF_METHOD_CLAIM, 1 + i);
        struct hf_claim_request m = {0};
        struct hf_placement_record record;
        struct hf_record_order known;
        struct hf_account account = *hf_world_account(w, 0);
        struct hf_buf answer;
        uint64_t before = promised(&x);
        hf__update_begin(e);
        cr_assert(hf__own_record(e, &record, NULL, NULL));
        hf__record_order(&record, &known);
        known.id[0] ^= rows[i].other;
        known.claim = rows[i].other != 0 ? 1 : known.claim;
        hf__claim_sign(e, &x.ballot, &known, &m.claim);
        cr_assert(hf__identity_own(e, &m.identity));
        hf__versions(e, &m.versions);
        cr_assert_eq(hf_wire_encode(&hf_wire_claim_request, &m, &x.body), 0);
        hf_buf_init(&answer, 1 << 20);
        cr_assert_eq(
            hf_world_ask(w, x.holder, HF_METHOD_CLAIM, &account, hf_buf_bytes(&x.body), &answer),
            rows[i].error);
        hf_buf_done(&answer);
        cr_assert_eq(promised(&x) == before, rows[i].error != 0);
        words_end(&x);
    }
    testnet_end(w);
}

/* An order that all that is older goes may be late: what was dealt since under the same ballot
 * stays, share and vote. */
Test(acceptor, keeps_what_was_dealt_under_the_ballot_of_a_late_order)
{
    struct words x;
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_placement_record record;
    struct hf_held_row held;
    uint8_t key[48];
    struct hf_engine *e = words_begin(&x, w, HF_METHOD_DELETE, 0);
    struct hf_deletion m = {.header = header_of(&x, e), .all = true};
    cr_assert(hf__own_record(e, &record, &m.record, NULL));
    m.complete = m.generation = record.generation;
    m.generation.id[0] ^= 1; /* one that no node holds */
    words_say(&x, e, &hf_wire_deletion, &m);
    struct hf_engine *holder = hf_world_engine(w, x.holder);
    hf__update_begin(holder);
    cr_assert(hf__held_row(holder, &record.owner, record.generation.id, &held));
    held.generation.id[0] ^= 2; /* a later one */
    held.generation.number++;
    held.has_record = false;
    cr_assert_eq(held.header.ballot.number, x.ballot.number);
    hf__held_key(&record.owner, held.generation.id, key);
    hf__put(holder, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, &held);
    cr_assert_eq(ask(&x), 0);
    hf__update_begin(holder);
    cr_assert(hf__held_row(holder, &record.owner, held.generation.id, &held));
    words_end(&x);
    testnet_end(w);
}

/* A standing of node 0 under a higher ballot, with a proof of which the acceptance `bad` is none,
 * or -1; where there are fewer, its instance does not say that it stood. What the holder says. */
static int show_proof(struct words *x, struct hf_world *w, int bad)
{
    struct hf_placement_record record;
    struct hf_acceptance list[HF_SHARES_MAX] = {0};
    struct hf_claim_proof proof = {.acceptances = list};
    struct hf_engine *e = words_begin(x, w, HF_METHOD_STANDING, 1);
    struct hf_standing m = standing_of(x, e);
    cr_assert(hf__own_record(e, &record, NULL, NULL));
    proof.claim = x->claim;
    proof.acceptances_count = record.quorum;
    for (size_t i = 0; i < record.quorum; i++) {
        const struct hf_account *holder = &record.holders[i].account;
        struct hf_engine *h = hf_world_engine(w, (uint32_t)hf_world_find(w, holder));
        list[i].index = record.holders[i].index;
        memcpy(list[i].generation, record.generation.id, 16);
        e->suite->sign(
            h->secrets->account, "holdfast/v1/acceptance",
            hf__acceptance_bytes(e, &record.owner, record.generation.id, &x->ballot, false),
            list[i].signature);
    }
    e->suite->sign(e->secrets->account, "holdfast/v1/standing-proof", proof.claim.statement,
                   proof.signature);
    if (bad >= 0 && (size_t)bad < record.quorum)
        list[bad].signature[0] ^= 1;
    else if (bad >= 0)
        proof.signature[0] ^= 1;
    words_say(x, e, &hf_wire_standing, &m);
    x->proof = &proof;
    int r = ask(x);
    x->proof = NULL;
    return r;
}

/* A proof locks instances and is handed to all that ask: none is kept that shows nothing. */
Test(acceptor, keeps_no_proof_that_does_not_hold)
{
    struct words x;
    struct hf_owner_row row;
    struct hf_world *w = testnet_up(7, 3, 5);
    for (int bad = 0; bad <= HF_SHARES_MAX; bad += bad < 2 ? 1 : HF_SHARES_MAX - 2) {
        cr_assert_eq(show_proof(&x, w, bad), HF_EPROOF);
        cr_assert_lt(promised(&x), x.ballot.number);
        words_end(&x);
    }
    cr_assert_eq(show_proof(&x, w, -1), 0);
    cr_assert_eq(promised(&x), x.ballot.number);
    cr_assert(hf__owner_row(hf_world_engine(w, x.holder), hf_world_account(w, 0), &row));
    cr_assert(row.has_proof);
    words_end(&x);
    testnet_end(w);
}
