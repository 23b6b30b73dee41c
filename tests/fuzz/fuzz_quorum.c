/* Every file that a person hands over for a black start: requests, answers, outputs of ceremonies,
 * acknowledgements, personal keys, what a holder's program remembers. The first byte says which. */
#include "base/error.h"
#include "crypto/words.h"
#include "document/ceremony.h"
#include "document/request.h"

#include <stdlib.h>

enum { ARENA_MAX = 4 << 20, KINDS = 7 };

static void request(struct hf_bytes bytes, struct hf_arena *arena)
{
    struct hf_request q;
    uint8_t report_data[HF_REPORT_DATA_LEN];
    if (hf_request_read(&hf_suite_real, bytes, arena, &q) == 0)
        hf_request_report_data(&hf_suite_real, &q, report_data);
}

static void ceremony(struct hf_bytes bytes, struct hf_arena *arena)
{
    struct hf_ceremony c;
    struct hf_share_ack ack = {.format = 1, .index = 1};
    uint8_t share[HF_SCALAR_LEN], key[HF_KEY_LEN] = {1};
    if (hf_ceremony_read(bytes, arena, &c) != 0)
        return;
    /* Nothing that opens: the key is nobody's. */
    int r = hf_share_open(key, c.file.network, &c.set, 0, 1, share);
    hf_assert(r != 0);
    memcpy(ack.output, c.hash.bytes, sizeof ack.output);
    hf_assert(hf_ack_check(&c, NULL, &ack) != 0);
}

static void answer(struct hf_bytes bytes)
{
    static const uint8_t hash[32], key[HF_KEY_LEN] = {1};
    struct hf_share_holder holder = {.kind = 1};
    struct hf_document shares = {.kind = HF_DOCUMENT_SHARES,
                                 .u.shares = {.holders = &holder, .holders_count = 1}};
    uint8_t c1[HF_POINT_LEN] = {0}, partial[96], index;
    const struct hf_quorum_key quorum = {.commitments = hf_bytes_of(c1, sizeof c1)};
    int r = hf_answer_open(&hf_suite_real, bytes, hash, key, c1, &shares, &quorum, &index, partial);
    hf_assert(r != 0 && index <= 1);
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
        struct hf_share_ack ack;
        struct hf_share_key_file key;
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
        r = hf_wire_decode(&hf_wire_share_ack, bytes, &arena, &m.ack, NULL);
        break;
    case 4:
        r = hf_wire_decode(&hf_wire_share_key_file, bytes, &arena, &m.key, NULL);
        break;
    case 5:
        r = hf_wire_decode(&hf_wire_share_state, bytes, &arena, &m.state, NULL);
        break;
    default:
        words(bytes);
        break;
    }
    (void)r; /* read or refused; what matters is that it ends */
    hf_arena_done(&arena);
    return 0;
}
