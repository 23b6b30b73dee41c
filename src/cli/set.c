/* holdfast set add|remove|restore|platform|operator-key|floor|show|sign. */
#include "admit.h"
#include "answer.h"
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
#include "set_change.h"
#include "set_floor.h"
#include "set_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { IDENTITY_MAX = 64 << 10, FRESH_MS = 10000, FRESH_POLL_MS = 50 };

static const char usage[] =
    "usage: holdfast set add [FILE] --operator NAME [--zone NAME]\n"
    "                        [--address HOST:PORT] [--replace | --also]\n"
    "       holdfast set remove ACCOUNT\n"
    "       holdfast set restore ACCOUNT\n"
    "       holdfast set platform ACCOUNT add|remove PPID\n"
    "       holdfast set operator-key ACCOUNT KEY|none\n"
    "       holdfast set floor ACCOUNT --record FILE --lost ACCOUNT...\n"
    "                          [--only-instance]\n"
    "       holdfast set show [FILE]\n"
    "       holdfast set sign [--key FILE] [--yes DIGEST] [--foreign] [--force]\n"
    "\n"
    "add verifies the identity quote in FILE, as `holdfast identity` wrote it, or\n"
    "that of the daemon at --socket, by the policy in force and the folder's\n"
    "collateral. floor decides for a validator too few of whose holders will ever\n"
    "answer: FILE is what `holdfast backup show --json` printed there, --lost names\n"
    "who is gone for good, and --only-instance says that no other machine runs it,\n"
    "which is asked otherwise. What is added and removed comes into force with sign, which\n"
    "closes the list, draws the beacon, prints what changes, has it confirmed and\n"
    "signs with the keys that are there. show prints what is in force, or FILE.\n"
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
    "  --foreign            signs one that is not what set.yaml gives\n"
    "  --force              signs one that may lock validators out\n";

struct options {
    const char *folder, *collateral, *key_file, *operator_name, *zone, *address;
    struct hf__consent consent;
    struct hf__floor_options floor;
    bool replace, also;
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
        HF_TEXT_OF("collateral", struct options, collateral),
        HF_TEXT_OF("key", struct options, key_file),
        HF_TEXT_OF("yes", struct options, consent.digest),
        HF_FLAG_OF("foreign", struct options, consent.foreign),
        HF_TEXT_OF("operator", struct options, operator_name),
        HF_TEXT_OF("zone", struct options, zone),
        HF_TEXT_OF("address", struct options, address),
        HF_TEXT_OF("record", struct options, floor.record_file),
        HF_TAKE_BY("lost", add_lost),
        HF_FLAG_OF("only-instance", struct options, floor.only_instance),
        HF_FLAG_OF("replace", struct options, replace),
        HF_FLAG_OF("also", struct options, also),
        HF_FLAG_OF("force", struct options, consent.force)};
    *o = (struct options){.folder = HF__AUTHORITY_DEFAULT};
    return hf__options(argc, argv, table, HF_ARRAY_LEN(table), o, &o->words, &o->words_count) &&
           o->words_count > 0;
}

/* ---- add */

static bool is_fresh(void)
{
    json_t *root;
    if (hf__ask(json_pack("{s:s}", "request", "status"), true, &root) != 0)
        return false;
    bool fresh = strcmp(text_of(root, "state"), "fresh") == 0;
    json_decref(root);
    return fresh;
}

/* A node that was started just now makes its vault and its first quote: it is waited for. */
static json_t *ask_identity(void)
{
    const struct timespec pause = {.tv_nsec = FRESH_POLL_MS * 1000000L};
    json_t *root = NULL;
    for (int i = 0; i < FRESH_MS / FRESH_POLL_MS; i++) {
        if (hf__ask(json_pack("{s:s}", "request", "identity"), true, &root) == 0)
            return root;
        if (!is_fresh())
            break;
        nanosleep(&pause, NULL);
    }
    return hf__ask(json_pack("{s:s}", "request", "identity"), false, &root) == 0 ? root : NULL;
}

static json_t *read_identity(const struct options *o)
{
    json_t *root = NULL;
    json_error_t error;
    struct hf_buf text;
    if (o->words_count < 2)
        return ask_identity();
    hf_buf_init(&text, IDENTITY_MAX);
    int r = hf_file_read(o->words[1], &text);
    if (r == 0)
        root = json_loadb((const char *)text.data, text.len, 0, &error);
    hf_buf_done(&text);
    if (root == NULL)
        hf__say("set", o->words[1], r != 0 ? r : HF_EMALFORMED);
    return root;
}

static int admit(const struct options *o, const struct hf__authority *a, const json_t *root,
                 struct hf__admitted *ret)
{
    char collateral[HF__PATH_LEN];
    const char *hex = json_string_value(json_object_get(root, "identity"));
    size_t len = hex != NULL ? strlen(hex) / 2 : 0;
    if (a->policy == NULL)
        return HF_ENODOCUMENTS;
    if (len == 0 || !hf__path(collateral, a->folder, "collateral"))
        return HF_EMALFORMED;
    uint8_t *identity = malloc(len);
    if (identity == NULL)
        return HF_ENOMEM;
    int r = hf_hex_decode(hex, identity, len);
    if (r == 0)
        r = hf__admit(hf_bytes_of(identity, len), &a->network, &a->policy->u.policy,
                      o->collateral != NULL ? o->collateral : collateral, (uint64_t)time(NULL),
                      ret);
    free(identity);
    return r;
}

static int enter(const struct options *o, const struct hf__authority *a,
                 const struct hf__admitted *admitted, const char *address)
{
    struct hf__member_list members;
    char account[65];
    int r = hf__members_load(o->folder, &members);
    if (r != 0)
        return r;
    struct hf__member fresh = {0};
    fresh.account = admitted->account;
    snprintf(fresh.address, sizeof fresh.address, "%s", address);
    snprintf(fresh.operator_name, sizeof fresh.operator_name, "%s", o->operator_name);
    r = hf__set_make_room(&members, &fresh, o->replace, o->also);
    struct hf__member *m = hf__members_find(&members, &admitted->account);
    bool known = m != NULL;
    /* What was decided about it stays decided. */
    if (r == 0 && m == NULL)
        r = hf__set_recall_floor(a, &members, &fresh);
    if (r == 0 && m == NULL)
        m = hf__members_add(&members);
    if (r == 0 && m == NULL)
        r = HF_ENOMEM;
    if (r == 0 && fresh.floor != NULL) {
        m->floor = fresh.floor;
        fresh.floor = NULL;
    }
    free(fresh.floor);
    if (r == 0) {
        m->account = fresh.account;
        snprintf(m->address, sizeof m->address, "%s", fresh.address);
        snprintf(m->operator_name, sizeof m->operator_name, "%s", fresh.operator_name);
        snprintf(m->zone, sizeof m->zone, "%s", o->zone != NULL ? o->zone : "");
        r = hf__members_save(o->folder, &members);
    }
    hf__members_done(&members);
    if (r != 0)
        return r;
    hf_hex_encode(admitted->account.bytes, sizeof admitted->account, account);
    printf("%s %s at %s: quote verified, release %s\n", account, known ? "updated" : "added",
           address, admitted->release);
    return 0;
}

static int add(const struct options *o, const struct hf__authority *a)
{
    struct hf__admitted admitted;
    if (o->operator_name == NULL || !hf__name_valid(o->operator_name) ||
        (o->zone != NULL && !hf__name_valid(o->zone)))
        return hf__say("set", "--operator (and --zone): 1 to 64 plain characters", 0);
    json_t *root = read_identity(o);
    if (root == NULL)
        return HF_CLI_ERROR;
    const char *address =
        o->address != NULL ? o->address : json_string_value(json_object_get(root, "address"));
    int r = admit(o, a, root, &admitted);
    if (r == 0 && address != NULL && hf_config_address_unspecified(address)) {
        json_decref(root);
        return hf__say("set", "not added: its address is of no machine; give --address", 0);
    }
    if (r == 0 && (address == NULL || address[0] == '\0' || strchr(address, '"') != NULL ||
                   strlen(address) >= HF__ADDRESS_TEXT_LEN))
        r = HF_EADDRESS;
    if (r == 0)
        r = enter(o, a, &admitted, address);
    json_decref(root);
    if (r == HF_ECANCELED) /* said why */
        return HF_CLI_NOT_READY;
    return r == 0 ? HF_CLI_OK : hf__say("set", "not added", r);
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
                    "lowers it: what was decided stays\n",
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
    set.validators = calloc(members->count + 1, sizeof *set.validators);
    if (set.validators == NULL)
        return HF_ENOMEM;
    set.validators_count = members->count;
    if (like != NULL)
        set.issued_s = like->u.set.issued_s;
    set.expires_s = set.issued_s + members->validity_s;
    int r = fill(members, (uint32_t)set.epoch, set.validators);
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
    int r = hf__authority_open(o.folder, &a);
    if (r != 0)
        return hf__say("set", o.folder, r);
    if (strcmp(verb, "add") == 0 && n <= 2)
        status = add(&o, &a);
    else if (((strcmp(verb, "remove") == 0 || strcmp(verb, "restore") == 0) && n == 2) ||
             (strcmp(verb, "operator-key") == 0 && n == 3) ||
             (strcmp(verb, "platform") == 0 && n == 4))
        status = hf__set_change(&a, o.words);
    else if (strcmp(verb, "floor") == 0 && n == 2) {
        o.floor.account = o.words[1];
        status = hf__set_floor(&a, &o.floor);
    } else if (strcmp(verb, "show") == 0 && n == 1)
        status = show(&a);
    else if (strcmp(verb, "sign") == 0 && n == 1)
        status = sign(&o, &a);
    else
        status = hf__usage(usage);
    hf__authority_close(&a);
    return status;
}
