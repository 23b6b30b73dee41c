#include "document_world.h"

#include "attest/ecdh.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/quorum.h"

enum { KEYS = 2 };

static struct hf_rng rng = {.seed = "a small network"};
static const struct hf_suite *const suite = &hf_suite_real;
static uint8_t public_keys[KEYS][HF_KEY_LEN], secret_keys[KEYS][HF_SIGN_SECRET_LEN];

static struct hf_buf file(void)
{
    struct hf_buf b;
    hf_buf_init(&b, WORLD_FILE_MAX);
    return b;
}

static void encode(const struct hf_wire_type *type, const void *message, struct hf_buf *ret)
{
    int r = hf_wire_encode(type, message, ret);
    hf_assert(r == 0);
}

/* Signed by both keys; a first root for no network. */
static void make_document(struct world *w, size_t at, uint8_t kind, const struct hf_wire_type *type,
                          const void *message)
{
    static const struct hf_network_id none;
    struct hf_buf body = file(), bare = file(), once = file();
    const struct hf_network_id *network = at == WORLD_ROOT ? &none : &w->network;
    w->envelopes[at] = file();
    encode(type, message, &body);
    int r = hf_document_wrap(kind, hf_buf_bytes(&body), &bare);
    if (r == 0)
        r = hf_document_sign(suite, hf_buf_bytes(&bare), network, secret_keys[0], public_keys[0],
                             &once);
    if (r == 0)
        r = hf_document_sign(suite, hf_buf_bytes(&once), network, secret_keys[1], public_keys[1],
                             &w->envelopes[at]);
    if (r == 0)
        r = hf_document_read(w->pool, hf_buf_bytes(&w->envelopes[at]), &w->documents[at]);
    if (r == 0 && at == WORLD_ROOT)
        r = hf_network_id(w->documents[at], &w->network);
    hf_assert(r == 0);
    hf_buf_done(&body);
    hf_buf_done(&bare);
    hf_buf_done(&once);
}

static void make_roots(struct world *w)
{
    struct hf_authority_key keys[KEYS] = {0};
    for (size_t i = 0; i < KEYS; i++) {
        suite->sign_keypair(&rng, public_keys[i], secret_keys[i]);
        memcpy(keys[i].key, public_keys[i], sizeof keys[i].key);
    }
    struct hf_root root = {.number = 1,
                           .issued_s = WORLD_NOW_S - 2000,
                           .threshold = KEYS,
                           .keys = keys,
                           .keys_count = KEYS};
    make_document(w, WORLD_ROOT, HF_DOCUMENT_ROOT, &hf_wire_root, &root);
    root.number = 2;
    root.has_previous = true;
    root.previous = w->documents[WORLD_ROOT]->body_hash;
    make_document(w, WORLD_NEXT_ROOT, HF_DOCUMENT_ROOT, &hf_wire_root, &root);
}

static void make_policy(struct world *w)
{
    struct hf_measurement measurements[2] = {{.name = hf_bytes_of("release", 7), .rank = 1},
                                             {.name = hf_bytes_of("next", 4), .rank = 2}};
    struct hf_tcb_evaluation evaluations[2] = {
        {.number = 17, .tcb_date_s = WORLD_NOW_S - 9000, .counts_from_s = WORLD_NOW_S - 5000},
        {.number = 18, .tcb_date_s = WORLD_NOW_S - 8000, .counts_from_s = WORLD_NOW_S}};
    struct hf_time_server servers[3];
    for (size_t i = 0; i < HF_ARRAY_LEN(servers); i++)
        servers[i] = (struct hf_time_server){.name = hf_bytes_of(&"a.b.c"[2 * i], 1),
                                             .operator_name = hf_bytes_of(&"a.b.c"[2 * i], 1)};
    struct hf_policy policy = {.version = 3,
                               .issued_s = WORLD_NOW_S - 500,
                               .expires_s = WORLD_NOW_S + 1000000,
                               .trust = HF_TRUST_DEV,
                               .dev_root = hf_bytes_of("no key", 6),
                               .shares = 3,
                               .threshold = 2,
                               .claim_quorum = 2,
                               .measurements = measurements,
                               .measurements_count = 2,
                               .rotation_pending_s = 60,
                               .rotation_active_s = 86400 * 7,
                               .rotation_expired_s = 86400 * 2,
                               .tcb_evaluations = evaluations,
                               .tcb_evaluations_count = 2,
                               .tcb_grace_s = 86400,
                               .quote_age_max_s = 86400,
                               .shares_held_max = 64,
                               .holder_grace_s = 60,
                               .has_mrowner = true,
                               .time_servers = servers,
                               .time_servers_count = HF_ARRAY_LEN(servers),
                               .quorum_key = hf_bytes_of("black-start", 11)};
    make_document(w, WORLD_POLICY, HF_DOCUMENT_POLICY, &hf_wire_policy, &policy);
}

/* Two members, in order; of the second the authority has decided a floor. */
static void make_set(struct world *w, const uint8_t account[static HF_KEY_LEN])
{
    struct hf_account_ref left[2] = {{.account = {{1}}}, {.account = {{2}}}};
    struct hf_survivors survivors = {
        .generation = {1}, .quorum = 2, .holders = left, .holders_count = 2};
    struct hf_generation_ref off = {.id = {2}};
    struct hf_platform platform = {.ppid = {9}};
    struct hf_validator validators[2] = {{.registered_epoch = 1,
                                          .address = hf_bytes_of("127.0.0.1:1", 11),
                                          .operator_name = hf_bytes_of("first", 5)},
                                         {.registered_epoch = 2,
                                          .address = hf_bytes_of("127.0.0.1:2", 11),
                                          .operator_name = hf_bytes_of("second", 6),
                                          .platforms = &platform,
                                          .platforms_count = 1,
                                          .has_floor = true,
                                          .floor = {.claim = 4,
                                                    .favoured = {1},
                                                    .survivors = &survivors,
                                                    .survivors_count = 1,
                                                    .written_off = &off,
                                                    .written_off_count = 1}}};
    memcpy(validators[1].account.bytes, account, HF_KEY_LEN);
    struct hf_validator_set set = {.epoch = 2,
                                   .issued_s = WORLD_NOW_S - 400,
                                   .expires_s = WORLD_NOW_S + 1000000,
                                   .validators = validators,
                                   .validators_count = 2};
    make_document(w, WORLD_SET, HF_DOCUMENT_SET, &hf_wire_validator_set, &set);
}

/* The proposal, what a ceremony makes of it, an acknowledgement, and the share set. */
static void make_shares(struct world *w)
{
    static const char *const aliases[WORLD_HOLDERS] = {"ada", "bob", "cy"};
    static const char generator[] =
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    uint8_t keys[WORLD_HOLDERS][HF_HOLDER_KEY_MAX], buffers[WORLD_HOLDERS][HF_SEALED_SHARE_MAX];
    struct hf_share_holder holders[WORLD_HOLDERS];
    struct hf_sealed_share sealed[WORLD_HOLDERS] = {0};
    struct hf_quorum_key key = {.name = hf_bytes_of("black-start", 11)};
    uint8_t secret[HF_SCALAR_LEN], commitments[WORLD_THRESHOLD * HF_POINT_LEN];
    for (size_t i = 0; i < WORLD_HOLDERS; i++) {
        holders[i] = (struct hf_share_holder){.alias = hf_bytes_of(aliases[i], strlen(aliases[i])),
                                              .kind = HF_HOLDER_X25519,
                                              .key = hf_bytes_of(keys[i], HF_KEY_LEN)};
        suite->seal_keypair(&rng, keys[i], w->holder_secret[i]);
    }
    /* The last one has a token: its secret is any scalar. */
    struct hf_share_holder *last = &holders[WORLD_HOLDERS - 1];
    uint8_t dh[32];
    int r = hf_hex_decode(generator, keys[WORLD_HOLDERS - 1], HF_P256_POINT_LEN);
    if (r == 0)
        r = hf_p256_dh(w->holder_secret[WORLD_HOLDERS - 1], keys[WORLD_HOLDERS - 1],
                       keys[WORLD_HOLDERS - 1], dh);
    hf_assert(r == 0);
    last->kind = HF_HOLDER_P256;
    last->key = hf_bytes_of(keys[WORLD_HOLDERS - 1], HF_P256_POINT_LEN);
    struct hf_share_set set = {.version = 5,
                               .issued_s = WORLD_NOW_S - 300,
                               .expires_s = WORLD_NOW_S + 1000000,
                               .threshold = WORLD_THRESHOLD,
                               .holders = holders,
                               .holders_count = WORLD_HOLDERS,
                               .keys = &key,
                               .keys_count = 1};
    make_document(w, WORLD_PROPOSAL, HF_DOCUMENT_PROPOSAL, &hf_wire_share_set, &set);
    suite->scalar_random(&rng, secret);
    r = suite->deal(&rng, secret, (struct hf_sharing){.k = WORLD_THRESHOLD, .n = WORLD_HOLDERS},
                    w->shares, commitments);
    set.has_proposal = true;
    set.proposal = w->documents[WORLD_PROPOSAL]->body_hash;
    key.commitments = hf_bytes_of(commitments, sizeof commitments);
    key.shares = sealed;
    key.shares_count = WORLD_HOLDERS;
    for (uint8_t i = 1; r == 0 && i <= WORLD_HOLDERS; i++)
        r = hf_share_seal(&rng, &w->network, &set, key.name, i, w->shares + (i - 1) * HF_SCALAR_LEN,
                          buffers[i - 1], &sealed[i - 1]);
    hf_assert(r == 0);

    struct hf_buf body = file();
    encode(&hf_wire_share_set, &set, &body);
    struct hf_ceremony_output output = {.format = 1,
                                        .network = w->network,
                                        .share_set = hf_buf_bytes(&body),
                                        .quote = hf_bytes_of("quote", 5)};
    w->ceremony = file();
    encode(&hf_wire_ceremony_output, &output, &w->ceremony);
    r = hf_ceremony_read(hf_buf_bytes(&w->ceremony), &w->arena, &w->read_ceremony);
    struct hf_share_proof proof = {0};
    struct hf_share_ack ack = {.format = 1, .index = 1, .proofs = &proof, .proofs_count = 1};
    ack.output = w->read_ceremony.hash;
    if (r == 0)
        r = hf_ack_prove(&w->read_ceremony, NULL, &rng, 0, 1, w->shares, &proof);
    hf_assert(r == 0);
    w->ack = file();
    encode(&hf_wire_share_ack, &ack, &w->ack);
    set.has_quote = true;
    make_document(w, WORLD_SHARES, HF_DOCUMENT_SHARES, &hf_wire_share_set, &set);
    hf_buf_done(&body);
}

/* What a node has sealed to the quorum key. Returns the statement, which sealed points to. */
static struct hf_buf seal(struct world *w, const uint8_t account[static HF_KEY_LEN],
                          const uint8_t secret[static HF_SIGN_SECRET_LEN],
                          struct hf_signed_sealed *ret)
{
    const struct hf_share_set *set = &w->documents[WORLD_SHARES]->u.shares;
    struct hf_sealed_context c = {
        .version = 1, .rank = 1, .share_set = 5, .ppid = {9}, .made_s = 1};
    struct hf_sealed_statement s = {0};
    struct hf_buf context = file(), statement = file();
    uint8_t root[HF_SCALAR_LEN], random[HF_SCALAR_LEN], body[sizeof root + HF_QUORUM_OVERHEAD];
    struct hf_hash hash;
    c.network = w->network;
    c.account = hf_account_of(account);
    memcpy(c.quorum_key, set->keys[0].commitments.data, sizeof c.quorum_key);
    encode(&hf_wire_sealed_context, &c, &context);
    s.context = hf_buf_bytes(&context);
    suite->scalar_random(&rng, root);
    int r = hf_quorum_seal(&rng, c.quorum_key, s.context, hf_bytes_of(root, sizeof root), s.c1,
                           body, random);
    s.body = hf_bytes_of(body, sizeof body);
    encode(&hf_wire_sealed_statement, &s, &statement);
    ret->statement = hf_buf_bytes(&statement);
    hf_sealed_hash(suite, ret->statement, &hash);
    if (r == 0)
        r = suite->prove(&rng, random, hf_bytes_of(hash.bytes, sizeof hash.bytes), ret->proof);
    hf_assert(r == 0);
    suite->sign(secret, "holdfast/v1/sealed", ret->statement, ret->signature);
    hf_buf_done(&context);
    return statement;
}

static void make_request(struct world *w, const uint8_t account[static HF_KEY_LEN],
                         const uint8_t secret[static HF_SIGN_SECRET_LEN])
{
    struct hf_blackstart_request m = {.format = 1, .quote = hf_bytes_of("quote", 5)};
    struct hf_blackstart_transcript t = {.policy = 3, .number = 1, .made_s = WORLD_NOW_S};
    struct hf_encoded documents[WORLD_DOCUMENTS] = {0};
    struct hf_blackstart_answer answer = {0};
    struct hf_buf statement = seal(w, account, secret, &m.sealed), transcript = file();
    t.network = w->network;
    t.account = hf_account_of(account);
    suite->seal_keypair(&rng, t.response_key, w->response_secret);
    hf_sealed_hash(suite, m.sealed.statement, &t.sealed);
    t.share_set = w->documents[WORLD_SHARES]->body_hash;
    encode(&hf_wire_blackstart_transcript, &t, &transcript);
    m.transcript = hf_buf_bytes(&transcript);
    for (size_t i = 0; i <= WORLD_SHARES; i++)
        documents[m.documents_count++].bytes = hf_buf_bytes(&w->envelopes[i]);
    m.documents = documents;
    w->request = file();
    encode(&hf_wire_blackstart_request, &m, &w->request);
    int r = hf_request_read(suite, hf_buf_bytes(&w->request), &w->arena, &w->read_request);
    w->answer = file();
    w->answers = file();
    if (r == 0)
        r = hf_answer_make(suite, &rng, &w->read_request, 1, w->shares, &answer);
    hf_assert(r == 0);
    encode(&hf_wire_blackstart_answer, &answer, &w->answer);
    encode(&hf_wire_blackstart_answers,
           &(struct hf_blackstart_answers){.format = 1, .answers = &answer, .answers_count = 1},
           &w->answers);
    hf_buf_done(&statement);
    hf_buf_done(&transcript);
}

const struct world *world(void)
{
    static struct world w;
    static bool made;
    if (made)
        return &w;
    made = true;
    uint8_t account[HF_KEY_LEN], secret[HF_SIGN_SECRET_LEN];
    int r = hf_pool_new(suite, &w.pool);
    hf_assert(r == 0);
    hf_arena_init(&w.arena, 1 << 20);
    r = hf_secret_init(65536, false);
    hf_assert(r == 0);
    suite->sign_keypair(&rng, account, secret);
    make_roots(&w);
    make_policy(&w);
    make_set(&w, account);
    make_shares(&w);
    make_request(&w, account, secret);
    return &w;
}
