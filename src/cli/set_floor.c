/*
 * Floors (proto/CLAIMS.md, 6). The person says who is lost, the validator's own signed record says
 * whose word counts; what follows is worked out here: of the newest generation so many of those
 * that are left carry as hf_survivors_quorum says, and an older one is written off. Of what was
 * signed before, only records of the newest generation count: whatever another copy of the folder
 * has dealt is void. What must hold: no other machine runs the validator, which no tool can see and
 * the person confirms; and no number is used twice, so the floor lies far above the highest one
 * that the node knows of.
 */
#include "set_floor.h"

#include "ask.h"
#include "base/error.h"
#include "base/hex.h"
#include "command.h"
#include "crypto/suite.h"
#include "set_change.h"
#include "set_form.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECORD_MAX = 8192, ARENA_MAX = 1 << 20, STATEMENT_MAX = 256 };

/* What a validator says of itself, verified. */
struct evidence {
    uint8_t bytes[RECORD_MAX];
    struct hf_arena arena;
    struct hf_placement_record record;
    uint64_t highest;
};

struct deciding {
    const struct evidence *evidence;
    struct hf__member_list *members;
    struct hf__member *member;
    struct hf_account lost[HF__LOST_MAX];
    size_t lost_count;
    struct hf__floor *floor; /* the new one */
    bool any;
};

static int refuse(const char *why)
{
    return hf__say("set", why, 0);
}

/* ---- The record */

/* Whether the quorums are ones that an owner may have asked for. */
static bool shape_ok(const struct hf_placement_record *r)
{
    bool ok = hf_quorums_ok(r->holders_count, r->threshold, r->quorum, r->provisional);
    for (size_t i = 0; i < r->chain_count; i++)
        ok = ok && hf_quorums_ok(r->chain[i].holders_count, r->chain[i].threshold,
                                 r->chain[i].quorum, r->chain[i].provisional);
    return ok;
}

/* The number is the validator's own word, not its host's: one too high would spend all there are,
 * one too low could be used twice. */
static int verify_number(const struct hf__authority *a, const struct evidence *e,
                         struct hf_bytes record, const char *hex)
{
    uint8_t signature[64];
    struct hf_buf statement;
    struct hf_evidence_statement s = {.claim_highest = e->highest};
    if (hex == NULL || hf_hex_decode(hex, signature, sizeof signature) != 0)
        return HF_EMISSING;
    s.network = a->network;
    s.owner = e->record.owner;
    hf_suite_real.hash("holdfast/v1/record", record, &s.record);
    hf_buf_init(&statement, STATEMENT_MAX);
    int r = hf_wire_encode(&hf_wire_evidence_statement, &s, &statement);
    if (r == 0)
        r = hf_suite_real.verify(e->record.owner.bytes, "holdfast/v1/evidence",
                                 hf_buf_bytes(&statement), signature);
    hf_buf_done(&statement);
    return r;
}

static int verify(const struct hf__authority *a, const struct hf_account *account,
                  const json_t *root, struct evidence *ret)
{
    uint8_t signature[64];
    const json_t *of = json_object_get(root, "record");
    const char *hex = json_string_value(json_object_get(of, "record"));
    const char *signed_hex = json_string_value(json_object_get(of, "signature"));
    const json_t *highest = json_object_get(of, "claim_highest");
    size_t len = hex != NULL ? strlen(hex) / 2 : 0;
    if (len == 0 || len > sizeof ret->bytes || signed_hex == NULL || !json_is_integer(highest) ||
        json_integer_value(highest) < 0 || hf_hex_decode(hex, ret->bytes, len) != 0 ||
        hf_hex_decode(signed_hex, signature, sizeof signature) != 0)
        return HF_EMALFORMED;
    ret->highest = (uint64_t)json_integer_value(highest);
    struct hf_bytes record = hf_bytes_of(ret->bytes, len);
    int r = hf_wire_decode(&hf_wire_placement_record, record, &ret->arena, &ret->record, NULL);
    if (r != 0)
        return r;
    if (!hf_account_equal(&ret->record.owner, account))
        return HF_EPEER_ACCOUNT;
    if (!hf_network_id_equal(&ret->record.network, &a->network))
        return HF_EDOCUMENT_NETWORK;
    if (!shape_ok(&ret->record))
        return HF_ERECORD;
    if (ret->record.ballot.number > ret->highest)
        return HF_ERECORD;
    r = verify_number(a, ret, record, json_string_value(json_object_get(of, "evidence")));
    return r != 0 ? r
                  : hf_suite_real.verify(account->bytes, "holdfast/v1/placement-record", record,
                                         signature);
}

static int read_evidence(const struct hf__authority *a, const char *path,
                         const struct hf_account *account, struct evidence *ret)
{
    json_t *root;
    int r = hf__set_read_record(path, &root);
    if (r == 0)
        r = verify(a, account, root, ret);
    json_decref(root);
    return r;
}

/* ---- Who is left */

static bool holds(const struct hf_holder *holders, size_t count, const struct hf_account *account)
{
    for (size_t i = 0; i < count; i++)
        if (hf_account_equal(&holders[i].account, account))
            return true;
    return false;
}

static bool is_holder(const struct hf_placement_record *r, const struct hf_account *account)
{
    bool found = holds(r->holders, r->holders_count, account);
    for (size_t i = 0; i < r->chain_count; i++)
        found = found || holds(r->chain[i].holders, r->chain[i].holders_count, account);
    return found;
}

/* Whether an earlier floor has decided that this holder of a generation is not asked. */
static bool was_lost(const struct deciding *d, const uint8_t generation[static 16],
                     const struct hf_account *account)
{
    const struct hf__floor *old = d->member->floor;
    for (size_t i = 0; old != NULL && i < old->floor.survivors_count; i++) {
        const struct hf_survivors *s = &old->survivors[i];
        if (memcmp(s->generation, generation, 16) != 0)
            continue;
        for (size_t j = 0; j < s->holders_count; j++)
            if (hf_account_equal(&s->holders[j].account, account))
                return false;
        return true;
    }
    return false;
}

/* Who is no validator any more is not asked, and counts as lost. */
static bool is_left(const struct deciding *d, const uint8_t generation[static 16],
                    const struct hf_account *account)
{
    for (size_t i = 0; i < d->lost_count; i++)
        if (hf_account_equal(&d->lost[i], account))
            return false;
    return hf__members_find(d->members, account) != NULL && !was_lost(d, generation, account);
}

static size_t count_left(const struct deciding *d, const uint8_t generation[static 16],
                         const struct hf_holder *holders, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        left += is_left(d, generation, &holders[i].account);
    return left;
}

/* A holder may be in no set any more: then its whole account names it. */
static bool lost_named(const struct deciding *d, const char *word, struct hf_account *ret)
{
    if (hf_hex_decode(word, ret->bytes, sizeof *ret) == 0)
        return true;
    const struct hf__member *m = hf__set_named(d->members, word, "of set.yaml");
    if (m != NULL)
        *ret = m->account;
    return m != NULL;
}

static int take_lost(struct deciding *d, const struct hf__floor_options *o)
{
    const struct hf_placement_record *r = &d->evidence->record;
    char text[128];
    for (size_t i = 0; i < o->lost_count; i++) {
        struct hf_account *account = &d->lost[d->lost_count];
        if (!lost_named(d, o->lost[i], account))
            return HF_CLI_ERROR;
        if (is_holder(r, account)) {
            d->lost_count++;
            continue;
        }
        fprintf(stderr,
                "holdfast set: --lost %s: it holds nothing of this validator's; these do:\n",
                o->lost[i]);
        for (size_t j = 0; j < r->holders_count; j++) {
            hf_hex_encode(r->holders[j].account.bytes, 32, text);
            fprintf(stderr, "  %s\n", text);
        }
        return HF_CLI_ERROR;
    }
    return HF_CLI_OK;
}

/* ---- The decision */

static int decide_newest(struct deciding *d)
{
    const struct hf_placement_record *r = &d->evidence->record;
    size_t left = count_left(d, r->generation.id, r->holders, r->holders_count);
    printf("generation %u: %zu of %zu holders are left, %u carry a claim, or %u with provisional "
           "votes\n",
           (unsigned)r->generation.number, left, r->holders_count, (unsigned)r->quorum,
           (unsigned)r->provisional);
    if (left >= r->provisional)
        return HF_CLI_OK;
    if (left == 0)
        return refuse("nobody is left who could vote for this validator's newest generation: it "
                      "cannot come back");
    size_t quorum = (size_t)hf_survivors_quorum(left, r->holders_count, r->quorum);
    struct hf_survivors *s = hf__floor_survivors(d->floor, r->generation.id, quorum);
    hf_assert(s != NULL); /* the first */
    for (size_t i = 0; i < r->holders_count; i++)
        if (is_left(d, r->generation.id, &r->holders[i].account))
            s->holders[s->holders_count++].account = r->holders[i].account;
    hf_assert(s->holders_count == left);
    d->any = true;
    printf(
        "  decided: %zu of the %zu that are left carry a claim; of these %zu may be dead at a "
        "restart,\n"
        "  and %zu may lie, or have had an old disk put back, before two copies can both speak\n",
        quorum, left, left - quorum, 2 * quorum - left - 1);
    return HF_CLI_OK;
}

/* Whether an earlier floor has written a generation off. */
static bool was_written_off(const struct deciding *d, const uint8_t generation[static 16])
{
    const struct hf__floor *old = d->member->floor;
    for (size_t i = 0; old != NULL && i < old->floor.written_off_count; i++)
        if (memcmp(old->written_off[i].id, generation, 16) == 0)
            return true;
    return false;
}

/* Whether an earlier floor has survivors vote for a generation in place of all. */
static bool is_reduced(const struct deciding *d, const uint8_t generation[static 16])
{
    const struct hf__floor *old = d->member->floor;
    for (size_t i = 0; old != NULL && i < old->floor.survivors_count; i++)
        if (memcmp(old->floor.survivors[i].generation, generation, 16) == 0)
            return true;
    return false;
}

static int decide_older(struct deciding *d, const struct hf_unsealed *u)
{
    bool old = was_written_off(d, u->generation.id);
    size_t left = count_left(d, u->generation.id, u->holders, u->holders_count);
    printf("generation %u: %zu of %zu holders are left, %u carry a claim, or %u with provisional "
           "votes\n",
           (unsigned)u->generation.number, left, u->holders_count, (unsigned)u->quorum,
           (unsigned)u->provisional);
    /* Survivors that were decided have no place in this floor, and no holder has come since. */
    bool reduced = is_reduced(d, u->generation.id);
    if (!old && !reduced && left >= u->provisional)
        return HF_CLI_OK;
    d->any = d->any || (!old && left < u->provisional);
    bool room = hf__floor_write_off(d->floor, u->generation.id);
    hf_assert(room); /* a record lists no more than a floor has place for */
    printf("  %s: it need not be asked any more\n", old || reduced ? "decided before" : "decided");
    return HF_CLI_OK;
}

/* Whether the floor before made the record void: it goes on from another one. */
static bool is_void(const struct deciding *d)
{
    const struct hf_placement_record *r = &d->evidence->record;
    const struct hf__floor *old = d->member->floor;
    return old != NULL && r->ballot.number < old->floor.claim &&
           memcmp(r->generation.id, old->floor.favoured, sizeof old->floor.favoured) != 0;
}

static int decide(struct deciding *d, const struct hf__floor_options *o)
{
    const struct hf_placement_record *r = &d->evidence->record;
    const struct hf__floor *old = d->member->floor;
    if (old != NULL && d->evidence->highest + 1 < old->floor.claim)
        return refuse("the record is of before the floor that set.yaml has: wait until the "
                      "validator has the set, and have it show its backup again");
    if (d->evidence->highest > (uint64_t)INT64_MAX - HF_FLOOR_MARGIN - 1)
        return refuse("the highest claim that the record names leaves no room above it");
    d->any = is_void(d);
    if (d->any && !o->change_record)
        return refuse("the record is void: the floor that set.yaml has goes on from another one; "
                      "if whatever goes on from that one shall be given up: --change-record");
    d->floor = hf__floor_new(d->evidence->highest + HF_FLOOR_MARGIN + 1, r->generation.id);
    if (d->floor == NULL)
        return hf__say("set", "floor", HF_ENOMEM);
    int status = decide_newest(d);
    for (size_t i = 0; status == HF_CLI_OK && i < r->chain_count; i++)
        status = decide_older(d, &r->chain[i]);
    if (status == HF_CLI_OK && !d->any)
        status = refuse("there is nothing to decide: enough holders are left; --lost ACCOUNT names "
                        "those that will never come back");
    return status;
}

/* ---- The person */

static bool confirmed(const struct deciding *d, const struct hf__floor_options *o)
{
    printf(
        "claims below %llu are void everywhere from then on, and so is every record signed below\n"
        "it that is not of generation %u: a copy of the folder that has dealt anew can do nothing\n"
        "\nThis cannot be taken back. If the holders named as lost come back, their votes count\n"
        "for nothing. If another machine runs this validator now, two of them may get its keys.\n",
        (unsigned long long)d->floor->floor.claim, (unsigned)d->evidence->record.generation.number);
    fflush(stdout);
    if (o->only_instance)
        return true;
    if (hf__asked("is it sure that no other machine runs this validator?"))
        return true;
    fprintf(stderr, "holdfast set: nothing is decided; when it is sure that no other machine runs "
                    "this validator: --only-instance\n");
    return false;
}

static int write_down(const struct hf__authority *a, struct deciding *d)
{
    free(d->member->floor);
    d->member->floor = d->floor;
    d->floor = NULL;
    int r = hf__members_save(a->folder, d->members);
    if (r != 0)
        return hf__say("set", a->folder, r);
    printf("noted in set.yaml; it comes into force with `holdfast set sign`\n");
    return HF_CLI_OK;
}

static int with_evidence(const struct hf__authority *a, const struct hf__floor_options *o,
                         struct hf__member_list *members, struct hf__member *m, struct evidence *e)
{
    struct deciding d = {.evidence = e, .members = members, .member = m};
    int r = read_evidence(a, o->record_file, &m->account, e);
    if (r != 0)
        return hf__say("set", o->record_file, r);
    int status = take_lost(&d, o);
    if (status == HF_CLI_OK)
        status = decide(&d, o);
    if (status == HF_CLI_OK)
        status = confirmed(&d, o) ? write_down(a, &d) : HF_CLI_NOT_READY;
    free(d.floor);
    return status;
}

int hf__set_floor(const struct hf__authority *a, const struct hf__floor_options *o)
{
    struct hf__member_list members;
    int status = HF_CLI_ERROR;
    if (o->record_file == NULL)
        return refuse("--record FILE: what `holdfast backup show --json` prints at the validator");
    int r = hf__members_load(a->folder, &members);
    if (r != 0)
        return hf__say("set", a->folder, r);
    struct evidence *e = calloc(1, sizeof *e);
    struct hf__member *m = hf__set_named(&members, o->account, "of set.yaml");
    if (e == NULL) {
        status = hf__say("set", "floor", HF_ENOMEM);
    } else if (m != NULL) {
        hf_arena_init(&e->arena, ARENA_MAX);
        status = with_evidence(a, o, &members, m, e);
        hf_arena_done(&e->arena);
    }
    free(e);
    hf__members_done(&members);
    return status;
}
