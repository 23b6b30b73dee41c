#include "set_form.h"

#include "authority.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "policy_form.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 16 << 20 };

struct platform_form {
    uint8_t ppid[HF_PPID_LEN];
};

struct operator_key_form {
    uint8_t bytes[HF_ID_LEN];
};

struct sequence_form {
    uint64_t seen_claim, seen_number, vault_claim, vault_number;
};

#define AT(member) HF_CONFIG_AT(struct sequence_form, member)
static const struct hf_config_field sequence_fields[] = {
    {"seen_claim", HF_CONFIG_UINT, AT(seen_claim), .required = true, .max = INT64_MAX,
     .doc = "How far its holders have seen the vault: the claim."},
    {"seen_number", HF_CONFIG_UINT, AT(seen_number), .required = true, .max = INT64_MAX,
     .doc = "The change, under that claim."},
    {"vault_claim", HF_CONFIG_UINT, AT(vault_claim), .required = true, .max = INT64_MAX,
     .doc = "How far the vault has come that it goes on with: the claim."},
    {"vault_number", HF_CONFIG_UINT, AT(vault_number), .required = true, .max = INT64_MAX,
     .doc = "The change, under that claim."},
};
#undef AT
static const struct hf_config_schema sequence_schema =
    HF_CONFIG_SCHEMA(struct sequence_form, sequence_fields, NULL);

struct member_form {
    struct hf_account account;
    uint32_t registered_epoch;
    struct hf_config_address address;
    const char *operator_name;
    const char *zone;
    HF_CONFIG_LIST_OF(struct platform_form) platforms;
    bool leaving;
    struct operator_key_form operator_key; /* zeros: none */
    uint32_t root_tainted;
    struct sequence_form *sequence_floor;
    struct hf__floor_form *floor;
};

struct set_form {
    uint64_t validity_s;
    HF_CONFIG_LIST_OF(struct member_form) validators;
};

static const struct hf_config_field platform_item =
    HF_CONFIG_ITEM("platform", HF_CONFIG_HEX, struct platform_form);

#define AT(member) HF_CONFIG_AT(struct member_form, member)
static const struct hf_config_field member_fields[] = {
    {"account", HF_CONFIG_HEX, AT(account), .required = true, .doc = "Its public key."},
    {"registered_epoch", HF_CONFIG_UINT, AT(registered_epoch),
     .doc = "When it came; left out, with the next set."},
    {"address", HF_CONFIG_ADDRESS, AT(address), .required = true,
     .doc = "Where its peers reach it."},
    {"operator", HF_CONFIG_STRING, AT(operator_name), .required = true, .min = 1, .max = 64,
     .doc = "Who runs it."},
    {"zone", HF_CONFIG_STRING, AT(zone), .min = 0, .max = 64, .doc = "Where it runs."},
    {"platforms", HF_CONFIG_LIST, AT(platforms), .item = &platform_item, .max = HF__PLATFORMS_MAX,
     .doc = "Machines on which it may recover, besides its own."},
    {"leaving", HF_CONFIG_BOOL, AT(leaving), .doc = "Takes no new shares."},
    {"operator_key", HF_CONFIG_HEX, AT(operator_key),
     .doc = "Public key of who runs it, for its operator listener; left out: of no one."},
    {"root_tainted", HF_CONFIG_UINT, AT(root_tainted), .min = 1,
     .doc = "Versions of its root secret up to this one may be known to others: `holdfast set "
            "taint`."},
    {"sequence_floor", HF_CONFIG_MAP_PTR, AT(sequence_floor), .schema = &sequence_schema,
     .doc = "It may go on with an old vault: `holdfast set sequence-floor`."},
    {"floor", HF_CONFIG_MAP_PTR, AT(floor), .schema = &hf__floor_schema,
     .doc = "What was decided about its claims: `holdfast set floor`."},
};
#undef AT
static const struct hf_config_schema member_schema =
    HF_CONFIG_SCHEMA(struct member_form, member_fields, NULL);
static const struct hf_config_field member_item =
    HF_CONFIG_ITEM("validator", HF_CONFIG_MAP, struct member_form, .schema = &member_schema);
static const struct hf_config_field set_fields[] = {
    {"validity", HF_CONFIG_DURATION_S, HF_CONFIG_AT(struct set_form, validity_s),
     .default_text = "365d", .min = 60, .max = 315360000,
     .doc = "How long the set is good, from its signing."},
    {"validators", HF_CONFIG_LIST, HF_CONFIG_AT(struct set_form, validators), .required = true,
     .item = &member_item, .max = 65536, .doc = "The members."},
};
const struct hf_config_schema hf__set_schema = HF_CONFIG_SCHEMA(struct set_form, set_fields, NULL);

bool hf__name_valid(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '"' || text[i] == '\\')
            return false;
    return len > 0 && len < HF__NAME_LEN;
}

struct hf__member *hf__members_add(struct hf__member_list *m)
{
    struct hf__member *grown = realloc(m->list, (m->count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    m->list = grown;
    memset(&grown[m->count], 0, sizeof *grown);
    return &grown[m->count++];
}

void hf__member_operator_key(struct hf__member *m, const uint8_t key[static HF_KEY_LEN])
{
    static const uint8_t none[HF_KEY_LEN];
    m->has_operator_key = memcmp(key, none, sizeof none) != 0;
    memcpy(m->operator_key, key, sizeof m->operator_key);
}

static void take_sequence(const struct sequence_form *f, struct hf_sequence_floor *ret)
{
    ret->seen = (struct hf_sequence_point){.claim = f->seen_claim, .number = f->seen_number};
    ret->vault = (struct hf_sequence_point){.claim = f->vault_claim, .number = f->vault_number};
}

static void write_sequence(struct hf_buf *b, const struct hf_sequence_floor *f)
{
    hf_buf_printf(b,
                  "    sequence_floor:\n      seen_claim: %llu\n      seen_number: %llu\n"
                  "      vault_claim: %llu\n      vault_number: %llu\n",
                  (unsigned long long)f->seen.claim, (unsigned long long)f->seen.number,
                  (unsigned long long)f->vault.claim, (unsigned long long)f->vault.number);
}

static int take(const struct set_form *form, struct hf__member_list *ret)
{
    ret->validity_s = form->validity_s;
    for (size_t i = 0; i < form->validators.count; i++) {
        const struct member_form *f = &form->validators.items[i];
        struct hf__member *m = hf__members_add(ret);
        if (m == NULL)
            return HF_ENOMEM;
        m->account = f->account;
        m->registered_epoch = f->registered_epoch;
        snprintf(m->address, sizeof m->address, "%s", f->address.text);
        snprintf(m->operator_name, sizeof m->operator_name, "%s", f->operator_name);
        snprintf(m->zone, sizeof m->zone, "%s", f->zone != NULL ? f->zone : "");
        for (size_t j = 0; j < f->platforms.count; j++)
            memcpy(m->platforms[j], f->platforms.items[j].ppid, HF_PPID_LEN);
        m->platforms_count = f->platforms.count;
        m->leaving = f->leaving;
        hf__member_operator_key(m, f->operator_key.bytes);
        m->root_tainted = f->root_tainted;
        m->has_sequence_floor = f->sequence_floor != NULL;
        if (f->sequence_floor != NULL)
            take_sequence(f->sequence_floor, &m->sequence_floor);
        m->floor = f->floor != NULL ? hf__floor_take(f->floor) : NULL;
        if (f->floor != NULL && m->floor == NULL)
            return HF_ENOMEM;
    }
    return 0;
}

int hf__members_load(const char *folder, struct hf__member_list *ret)
{
    return hf__members_load_from(folder, "set.yaml", ret);
}

int hf__members_load_from(const char *folder, const char *name, struct hf__member_list *ret)
{
    char path[HF__PATH_LEN];
    static struct hf_config_errors errors;
    struct set_form form;
    struct hf_config_doc *doc;
    struct hf__member_list m = {.validity_s = 365 * UINT64_C(86400)};
    if (!hf__path(path, folder, name))
        return HF_ETOOBIG;
    int r = hf_config_load_file(path, &hf__set_schema, &form, &doc, &errors);
    if (r == HF_ENOTFOUND) {
        *ret = m;
        return 0;
    }
    if (r != 0) {
        hf__form_errors(path, r, &errors);
        return r;
    }
    r = take(&form, &m);
    hf_config_doc_free(doc);
    if (r != 0)
        hf__members_done(&m);
    else
        *ret = m;
    return r;
}

static int by_account(const void *a, const void *b)
{
    const struct hf__member *x = a, *y = b;
    return hf_account_compare(&x->account, &y->account);
}

static void write_member(struct hf_buf *b, const struct hf__member *m)
{
    char account[65], ppid[2 * HF_PPID_LEN + 1];
    hf_hex_encode(m->account.bytes, sizeof m->account, account);
    hf_buf_printf(b, "  - account: \"%s\"\n", account);
    if (m->registered_epoch > 0)
        hf_buf_printf(b, "    registered_epoch: %u\n", m->registered_epoch);
    hf_buf_printf(b, "    address: \"%s\"\n    operator: \"%s\"\n", m->address, m->operator_name);
    if (m->zone[0] != '\0')
        hf_buf_printf(b, "    zone: \"%s\"\n", m->zone);
    if (m->platforms_count > 0)
        hf_buf_printf(b, "    platforms:\n");
    for (size_t i = 0; i < m->platforms_count; i++) {
        hf_hex_encode(m->platforms[i], HF_PPID_LEN, ppid);
        hf_buf_printf(b, "      - \"%s\"\n", ppid);
    }
    if (m->leaving)
        hf_buf_printf(b, "    leaving: true\n");
    if (m->has_operator_key) {
        char key[2 * sizeof m->operator_key + 1];
        hf_hex_encode(m->operator_key, sizeof m->operator_key, key);
        hf_buf_printf(b, "    operator_key: \"%s\"\n", key);
    }
    if (m->root_tainted > 0)
        hf_buf_printf(b, "    root_tainted: %u\n", m->root_tainted);
    if (m->has_sequence_floor)
        write_sequence(b, &m->sequence_floor);
    if (m->floor != NULL)
        hf__floor_write(b, m->floor);
}

int hf__members_save(const char *folder, struct hf__member_list *m)
{
    return hf__members_save_to(folder, "set.yaml", m);
}

int hf__members_save_to(const char *folder, const char *name, struct hf__member_list *m)
{
    char path[HF__PATH_LEN];
    struct hf_buf b;
    if (!hf__path(path, folder, name))
        return HF_ETOOBIG;
    qsort(m->list, m->count, sizeof *m->list, by_account);
    hf_buf_init(&b, FILE_MAX);
    hf_buf_printf(&b,
                  "# %s\nvalidity: %llus\n"
                  "validators:%s\n",
                  strcmp(name, "set.yaml") == 0
                      ? "The validators; in force after `holdfast set sign`."
                      : "Validators that were left out; `holdfast set restore` brings one back.",
                  (unsigned long long)m->validity_s, m->count == 0 ? " []" : "");
    for (size_t i = 0; i < m->count; i++)
        write_member(&b, &m->list[i]);
    int r = b.error;
    if (r == 0)
        r = hf_file_write_through(path, hf_buf_bytes(&b), 0644);
    hf_buf_done(&b);
    return r;
}

void hf__members_done(struct hf__member_list *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->list[i].floor);
    free(m->list);
    *m = (struct hf__member_list){0};
}

struct hf__member *hf__members_find(struct hf__member_list *m, const struct hf_account *account)
{
    for (size_t i = 0; i < m->count; i++)
        if (hf_account_equal(&m->list[i].account, account))
            return &m->list[i];
    return NULL;
}

void hf__members_remove(struct hf__member_list *m, struct hf__member *member)
{
    size_t at = (size_t)(member - m->list);
    hf_assert(at < m->count);
    free(member->floor);
    memmove(member, member + 1, (m->count - at - 1) * sizeof *member);
    m->count--;
}
