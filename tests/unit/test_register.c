/* What both ends of the claim register decide alike: order, promise, the owner's word,
 * certificates and proofs, each with what must be refused. */
#include "engine_harness.h"
#include "provider/provider.h"
#include "register/register.h"

#include "base/error.h"

#include <criterion/criterion.h>

enum { HOLDERS = 3 };

static struct harness l;
static struct hf_account owner;
static uint8_t owner_secret[HF_SIGN_SECRET_LEN];
static struct hf_account holders[HOLDERS];
static uint8_t holder_secrets[HOLDERS][HF_SIGN_SECRET_LEN];

static void up(void)
{
    harness_init(&l);
    harness_fresh(&l);
    l.e->suite->sign_keypair(&l.e->secrets->rng, owner.bytes, owner_secret);
    for (size_t i = 0; i < HOLDERS; i++)
        l.e->suite->sign_keypair(&l.e->secrets->rng, holders[i].bytes, holder_secrets[i]);
}

static struct hf_signed_claim word(uint64_t number, uint8_t instance)
{
    struct hf_claim_statement s = {.ballot = {.number = number, .instance = {instance}}};
    struct hf_signed_claim ret;
    s.network = l.e->network;
    s.owner = owner;
    ret.statement = hf__encode(l.e, &hf_wire_claim_statement, &s);
    l.e->suite->sign(owner_secret, "holdfast/v1/claim", ret.statement, ret.signature);
    return ret;
}

static struct hf_owner_header header(uint64_t number, uint8_t instance)
{
    struct hf_owner_header h = {.ballot = {.number = number, .instance = {instance}}};
    h.owner = owner;
    return h;
}

/* A set of one member, the owner, about whom the authority has decided. */
static struct hf_document floor_set(struct hf_validator v[static 1], const struct hf_floor *floor)
{
    v[0] = (struct hf_validator){.has_floor = true, .floor = *floor};
    v[0].account = owner;
    return (struct hf_document){.kind = HF_DOCUMENT_SET,
                                .u.set = {.validators = v, .validators_count = 1}};
}

Test(hf__order_compare, by_claim_then_by_generation)
{
    up();
    const struct hf_engine *e = l.e;
    struct hf_record_order a = {.claim = 2, .generation = 9}, b = {.claim = 3, .generation = 1};
    cr_assert_lt(hf__order_compare(e, &owner, &a, &b), 0);
    cr_assert_gt(hf__order_compare(e, &owner, &b, &a), 0);
    b.claim = 2;
    cr_assert_gt(hf__order_compare(e, &owner, &a, &b), 0);
    cr_assert_eq(hf__order_compare(e, &owner, &a, &a), 0);
    cr_assert_lt(hf__order_compare(e, &owner, NULL, &b), 0);
    cr_assert_eq(hf__order_compare(e, &owner, NULL, NULL), 0);
    harness_done(&l);
}

/* Below a floor only records of the generation that it names count, whatever their claims. */
Test(hf__order_compare, puts_what_a_floor_makes_void_below_everything_else)
{
    up();
    struct hf_validator v[1];
    struct hf_floor floor = {.claim = 7, .favoured = {1}};
    struct hf_document set = floor_set(v, &floor), *before = l.e->trust->set;
    struct hf_record_order named = {.claim = 2, .generation = 1, .id = {1}},
                           fork = {.claim = 6, .generation = 2, .id = {2}},
                           since = {.claim = 7, .generation = 3, .id = {3}};
    const struct hf_engine *e = l.e;
    cr_assert_lt(hf__order_compare(e, &owner, &named, &fork), 0);
    l.e->trust->set = &set;
    cr_assert(hf__is_void(l.e, &owner, &fork));
    cr_assert(!hf__is_void(l.e, &owner, &named) && !hf__is_void(l.e, &owner, &since));
    cr_assert_gt(hf__order_compare(e, &owner, &named, &fork), 0);
    cr_assert_lt(hf__order_compare(e, &owner, &fork, &named), 0);
    cr_assert_gt(hf__order_compare(e, &owner, &fork, NULL), 0);
    cr_assert_lt(hf__order_compare(e, &owner, &named, &since), 0);
    l.e->trust->set = before;
    harness_done(&l);
}

Test(hf__promise, a_lower_ballot_and_another_instance_of_the_same_number_are_superseded)
{
    up();
    struct hf_owner_row row = {.promised = word(5, 1)};
    struct hf_ballot same = {.number = 5, .instance = {1}}, twin = {.number = 5, .instance = {2}};
    struct hf_ballot lower = {.number = 4, .instance = {1}}, higher = {.number = 6};
    cr_assert_eq(hf__promise_check(l.e, &row, &owner, &same), 0);
    cr_assert_eq(hf__promise_check(l.e, &row, &owner, &higher), 0);
    cr_assert_eq(hf__promise_check(l.e, &row, &owner, &lower), HF_ESUPERSEDED);
    cr_assert_eq(hf__promise_check(l.e, &row, &owner, &twin), HF_ESUPERSEDED);
    harness_done(&l);
}

Test(hf__promise, a_higher_number_counts_only_with_the_owners_own_word_for_it)
{
    up();
    struct hf_owner_row row = {.promised = word(5, 1)};
    struct hf_owner_request request = {0};
    struct hf_owner_header h = header(UINT64_C(1) << 40, 2);
    bool raised;
    cr_assert_eq(hf__promise(l.e, &row, &h, &request, &raised), HF_EIDENTITY);
    request.has_claim = true;
    request.claim = word(7, 2); /* for another ballot */
    cr_assert_eq(hf__promise(l.e, &row, &h, &request, &raised), HF_EBALLOT);
    request.claim = word(h.ballot.number, 2);
    request.claim.signature[0] ^= 1;
    cr_assert_eq(hf__promise(l.e, &row, &h, &request, &raised), HF_ESIGNATURE);
    cr_assert(!raised);
    request.claim.signature[0] ^= 1;
    cr_assert_eq(hf__promise(l.e, &row, &h, &request, &raised), 0);
    cr_assert(raised);
    struct hf_ballot promised;
    hf__promised(l.e, &row, &promised);
    cr_assert(hf__ballot_equal(&promised, &h.ballot));
    harness_done(&l);
}

/* A record of one holder whose chain has a generation of three, of whom two carry. */
static struct hf_placement_record record_of(struct hf_holder own[static 1],
                                            struct hf_holder older[static HOLDERS],
                                            struct hf_unsealed chain[static 1])
{
    struct hf_placement_record r = {.generation = {.version = 1, .number = 2, .id = {2}},
                                    .threshold = 1,
                                    .quorum = 1,
                                    .provisional = 1,
                                    .ballot = {.number = 3, .instance = {3}},
                                    .holders = own,
                                    .holders_count = 1,
                                    .chain = chain,
                                    .chain_count = 1};
    own[0] = (struct hf_holder){.index = 1};
    own[0].account = holders[0];
    for (size_t i = 0; i < HOLDERS; i++) {
        older[i] = (struct hf_holder){.index = i + 1};
        older[i].account = holders[i];
    }
    chain[0] = (struct hf_unsealed){.generation = {.version = 1, .number = 1, .id = {1}},
                                    .threshold = 2,
                                    .quorum = 2,
                                    .provisional = 3,
                                    .holders = older,
                                    .holders_count = HOLDERS};
    r.owner = owner;
    return r;
}

static void seal(struct hf_certificate *c, size_t i, size_t holder)
{
    c->seals[i].acceptor = holders[holder];
    l.e->suite->sign(holder_secrets[holder], "holdfast/v1/seal",
                     hf__seal_bytes(l.e, &owner, c, &holders[holder]), c->seals[i].signature);
}

Test(hf__certificate_check, wants_distinct_holders_of_a_generation_in_the_chain)
{
    struct hf_holder own[1], older[HOLDERS];
    struct hf_unsealed chain[1];
    struct hf_seal seals[HOLDERS];
    up();
    struct hf_placement_record r = record_of(own, older, chain);
    struct hf_certificate c = {
        .generation = {1}, .by = {2}, .ballot = r.ballot, .seals = seals, .seals_count = 2};
    seal(&c, 0, 0);
    seal(&c, 1, 2);
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, NULL), 0);
    c.seals_count = 1; /* fewer than q */
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, NULL), HF_ECERTIFICATE);
    c.seals_count = 2;
    seals[1] = seals[0]; /* one holder twice */
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, NULL), HF_ECERTIFICATE);
    seal(&c, 1, 2);
    seals[1].signature[5] ^= 1;
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, NULL), HF_ECERTIFICATE);
    seal(&c, 1, 2);
    c.by[0] = 7; /* sealed by a generation that this record does not descend from */
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, NULL), HF_ECERTIFICATE);
    c.by[0] = 2;
    c.generation[0] = 9; /* of no generation in the chain */
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, NULL), HF_ECERTIFICATE);
    c.generation[0] = 1;
    c.ballot.number = r.ballot.number + 1; /* it excuses no ballot below the one acknowledged */
    seal(&c, 0, 0);
    seal(&c, 1, 2);
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, NULL), HF_ECERTIFICATE);
    harness_done(&l);
}

static void accept(struct hf_acceptance *a, size_t holder, uint8_t generation,
                   const struct hf_ballot *ballot, bool provisional)
{
    *a = (struct hf_acceptance){
        .index = holder + 1, .generation = {generation}, .provisional = provisional};
    l.e->suite->sign(holder_secrets[holder], "holdfast/v1/acceptance",
                     hf__acceptance_bytes(l.e, &owner, a->generation, ballot, provisional),
                     a->signature);
}

Test(hf__claim_proof_check, wants_a_quorum_of_every_generation_that_is_not_sealed)
{
    struct hf_holder own[1], older[HOLDERS];
    struct hf_unsealed chain[1];
    struct hf_acceptance list[4];
    struct hf__electorate g[HF__ELECTORATES_MAX];
    struct hf_ballot ballot = {.number = 8, .instance = {8}}, other = {.number = 9};
    up();
    struct hf_placement_record r = record_of(own, older, chain);
    struct hf_claim_proof proof = {
        .claim = word(8, 8), .acceptances = list, .acceptances_count = 3};
    l.e->suite->sign(owner_secret, "holdfast/v1/standing-proof", proof.claim.statement,
                     proof.signature);
    size_t count = hf__electorates(l.e, &r, NULL, 0, NULL, g);
    cr_assert_eq(count, 2);
    accept(&list[0], 0, 2, &ballot, false);
    accept(&list[1], 1, 1, &ballot, false);
    accept(&list[2], 2, 1, &ballot, false);
    cr_assert_eq(hf__claim_proof_check(l.e, &proof, g, count, &owner), 0);
    accept(&list[2], 2, 1, &ballot, true); /* one of the two is provisional: then all three */
    cr_assert_eq(hf__claim_proof_check(l.e, &proof, g, count, &owner), HF_EPROOF);
    accept(&list[3], 0, 1, &ballot, false);
    proof.acceptances_count = 4;
    cr_assert_eq(hf__claim_proof_check(l.e, &proof, g, count, &owner), 0);
    proof.acceptances_count = 3;
    list[2] = list[1]; /* one holder twice */
    cr_assert_eq(hf__claim_proof_check(l.e, &proof, g, count, &owner), HF_EPROOF);
    accept(&list[2], 2, 1, &other, false); /* of another ballot */
    cr_assert_eq(hf__claim_proof_check(l.e, &proof, g, count, &owner), HF_EPROOF);
    accept(&list[2], 2, 1, &ballot, false);
    cr_assert_eq(hf__claim_proof_check(l.e, &proof, g, count, &owner), 0);
    proof.signature[0] ^=
        1; /* all have voted for it, and its instance does not say that it stood */
    cr_assert_eq(hf__claim_proof_check(l.e, &proof, g, count, &owner), HF_EPROOF);
    proof.claim.signature[0] ^= 1;
    cr_assert_eq(hf__claim_proof_check(l.e, &proof, g, count, &owner), HF_ESIGNATURE);
    harness_done(&l);
}

/* A move of the first holder's vote for the older generation. */
static struct hf__moves moved_to(const struct hf_account *to)
{
    struct hf__moves moves = {.count = 1, .at = {{.generation = {1}, .index = 1}}};
    moves.at[0].from = holders[0];
    moves.at[0].to = *to;
    return moves;
}

/* One index, one word: of the one that voted before, or of the one that votes now (R12). */
Test(hf__electorates, have_those_vote_to_whom_votes_were_handed_over)
{
    struct hf_holder own[1], older[HOLDERS];
    struct hf_unsealed chain[1];
    struct hf_seal seals[HOLDERS];
    struct hf__electorate g[HF__ELECTORATES_MAX];
    struct hf_account next;
    uint8_t secret[HF_SIGN_SECRET_LEN];
    up();
    l.e->suite->sign_keypair(&l.e->secrets->rng, next.bytes, secret);
    struct hf_placement_record r = record_of(own, older, chain);
    struct hf__moves moves = moved_to(&next);
    struct hf_certificate c = {
        .generation = {1}, .by = {2}, .ballot = r.ballot, .seals = seals, .seals_count = 2};
    cr_assert_eq(hf__electorates(l.e, &r, NULL, 0, &moves, g), 2);
    cr_assert(hf__is_acceptor(&g[1], &next) && !hf__is_acceptor(&g[1], &holders[0]));
    cr_assert_eq(hf__electorate_index(&g[1], &next), 1);
    cr_assert_eq(hf__electorate_index(&g[1], &holders[0]), 1);
    cr_assert_eq(g[0].moved, 0); /* it is of the other generation */
    seal(&c, 0, 2);
    seals[1].acceptor = next;
    l.e->suite->sign(secret, "holdfast/v1/seal", hf__seal_bytes(l.e, &owner, &c, &next),
                     seals[1].signature);
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, &moves), 0);
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, NULL), HF_ECERTIFICATE);
    seal(&c, 0, 0); /* both of one index */
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, &moves), HF_ECERTIFICATE);
    seal(&c, 1, 2); /* what it gave before it ceased */
    cr_assert_eq(hf__certificate_check(l.e, &c, &r, &moves), 0);
    moves = moved_to(&holders[1]); /* a holder has a vote of its own */
    (void)hf__electorates(l.e, &r, NULL, 0, &moves, g);
    cr_assert_eq(g[1].moved, 0);
    moves = moved_to(&next);
    moves.at[0].from = holders[1]; /* it is not its index */
    (void)hf__electorates(l.e, &r, NULL, 0, &moves, g);
    cr_assert_eq(g[1].moved, 0);
    harness_done(&l);
}

Test(hf__electorates, leave_out_what_a_certificate_seals_and_what_is_written_off)
{
    struct hf_holder own[1], older[HOLDERS];
    struct hf_unsealed chain[1];
    struct hf__electorate g[HF__ELECTORATES_MAX];
    struct hf_generation_ref off = {.id = {1}};
    struct hf_validator v[1];
    struct hf_floor floor = {
        .claim = 4, .favoured = {2}, .written_off = &off, .written_off_count = 1};
    up();
    struct hf_document set = floor_set(v, &floor), *before = l.e->trust->set;
    struct hf_placement_record r = record_of(own, older, chain);
    struct hf_certificate c = {.generation = {1}, .by = {2}};
    cr_assert_eq(hf__electorates(l.e, &r, NULL, 0, NULL, g), 2);
    cr_assert_eq(hf__electorates(l.e, &r, &c, 1, NULL, g), 1);
    l.e->trust->set = &set;
    cr_assert_eq(hf__electorates(l.e, &r, NULL, 0, NULL, g), 1);
    off.id[0] = 9;
    cr_assert_eq(hf__electorates(l.e, &r, NULL, 0, NULL, g), 2);
    l.e->trust->set = before;
    harness_done(&l);
}

/* The owner's own signature holds; what the record is worth is the authority's to say. */
Test(hf__record_check, refuses_what_the_floor_makes_void_by_name)
{
    struct hf_holder own[1], older[HOLDERS];
    struct hf_unsealed chain[1];
    struct hf_validator v[1];
    struct hf_floor floor = {.claim = 4, .favoured = {1}};
    struct hf_signed_record s;
    struct hf_placement_record ret;
    uint8_t commitment[32] = {1};
    up();
    struct hf_document set = floor_set(v, &floor), *before = l.e->trust->set;
    struct hf_placement_record r = record_of(own, older, chain);
    r.network = l.e->network;
    r.epoch = 1;
    r.commitments = hf_bytes_of(commitment, sizeof commitment);
    s.record = hf__encode(l.e, &hf_wire_placement_record, &r);
    l.e->suite->sign(owner_secret, "holdfast/v1/placement-record", s.record, s.signature);
    cr_assert_eq(hf__record_check(l.e, &s, &owner, &ret), 0);
    l.e->trust->set = &set;
    cr_assert_eq(hf__record_check(l.e, &s, &owner, &ret), HF_EVOIDRECORD);
    v[0].floor.favoured[0] = 2;
    cr_assert_eq(hf__record_check(l.e, &s, &owner, &ret), 0);
    v[0].floor.favoured[0] = 1;
    v[0].floor.claim = 3; /* signed under a ballot that is not below it */
    cr_assert_eq(hf__record_check(l.e, &s, &owner, &ret), 0);
    v[0].floor.claim = 4;
    s.signature[0] ^= 1;
    cr_assert_eq(hf__record_check(l.e, &s, &owner, &ret), HF_ESIGNATURE);
    l.e->trust->set = before;
    harness_done(&l);
}
