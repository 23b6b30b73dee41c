#include "follow_state.h"

#include "base/error.h"
#include "base/file.h"
#include "authority.h"
#include "base/hex.h"

#include <jansson.h>
#include <stdlib.h>

enum {
    STATE_MAX = 16 << 20,
    ACCOUNTS_MAX = 32768, /* of a set, and of a view beside it */
};

static const char name[] = "follow.json";

struct hf__follow_account *hf__follow_know(struct hf__follow_state *s,
                                           const struct hf_account *account)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = hf_account_compare(&s->accounts[mid].account, account);
        if (order == 0)
            return &s->accounts[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (s->count == s->room) {
        size_t room = 2 * s->room + 64;
        struct hf__follow_account *grown = realloc(s->accounts, room * sizeof *grown);
        if (grown == NULL)
            return NULL;
        s->accounts = grown;
        s->room = room;
    }
    memmove(&s->accounts[low + 1], &s->accounts[low], (s->count - low) * sizeof *s->accounts);
    s->accounts[low] = (struct hf__follow_account){.account = *account};
    s->count++;
    return &s->accounts[low];
}

void hf__follow_keep(struct hf__follow_state *s, const struct hf_document *set,
                     const struct hf__chain_view *view)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++)
        if (hf_set_find(set, &s->accounts[i].account) >= 0 ||
            hf__chain_find(view, &s->accounts[i].account) != NULL)
            s->accounts[kept++] = s->accounts[i];
    s->count = kept;
}

int hf__follow_note_set(struct hf__follow_state *s, const struct hf_document *set, uint64_t now_s)
{
    const struct hf_validator_set *u = &set->u.set;
    bool first = true;
    for (size_t i = 0; i < s->count; i++) {
        struct hf__follow_account *k = &s->accounts[i];
        bool is = hf_set_find(set, &k->account) >= 0;
        first = first && !k->member;
        if (k->member && !is)
            s->left_s = now_s;
        k->member = is;
    }
    /* Who has seen none before cannot know when the last one left. */
    if (first)
        s->left_s = now_s;
    for (size_t i = 0; i < u->validators_count; i++) {
        struct hf__follow_account *k = hf__follow_know(s, &u->validators[i].account);
        if (k == NULL)
            return HF_ENOMEM;
        k->member = true;
    }
    return 0;
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
    k->member = json_is_true(json_object_get(o, "member"));
    return good ? 0 : HF_EMALFORMED;
}

static int read_state(const json_t *root, const struct hf_hash *chain, struct hf__follow_state *s)
{
    struct hf_hash of;
    uint64_t epoch = 0, form = 0;
    const json_t *accounts = json_object_get(root, "accounts");
    if (!read_hex(root, "chain", of.bytes, sizeof of))
        return HF_EMALFORMED;
    if (!hf_hash_equal(&of, chain))
        return HF_EOTHERCHAIN;
    if (!read_number(root, "number", &s->seen.number) ||
        !read_hex(root, "hash", s->seen.hash.bytes, sizeof s->seen.hash) ||
        !read_number(root, "signed_epoch", &epoch) || epoch > UINT32_MAX ||
        !read_number(root, "signed_s", &s->signed_s) ||
        !read_number(root, "waits_since_s", &s->waits_since_s) ||
        !read_number(root, "left_s", &s->left_s) || !read_number(root, "form_epoch", &form) ||
        form > UINT32_MAX || !json_is_array(accounts) || json_array_size(accounts) > ACCOUNTS_MAX)
        return HF_EMALFORMED;
    s->signed_epoch = (uint32_t)epoch;
    s->form_epoch = (uint32_t)form;
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

static void not_after(uint64_t *time_s, uint64_t now_s, uint64_t otherwise_s)
{
    if (*time_s > now_s)
        *time_s = otherwise_s;
}

void hf__follow_clock_set_back(struct hf__follow_state *s, uint64_t now_s)
{
    not_after(&s->signed_s, now_s, now_s);
    not_after(&s->waits_since_s, now_s, now_s);
    not_after(&s->left_s, now_s, now_s);
    for (size_t i = 0; i < s->count; i++) {
        struct hf__follow_account *k = &s->accounts[i];
        not_after(&k->asked_s, now_s, 0);
        not_after(&k->passed_s, now_s, 0);
        not_after(&k->failed_since_s, now_s, now_s);
    }
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
    return json_pack("{s:o,s:b,s:I,s:I,s:I}", "account", hex(k->account.bytes, sizeof k->account),
                     "member", k->member, "asked_s", (json_int_t)k->asked_s, "passed_s",
                     (json_int_t)k->passed_s, "failed_since_s", (json_int_t)k->failed_since_s);
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
    json_t *root = json_pack(
        "{s:o,s:I,s:o,s:I,s:I,s:I,s:I,s:I,s:o}", "chain", hex(chain->bytes, sizeof *chain),
        "number", (json_int_t)s->seen.number, "hash", hex(s->seen.hash.bytes, sizeof s->seen.hash),
        "signed_epoch", (json_int_t)s->signed_epoch, "signed_s", (json_int_t)s->signed_s,
        "waits_since_s", (json_int_t)s->waits_since_s, "left_s", (json_int_t)s->left_s,
        "form_epoch", (json_int_t)s->form_epoch, "accounts", accounts);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(1)) : NULL;
    int r = text != NULL ? hf_file_replace(path, hf_bytes_of(text, strlen(text)), 0600) : HF_ENOMEM;
    free(text);
    json_decref(root);
    return r;
}
