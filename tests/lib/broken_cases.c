#include "broken_cases.h"

#include "base/error.h"

#include <assert.h>

enum { K = 2, N = 3, INDEX = 2, SET_S = 1799990000 };

/* What a file is made of, before it is encoded and signed: what a case changes. */
struct parts {
    struct hf_standing asked[2]; /* of the promise, and of the word that breaks it */
    struct hf_ack_statement said[2];
    bool asked_other[2];  /* the word answers another question */
    bool signed_other[2]; /* the owner signed it */
    bool names;           /* the second question names the promise */
    bool foretells;       /* it names what the promise will say, without its signature */
    bool has_promise;
    uint8_t commitments[K * HF_POINT_LEN];
    size_t commitments_len;
    uint64_t format;
};

/* The network, which is the same for every case. */
static struct {
    struct hf_account owner, provider;
    uint8_t owner_secret[HF_SIGN_SECRET_LEN], provider_secret[HF_SIGN_SECRET_LEN];
    uint8_t shares[N * HF_SCALAR_LEN], commitments[K * HF_POINT_LEN];
    uint8_t proof[HF_PROOF_LEN];
    struct hf_rng rng;
} world;

static void base_parts(struct parts *p)
{
    *p = (struct parts){.names = true, .has_promise = true, .format = 1};
    for (int i = 0; i < 2; i++) {
        struct hf_standing *m = &p->asked[i];
        struct hf_ack_statement *s = &p->said[i];
        memset(m->header.network.bytes, 0x4e, 32);
        m->header.owner = world.owner;
        m->header.provider = s->provider = world.provider;
        m->header.ballot.number = 4;
        memset(m->header.ballot.instance, 0xb1, 16);
        m->generation = (struct hf_generation_id){.version = 1, .number = 7};
        memset(m->generation.id, 0x67, 16);
        m->index = INDEX;
        m->has_commitments_hash = i == 0;
        hf_suite_real.hash("holdfast/v1/commitments",
                           hf_bytes_of(world.commitments, sizeof world.commitments),
                           &m->commitments_hash);
        s->placed = true;
        s->holds = s->votes = i == 0;
        s->has_sealing_key = true;
        memset(s->sealing_key, 0x5e, 32);
        s->at_s = i == 0 ? BROKEN_PROMISED_S : BROKEN_DENIED_S;
        s->set_issued_s = SET_S;
    }
}

/* The second question is an audit, and the answer to it a wrong proof. */
static void as_proof(struct parts *p)
{
    p->asked[1].has_challenge = p->asked[1].has_commitments_hash = true;
    memset(p->asked[1].challenge, 0xc4, 32);
    p->said[1].holds = p->said[1].votes = p->said[1].has_proof = true;
    memcpy(p->said[1].proof, world.proof, HF_PROOF_LEN);
    p->said[1].proof[40] ^= 1;
    p->has_promise = false;
    p->commitments_len = sizeof p->commitments;
    memcpy(p->commitments, world.commitments, sizeof p->commitments);
}

static void make_world(void)
{
    static const uint8_t seed[32] = {3};
    struct parts p;
    struct hf_audit_context c = {.index = INDEX};
    struct hf_arena arena;
    struct hf_bytes context;
    uint8_t root[HF_SCALAR_LEN];
    if (world.rng.drawn > 0)
        return;
    hf_rng_init(&world.rng, seed);
    hf_suite_real.sign_keypair(&world.rng, world.owner.bytes, world.owner_secret);
    hf_suite_real.sign_keypair(&world.rng, world.provider.bytes, world.provider_secret);
    hf_suite_real.scalar_random(&world.rng, root);
    int r = hf_suite_real.deal(&world.rng, root, (struct hf_sharing){.k = K, .n = N}, world.shares,
                               world.commitments);
    hf_assert(r == 0);
    base_parts(&p);
    c.network = p.asked[1].header.network;
    memset(c.challenge, 0xc4, sizeof c.challenge);
    c.provider = world.provider;
    c.owner = world.owner;
    c.generation = p.asked[1].generation;
    hf_arena_init(&arena, HF_BROKEN_FILE_MAX);
    r = hf_wire_encode_in(&hf_wire_audit_context, &c, &arena, &context);
    hf_assert(r == 0);
    r = hf_suite_real.prove(&world.rng, world.shares + (INDEX - 1) * HF_SCALAR_LEN, context,
                            world.proof);
    hf_assert(r == 0);
    hf_arena_done(&arena);
}

/* ---- what the cases change */

static void denial(struct parts *p)
{
    (void)p;
}

static void of_unknown(struct parts *p)
{
    p->said[1].unknown = true;
}

static void released(struct parts *p)
{
    p->said[1].released = true;
}

static void no_promise(struct parts *p)
{
    p->has_promise = false;
}

static void promise_holds_nothing(struct parts *p)
{
    p->said[0].holds = false;
}

static void promise_of_no_dealing(struct parts *p)
{
    p->asked[0].has_commitments_hash = false;
}

static void promise_without_date(struct parts *p)
{
    p->said[0].at_s = 0;
}

static void denial_without_date(struct parts *p)
{
    p->said[1].at_s = 0;
}

static void denial_without_vault(struct parts *p)
{
    p->said[1].has_sealing_key = false;
}

static void denial_without_set(struct parts *p)
{
    p->said[1].set_issued_s = 0;
}

static void another_vault(struct parts *p)
{
    p->said[1].sealing_key[31] ^= 1;
}

static void a_year_later(struct parts *p)
{
    p->said[1].set_issued_s += HF_PROMISE_S_MAX;
}

static void a_year_less_a_second(struct parts *p)
{
    p->said[1].set_issued_s += HF_PROMISE_S_MAX - 1;
}

static void names_no_promise(struct parts *p)
{
    p->names = false;
}

static void foretells(struct parts *p)
{
    p->foretells = true;
}

static void another_network(struct parts *p)
{
    p->asked[1].header.network.bytes[0] ^= 1;
}

static void another_owner(struct parts *p)
{
    p->asked[1].header.owner.bytes[0] ^= 1;
}

static void another_version(struct parts *p)
{
    p->asked[1].generation.version++;
}

static void another_number(struct parts *p)
{
    p->asked[1].generation.number++;
}

static void another_id(struct parts *p)
{
    p->asked[1].generation.id[15] ^= 1;
}

static void another_index(struct parts *p)
{
    p->asked[1].index++;
}

static void another_polynomial(struct parts *p)
{
    p->asked[1].has_commitments_hash = true;
    p->asked[1].commitments_hash.bytes[0] ^= 1;
}

static void same_polynomial(struct parts *p)
{
    p->asked[1].has_commitments_hash = true;
}

static void another_provider(struct parts *p)
{
    p->said[1].provider = world.owner;
}

static void another_question(struct parts *p)
{
    p->asked_other[1] = true;
}

static void another_signer(struct parts *p)
{
    p->signed_other[1] = true;
}

static void promise_by_another(struct parts *p)
{
    p->signed_other[0] = true;
}

static void wrong_proof(struct parts *p)
{
    as_proof(p);
}

static void missing_proof(struct parts *p)
{
    as_proof(p);
    p->said[1].has_proof = false;
}

static void right_proof(struct parts *p)
{
    as_proof(p);
    p->said[1].proof[40] ^= 1;
}

static void proof_unasked(struct parts *p)
{
    as_proof(p);
    p->asked[1].has_challenge = false;
}

static void proof_of_no_dealing(struct parts *p)
{
    as_proof(p);
    p->asked[1].has_commitments_hash = false;
}

static void proof_without_date(struct parts *p)
{
    as_proof(p);
    p->said[1].at_s = 0;
}

static void no_commitments(struct parts *p)
{
    as_proof(p);
    p->commitments_len = 0;
}

static void half_commitments(struct parts *p)
{
    as_proof(p);
    p->commitments_len = HF_POINT_LEN;
}

static void other_commitments(struct parts *p)
{
    as_proof(p);
    p->commitments[0] ^= 2;
}

/* An owner asks for a proof against what is no polynomial. */
static void commitments_of_nothing(struct parts *p)
{
    as_proof(p);
    memset(p->commitments, 0xff, sizeof p->commitments);
    hf_suite_real.hash("holdfast/v1/commitments",
                       hf_bytes_of(p->commitments, sizeof p->commitments),
                       &p->asked[1].commitments_hash);
}

static void proof_by_another(struct parts *p)
{
    as_proof(p);
    p->signed_other[1] = true;
}

static void another_format(struct parts *p)
{
    p->format = 3;
}

static void (*const changes[])(struct parts *p) = {
    denial,
    of_unknown,
    same_polynomial,
    a_year_less_a_second,
    wrong_proof,
    missing_proof,
    released,
    no_promise,
    promise_holds_nothing,
    promise_of_no_dealing,
    promise_without_date,
    denial_without_date,
    denial_without_vault,
    denial_without_set,
    another_vault,
    a_year_later,
    names_no_promise,
    foretells,
    another_network,
    another_owner,
    another_version,
    another_number,
    another_id,
    another_index,
    another_polynomial,
    another_provider,
    another_question,
    another_signer,
    promise_by_another,
    right_proof,
    proof_unasked,
    proof_of_no_dealing,
    proof_without_date,
    no_commitments,
    half_commitments,
    other_commitments,
    commitments_of_nothing,
    proof_by_another,
    another_format,
};

const struct broken_case broken_cases[] = {
    {"a denial", 0, HF_BREACH_DENIAL},
    {"a denial by one who knows nothing of the owner", 0, HF_BREACH_DENIAL},
    {"a denial that names the same polynomial", 0, HF_BREACH_DENIAL},
    {"a denial on the last day on which the promise counts", 0, HF_BREACH_DENIAL},
    {"a wrong proof", 0, HF_BREACH_PROOF},
    {"an audit without a proof", 0, HF_BREACH_PROOF},
    {"it was released", HF_EUNPROVEN, 0},
    {"no promise", HF_EUNPROVEN, 0},
    {"a promise of nothing", HF_EUNPROVEN, 0},
    {"a promise of no dealing", HF_EUNPROVEN, 0},
    {"a promise without a date", HF_EUNPROVEN, 0},
    {"a denial without a date", HF_EUNPROVEN, 0},
    {"a denial that names no vault", HF_EUNPROVEN, 0},
    {"a denial without the date of a set", HF_EUNPROVEN, 0},
    {"another vault: the folder was lost", HF_EUNPROVEN, 0},
    {"a promise of a year ago", HF_EUNPROVEN, 0},
    {"a question that does not name the promise", HF_EUNPROVEN, 0},
    {"a question that foretells what the promise will say", HF_EUNPROVEN, 0},
    {"another network", HF_EUNPROVEN, 0},
    {"another owner", HF_EUNPROVEN, 0},
    {"another key version", HF_EUNPROVEN, 0},
    {"another number", HF_EUNPROVEN, 0},
    {"another generation", HF_EUNPROVEN, 0},
    {"another index", HF_EUNPROVEN, 0},
    {"another polynomial", HF_EUNPROVEN, 0},
    {"another provider", HF_ESIGNATURE, 0},
    {"another question", HF_ESIGNATURE, 0},
    {"another signer", HF_ESIGNATURE, 0},
    {"a promise that another signed", HF_ESIGNATURE, 0},
    {"a right proof", HF_EUNPROVEN, 0},
    {"a proof that nobody asked for", HF_EUNPROVEN, 0},
    {"a proof for no dealing", HF_EUNPROVEN, 0},
    {"a proof without a date", HF_EUNPROVEN, 0},
    {"no commitments", HF_EUNPROVEN, 0},
    {"half of the commitments", HF_EUNPROVEN, 0},
    {"other commitments", HF_EUNPROVEN, 0},
    {"commitments of nothing", HF_EUNPROVEN, 0},
    {"a proof that another signed", HF_ESIGNATURE, 0},
    {"another format", HF_EVERSION, 0},
};
const size_t broken_cases_count = HF_ARRAY_LEN(broken_cases);

/* ---- encoding */

static struct hf_acknowledged make_word(const struct parts *p, int i, struct hf_arena *arena)
{
    struct hf_acknowledged a = {0};
    struct hf_ack_statement s = p->said[i];
    struct hf_hash hash;
    int r = hf_wire_encode_in(&hf_wire_standing, &p->asked[i], arena, &a.question);
    hf_assert(r == 0);
    hf_suite_real.hash("holdfast/v1/request", a.question, &hash);
    hash.bytes[0] ^= p->asked_other[i];
    s.request_hash = hash;
    r = hf_wire_encode_in(&hf_wire_ack_statement, &s, arena, &a.statement);
    hf_assert(r == 0);
    hf_suite_real.sign(p->signed_other[i] ? world.owner_secret : world.provider_secret,
                       "holdfast/v1/ack", a.statement, a.signature);
    return a;
}

void broken_case_make(size_t at, struct hf_buf *ret)
{
    struct parts p;
    struct hf_arena arena;
    static_assert(HF_ARRAY_LEN(changes) == HF_ARRAY_LEN(broken_cases), "one of each");
    make_world();
    base_parts(&p);
    changes[at](&p);
    hf_arena_init(&arena, 4 * HF_BROKEN_FILE_MAX);
    struct hf_broken_promise m = {.format = 1,
                                  .has_promise = p.has_promise,
                                  .promise = make_word(&p, 0, &arena),
                                  .commitments = hf_bytes_of(p.commitments, p.commitments_len)};
    p.asked[1].has_earlier = true;
    struct hf_acknowledged named = m.promise;
    if (p.foretells)
        memset(named.signature, 0, sizeof named.signature);
    hf_acknowledged_hash(&hf_suite_real, &named, &p.asked[1].earlier);
    p.asked[1].earlier.bytes[9] ^= !p.names;
    m.breach = make_word(&p, 1, &arena);
    size_t start = ret->len;
    int r = hf_wire_encode(&hf_wire_broken_promise, &m, ret);
    hf_assert(r == 0);
    /* The format is the second byte of the map's first pair, which no encoder writes otherwise. */
    ret->data[start + 2] = (uint8_t)p.format;
    hf_arena_done(&arena);
}

void broken_case_accounts(struct hf_account *ret_owner, struct hf_account *ret_provider)
{
    make_world();
    *ret_owner = world.owner;
    *ret_provider = world.provider;
}
