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
    struct hf_signed_claim claim; /* within arena */
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

/* A holder of many dealings of one ballot votes for each of them, and takes no further share when
 * it has 16 votes: under a higher ballot it forgets them. */
Test(acceptor, of_any_number_of_dealings_by_one_instance_takes_the_next)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.policy.holder_grace_s = 20;
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
