/* holdfast set add|attest|remove|restore|platform|operator-key|taint|floor|sequence-floor|show|
 * sign. */
#include "ask.h"
#include "authority.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "config/schema.h"
#include "difference.h"
#include "base/options.h"
#include "document/selection.h"
#include "policy.h"
#include "policy_form.h"
#include "set_add.h"
#include "set_change.h"
#include "set_floor.h"
#include "set_form.h"
#include "set_sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static const char usage[] =
    "usage: holdfast set add [FILE] --operator NAME [--zone NAME]\n"
    "                        [--address HOST:PORT] [--replace | --also] [--offline]\n"
    "       holdfast set attest [--propose | --json]\n"
    "       holdfast set remove ACCOUNT\n"
    "       holdfast set restore ACCOUNT\n"
    "       holdfast set platform ACCOUNT add|remove PPID\n"
    "       holdfast set operator-key ACCOUNT KEY|none\n"
    "       holdfast set taint ACCOUNT VERSION\n"
    "       holdfast set floor ACCOUNT --record FILE --lost ACCOUNT...\n"
    "                          [--change-record] [--only-instance]\n"
    "       holdfast set sequence-floor ACCOUNT --record FILE [--only-instance]\n"
    "       holdfast set show [FILE]\n"
    "       holdfast set describe\n"
    "       holdfast set sign [--key FILE] [--yes DIGEST] [--foreign] [--force]\n"
    "\n"
    "add takes the account in FILE, as `holdfast identity` wrote it, or that of the\n"
    "daemon at --socket, asks the daemon at its address for a quote over a nonce,\n"
    "and verifies it by the policy in force and the folder's collateral. attest asks\n"
    "everyone of set.yaml so, prints who fails which check, and leaves those out of\n"
    "the next set with --propose. floor decides for a validator too few of whose holders will "
    "ever\n"
    "answer: FILE is what `holdfast backup show --json` printed there, --lost names\n"
    "who is gone for good, --change-record gives up the record that an earlier floor\n"
    "goes on from, and --only-instance says that no other machine runs it, which is\n"
    "asked otherwise. sequence-floor lets a validator that is blocked with\n"
    "vault_behind go on with the old vault that it has: FILE is what `holdfast\n"
    "status --json` printed there. What is added and removed comes into force with sign, which\n"
    "closes the list, draws the beacon, prints what changes, has it confirmed and\n"
    "signs with the keys that are there. show prints what is in force, or FILE;\n"
    "describe every field that set.yaml may have, with its meaning.\n"
    "operator-key names the public key, as `holdfast node key` printed it, of who\n"
    "may see and use a validator's operator listener from outside.\n"
    "An ACCOUNT may be given by its first digits or by its operator's name.\n"
    "\n"
    "  --authority DIR      the authority's folder; default authority\n"
    "  --collateral DIR     default: collateral in the authority's folder\n"
    "  --key FILE           a key that is not in the folder's keys\n"
    "  --yes DIGEST         confirms the document of this digest, for scripts\n"
    "  --replace            instead of what this operator or address has already\n"
    "  --also               beside it\n"
    "  --offline            by the quote in FILE: its daemon cannot be reached from here\n"
    "  --foreign            signs one that is not what set.yaml gives\n"
    "  --force              signs one that may lock validators out\n"
    "\n"
    "exit status: 0 all pass, 1 error, 2 some fail or have not answered\n";

struct options {
    const char *folder, *key_file;
    struct hf__consent consent;
    struct hf__floor_options floor;
    struct hf__set_add add;
    struct hf__set_attest attest;
    char **words;
    int words_count;
};

static bool add_lost(void *options, const char *text)
{
    struct hf__floor_options *f = &((struct options *)options)->floor;
    if (f->lost_count == HF__LOST_MAX)
        return false;
    f->lost[f->lost_count++] = text;
    return true;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct hf_option table[] = {
        HF_TEXT_OF("authority", struct options, folder),
        HF_TEXT_OF("collateral", struct options, add.collateral),
        HF_TEXT_OF("key", struct options, key_file),
        HF_TEXT_OF("yes", struct options, consent.digest),
        HF_FLAG_OF("foreign", struct options, consent.foreign),
        HF_TEXT_OF("operator", struct options, add.operator_name),
        HF_TEXT_OF("zone", struct options, add.zone),
        HF_TEXT_OF("address", struct options, add.address),
        HF_TEXT_OF("record", struct options, floor.record_file),
        HF_TAKE_BY("lost", add_lost),
        HF_FLAG_OF("change-record", struct options, floor.change_record),
        HF_FLAG_OF("only-instance", struct options, floor.only_instance),
        HF_FLAG_OF("replace", struct options, add.replace),
        HF_FLAG_OF("also", struct options, add.also),
        HF_FLAG_OF("offline", struct options, add.offline),
        HF_FLAG_OF("propose", struct options, attest.propose),
        HF_FLAG_OF("json", struct options, attest.json),
        HF_FLAG_OF("force", struct options, consent.force)};
    *o = (struct options){.folder = HF__AUTHORITY_DEFAULT};
    return hf__options(argc, argv, table, HF_ARRAY_LEN(table), o, &o->words, &o->words_count) &&
           o->words_count > 0;
}

/* ---- show */

static int show(const struct hf__authority *a)
{
    return a->set != NULL ? hf__show("set", a->set, hf__document_print)
                          : hf__say("set", "none is in force yet: `holdfast set sign`", 0);
}

/* ---- sign */

static int fill(const struct hf__member_list *members, uint32_t epoch, struct hf_validator *list)
{
    for (size_t i = 0; i < members->count; i++) {
        const struct hf__member *m = &members->list[i];
        struct hf_validator *v = &list[i];
        v->account = m->account;
        v->registered_epoch = m->registered_epoch > 0 ? m->registered_epoch : epoch;
        v->address = hf_bytes_of(m->address, strlen(m->address));
        v->operator_name = hf_bytes_of(m->operator_name, strlen(m->operator_name));
        v->zone = hf_bytes_of(m->zone, strlen(m->zone));
        v->leaving = m->leaving;
        v->has_operator_key = m->has_operator_key;
        memcpy(v->operator_key, m->operator_key, sizeof v->operator_key);
        v->root_tainted = m->root_tainted;
        v->has_sequence_floor = m->has_sequence_floor;
        v->sequence_floor = m->sequence_floor;
        v->has_floor = m->floor != NULL;
        if (m->floor != NULL)
            v->floor = m->floor->floor;
        v->platforms = calloc(m->platforms_count + 1, sizeof *v->platforms);
        if (v->platforms == NULL)
            return HF_ENOMEM;
        for (size_t j = 0; j < m->platforms_count; j++)
            memcpy(v->platforms[j].ppid, m->platforms[j], HF_PPID_LEN);
        v->platforms_count = m->platforms_count;
    }
    return 0;
}

/* A set under which some validator could not place its shares is refused before it is signed. */
static int check_possible(const struct hf__authority *a, struct hf_bytes body)
{
    struct hf_buf envelope;
    struct hf_document *d = NULL;
    const struct hf_policy *p = &a->policy->u.policy;
    struct hf_account account = {{0}};
    char text[65];
    hf_buf_init(&envelope, HF__DOCUMENT_MAX);
    int r = hf_document_wrap(HF_DOCUMENT_SET, body, &envelope);
    if (r == 0)
        r = hf_document_read(a->pool, hf_buf_bytes(&envelope), &d);
    if (r == 0 && a->set != NULL) {
        r = hf_set_floors_kept(a->set, d, &account);
        hf_hex_encode(account.bytes, sizeof account, text);
        if (r == HF_EFLOOR)
            fprintf(stderr,
                    "holdfast set: %.8s has a floor in the set in force, and set.yaml lacks or "
                    "lowers it, or decides more under its claim: what was decided stays\n",
                    text);
    }
    if (r == 0) {
        r = hf_select_possible(d, (enum hf_domain_rule)p->domain_rule, (uint8_t)p->shares);
        if (r == HF_ESELECTION)
            fprintf(stderr,
                    "holdfast set: %zu validators; with %u shares at least %u are needed, "
                    "and enough different operators unless the policy's domain_rule is none\n",
                    d->u.set.validators_count, (unsigned)p->shares, (unsigned)p->shares + 1);
    }
    hf_document_unref(d);
    hf_buf_done(&envelope);
    return r;
}

static int make(const struct hf__authority *a, void *ctx, const struct hf_document *like,
                struct hf_buf *ret_body)
{
    struct hf__member_list *members = ctx;
    struct hf_validator_set set = {.epoch = a->set != NULL ? hf_document_version(a->set) + 1 : 1,
                                   .issued_s = (uint64_t)time(NULL)};
    if (a->policy == NULL)
        return HF_ENODOCUMENTS;
    size_t floors = a->set != NULL ? hf_set_floors(a->set) : 0;
    struct hf_departed_floor *departed = calloc(floors + 1, sizeof *departed);
    set.validators = calloc(members->count + 1, sizeof *set.validators);
    if (set.validators == NULL || departed == NULL) {
        free(set.validators);
        free(departed);
        return HF_ENOMEM;
    }
    set.validators_count = members->count;
    if (like != NULL)
        set.issued_s = like->u.set.issued_s;
    set.expires_s = set.issued_s + members->validity_s;
    int r = fill(members, (uint32_t)set.epoch, set.validators);
    hf_set_keep_departed(a->set, &set, departed);
    /* The list is closed: only now the beacon is drawn. */
    if (like != NULL)
        memcpy(set.beacon, like->u.set.beacon, sizeof set.beacon);
    else if (r == 0 && getrandom(set.beacon, sizeof set.beacon, 0) != sizeof set.beacon)
        r = HF_EINTERNAL;
    if (r == 0)
        r = hf_wire_encode(&hf_wire_validator_set, &set, ret_body);
    if (r == 0)
        r = check_possible(a, hf_buf_bytes(ret_body));
    for (size_t i = 0; i < set.validators_count; i++)
        free(set.validators[i].platforms);
    free(set.validators);
    free(departed);
    return r;
}

/* Whether another member of the set is at this address now. */
static bool place_taken(const struct hf_validator_set *set, struct hf_bytes address)
{
    for (size_t i = 0; i < set->validators_count; i++)
        if (hf_bytes_equal(set->validators[i].address, address))
            return true;
    return false;
}

/* A validator's shares are with n others: of those that leave at once, more than n - q can have
 * been holders of one that stays. Who begins anew at the same place had lost its shares before. */
static bool risk(const struct hf__authority *a, const struct hf_document *d, char *ret, size_t len)
{
    size_t gone = 0;
    if (a->set == NULL || a->policy == NULL)
        return false;
    for (size_t i = 0; i < a->set->u.set.validators_count; i++) {
        const struct hf_validator *v = &a->set->u.set.validators[i];
        gone += hf_set_find(d, &v->account) < 0 && !place_taken(&d->u.set, v->address);
    }
    size_t n = a->policy->u.policy.shares, q = a->policy->u.policy.claim_quorum;
    size_t may = n - q > 1 ? n - q : 1;
    snprintf(ret, len,
             "it leaves out %zu validators at once, and %zu may go: one that stays may have its "
             "shares with them, and a restart would lock its key. Leave them out one after the "
             "other, each when the others are ready again",
             gone, may);
    return gone > may;
}

/* Members that came with this set are written down as such. */
static int note_epoch(const char *folder, struct hf__member_list *members, uint32_t epoch)
{
    for (size_t i = 0; i < members->count; i++)
        if (members->list[i].registered_epoch == 0)
            members->list[i].registered_epoch = epoch;
    return hf__members_save(folder, members);
}

static int sign(const struct options *o, struct hf__authority *a)
{
    struct hf__member_list members;
    uint32_t epoch = a->set != NULL ? hf_document_version(a->set) + 1 : 1;
    struct hf__issue_job job = {.kind = HF_DOCUMENT_SET,
                                .name = "set",
                                .key_file = o->key_file,
                                .make = make,
                                .risk = risk,
                                .ctx = &members,
                                .consent = o->consent};
    bool issued = false;
    int r = hf__members_load(o->folder, &members);
    if (r == 0)
        r = hf__members_save(o->folder, &members); /* sorted, as the document must be */
    if (r == 0)
        r = hf__set_note_removed(a, &members);
    if (r == 0)
        r = hf__issue(a, &job, &issued);
    if (r == 0 && issued)
        r = note_epoch(o->folder, &members, epoch);
    hf__members_done(&members);
    return hf__issued("set", "not signed", r);
}

int hf_cli_set(int argc, char **argv)
{
    struct options o;
    struct hf__authority a;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!read_options(argc, argv, &o))
        return hf__usage(usage);
    const char *verb = o.words[0];
    int n = o.words_count, status;
    if (strcmp(verb, "show") == 0 && n == 2)
        return hf__show_file("set", o.words[1], HF_DOCUMENT_SET, hf__document_print);
    if (strcmp(verb, "describe") == 0 && n == 1)
        return hf__form_describe(&hf__set_schema);
    int r = hf__authority_open(o.folder, &a);
    if (r != 0)
        return hf__say("set", o.folder, r);
    o.add.key_file = o.attest.key_file = o.key_file;
    o.attest.collateral = o.add.collateral;
    o.add.file = n == 2 ? o.words[1] : NULL;
    if (strcmp(verb, "add") == 0 && n <= 2)
        status = hf__set_add(&a, &o.add);
    else if (strcmp(verb, "attest") == 0 && n == 1)
        status = hf__set_attest(&a, &o.attest);
    else if (((strcmp(verb, "remove") == 0 || strcmp(verb, "restore") == 0) && n == 2) ||
             (strcmp(verb, "operator-key") == 0 && n == 3) ||
             (strcmp(verb, "taint") == 0 && n == 3) || (strcmp(verb, "platform") == 0 && n == 4))
        status = hf__set_change(&a, o.words);
    else if (strcmp(verb, "floor") == 0 && n == 2) {
        o.floor.account = o.words[1];
        status = hf__set_floor(&a, &o.floor);
    } else if (strcmp(verb, "sequence-floor") == 0 && n == 2) {
        o.floor.account = o.words[1];
        status = hf__set_sequence(&a, &o.floor);
    } else if (strcmp(verb, "show") == 0 && n == 1)
        status = show(&a);
    else if (strcmp(verb, "sign") == 0 && n == 1)
        status = sign(&o, &a);
    else
        status = hf__usage(usage);
    hf__authority_close(&a);
    return status;
}
