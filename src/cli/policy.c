/* holdfast policy show|sign|measurement. */
#include "policy.h"

#include "ask.h"
#include "authority.h"
#include "base/error.h"
#include "command.h"
#include "measurement.h"
#include "policy_form.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
    "usage: holdfast policy show [--authority DIR]\n"
    "       holdfast policy sign [--authority DIR] [--key FILE]\n"
    "       holdfast policy measurement add NAME DIGEST [--rank N] [--after TIME]\n"
    "       holdfast policy measurement withdraw NAME\n"
    "       holdfast policy measurement list\n"
    "\n"
    "sign makes the next version from policy.yaml, or goes on with the one that\n"
    "lacks signatures, and signs it with the keys that are there. measurement\n"
    "changes policy.yaml release by release, for the next version to be signed.\n"
    "\n"
    "  --authority DIR  the authority's folder; default authority\n"
    "  --key FILE       a key of the authority that is not in the folder's keys\n"
    "  --rank N         a later release ranks higher; default one above the highest\n"
    "  --after TIME     not accepted before, from now, such as 12h; default at once\n";

static int make(const struct hf__authority *a, void *ctx, struct hf_buf *ret_body)
{
    char path[HF__PATH_LEN];
    static struct hf_config_errors errors;
    struct hf__policy_form form;
    struct hf_config_doc *doc = NULL;
    struct hf_msg_policy policy = {.issued_s = (uint64_t)time(NULL), .version = 1};
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
    policy.expires_s = policy.issued_s + form.validity_s;
    r = hf__policy_form_fill(&form, &policy);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_policy, &policy, ret_body);
    hf__policy_form_free(&policy);
    hf_config_doc_free(doc);
    return r;
}

int hf__policy_sign(const char *folder, const char *key_file)
{
    struct hf__authority a;
    bool issued;
    int r = hf__authority_open(folder, &a);
    if (r == 0) {
        r = hf__issue(&a, HF_DOCUMENT_POLICY, "policy", key_file, make, NULL, &issued);
        hf__authority_close(&a);
    }
    if (r == HF_EDOCUMENT_SIGNATURE)
        return HF_CLI_NOT_READY;
    return r == 0 ? HF_CLI_OK : hf__say("policy", folder, r);
}

static int show(const char *folder)
{
    struct hf__authority a;
    struct hf_buf text;
    int r = hf__authority_open(folder, &a);
    if (r != 0)
        return hf__say("policy", folder, r);
    if (a.policy == NULL) {
        hf__authority_close(&a);
        return hf__say("policy", "none is in force yet: `holdfast policy sign`", 0);
    }
    hf_buf_init(&text, HF__DOCUMENT_MAX);
    hf_wire_to_json(&hf_wire_policy, &a.policy->u.policy, &text);
    if (text.error == 0)
        printf("%.*s\n", (int)text.len, (const char *)text.data);
    hf_buf_done(&text);
    hf__authority_close(&a);
    return HF_CLI_OK;
}

struct options {
    const char *folder, *key_file;
    struct hf__measurement_change change;
    char **words;
    int words_count;
};

/* A number and its unit, in seconds: 90s, 15m, 12h, 7d, 2w; at most ten years. */
static bool duration(const char *text, uint64_t *ret_s)
{
    static const struct {
        char unit;
        uint64_t s;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    char *end;
    unsigned long v = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || end[0] == '\0' || end[1] != '\0' || v > 315360000)
        return false;
    for (size_t i = 0; i < HF_ARRAY_LEN(units); i++)
        if (end[0] == units[i].unit) {
            *ret_s = v * units[i].s;
            return *ret_s <= 315360000;
        }
    return false;
}

static bool rank(const char *text, struct hf__measurement_change *c)
{
    char *end;
    unsigned long v = strtoul(text, &end, 10);
    c->rank = (uint32_t)v;
    c->has_rank = text[0] >= '0' && text[0] <= '9' && *end == '\0' && v <= UINT32_MAX;
    return c->has_rank;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {{"authority", required_argument, NULL, 'a'},
                                          {"key", required_argument, NULL, 'k'},
                                          {"rank", required_argument, NULL, 'r'},
                                          {"after", required_argument, NULL, 't'},
                                          {NULL, 0, NULL, 0}};
    *o = (struct options){.folder = HF__AUTHORITY_DEFAULT};
    opterr = 0;
    optind = 1;
    bool ok = true;
    for (int c; ok && (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (c == 'a')
            o->folder = optarg;
        else if (c == 'k')
            o->key_file = optarg;
        else if (c == 'r')
            ok = rank(optarg, &o->change);
        else if (c == 't')
            ok = duration(optarg, &o->change.after_s);
        else
            ok = false;
    }
    o->words = argv + optind;
    o->words_count = argc - optind;
    return ok && o->words_count > 0;
}

/* policy measurement ...; -1: not its words. */
static int measurement(struct options *o)
{
    static const struct {
        const char *name;
        enum hf__measurement_verb verb;
        int words;
    } verbs[] = {{"add", HF__MEASUREMENT_ADD, 4},
                 {"withdraw", HF__MEASUREMENT_WITHDRAW, 3},
                 {"list", HF__MEASUREMENT_LIST, 2}};
    for (size_t i = 0; o->words_count >= 2 && i < HF_ARRAY_LEN(verbs); i++) {
        if (strcmp(o->words[1], verbs[i].name) != 0 || o->words_count != verbs[i].words)
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
    if (ok && o.words_count == 1 && strcmp(o.words[0], "sign") == 0)
        status = hf__policy_sign(o.folder, o.key_file);
    else if (ok && o.words_count == 1 && strcmp(o.words[0], "show") == 0)
        status = show(o.folder);
    else if (ok && strcmp(o.words[0], "measurement") == 0)
        status = measurement(&o);
    if (status >= 0)
        return status;
    fputs(usage, stderr);
    return HF_CLI_USAGE;
}
