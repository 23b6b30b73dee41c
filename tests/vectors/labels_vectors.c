/*
 * Prints tests/vectors/labels.json: for every label of proto/PROTOCOL.md, section 3, an input and
 * what the label's function makes of it. Content is filler; one Ed25519 key signs everything.
 */
#include "crypto/suite.h"
#include "filler.h"
#include "generated.h"
#include "wire/messages.h"

enum { ARENA_MAX = 1 << 20, INPUT_MAX = 1 << 16 };

enum function { HASH, REPORT, SIGN };

struct label {
    const char *label;
    enum function function;
    const struct hf_wire_type *type; /* the input is an encoding of it; NULL: `len` bytes */
    size_t len;
};

static const struct label labels[] = {
    {"holdfast/v1/document", SIGN, &hf_wire_document_statement, 0},
    {"holdfast/v1/body", HASH, &hf_wire_policy, 0},
    {"holdfast/v1/network", HASH, &hf_wire_root, 0},
    {"holdfast/v1/envelope", HASH, &hf_wire_envelope, 0},
    {"holdfast/v1/measurement", HASH, NULL, 240},
    {"holdfast/v1/owner", HASH, NULL, 68},
    {"holdfast/v1/candidate", HASH, NULL, 64},
    {"holdfast/v1/identity", REPORT, &hf_wire_identity_statement, 0},
    {"holdfast/v1/tls", SIGN, NULL, 91},
    {"holdfast/v1/operator", SIGN, NULL, 91},
    {"holdfast/v1/offer", SIGN, &hf_wire_offer, 0},
    {"holdfast/v1/deposit", SIGN, &hf_wire_deposit, 0},
    {"holdfast/v1/record", SIGN, &hf_wire_record_request, 0},
    {"holdfast/v1/delete", SIGN, &hf_wire_deletion, 0},
    {"holdfast/v1/standing", SIGN, &hf_wire_standing, 0},
    {"holdfast/v1/deposit-transcript", HASH, &hf_wire_deposit_transcript, 0},
    {"holdfast/v1/deposit", REPORT, NULL, 96},
    {"holdfast/v1/sealed-share", HASH, NULL, 80},
    {"holdfast/v1/commitments", HASH, NULL, 96},
    {"holdfast/v1/receipt", SIGN, &hf_wire_receipt_statement, 0},
    {"holdfast/v1/placement-record", SIGN, &hf_wire_placement_record, 0},
    {"holdfast/v1/sequence", SIGN, &hf_wire_sequence_statement, 0},
    {"holdfast/v1/request", HASH, &hf_wire_standing, 0},
    {"holdfast/v1/ack", SIGN, &hf_wire_ack_statement, 0},
    {"holdfast/v1/acknowledged", HASH, NULL, 256},
    {"holdfast/v1/recover", REPORT, &hf_wire_recover_transcript, 0},
    {"holdfast/v1/drill", REPORT, &hf_wire_recover_transcript, 0},
    {"holdfast/v1/recover-transcript", HASH, &hf_wire_recover_transcript, 0},
    {"holdfast/v1/recover-answer", SIGN, &hf_wire_recover_answer, 0},
    {"holdfast/v1/claim", SIGN, &hf_wire_claim_statement, 0},
    {"holdfast/v1/claim-answer", SIGN, &hf_wire_claim_answer, 0},
    {"holdfast/v1/sealed", SIGN, &hf_wire_sealed_statement, 0},
    {"holdfast/v1/sealed-statement", HASH, &hf_wire_sealed_statement, 0},
    {"holdfast/v1/application", REPORT, &hf_wire_application_statement, 0},
    {"holdfast/v1/attest", REPORT, &hf_wire_attest_statement, 0},
    {"holdfast/v1/attest-ask", SIGN, &hf_wire_attest_ask, 0},
    {"holdfast/v1/chain-word", SIGN, &hf_wire_chain_word, 0},
    {"holdfast/v1/tls-key", HASH, NULL, 91},
    {"holdfast/v1/handover-new", REPORT, &hf_wire_handover_transcript, 0},
    {"holdfast/v1/handover-old", REPORT, &hf_wire_handover_transcript, 0},
    {"holdfast/v1/handover-transcript", HASH, &hf_wire_handover_transcript, 0},
    {"holdfast/v1/handover-bound", HASH, &hf_wire_handover_bound, 0},
    {"holdfast/v1/handover-head", SIGN, &hf_wire_handover_head, 0},
    {"holdfast/v1/handover-rows", HASH, NULL, 150},
    {"holdfast/v1/blackstart", REPORT, &hf_wire_blackstart_transcript, 0},
    {"holdfast/v1/blackstart-request", HASH, &hf_wire_blackstart_transcript, 0},
    {"holdfast/v1/blackstart-batch", HASH, NULL, 96},
    {"holdfast/v1/ceremony", REPORT, &hf_wire_ceremony_statement, 0},
    {"holdfast/v1/ceremony-output", HASH, &hf_wire_share_set, 0},
    {"holdfast/v1/reshard", REPORT, &hf_wire_reshard_statement, 0},
    {"holdfast/v1/reshard-request", HASH, &hf_wire_reshard_statement, 0},
    {"holdfast/v1/restored", SIGN, &hf_wire_transfer_statement, 0},
    {"holdfast/v1/repair", HASH, &hf_wire_repair_statement, 0},
    {"holdfast/v1/repair-word", SIGN, &hf_wire_repair_word, 0},
    {"holdfast/v1/repair-points", HASH, NULL, 160},
    {"holdfast/v1/repair-value", HASH, NULL, 32},
    {"holdfast/v1/event", SIGN, &hf_wire_event_statement, 0},
    {"holdfast/v1/event-id", HASH, &hf_wire_event_statement, 0},
};

static void print_hex(const char *name, struct hf_bytes bytes, struct hf_buf *out)
{
    hf_buf_printf(out, ",\n     \"%s\": \"", name);
    for (size_t i = 0; i < bytes.len; i++)
        hf_buf_printf(out, "%02x", bytes.data[i]);
    hf_buf_append_u8(out, '"');
}

static void make_input(const struct label *l, uint64_t counter, struct hf_buf *ret)
{
    struct hf_arena arena;
    void *message;
    if (l->type == NULL) {
        for (size_t i = 0; i < l->len; i++)
            hf_buf_append_u8(ret, (uint8_t)(counter + i));
        return;
    }
    hf_arena_init(&arena, ARENA_MAX);
    int r = hf_arena_alloc(&arena, 1, l->type->size, &message);
    hf_assert(r == 0);
    hf_filler_fill(l->type, HF_FILLING_SOME, counter, &arena, message);
    r = hf_wire_encode(l->type, message, ret);
    hf_assert(r == 0);
    hf_arena_done(&arena);
}

static void print_output(const struct label *l, struct hf_bytes input,
                         const uint8_t secret[static HF_SIGN_SECRET_LEN], struct hf_buf *out)
{
    struct hf_hash hash;
    uint8_t wide[HF_REPORT_DATA_LEN];
    if (l->function == REPORT) {
        hf_suite_real.report_data(l->label, input, wide);
        print_hex("report", hf_bytes_of(wide, sizeof wide), out);
        return;
    }
    hf_suite_real.hash(l->label, input, &hash);
    print_hex("hash", hf_bytes_of(hash.bytes, sizeof hash), out);
    if (l->function == SIGN) {
        hf_suite_real.sign(secret, l->label, input, wide);
        print_hex("signature", hf_bytes_of(wide, sizeof wide), out);
    }
}

int main(int argc, char **argv)
{
    static const uint8_t seed[32] = {1};
    struct hf_rng rng;
    uint8_t public_key[HF_KEY_LEN], secret[HF_SIGN_SECRET_LEN];
    struct hf_buf out;
    hf_rng_init(&rng, seed);
    hf_suite_real.sign_keypair(&rng, public_key, secret);
    hf_buf_init(&out, 1 << 24);
    hf_buf_printf(
        &out,
        "{\n  \"about\": \"Every label of proto/PROTOCOL.md, section 3, with filler as its input. "
        "The key that signs is for these vectors alone.\"");
    print_hex("seed", hf_bytes_of(secret, 32), &out);
    print_hex("public_key", hf_bytes_of(public_key, sizeof public_key), &out);
    hf_buf_printf(&out, ",\n  \"labels\": [");
    for (size_t i = 0; i < HF_ARRAY_LEN(labels); i++) {
        struct hf_buf input;
        hf_buf_init(&input, INPUT_MAX);
        make_input(&labels[i], i, &input);
        hf_buf_printf(&out, "%s\n    {\"label\": \"%s\"", i == 0 ? "" : ",", labels[i].label);
        if (labels[i].type != NULL)
            hf_buf_printf(&out, ", \"message\": \"%s\"", labels[i].type->name);
        print_hex("input", hf_buf_bytes(&input), &out);
        print_output(&labels[i], hf_buf_bytes(&input), secret, &out);
        hf_buf_append_u8(&out, '}');
        hf_buf_done(&input);
    }
    hf_buf_printf(&out, "\n  ]\n}\n");
    return generated_main(argc, argv, &out);
}
