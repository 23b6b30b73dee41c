/* Every file that a person hands over for a black start: requests, answers, one and many, outputs
 * of ceremonies, acknowledgements, personal keys, what a holder's program remembers. The first byte
 * says which. */
#include "attest/ecdh.h"
#include "base/error.h"
#include "crypto/quorum.h"
#include "crypto/words.h"
#include "document/reshard.h"
#include "document_world.h"

#include <stdlib.h>

enum { ARENA_MAX = 4 << 20, KINDS = 11 };

static struct hf_request_documents documents_of(const struct world *w)
{
    return (struct hf_request_documents){.network = &w->network,
                                         .policy = w->documents[WORLD_POLICY],
                                         .set = w->documents[WORLD_SET],
                                         .shares = w->documents[WORLD_SHARES]};
}

/* A request that passes is answered; the answer opens for who made the request, and no other. */
static void request(struct hf_bytes bytes, struct hf_arena *arena)
{
    const struct world *w = world();
    struct hf_request_documents d = documents_of(w);
    struct hf_rng rng = {.seed = "an answer"};
    struct hf_request q;
    struct hf_blackstart_answer answer;
    struct hf_buf encoded;
    const struct hf_quorum_key *key;
    uint8_t report_data[HF_REPORT_DATA_LEN], partial[HF_PARTIAL_LEN], index;
    static const uint8_t ppid[16] = {9};
    if (hf_request_read(&hf_suite_real, bytes, arena, &q) != 0)
        return;
    hf_request_report_data(&hf_suite_real, &q, report_data);
    if (hf_request_check(&hf_suite_real, &q, &d, WORLD_NOW_S, &key) != 0)
        return;
    int r = hf_request_platform_check(&q, &d, ppid, 1);
    hf_assert(r == 0 || r == HF_EPLATFORM || r == HF_ERANK);
    hf_buf_init(&encoded, WORLD_FILE_MAX);
    if (hf_answer_make(&hf_suite_real, &rng, &q, 1, w->shares, &answer) == 0 &&
        hf_wire_encode(&hf_wire_blackstart_answer, &answer, &encoded) == 0) {
        bool own = memcmp(q.transcript.response_key, w->read_request.transcript.response_key,
                          sizeof q.transcript.response_key) == 0;
        r = hf_answer_open(&hf_suite_real, hf_buf_bytes(&encoded), &q.hash, w->response_secret,
                           q.sealed.c1, w->documents[WORLD_SHARES], key, &index, partial);
        hf_assert((r == 0) == own && index == 1);
    }
    hf_buf_done(&encoded);
}

/* What the holder with a token does: the token's Diffie-Hellman, whatever point it is given. */
static void token(const struct hf_ceremony *c)
{
    const struct world *w = world();
    uint8_t share[HF_SCALAR_LEN], own[HF_P256_POINT_LEN], dh[HF_P256_SCALAR_LEN] = {0};
    for (size_t i = 0; i < c->set.keys_count && c->set.holders_count >= WORLD_HOLDERS; i++) {
        const uint8_t *point = hf_share_point(&c->set, i, WORLD_HOLDERS);
        int r = hf_share_open_dh(dh, &c->file.network, &c->set, i, WORLD_HOLDERS, share);
        hf_assert(r == HF_ESHARE);
        if (point == NULL || hf_p256_dh(w->holder_secret[WORLD_HOLDERS - 1], point, own, dh) != 0)
            continue;
        r = hf_share_open_dh(dh, &c->file.network, &c->set, i, WORLD_HOLDERS, share);
        hf_assert(r == 0 || r == HF_ESHARE);
        memset(dh, 0, sizeof dh);
    }
}

/* A share opens for its holder, who can then prove that it has it. */
static void ceremony(struct hf_bytes bytes, struct hf_arena *arena)
{
    const struct world *w = world();
    struct hf_rng rng = {.seed = "a proof"};
    struct hf_ceremony c;
    struct hf_share_proof proofs[HF_SHARES_MAX] = {0};
    struct hf_share_ack ack = {.format = 1, .index = 1, .proofs = proofs};
    uint8_t share[HF_SCALAR_LEN], report_data[HF_REPORT_DATA_LEN], stranger[HF_KEY_LEN] = {1};
    if (hf_ceremony_read(bytes, arena, &c) != 0)
        return;
    int r = hf_ceremony_report_data(&c, report_data);
    hf_assert(r == 0);
    r = hf_share_open(stranger, &c.file.network, &c.set, 0, 1, share);
    hf_assert(r != 0);
    hf_assert(hf_ack_check(&c, NULL, &ack) != 0);
    ack.output = c.hash;
    for (size_t i = 0; i < c.set.keys_count; i++)
        if (hf_share_open(w->holder_secret[0], &c.file.network, &c.set, i, 1, share) == 0 &&
            hf_ack_prove(&c, NULL, &rng, i, 1, share, &proofs[ack.proofs_count]) == 0)
            ack.proofs_count++;
    token(&c);
    r = hf_ack_check(&c, NULL, &ack);
    hf_assert((r == 0) == (ack.proofs_count == c.set.keys_count));
    hf_assert(hf_ack_check(&c, stranger, &ack) == HF_EOTHERREQUEST);
}

static void answer(struct hf_bytes bytes)
{
    const struct world *w = world();
    const struct hf_document *shares = w->documents[WORLD_SHARES];
    uint8_t partial[HF_PARTIAL_LEN], index;
    int r = hf_answer_open(&hf_suite_real, bytes, &w->read_request.hash, w->response_secret,
                           w->read_request.sealed.c1, shares, &shares->u.shares.keys[0], &index,
                           partial);
    hf_assert(r != 0 || (index >= 1 && index <= WORLD_HOLDERS));
}

/* What is picked for a request is the answer to it, if there is one. */
static void answers(struct hf_bytes bytes, struct hf_arena *arena)
{
    struct hf_blackstart_answer a, other;
    const struct hf_hash *request = &world()->read_request.hash;
    if (hf_answers_pick(bytes, arena, request, &a) != 0)
        return;
    int r = hf_answers_pick(bytes, arena, &a.context.request, &other);
    hf_assert(r == 0 && hf_hash_equal(&a.context.request, &other.context.request));
}

/* A request that is read is about the documents that came with it. */
static void reshard(struct hf_bytes bytes, struct hf_arena *arena)
{
    const struct world *w = world();
    struct hf_reshard q;
    if (hf_reshard_read(w->pool, &w->network, bytes, arena, &q) == 0)
        hf_assert(hf_reshard_fits(q.proposal, q.shares) == 0);
    hf_reshard_done(&q);
}

static void acknowledgement(struct hf_bytes bytes, struct hf_arena *arena)
{
    struct hf_share_ack ack;
    if (hf_wire_decode(&hf_wire_share_ack, bytes, arena, &ack, NULL) != 0)
        return;
    int r = hf_ack_check(&world()->read_ceremony, NULL, &ack);
    hf_assert(r != 0 || ack.index <= WORLD_HOLDERS);
}

static void words(struct hf_bytes bytes)
{
    uint8_t entropy[32];
    unsigned word;
    char *text = calloc(1, bytes.len + 1);
    hf_assert(text != NULL);
    if (bytes.len > 0)
        memcpy(text, bytes.data, bytes.len);
    char again[HF_WORDS_TEXT_LEN];
    if (hf_words_decode(text, entropy, &word) == 0)
        hf_words_encode(entropy, again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    union {
        struct hf_share_key_file key;
        struct hf_share_token_file token;
        struct hf_reshard_answer given;
        struct hf_share_state state;
    } m;
    struct hf_arena arena;
    int r = 0;
    if (size == 0)
        return 0;
    struct hf_bytes bytes = hf_bytes_of(data + 1, size - 1);
    hf_arena_init(&arena, ARENA_MAX);
    switch (data[0] % KINDS) {
    case 0:
        request(bytes, &arena);
        break;
    case 1:
        ceremony(bytes, &arena);
        break;
    case 2:
        answer(bytes);
        break;
    case 3:
        acknowledgement(bytes, &arena);
        break;
    case 4:
        r = hf_wire_decode(&hf_wire_share_key_file, bytes, &arena, &m.key, NULL);
        break;
    case 5:
        r = hf_wire_decode(&hf_wire_share_state, bytes, &arena, &m.state, NULL);
        break;
    case 6:
        words(bytes);
        break;
    case 7:
        r = hf_wire_decode(&hf_wire_share_token_file, bytes, &arena, &m.token, NULL);
        break;
    case 9:
        reshard(bytes, &arena);
        break;
    case 10:
        r = hf_wire_decode(&hf_wire_reshard_answer, bytes, &arena, &m.given, NULL);
        break;
    default:
        answers(bytes, &arena);
        break;
    }
    (void)r; /* read or refused; what matters is that it ends */
    hf_arena_done(&arena);
    return 0;
}
