/*
 * Files of evidence. As they come, and once more as a provider would have signed them that signs
 * whatever it is asked: what is proved then is held against the rule of proto/EVIDENCE.md, 2.
 */
#include "broken_cases.h"

#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ARENA_MAX = 1 << 20 };

/* The provider's key; drawn once. */
static const uint8_t *secret_of(struct hf_account *ret)
{
    static uint8_t secret[HF_SIGN_SECRET_LEN];
    static struct hf_account account;
    static const uint8_t seed[32] = {5};
    struct hf_rng rng;
    if (hf_account_zero(&account)) {
        hf_rng_init(&rng, seed);
        hf_suite_real.sign_keypair(&rng, account.bytes, secret);
    }
    *ret = account;
    return secret;
}

/* A word as the provider signs it. False: the question or the statement is none. */
static bool sign_word(struct hf_acknowledged *a, const struct hf_hash *earlier,
                      struct hf_arena *arena, struct hf_standing *ret_asked,
                      struct hf_ack_statement *ret_said)
{
    struct hf_account provider;
    const uint8_t *secret = secret_of(&provider);
    if (hf_wire_decode(&hf_wire_standing, a->question, arena, ret_asked, NULL) != 0 ||
        hf_wire_decode(&hf_wire_ack_statement, a->statement, arena, ret_said, NULL) != 0)
        return false;
    ret_asked->header.provider = ret_said->provider = provider;
    if (earlier != NULL && ret_asked->has_earlier)
        ret_asked->earlier = *earlier;
    if (hf_wire_encode_in(&hf_wire_standing, ret_asked, arena, &a->question) != 0)
        return false;
    hf_suite_real.hash("holdfast/v1/request", a->question, &ret_said->request_hash);
    if (hf_wire_encode_in(&hf_wire_ack_statement, ret_said, arena, &a->statement) != 0 ||
        a->statement.len > 256 || a->question.len > 512)
        return false;
    hf_suite_real.sign(secret, "holdfast/v1/ack", a->statement, a->signature);
    return true;
}

static void judge(const struct hf_broken_promise *m, const struct hf_standing *asked,
                  const struct hf_ack_statement *said, const struct hf_ack_statement *promised,
                  struct hf_arena *arena)
{
    struct hf_broken what;
    int r = hf_broken_check(&hf_suite_real, m, arena, &what);
    hf_assert(r != HF_ESIGNATURE);
    if (r != 0)
        return;
    hf_assert(said->at_s > 0 && what.broken_s == said->at_s && what.index == asked->index);
    if (what.breach == HF_BREACH_PROOF)
        hf_assert(said->holds && asked->has_challenge && asked->has_commitments_hash);
    else
        hf_assert(!said->holds && !said->released && m->has_promise && promised->holds &&
                  memcmp(promised->sealing_key, said->sealing_key, 32) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf_arena arena;
    struct hf_broken what;
    struct hf_broken_promise m;
    struct hf_standing asked, first;
    struct hf_ack_statement said, promised = {0};
    struct hf_hash earlier;
    struct hf_bytes file = hf_bytes_of(data, len);
    hf_arena_init(&arena, ARENA_MAX);
    if (hf_broken_read(&hf_suite_real, file, &arena, &what) == 0)
        hf_assert(what.breach >= HF_BREACH_PROOF && what.breach <= HF_BREACH_REPAIR);
    if (hf_wire_decode(&hf_wire_broken_promise, file, &arena, &m, NULL) == 0 &&
        (!m.has_promise || sign_word(&m.promise, NULL, &arena, &first, &promised))) {
        if (m.has_promise)
            hf_acknowledged_hash(&hf_suite_real, &m.promise, &earlier);
        if (sign_word(&m.breach, m.has_promise ? &earlier : NULL, &arena, &asked, &said))
            judge(&m, &asked, &said, &promised, &arena);
    }
    hf_arena_done(&arena);
    return 0;
}
