#include "floor_form.h"

#include "base/hex.h"

#include <stdlib.h>
#include <string.h>

struct written_off_form {
    uint8_t generation[16];
};

struct left_form {
    struct hf_account account;
};

struct survivors_form {
    uint8_t generation[16];
    uint8_t quorum;
    HF_CONFIG_LIST_OF(struct left_form) holders;
};

struct hf__floor_form {
    uint64_t claim;
    uint8_t favoured[16];
    HF_CONFIG_LIST_OF(struct written_off_form) written_off;
    HF_CONFIG_LIST_OF(struct survivors_form) survivors;
};

static const struct hf_config_field written_off_item =
    HF_CONFIG_ITEM("generation", HF_CONFIG_HEX, struct written_off_form);
static const struct hf_config_field left_item =
    HF_CONFIG_ITEM("holder", HF_CONFIG_HEX, struct left_form);

/* Two majorities of those that are left share one of them. */
static void check_survivors(const void *value, const struct hf_config_where *where)
{
    const struct survivors_form *s = value;
    size_t n = s->holders.count;
    if (s->quorum > n || 2u * s->quorum <= n)
        hf_config_refuse(where, "quorum", "of %zu holders %zu to %zu carry, not %u", n, n / 2 + 1,
                         n, s->quorum);
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (hf_account_equal(&s->holders.items[i].account, &s->holders.items[j].account))
                hf_config_refuse(where, "holders", "one stands twice");
}

#define AT(member) HF_CONFIG_AT(struct survivors_form, member)
static const struct hf_config_field survivors_fields[] = {
    {"generation", HF_CONFIG_HEX, AT(generation), .required = true, .doc = "Its id."},
    {"quorum", HF_CONFIG_UINT, AT(quorum), .required = true, .min = 1, .max = HF__LEFT_MAX,
     .doc = "How many of them carry a claim: a majority."},
    {"holders", HF_CONFIG_LIST, AT(holders), .required = true, .item = &left_item, .min = 1,
     .max = HF__LEFT_MAX, .doc = "Those of its holders that are left."},
};
#undef AT
static const struct hf_config_schema survivors_schema =
    HF_CONFIG_SCHEMA(struct survivors_form, survivors_fields, check_survivors);
static const struct hf_config_field survivors_item =
    HF_CONFIG_ITEM("generation", HF_CONFIG_MAP, struct survivors_form, .schema = &survivors_schema);

/* Each generation is decided in one way, and the one that is gone on from is not written off. */
static void check_floor(const void *value, const struct hf_config_where *where)
{
    const struct hf__floor_form *f = value;
    for (size_t i = 0; i < f->written_off.count; i++) {
        const struct written_off_form *w = &f->written_off.items[i];
        bool twice = memcmp(w->generation, f->favoured, 16) == 0;
        for (size_t j = 0; j < i; j++)
            twice = twice || memcmp(f->written_off.items[j].generation, w->generation, 16) == 0;
        for (size_t j = 0; j < f->survivors.count; j++)
            twice = twice || memcmp(f->survivors.items[j].generation, w->generation, 16) == 0;
        if (twice)
            hf_config_refuse(where, "written_off",
                             "each generation is decided once, and never the favoured one");
    }
    for (size_t i = 1; i < f->survivors.count; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(f->survivors.items[i].generation, f->survivors.items[j].generation, 16) == 0)
                hf_config_refuse(where, "survivors", "each generation is decided once");
}

#define AT(member) HF_CONFIG_AT(struct hf__floor_form, member)
static const struct hf_config_field floor_fields[] = {
    {"claim", HF_CONFIG_UINT, AT(claim), .required = true, .min = 1, .max = INT64_MAX,
     .doc = "Ballots of a lower number are void."},
    {"favoured", HF_CONFIG_HEX, AT(favoured), .required = true,
     .doc = "Of what was signed below that, only records of this generation count."},
    {"written_off", HF_CONFIG_LIST, AT(written_off), .item = &written_off_item,
     .max = HF__WRITTEN_OFF_MAX, .doc = "Generations that need not be asked any more."},
    {"survivors", HF_CONFIG_LIST, AT(survivors), .item = &survivors_item, .max = HF__SURVIVORS_MAX,
     .doc = "Generations of which only some are asked."},
};
#undef AT
const struct hf_config_schema hf__floor_schema =
    HF_CONFIG_SCHEMA(struct hf__floor_form, floor_fields, check_floor);

struct hf__floor *hf__floor_new(uint64_t claim, const uint8_t favoured[static 16])
{
    struct hf__floor *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->floor.claim = claim;
    memcpy(f->floor.favoured, favoured, sizeof f->floor.favoured);
    f->floor.written_off = f->written_off;
    f->floor.survivors = f->survivors;
    return f;
}

bool hf__floor_write_off(struct hf__floor *f, const uint8_t generation[static 16])
{
    if (f->floor.written_off_count == HF__WRITTEN_OFF_MAX)
        return false;
    memcpy(f->written_off[f->floor.written_off_count++].id, generation, 16);
    return true;
}

struct hf_survivors *hf__floor_survivors(struct hf__floor *f, const uint8_t generation[static 16],
                                         uint64_t quorum)
{
    if (f->floor.survivors_count == HF__SURVIVORS_MAX)
        return NULL;
    size_t at = f->floor.survivors_count++;
    f->survivors[at] = (struct hf_survivors){.quorum = quorum, .holders = f->left[at]};
    memcpy(f->survivors[at].generation, generation, 16);
    return &f->survivors[at];
}

struct hf__floor *hf__floor_take(const struct hf__floor_form *form)
{
    struct hf__floor *f = hf__floor_new(form->claim, form->favoured);
    bool room = f != NULL;
    for (size_t i = 0; room && i < form->written_off.count; i++)
        room = hf__floor_write_off(f, form->written_off.items[i].generation);
    for (size_t i = 0; room && i < form->survivors.count; i++) {
        const struct survivors_form *from = &form->survivors.items[i];
        struct hf_survivors *s = hf__floor_survivors(f, from->generation, from->quorum);
        hf_assert(s != NULL); /* the schema has no room for more either */
        for (size_t j = 0; j < from->holders.count; j++)
            s->holders[s->holders_count++].account = from->holders.items[j].account;
    }
    return f;
}

struct hf__floor *hf__floor_copy(const struct hf_floor *from)
{
    struct hf__floor *f = hf__floor_new(from->claim, from->favoured);
    bool room = f != NULL;
    for (size_t i = 0; room && i < from->written_off_count; i++)
        room = hf__floor_write_off(f, from->written_off[i].id);
    for (size_t i = 0; room && i < from->survivors_count; i++) {
        const struct hf_survivors *x = &from->survivors[i];
        struct hf_survivors *s = hf__floor_survivors(f, x->generation, x->quorum);
        hf_assert(s != NULL && x->holders_count <= HF__LEFT_MAX); /* as the messages bound it */
        for (size_t j = 0; j < x->holders_count; j++)
            s->holders[s->holders_count++].account = x->holders[j].account;
    }
    return f;
}

void hf__floor_write(struct hf_buf *b, const struct hf__floor *f)
{
    char id[33], account[65];
    hf_hex_encode(f->floor.favoured, 16, id);
    hf_buf_printf(b, "    floor:\n      claim: %llu\n      favoured: \"%s\"\n",
                  (unsigned long long)f->floor.claim, id);
    if (f->floor.written_off_count > 0)
        hf_buf_printf(b, "      written_off:\n");
    for (size_t i = 0; i < f->floor.written_off_count; i++) {
        hf_hex_encode(f->written_off[i].id, 16, id);
        hf_buf_printf(b, "        - \"%s\"\n", id);
    }
    if (f->floor.survivors_count > 0)
        hf_buf_printf(b, "      survivors:\n");
    for (size_t i = 0; i < f->floor.survivors_count; i++) {
        const struct hf_survivors *s = &f->survivors[i];
        hf_hex_encode(s->generation, 16, id);
        hf_buf_printf(b, "        - generation: \"%s\"\n          quorum: %u\n          holders:\n",
                      id, (unsigned)s->quorum);
        for (size_t j = 0; j < s->holders_count; j++) {
            hf_hex_encode(s->holders[j].account.bytes, 32, account);
            hf_buf_printf(b, "            - \"%s\"\n", account);
        }
    }
}
