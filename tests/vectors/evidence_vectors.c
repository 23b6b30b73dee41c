/*
 * Prints tests/vectors/evidence.json: files of evidence (proto/EVIDENCE.md), those that prove a
 * broken promise and those that prove nothing or are refused.
 */
#include "base/error.h"
#include "broken_cases.h"
#include "generated.h"

static void print_hex(const char *name, struct hf_bytes bytes, struct hf_buf *out)
{
    hf_buf_printf(out, "\"%s\": \"", name);
    for (size_t i = 0; i < bytes.len; i++)
        hf_buf_printf(out, "%02x", bytes.data[i]);
    hf_buf_append_u8(out, '"');
}

int main(int argc, char **argv)
{
    static const char *const breaches[] = {"", "proof", "denial"};
    struct hf_account owner, provider;
    struct hf_buf out;
    hf_buf_init(&out, 1 << 24);
    broken_case_accounts(&owner, &provider);
    hf_buf_printf(&out, "{\n  \"about\": \"Files of evidence (proto/EVIDENCE.md) of a made-up "
                        "network: what each proves, or why it proves nothing.\",\n  ");
    print_hex("owner", hf_account_bytes(&owner), &out);
    hf_buf_printf(&out, ", ");
    print_hex("provider", hf_account_bytes(&provider), &out);
    hf_buf_printf(&out, ",\n  \"files\": [");
    for (size_t i = 0; i < broken_cases_count; i++) {
        const struct broken_case *c = &broken_cases[i];
        struct hf_buf file;
        hf_buf_init(&file, HF_BROKEN_FILE_MAX);
        broken_case_make(i, &file);
        hf_buf_printf(&out, "%s\n    {\"name\": \"%s\", ", i > 0 ? "," : "", c->name);
        hf_buf_printf(&out, "\"%s\": \"%s\",\n     ", c->error == 0 ? "proves" : "error",
                      c->error == 0 ? breaches[c->breach] : hf_error_name(c->error));
        print_hex("file", hf_buf_bytes(&file), &out);
        hf_buf_append_u8(&out, '}');
        hf_buf_done(&file);
    }
    hf_buf_printf(&out, "\n  ]\n}\n");
    return generated_main(argc, argv, &out);
}
