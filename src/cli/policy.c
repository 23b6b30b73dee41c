/* holdfast policy show|sign|measurement. */
#include "policy.h"

#include "ask.h"
#include "authority.h"
#include "base/error.h"
#include "command.h"
#include "difference.h"
#include "base/options.h"
#include "document/selection.h"
#include "measurement.h"
#include "policy_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
    "usage: holdfast policy show [FILE] [--table] [--authority DIR]\n"
    "       holdfast policy sign [--authority DIR] [--key FILE]\n"
    "                            [--yes DIGEST] [--foreign] [--force]\n"
    "       holdfast policy measurement add NAME DIGEST [--rank N] [--after TIME]\n"
    "                            [--role daemon|ceremony]\n"
    "       holdfast policy measurement add NAME --mrtd HEX --rtmr0 HEX --rtmr1 HEX --rtmr2 HEX "
    "...\n"
    "       holdfast policy measurement add NAME --here ...\n"
    "       holdfast policy measurement --here\n"
    "       holdfast policy measurement --image FIRMWARE\n"
    "       holdfast policy measurement withdraw NAME\n"
    "       holdfast policy measurement list\n"
    "       holdfast policy describe\n"
    "\n"
    "sign makes the next version from policy.yaml, or goes on with the one that\n"
    "lacks signatures, prints what it changes, has that confirmed, and signs it\n"
    "with the keys that are there. show prints what is in force, or FILE. measurement\n"
    "changes policy.yaml release by release, for the next version to be signed.\n"
    "describe prints every field that policy.yaml may have, with its meaning.\n"
    "\n"
    "  --authority DIR  the authority's folder; default authority\n"
    "  --key FILE       a key of the authority that is not in the folder's keys\n"
    "  --yes DIGEST     confirms the document of this digest, for scripts\n"
    "  --foreign        signs one that is not what policy.yaml gives\n"
    "  --force          signs one that locks the network\n"
    "  --here           the measurement of the daemon at --socket; alone: print it\n"
    "  --image FILE     of a guest with this firmware: the MRTD, and what is not known\n"
    "  --table          for people, instead of JSON\n"
    "  --rank N         a later release ranks higher; default one above the highest\n"
    "  --after TIME     not accepted before, from now, such as 12h; default at once\n"
    "  --role ROLE      for what: daemon, the default; or ceremony, to deal quorum keys\n";

static int make(const struct hf__authority *a, void *ctx, const struct hf_document *like,
                struct hf_buf *ret_body)
{
    char path[HF__PATH_LEN];
    static struct hf_config_errors errors;
    struct hf__policy_form form;
    struct hf_config_doc *doc = NULL;
    struct hf_policy policy = {.issued_s = (uint64_t)time(NULL), .version = 1};
    (void)ctx;
    if (!hf__path(path, a->folder, "policy.yaml"))
        return HF_ETOOBIG;
    int r = hf_config_load_file(path, &hf__policy_schema, &form, &doc, &errors);
    if (r == 0 && (form.shares == 0 || form.threshold == 0)) {
        struct hf_config_where where = hf_config_root(doc, &errors);
        hf_config_refuse(&where, form.shares == 0 ? "shares" : "threshold",
                         "a network's policy needs it");
        r = HF_ECONFIG;
    }
    if (r != 0) {
        hf__form_errors(path, r, &errors);
        hf_config_doc_free(doc);
        return r;
    }
    if (a->policy != NULL)
        policy.version = hf_document_version(a->policy) + 1;
    if (like != NULL)
        policy.issued_s = like->u.policy.issued_s;
    policy.expires_s = policy.issued_s + form.validity_s;
    r = hf__policy_form_fill(&form, &policy);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_policy, &policy, ret_body);
    hf__policy_form_free(&policy);
    hf_config_doc_free(doc);
    return r;
}

/* Of the role alone that runs the daemon: what deals quorum keys keeps no share. */
static bool accepts(const struct hf_policy *p, const struct hf_measurement *wanted)
{
    for (size_t i = 0; i < p->measurements_count; i++)
        if (p->measurements[i].role == HF_ROLE_DAEMON &&
            memcmp(p->measurements[i].digest, wanted->digest, sizeof wanted->digest) == 0)
            return true;
    return false;
}

/* How many releases of the daemon in the one policy the other accepts too; withdrawn ones are in
 * neither. */
static size_t accepted(const struct hf_policy *of, const struct hf_policy *by)
{
    size_t count = 0;
    for (size_t i = 0; i < of->measurements_count; i++)
        count += of->measurements[i].role == HF_ROLE_DAEMON && accepts(by, &of->measurements[i]);
    return count;
}

/* What locks the network at the next restart of each validator. */
static bool risk(const struct hf__authority *a, const struct hf_document *d, char *ret, size_t len)
{
    const struct hf_policy *p = &d->u.policy,
                           *now = a->policy != NULL ? &a->policy->u.policy : NULL;
    if (accepted(p, p) == 0) {
        snprintf(ret, len,
                 "it accepts no measurement: no validator could give or get a share; add "
                 "one with `holdfast policy measurement add`");
        return true;
    }
    if (now != NULL && accepted(now, now) > 0 && accepted(now, p) == 0) {
        snprintf(ret, len,
                 "it accepts none of the %zu releases that were accepted until now: all validators "
                 "that run them could give and get no share. Withdraw a release when all run "
                 "another",
                 accepted(now, now));
        return true;
    }
    if (a->set != NULL &&
        hf_select_possible(a->set, (enum hf_domain_rule)p->domain_rule, (uint8_t)p->shares) != 0) {
        snprintf(ret, len,
                 "the set in force has %zu validators: with %u shares at least %u are needed, of "
                 "enough operators; the nodes would refuse it",
                 a->set->u.set.validators_count, (unsigned)p->shares, (unsigned)p->shares + 1);
        return true;
    }
    return false;
}

int hf__policy_sign(const char *folder, const char *key_file, const struct hf__consent *consent)
{
    struct hf__authority a;
    struct hf__issue_job job = {.kind = HF_DOCUMENT_POLICY,
                                .name = "policy",
                                .key_file = key_file,
                                .make = make,
                                .risk = consent->own ? NULL : risk,
                                .consent = *consent};
    bool issued;
    int r = hf__authority_open(folder, &a);
    if (r == 0) {
        r = hf__issue(&a, &job, &issued);
        hf__authority_close(&a);
    }
    return hf__issued("policy", folder, r);
}

static int show(const char *folder, hf__print_fn *print)
{
    struct hf__authority a;
    int r = hf__authority_open(folder, &a);
    if (r != 0)
        return hf__say("policy", folder, r);
    int status = a.policy != NULL
                     ? hf__show("policy", a.policy, print)
                     : hf__say("policy", "none is in force yet: `holdfast policy sign`", 0);
    hf__authority_close(&a);
    return status;
}

struct options {
    const char *folder, *key_file, *image;
    struct hf__consent consent;
    struct hf__measurement_change change;
    bool here, table;
    char **words;
    int words_count;
};

enum { AFTER_S_MAX = 315360000 }; /* ten years */

static bool take_rank(void *options, const char *text)
{
    struct hf__measurement_change *c = &((struct options *)options)->change;
    uint64_t rank = 0;
    c->has_rank = hf_number_read(text, 0, UINT32_MAX, &rank);
    c->rank = (uint32_t)rank;
    return c->has_rank;
}

static bool take_role(void *options, const char *text)
{
    struct hf__measurement_change *c = &((struct options *)options)->change;
    c->ceremony = strcmp(text, "ceremony") == 0;
    return c->ceremony || strcmp(text, "daemon") == 0;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct hf_option table[] = {
        HF_TEXT_OF("authority", struct options, folder),
        HF_TEXT_OF("key", struct options, key_file),
        HF_TEXT_OF("yes", struct options, consent.digest),
        HF_FLAG_OF("foreign", struct options, consent.foreign),
        HF_FLAG_OF("force", struct options, consent.force),
        HF_FLAG_OF("here", struct options, here),
        HF_TEXT_OF("image", struct options, image),
        HF_FLAG_OF("table", struct options, table),
        HF_TAKE_BY("rank", take_rank),
        HF_TAKE_BY("role", take_role),
        HF_DURATION_OF("after", struct options, change.after_s, 0, AFTER_S_MAX),
        HF_TEXT_OF("mrtd", struct options, change.registers[0]),
        HF_TEXT_OF("rtmr0", struct options, change.registers[1]),
        HF_TEXT_OF("rtmr1", struct options, change.registers[2]),
        HF_TEXT_OF("rtmr2", struct options, change.registers[3])};
    *o = (struct options){.folder = HF__AUTHORITY_DEFAULT};
    return hf__options(argc, argv, table, HF_ARRAY_LEN(table), o, &o->words, &o->words_count) &&
           o->words_count > 0;
}

/* What the daemon at the socket says that this machine runs. */
static int ask_here(char ret[static 2 * HF_MEASUREMENT_LEN + 1])
{
    json_t *root;
    int r = hf__ask(json_pack("{s:s}", "request", "status"), false, &root);
    if (r != 0)
        return HF_CLI_ERROR;
    const char *digest = json_string_value(json_object_get(root, "measurement"));
    bool whole = digest != NULL && strlen(digest) == 2 * HF_MEASUREMENT_LEN;
    if (whole)
        memcpy(ret, digest, 2 * HF_MEASUREMENT_LEN + 1);
    json_decref(root);
    return whole ? HF_CLI_OK
                 : hf__say("policy", "the daemon has no measurement yet: no quote was made", 0);
}

/* policy measurement --here, or add NAME --here; -1: not its words. */
static int measurement_here(struct options *o)
{
    char digest[2 * HF_MEASUREMENT_LEN + 1];
    bool print = o->words_count == 1;
    for (size_t i = 0; i < HF_ARRAY_LEN(o->change.registers); i++)
        if (o->change.registers[i] != NULL)
            return -1;
    if (!print && (o->words_count != 3 || strcmp(o->words[1], "add") != 0))
        return -1;
    int status = ask_here(digest);
    if (status != HF_CLI_OK)
        return status;
    if (print) {
        puts(digest);
        return HF_CLI_OK;
    }
    o->change.verb = HF__MEASUREMENT_ADD;
    o->change.name = o->words[2];
    o->change.digest = digest;
    return hf__measurement(o->folder, &o->change);
}

/* policy measurement ...; -1: not its words. */
static int measurement(struct options *o)
{
    static const struct {
        const char *name;
        enum hf__measurement_verb verb;
        int words;
    } verbs[] = {{"add", HF__MEASUREMENT_ADD, 4},
                 {"add", HF__MEASUREMENT_ADD, 3},
                 {"withdraw", HF__MEASUREMENT_WITHDRAW, 3},
                 {"list", HF__MEASUREMENT_LIST, 2}};
    for (size_t i = 0; o->words_count >= 2 && i < HF_ARRAY_LEN(verbs); i++) {
        if (strcmp(o->words[1], verbs[i].name) != 0 || o->words_count != verbs[i].words)
            continue;
        /* A digest, or the registers from which it follows. */
        bool registers = o->change.registers[0] != NULL;
        if (verbs[i].verb == HF__MEASUREMENT_ADD && registers != (verbs[i].words == 3))
            continue;
        o->change.verb = verbs[i].verb;
        o->change.name = verbs[i].words > 2 ? o->words[2] : NULL;
        o->change.digest = verbs[i].words > 3 ? o->words[3] : NULL;
        return hf__measurement(o->folder, &o->change);
    }
    return -1;
}

int hf_cli_policy(int argc, char **argv)
{
    struct options o;
    int status = -1;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    bool ok = read_options(argc, argv, &o);
    hf__print_fn *print = o.table ? hf__policy_print : hf__document_print;
    if (ok && o.words_count == 1 && strcmp(o.words[0], "sign") == 0)
        status = hf__policy_sign(o.folder, o.key_file, &o.consent);
    else if (ok && o.words_count == 1 && strcmp(o.words[0], "show") == 0)
        status = show(o.folder, print);
    else if (ok && o.words_count == 2 && strcmp(o.words[0], "show") == 0)
        status = hf__show_file("policy", o.words[1], HF_DOCUMENT_POLICY, print);
    else if (ok && o.words_count == 1 && strcmp(o.words[0], "describe") == 0)
        status = hf__form_describe(&hf__policy_schema);
    else if (ok && strcmp(o.words[0], "measurement") == 0)
        status = o.image != NULL ? (o.words_count == 1 ? hf__measurement_image(o.image) : -1)
                 : o.here        ? measurement_here(&o)
                                 : measurement(&o);
    if (status >= 0)
        return status;
    return hf__usage(usage);
}
