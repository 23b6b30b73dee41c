/* The chain, as the adaptor prints it. */
#include "follow_chain.h"

#include "base/error.h"
#include "base/hex.h"
#include "config/schema.h"
#include "follow_adaptor.h"
#include "set_form.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    DEADLINE_MS = 60 * 1000,
    PRINTED_MAX = 16 << 20,
    WORDS_MAX = 64,
    VALIDATORS_MAX = 16384, /* entries that are read; a set holds about 8,000 */
};

struct hf__chain {
    json_t *root;
    struct hf__chain_validator *list;
    struct hf__chain_view view;
};

static bool read_hash(const json_t *o, const char *name, struct hf_hash *ret)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text != NULL && hf_hex_decode(text, ret->bytes, sizeof ret->bytes) == 0;
}

static bool read_number(const json_t *o, const char *name, uint64_t *ret)
{
    const json_t *value = json_object_get(o, name);
    if (!json_is_integer(value) || json_integer_value(value) < 1)
        return false;
    *ret = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_block(const json_t *o, struct hf__chain_block *ret)
{
    return read_number(o, "number", &ret->number) && read_hash(o, "hash", &ret->hash);
}

/* A name as a set may hold it; "" where it is not there. */
static bool read_name(const json_t *o, const char *name, struct hf_bytes *ret)
{
    const json_t *value = json_object_get(o, name);
    const char *text = value == NULL ? "" : json_string_value(value);
    if (text == NULL || (text[0] != '\0' && !hf__name_valid(text)))
        return false;
    *ret = hf_bytes_of(text, strlen(text));
    return true;
}

static bool read_address(const json_t *o, struct hf_bytes *ret)
{
    const char *text = json_string_value(json_object_get(o, "address"));
    if (text == NULL || !hf_config_address_valid(text))
        return false;
    *ret = hf_bytes_of(text, strlen(text));
    return true;
}

/* What the adaptor prints of one. false: it does not say whose it is. */
static bool read_validator(const json_t *o, struct hf__chain_validator *ret)
{
    const char *account = json_string_value(json_object_get(o, "account"));
    struct hf__chain_validator v = {0};
    if (account == NULL || hf_hex_decode(account, v.account.bytes, sizeof v.account) != 0)
        return false;
    v.bad = !read_address(o, &v.address) || !read_name(o, "operator", &v.operator_name) ||
            v.operator_name.len == 0 || !read_name(o, "zone", &v.zone);
    *ret = v;
    return true;
}

static int read_view(struct hf__chain *c)
{
    const json_t *validators = json_object_get(c->root, "validators");
    const json_t *block = json_object_get(c->root, "block"),
                 *since = json_object_get(c->root, "since");
    size_t all = json_array_size(validators), count = 0;
    struct hf__chain_view *view = &c->view;
    if (!json_is_array(validators) || !read_hash(c->root, "chain", &view->chain) ||
        !read_block(block, &view->block) || !read_number(block, "time_s", &view->time_s) ||
        (since != NULL && !json_is_null(since) && !read_block(since, &view->since)))
        return HF_ECHAINVIEW;
    c->list = calloc((all < VALIDATORS_MAX ? all : VALIDATORS_MAX) + 1, sizeof *c->list);
    if (c->list == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < all && count < VALIDATORS_MAX; i++)
        count += read_validator(json_array_get(validators, i), &c->list[count]);
    view->unnamed = all - count;
    view->count = hf__chain_settle(c->list, count);
    view->list = c->list;
    return 0;
}

int hf__chain_read(struct hf_bytes printed, struct hf__chain **ret)
{
    json_error_t error;
    struct hf__chain *c = calloc(1, sizeof *c);
    if (c == NULL)
        return HF_ENOMEM;
    c->root = json_loadb((const char *)printed.data, printed.len, JSON_REJECT_DUPLICATES, &error);
    int r = c->root != NULL ? read_view(c) : HF_ECHAINVIEW;
    if (r == 0)
        *ret = c;
    else
        hf__chain_free(c);
    return r;
}

int hf__chain_look(char **adaptor, const struct hf__chain_block *seen, struct hf__chain **ret)
{
    char *words[WORDS_MAX + 3] = {0}, number[24];
    struct hf_buf printed;
    size_t n = 0;
    while (n < WORDS_MAX && adaptor[n] != NULL) {
        words[n] = adaptor[n];
        n++;
    }
    snprintf(number, sizeof number, "%llu", (unsigned long long)seen->number);
    if (seen->number > 0) {
        words[n++] = "--since";
        words[n] = number;
    }
    hf_buf_init(&printed, PRINTED_MAX);
    int r = hf__adaptor_run(words, DEADLINE_MS, &printed);
    if (r == 0)
        r = hf__chain_read(hf_buf_bytes(&printed), ret);
    hf_buf_done(&printed);
    if (r == 0)
        return 0;
    fprintf(stderr, "holdfast authority: %s: %s\n", adaptor[0], hf_error_sentence(r));
    return r == HF_ENOMEM ? r : HF_ECHAINVIEW;
}

const struct hf__chain_view *hf__chain_view(const struct hf__chain *c)
{
    return &c->view;
}

void hf__chain_free(struct hf__chain *c)
{
    if (c == NULL)
        return;
    json_decref(c->root);
    free(c->list);
    free(c);
}
