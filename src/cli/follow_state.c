/* What a signer must not forget: the block that was final, the epoch that it has signed, and who
 * has passed or failed. */
#include "follow.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <jansson.h>
#include <stdlib.h>

enum { STATE_MAX = 64 << 20 };

static const char name[] = "follow.json";

struct hf__follow_account *hf__follow_know(struct hf__follow_state *s,
                                           const struct hf_account *account)
{
    for (size_t i = 0; i < s->count; i++)
        if (hf_account_equal(&s->accounts[i].account, account))
            return &s->accounts[i];
    struct hf__follow_account *grown = realloc(s->accounts, (s->count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    s->accounts = grown;
    s->accounts[s->count] = (struct hf__follow_account){.account = *account};
    return &s->accounts[s->count++];
}

void hf__follow_forget(struct hf__follow_state *s)
{
    free(s->accounts);
    *s = (struct hf__follow_state){0};
}

/* A number that is there and not negative. */
static bool read_number(const json_t *o, const char *member, uint64_t *ret)
{
    const json_t *value = json_object_get(o, member);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_hex(const json_t *o, const char *member, uint8_t *ret, size_t len)
{
    const char *text = json_string_value(json_object_get(o, member));
    return text != NULL && hf_hex_decode(text, ret, len) == 0;
}

static int read_account(const json_t *o, struct hf__follow_state *s)
{
    struct hf_account account;
    if (!read_hex(o, "account", account.bytes, sizeof account))
        return HF_EMALFORMED;
    struct hf__follow_account *k = hf__follow_know(s, &account);
    if (k == NULL)
        return HF_ENOMEM;
    bool good = read_number(o, "asked_s", &k->asked_s) &&
                read_number(o, "passed_s", &k->passed_s) &&
                read_number(o, "failed_since_s", &k->failed_since_s);
    return good ? 0 : HF_EMALFORMED;
}

static int read_state(const json_t *root, const struct hf_hash *chain, struct hf__follow_state *s)
{
    struct hf_hash of;
    uint64_t epoch = 0;
    const json_t *accounts = json_object_get(root, "accounts");
    if (!read_hex(root, "chain", of.bytes, sizeof of))
        return HF_EMALFORMED;
    if (!hf_hash_equal(&of, chain))
        return HF_EOTHERCHAIN;
    if (!read_number(root, "number", &s->seen.number) ||
        !read_hex(root, "hash", s->seen.hash.bytes, sizeof s->seen.hash) ||
        !read_number(root, "signed_epoch", &epoch) || epoch > UINT32_MAX ||
        !read_number(root, "signed_s", &s->signed_s) ||
        !read_number(root, "waits_since_s", &s->waits_since_s) || !json_is_array(accounts))
        return HF_EMALFORMED;
    s->signed_epoch = (uint32_t)epoch;
    int r = 0;
    for (size_t i = 0; r == 0 && i < json_array_size(accounts); i++)
        r = read_account(json_array_get(accounts, i), s);
    return r;
}

int hf__follow_load(const char *folder, const struct hf_hash *chain, struct hf__follow_state *ret)
{
    char path[HF__PATH_LEN];
    struct hf__follow_state s = {0};
    struct hf_buf text;
    json_error_t error;
    if (!hf__path(path, folder, name))
        return HF_ETOOBIG;
    hf_buf_init(&text, STATE_MAX);
    int r = hf_file_read(path, &text);
    if (r == 0) {
        json_t *root = json_loadb((const char *)text.data, text.len, 0, &error);
        r = root != NULL ? read_state(root, chain, &s) : HF_EMALFORMED;
        json_decref(root);
    }
    hf_buf_done(&text);
    if (r == HF_ENOTFOUND)
        r = 0;
    if (r == 0)
        *ret = s;
    else
        hf__follow_forget(&s);
    return r;
}

static json_t *hex(const void *data, size_t len)
{
    char text[65];
    hf_assert(len <= 32);
    hf_hex_encode(data, len, text);
    return json_string(text);
}

static json_t *object_of(const struct hf__follow_account *k)
{
    return json_pack("{s:o,s:I,s:I,s:I}", "account", hex(k->account.bytes, sizeof k->account),
                     "asked_s", (json_int_t)k->asked_s, "passed_s", (json_int_t)k->passed_s,
                     "failed_since_s", (json_int_t)k->failed_since_s);
}

int hf__follow_save(const char *folder, const struct hf_hash *chain,
                    const struct hf__follow_state *s)
{
    char path[HF__PATH_LEN];
    json_t *accounts = json_array();
    if (!hf__path(path, folder, name) || accounts == NULL) {
        json_decref(accounts);
        return HF_ETOOBIG;
    }
    for (size_t i = 0; i < s->count; i++)
        json_array_append_new(accounts, object_of(&s->accounts[i]));
    json_t *root = json_pack("{s:o,s:I,s:o,s:I,s:I,s:I,s:o}", "chain",
                             hex(chain->bytes, sizeof *chain), "number", (json_int_t)s->seen.number,
                             "hash", hex(s->seen.hash.bytes, sizeof s->seen.hash), "signed_epoch",
                             (json_int_t)s->signed_epoch, "signed_s", (json_int_t)s->signed_s,
                             "waits_since_s", (json_int_t)s->waits_since_s, "accounts", accounts);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(1)) : NULL;
    int r = text != NULL ? hf_file_replace(path, hf_bytes_of(text, strlen(text)), 0600) : HF_ENOMEM;
    free(text);
    json_decref(root);
    return r;
}
