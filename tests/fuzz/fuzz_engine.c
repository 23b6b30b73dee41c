/*
 * What peers may send to a node. The input's first byte picks a request or an answer, and who asks;
 * the rest is its content: raw, or as the body of a request of a member whose key, identity and
 * place are good, so that it is refused, if at all, for what it says. Who asks may be that member,
 * an account in no set, or none, at a member's address or elsewhere. Every quote is judged genuine.
 * No input may do more than be refused.
 */
#include "base/error.h"
#include "core/engine.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
    NOW_S = 1700000000,
    ARENA_MAX = 1 << 20,
    MEMBERS = 7,
    STEPS_MAX = 64, /* of work done for one input */
};

static const struct hf_suite *const suite = &hf_suite_real;
static struct hf_pool *pool;
static struct hf_shared *shared;
static struct hf_document *documents[3]; /* held, so that each engine finds them read */
static struct hf_engine_config config;
static uint8_t node[32]; /* the account that the seed gives the engine */
static struct hf_account owner;
static uint8_t owner_secret[HF_SIGN_SECRET_LEN];
static uint8_t authority[32], authority_secret[HF_SIGN_SECRET_LEN];
static struct hf_buf identity_statement;
static const char quote_text[] = "a quote";

static void *allocate(size_t len)
{
    return calloc(1, len);
}

/* One engine and what has happened to it. */
struct run {
    struct hf_engine *engine;
    struct hf_update update;
    uint64_t now_ms;
    uint8_t report_data[64]; /* that the quotes of this input are said to hold */
    size_t steps;
    uint8_t asker; /* enum asker */
};

enum asker { OWNER, ACCOUNT_IN_NO_SET, AT_A_MEMBERS_ADDRESS, ELSEWHERE };

#define X(constant, number, name) +1
enum { METHODS = 0 HF_METHOD_MAP(X) };
#undef X

static void step(struct run *run, struct hf_event event)
{
    event.now_ms = run->now_ms += 1;
    event.wall_ms = (uint64_t)NOW_S * 1000 + run->now_ms;
    hf_engine_step(run->engine, &event, &run->update);
}

/* The verdict on any quote: genuine, of the one measurement that the policy accepts. */
static struct hf_verdict verdict_of(const struct run *run, struct hf_bytes quote)
{
    struct hf_verdict v = {.trust = HF_TRUST_INTEL,
                           .tcb_status = HF_TCB_UP_TO_DATE,
                           .verified_at_s = NOW_S,
                           .measurement = {1}};
    if (hf_bytes_equal(quote, hf_bytes_of(quote_text, sizeof quote_text)))
        suite->report_data("holdfast/v1/identity", hf_buf_bytes(&identity_statement),
                           v.report_data);
    else
        memcpy(v.report_data, run->report_data, sizeof v.report_data);
    return v;
}

/* Finish the work of an update, and that of the updates that follow. */
static void work(struct run *run)
{
    while (run->update.work_count > 0 && run->steps++ < STEPS_MAX) {
        struct hf_work w = run->update.work[0];
        struct hf_event event = {.type = HF_EVENT_VAULT};
        if (w.type == HF_WORK_QUOTE) {
            event.type = HF_EVENT_QUOTE_MADE;
            event.u.quote_made.work = w.id;
            event.u.quote_made.quote = hf_bytes_of("mine", 4);
        } else if (w.type == HF_WORK_JUDGE) {
            event.type = HF_EVENT_QUOTE_JUDGED;
            event.u.quote_judged.work = w.id;
            event.u.quote_judged.verdict = verdict_of(run, w.quote);
        }
        step(run, event);
    }
}

static void start(struct run *run)
{
    *run = (struct run){.now_ms = 1000};
    int r = hf_engine_new(&config, &run->engine);
    hf_assert(r == 0);
    step(run, (struct hf_event){.type = HF_EVENT_START});
    work(run);
    struct hf_bytes envelopes[3];
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) {
        if (documents[i] != NULL)
            envelopes[count++] = hf_blob_bytes(documents[i]->envelope);
    }
    step(run, (struct hf_event){.type = HF_EVENT_DOCUMENTS,
                                .u.documents = {.envelopes = envelopes, .count = count}});
    work(run);
}

static void make_document(size_t at, uint8_t kind, const struct hf_wire_type *type,
                          const void *message)
{
    static const struct hf_network_id none;
    struct hf_buf body, plain, envelope;
    hf_buf_init(&body, 1 << 16);
    hf_buf_init(&plain, 1 << 16);
    hf_buf_init(&envelope, 1 << 16);
    int r = hf_wire_encode(type, message, &body);
    if (r == 0)
        r = hf_document_wrap(kind, hf_buf_bytes(&body), &plain);
    if (r == 0)
        r = hf_document_sign(suite, hf_buf_bytes(&plain), at == 0 ? &none : &config.network,
                             authority_secret, authority, &envelope);
    if (r == 0)
        r = hf_document_read(pool, hf_buf_bytes(&envelope), &documents[at]);
    hf_assert(r == 0);
    hf_buf_done(&body);
    hf_buf_done(&plain);
    hf_buf_done(&envelope);
}

static int by_account(const void *a, const void *b)
{
    return memcmp(((const struct hf_validator *)a)->account.bytes,
                  ((const struct hf_validator *)b)->account.bytes, 32);
}

static void make_set(void)
{
    static const char *const operators[MEMBERS] = {"a", "b", "c", "d", "e", "f", "g"};
    struct hf_validator validators[MEMBERS];
    struct hf_validator_set set = {.epoch = 1,
                                   .issued_s = NOW_S - 100,
                                   .expires_s = NOW_S + 100000,
                                   .validators = validators,
                                   .validators_count = MEMBERS};
    for (size_t i = 0; i < MEMBERS; i++) {
        validators[i] = (struct hf_validator){.account = {{(uint8_t)i}},
                                              .registered_epoch = 1,
                                              .address = hf_bytes_of("node:1", 6),
                                              .operator_name = hf_bytes_of(operators[i], 1)};
    }
    memcpy(validators[0].account.bytes, node, 32);
    validators[1].account = owner;
    qsort(validators, MEMBERS, sizeof validators[0], by_account);
    make_document(2, HF_DOCUMENT_SET, &hf_wire_validator_set, &set);
}

static void make_network(void)
{
    struct hf_authority_key key = {.name = {NULL, 0}};
    struct hf_measurement measurement = {.name = hf_bytes_of("m", 1), .digest = {1}};
    struct hf_time_server servers[3];
    for (size_t i = 0; i < HF_ARRAY_LEN(servers); i++)
        servers[i] = (struct hf_time_server){.name = hf_bytes_of(&"abc"[i], 1),
                                             .operator_name = hf_bytes_of(&"abc"[i], 1)};
    struct hf_root root = {
        .number = 1, .issued_s = NOW_S - 100, .threshold = 1, .keys = &key, .keys_count = 1};
    struct hf_policy policy = {.version = 1,
                               .issued_s = NOW_S - 100,
                               .expires_s = NOW_S + 100000,
                               .trust = HF_TRUST_INTEL,
                               .shares = 3,
                               .threshold = 2,
                               .claim_quorum = 2,
                               .measurements = &measurement,
                               .measurements_count = 1,
                               .time_servers = servers,
                               .time_servers_count = HF_ARRAY_LEN(servers),
                               .quote_age_max_s = 86400,
                               .shares_held_max = 10,
                               .holder_grace_s = 3600};
    memcpy(key.key, authority, 32);
    make_document(0, HF_DOCUMENT_ROOT, &hf_wire_root, &root);
    int r = hf_network_id(documents[0], &config.network);
    hf_assert(r == 0);
    make_document(1, HF_DOCUMENT_POLICY, &hf_wire_policy, &policy);
}

/* Once: a network of which the engine and an owner are members. */
static void set_up(void)
{
    static const uint8_t seed[32] = {4};
    struct hf_rng rng;
    struct hf_status status;
    struct run run;
    int r = hf_pool_new(suite, &pool);
    if (r == 0)
        r = hf_shared_new(pool, &shared);
    hf_assert(r == 0);
    hf_shared_outline(shared, NULL);
    hf_rng_init(&rng, seed);
    suite->sign_keypair(&rng, authority, authority_secret);
    suite->sign_keypair(&rng, owner.bytes, owner_secret);
    config = (struct hf_engine_config){.suite = suite,
                                       .shared = shared,
                                       .seed = {5},
                                       .timing = hf_timing_default,
                                       .secret_alloc = allocate,
                                       .secret_free = free};
    make_network();
    start(&run);
    hf_engine_status(run.engine, UINT64_MAX, &status);
    hf_assert(status.has_account);
    memcpy(node, status.account.bytes, 32);
    hf_engine_free(run.engine);
    make_set();

    struct hf_identity_statement s = {
        .epoch = 1, .made_s = NOW_S, .sealing_key = {9}, .has_beacon = true};
    s.network = config.network;
    s.account = owner;
    hf_buf_init(&identity_statement, 1024);
    r = hf_wire_encode(&hf_wire_identity_statement, &s, &identity_statement);
    hf_assert(r == 0);
}

/* Sends a request as the owner, whose connection proves its account. The reply, if one came at
 * once, is in update. */
static void send_request(struct run *run, uint8_t method, struct hf_bytes body)
{
    static const struct hf_account foreign = {{9}};
    const struct hf_account *const accounts[] = {[OWNER] = &owner, [ACCOUNT_IN_NO_SET] = &foreign};
    bool has_account = run->asker <= ACCOUNT_IN_NO_SET;
    step(run, (struct hf_event){.type = HF_EVENT_REQUEST,
                                .u.request = {.id = run->now_ms,
                                              .method = method,
                                              .account = has_account ? accounts[run->asker] : NULL,
                                              .expected = run->asker == AT_A_MEMBERS_ADDRESS,
                                              .source = run->now_ms % 3,
                                              .body = body}});
}

static void fill_identity(struct hf_identity *ret)
{
    *ret = (struct hf_identity){.statement = hf_buf_bytes(&identity_statement),
                                .quote = hf_bytes_of(quote_text, sizeof quote_text)};
}

static void encode_and_send(struct run *run, uint8_t method, const struct hf_wire_type *type,
                            const void *message)
{
    struct hf_buf body;
    hf_buf_init(&body, 1 << 18);
    if (hf_wire_encode(type, message, &body) == 0)
        send_request(run, method, hf_buf_bytes(&body));
    hf_buf_done(&body);
}

static void send_signed(struct run *run, uint8_t method, struct hf_bytes body, bool bare)
{
    char label[64];
    struct hf_owner_request m = {
        .versions = {.root = 1, .policy = 1, .epoch = 1}, .body = body, .has_identity = !bare};
    snprintf(label, sizeof label, "holdfast/v1/%s", hf_method_name(method));
    suite->sign(owner_secret, label, body, m.signature);
    fill_identity(&m.identity);
    encode_and_send(run, method, &hf_wire_owner_request, &m);
}

static void repair_header(struct hf_owner_header *h)
{
    h->network = config.network;
    h->owner = owner;
    memcpy(h->provider.bytes, node, 32);
}

static const struct hf_wire_type *body_type(uint8_t method)
{
    switch (method) {
    case HF_METHOD_OFFER:
        return &hf_wire_offer;
    case HF_METHOD_RECORD:
        return &hf_wire_record_request;
    case HF_METHOD_DELETE:
        return &hf_wire_deletion;
    case HF_METHOD_STANDING:
        return &hf_wire_standing;
    default:
        return &hf_wire_claim_statement;
    }
}

/* A request whose content is what was given, but for the names of network, owner
 * and provider, which are right. */
static void send_owned(struct run *run, struct hf_arena *arena, uint8_t method,
                       struct hf_bytes data)
{
    static _Alignas(max_align_t) uint8_t message[1 << 16];
    const struct hf_wire_type *type = body_type(method);
    struct hf_buf body;
    if (hf_wire_decode(type, data, arena, message, NULL) != 0)
        return;
    /* All of these begin with it. */
    hf_assert(type->shape()->fields[0].type == &hf_wire_owner_header);
    repair_header((struct hf_owner_header *)(void *)(message + type->shape()->fields[0].offset));
    hf_buf_init(&body, 1 << 16);
    if (hf_wire_encode(type, message, &body) == 0 && method == HF_METHOD_CLAIM) {
        struct hf_claim_request m = {.versions = {.root = 1, .policy = 1, .epoch = 1}};
        m.claim.statement = hf_buf_bytes(&body);
        suite->sign(owner_secret, "holdfast/v1/claim", m.claim.statement, m.claim.signature);
        fill_identity(&m.identity);
        encode_and_send(run, method, &hf_wire_claim_request, &m);
    } else if (body.error == 0) {
        /* Without the identity too, which may be remembered. */
        send_signed(run, method, hf_buf_bytes(&body), (data.len & 1) != 0);
    }
    hf_buf_done(&body);
}

/* The answer to a nonce or offer just sent, if it was given: its nonce. */
static bool read_nonce(struct run *run, struct hf_arena *arena, bool of_offer,
                       uint8_t ret_nonce[static 40], uint8_t ret_sealing_key[static 32])
{
    struct hf_offer_response offer;
    struct hf_nonce_response nonce;
    struct hf_identity_statement s;
    work(run);
    if (run->update.replies_count != 1 || run->update.replies[0].error != 0)
        return false;
    struct hf_bytes body = run->update.replies[0].body;
    if (!of_offer) {
        bool got = hf_wire_decode(&hf_wire_nonce_response, body, arena, &nonce, NULL) == 0;
        if (got)
            memcpy(ret_nonce, nonce.nonce, 40);
        return got;
    }
    if (hf_wire_decode(&hf_wire_offer_response, body, arena, &offer, NULL) != 0 ||
        hf_wire_decode(&hf_wire_identity_statement, offer.identity.statement, arena, &s, NULL) != 0)
        return false;
    memcpy(ret_nonce, offer.nonce, 40);
    memcpy(ret_sealing_key, s.sealing_key, 32);
    return true;
}

/* Seals the share of the transcript's index, of a dealing made for it, and
 * fills what follows from that. */
static bool deal(struct hf_deposit_transcript *t, uint8_t commitments[static 512],
                 uint8_t sealed[static 80])
{
    static const char info[] = "holdfast/v1/share";
    uint8_t secret[HF_SCALAR_LEN] = {1}, shares[16 * HF_SCALAR_LEN];
    struct hf_rng rng;
    struct hf_buf aad_bytes;
    struct hf_deposit_aad aad = {.generation = t->generation, .index = t->index};
    hf_rng_init(&rng, t->generation.number % 2 == 0 ? secret : owner.bytes);
    struct hf_sharing sharing = {.k = (uint8_t)t->threshold, .n = (uint8_t)t->shares};
    if (t->index > t->shares || suite->deal(&rng, secret, sharing, shares, commitments) != 0)
        return false;
    aad.network = config.network;
    aad.owner = owner;
    memcpy(aad.provider.bytes, node, 32);
    hf_buf_init(&aad_bytes, 1024);
    int r = hf_wire_encode(&hf_wire_deposit_aad, &aad, &aad_bytes);
    if (r == 0)
        r = suite->seal(
            &rng, t->sealing_key, hf_bytes_of(info, strlen(info)), hf_buf_bytes(&aad_bytes),
            hf_bytes_of(shares + (t->index - 1) * HF_SCALAR_LEN, HF_SCALAR_LEN), sealed);
    hf_buf_done(&aad_bytes);
    t->commitments = hf_bytes_of(commitments, HF_POINT_LEN * (size_t)t->threshold);
    suite->hash("holdfast/v1/sealed-share", hf_bytes_of(sealed, 80), &t->sealed_hash);
    return r == 0;
}

/* An offer, and the deposit that follows when it is taken, both with the content of
 * the transcript that was given. */
static void send_deposit(struct run *run, struct hf_arena *arena, struct hf_bytes data)
{
    struct hf_deposit_transcript t;
    uint8_t commitments[512], sealed[80];
    struct hf_hash hash;
    struct hf_buf body;
    if (hf_wire_decode(&hf_wire_deposit_transcript, data, arena, &t, NULL) != 0)
        return;
    repair_header(&t.header);
    struct hf_offer offer = {.header = t.header, .generation = t.generation, .epoch = 1};
    hf_buf_init(&body, 1 << 16);
    int r = hf_wire_encode(&hf_wire_offer, &offer, &body);
    hf_assert(r == 0);
    send_signed(run, HF_METHOD_OFFER, hf_buf_bytes(&body), false);
    if (read_nonce(run, arena, true, t.provider_nonce, t.sealing_key) &&
        deal(&t, commitments, sealed)) {
        hf_buf_clear(&body);
        r = hf_wire_encode(&hf_wire_deposit_transcript, &t, &body);
        hf_assert(r == 0);
        suite->hash("holdfast/v1/deposit-transcript", hf_buf_bytes(&body), &hash);
        suite->report_data("holdfast/v1/deposit", hf_bytes_of(hash.bytes, 32), run->report_data);
        struct hf_deposit m = {.transcript = hf_buf_bytes(&body),
                               .transcripts = hf_bytes_of(hash.bytes, 32),
                               .quote = hf_bytes_of("deposit", 7)};
        m.sealed = hf_bytes_of(sealed, sizeof sealed);
        struct hf_buf outer;
        hf_buf_init(&outer, 1 << 16);
        r = hf_wire_encode(&hf_wire_deposit, &m, &outer);
        hf_assert(r == 0);
        send_signed(run, HF_METHOD_DEPOSIT, hf_buf_bytes(&outer), false);
        hf_buf_done(&outer);
    }
    hf_buf_done(&body);
}

/* A nonce, and the recovery or drill with it, for the transcript that was given. */
static void send_recover(struct run *run, struct hf_arena *arena, uint8_t method,
                         struct hf_bytes data)
{
    struct hf_recover_transcript t;
    struct hf_nonce_request nonce = {.versions = {.root = 1, .policy = 1, .epoch = 1}};
    struct hf_buf body;
    uint8_t unused[32];
    if (hf_wire_decode(&hf_wire_recover_transcript, data, arena, &t, NULL) != 0)
        return;
    t.network = config.network;
    t.account = owner;
    nonce.account = owner;
    memcpy(nonce.response_key, t.response_key, 32);
    encode_and_send(run, HF_METHOD_NONCE, &hf_wire_nonce_request, &nonce);
    if (t.asked_count > 0) {
        memcpy(t.asked[0].provider.bytes, node, 32);
        if (!read_nonce(run, arena, false, t.asked[0].nonce, unused))
            return;
    }
    hf_buf_init(&body, 1 << 16);
    int r = hf_wire_encode(&hf_wire_recover_transcript, &t, &body);
    hf_assert(r == 0);
    suite->report_data(method == HF_METHOD_DRILL ? "holdfast/v1/drill" : "holdfast/v1/recover",
                       hf_buf_bytes(&body), run->report_data);
    struct hf_recover_request m = {.versions = {.root = 1, .policy = 1, .epoch = 1},
                                   .transcript = hf_buf_bytes(&body),
                                   .quote = hf_bytes_of("recover", 7)};
    encode_and_send(run, method, &hf_wire_recover_request, &m);
    hf_buf_done(&body);
}

/* One piece of the input: what kind of message, and its content. */
static void send_piece(struct run *run, uint8_t kind, struct hf_bytes data)
{
    struct hf_arena arena;
    uint8_t method = (uint8_t)(1 + (kind & 15) % METHODS);
    hf_arena_init(&arena, ARENA_MAX);
    run->steps = 0;
    run->asker = kind >> 4 & 3;
    if (kind == 0xff)
        step(run, (struct hf_event){.type = HF_EVENT_TIME, .u.time.report = data});
    else if (kind >= 0xc0)
        step(run,
             (struct hf_event){
                 .type = HF_EVENT_RESPONSE,
                 .u.response = {.call = (uint32_t)(kind - 0xc0), .account = &owner, .body = data}});
    else if (kind >= 0x80 || method == HF_METHOD_DOCUMENTS || method == HF_METHOD_NONCE ||
             method > HF_METHOD_DRILL)
        send_request(run, method, data);
    else if (method == HF_METHOD_DEPOSIT)
        send_deposit(run, &arena, data);
    else if (method == HF_METHOD_RECOVER || method == HF_METHOD_DRILL)
        send_recover(run, &arena, method, data);
    else
        send_owned(run, &arena, method, data);
    work(run);
    hf_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct run run;
    if (pool == NULL)
        set_up();
    start(&run);
    /* Pieces: kind (1), length (2), content. */
    while (len >= 3) {
        size_t piece = (size_t)data[1] << 8 | data[2];
        if (piece > len - 3)
            piece = len - 3;
        send_piece(&run, data[0], hf_bytes_of(data + 3, piece));
        data += 3 + piece;
        len -= 3 + piece;
    }
    hf_engine_free(run.engine);
    return 0;
}
