#include "quote_application.h"

#include "ask.h"
#include "authority.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/options.h"
#include "command.h"
#include "named.h"

#include <stdio.h>

enum { ARENA_MAX = 64 << 10 };

static const char usage[] =
    "usage: holdfast quote make --bytes HEX --nonce HEX FILE\n"
    "\n"
    "Writes to FILE a quote that ties 64 bytes of an application, its public key or\n"
    "a hash of it, to this machine and this validator's account, for whoever drew\n"
    "the nonce of 32 bytes. `holdfast quote verify --application` checks it.\n";

struct options {
    const char *bytes, *nonce;
};

static bool is_hex(const char *text, size_t len)
{
    uint8_t bytes[64];
    return text != NULL && len <= sizeof bytes && strlen(text) == 2 * len &&
           hf_hex_decode(text, bytes, len) == 0;
}

int hf_cli_quote_make(int argc, char **argv)
{
    static const struct hf_option table[] = {HF_TEXT_OF("bytes", struct options, bytes),
                                             HF_TEXT_OF("nonce", struct options, nonce)};
    struct options o = {0};
    char **words;
    int count;
    json_t *root;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), &o, &words, &count) || count != 1)
        return hf__usage(usage);
    if (!is_hex(o.bytes, HF__APPLICATION_BYTES) || !is_hex(o.nonce, HF__APPLICATION_NONCE)) {
        fprintf(stderr, "holdfast quote: --bytes takes 128 hexadecimal digits, --nonce 64\n");
        return hf__usage(usage);
    }
    if (hf__ask(json_pack("{s:s,s:s,s:s}", "request", "quote", "bytes", o.bytes, "nonce", o.nonce),
                false, &root) != 0)
        return HF_CLI_ERROR;
    int r = hf__answer_save(root, "quote", words[0]);
    json_decref(root);
    return r == 0 ? HF_CLI_OK : hf__say("quote", words[0], r);
}

static const char *wrong_part(const struct hf_application_statement *s,
                              const struct hf_cli_application *want)
{
    if (want->has_network && !hf_network_id_equal(&s->network, &want->network))
        return "network";
    if (want->has_account && !hf_account_equal(&s->account, &want->account))
        return "account";
    if (memcmp(s->bytes, want->bytes, sizeof s->bytes) != 0)
        return "bytes";
    return memcmp(s->nonce, want->nonce, sizeof s->nonce) != 0 ? "nonce" : NULL;
}

int hf_cli_application_open(struct hf_buf *file, const struct hf_cli_application *want,
                            uint8_t ret_report_data[static 64],
                            struct hf_application_statement *ret, const char **ret_name)
{
    struct hf_application_quote q;
    struct hf_arena arena;
    hf_arena_init(&arena, ARENA_MAX);
    int r = hf_wire_decode(&hf_wire_application_quote, hf_buf_bytes(file), &arena, &q, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_application_statement, q.statement, &arena, ret, NULL);
    if (r == 0) {
        struct hf_buf quote;
        *ret_name = wrong_part(ret, want);
        hf_suite_real.report_data("holdfast/v1/application", q.statement, ret_report_data);
        hf_buf_init(&quote, q.quote.len + 1);
        hf_buf_append(&quote, q.quote.data, q.quote.len);
        hf_buf_clear(file);
        hf_buf_append(file, quote.data, quote.len);
        r = quote.error != 0 ? quote.error : file->error;
        hf_buf_done(&quote);
    }
    hf_arena_done(&arena);
    return r;
}

static bool names(const char *word, const struct hf_validator *v)
{
    char digits[2 * sizeof v->account.bytes + 1], operator_name[HF__NAMED_LEN];
    hf_hex_encode(v->account.bytes, sizeof v->account.bytes, digits);
    snprintf(operator_name, sizeof operator_name, "%.*s", (int)v->operator_name.len,
             (const char *)v->operator_name.data);
    return hf__named_fits(word, digits, operator_name);
}

int hf_cli_application_named(const char *folder, const char *word, struct hf_account *ret)
{
    struct hf__authority a;
    const struct hf_validator *found = NULL;
    size_t fits = 0;
    int r = hf__authority_open(folder, &a);
    if (r != 0)
        return r;
    for (size_t i = 0; a.set != NULL && i < a.set->u.set.validators_count; i++)
        if (names(word, &a.set->u.set.validators[i])) {
            found = &a.set->u.set.validators[i];
            fits++;
        }
    if (fits == 1)
        *ret = found->account;
    else
        fprintf(stderr, "holdfast quote: --account %s names %s of the newest set in %s\n", word,
                fits == 0 ? "no validator" : "several validators", folder);
    hf__authority_close(&a);
    return fits == 1 ? 0 : HF_ENOTMEMBER;
}

static int standing_of(const struct hf__authority *a, const struct hf_application_statement *s,
                       uint64_t at_s)
{
    if (!hf_network_id_equal(&s->network, &a->network))
        return HF_EDOCUMENT_NETWORK;
    if (a->set == NULL)
        return HF_ENODOCUMENTS;
    if (at_s >= hf_document_expires_s(a->set))
        return HF_EEXPIRED;
    return hf_set_find(a->set, &s->account) >= 0 ? 0 : HF_ENOTMEMBER;
}

int hf_cli_application_member(const char *folder, const struct hf_application_statement *s,
                              uint64_t at_s, int *ret)
{
    struct hf__authority a;
    int r = hf__authority_open(folder, &a);
    if (r != 0)
        return r;
    *ret = standing_of(&a, s, at_s);
    hf__authority_close(&a);
    return 0;
}
