/* holdfast policy show|sign. */
#include "policy.h"

#include "ask.h"
#include "authority.h"
#include "base/error.h"
#include "command.h"
#include "policy_form.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
    "usage: holdfast policy show [--authority DIR]\n"
    "       holdfast policy sign [--authority DIR] [--key FILE]\n"
    "\n"
    "sign makes the next version from policy.yaml, or goes on with the one that\n"
    "lacks signatures, and signs it with the keys that are there.\n"
    "\n"
    "  --authority DIR  the authority's folder; default authority\n"
    "  --key FILE       a key of the authority that is not in the folder's keys\n";

/* From the form to the document; the lists are the caller's to free. */
static int fill(const struct hf__policy_form *f, struct hf_policy *p)
{
    p->measurements = calloc(f->measurements.count + 1, sizeof *p->measurements);
    p->time_servers = calloc(f->time_servers.count + 1, sizeof *p->time_servers);
    if (p->measurements == NULL || p->time_servers == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < f->measurements.count; i++) {
        const struct hf__measurement_form *m = &f->measurements.items[i];
        if (m->withdrawn) /* the document lists what is accepted */
            continue;
        struct hf_measurement *to = &p->measurements[p->measurements_count++];
        to->name = hf_bytes_of(m->name, strlen(m->name));
        memcpy(to->digest, m->digest, sizeof to->digest);
        to->rank = m->rank;
        to->effective_from_s = m->effective_from_s > 0 ? (uint64_t)m->effective_from_s : 0;
    }
    for (size_t i = 0; i < f->time_servers.count; i++)
        p->time_servers[p->time_servers_count++].name =
            hf_bytes_of(f->time_servers.items[i], strlen(f->time_servers.items[i]));
    p->trust = (uint64_t)f->trust;
    p->dev_root = f->dev_root;
    p->shares = f->shares;
    p->threshold = f->threshold;
    p->domain_rule = (uint64_t)f->domain_rule;
    p->platform_rule = (uint64_t)f->platform_rule;
    for (size_t i = 0; i < f->tcb_accepted.count; i++)
        p->tcb_accepted |= 1u << f->tcb_accepted.items[i];
    p->tcb_grace_s = f->tcb_grace_s;
    p->td_attributes_mask = hf__form_little(f->td_attributes_mask);
    p->td_attributes_value = hf__form_little(f->td_attributes_value);
    p->xfam_mask = hf__form_little(f->xfam_mask);
    p->xfam_value = hf__form_little(f->xfam_value);
    p->seam_attributes_mask = hf__form_little(f->seam_attributes_mask);
    p->seam_attributes_value = hf__form_little(f->seam_attributes_value);
    p->quote_age_max_s = f->quote_age_s;
    p->shares_held_max = f->shares_held_max;
    p->holder_grace_s = f->holder_grace_s;
    return 0;
}

static int make(const struct hf__authority *a, void *ctx, struct hf_buf *ret_body)
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
    policy.expires_s = policy.issued_s + form.validity_s;
    r = fill(&form, &policy);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_policy, &policy, ret_body);
    free(policy.measurements);
    free(policy.time_servers);
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

int hf_cli_policy(int argc, char **argv)
{
    static const struct option longs[] = {{"authority", required_argument, NULL, 'a'},
                                          {"key", required_argument, NULL, 'k'},
                                          {NULL, 0, NULL, 0}};
    const char *folder = HF__AUTHORITY_DEFAULT, *key_file = NULL;
    bool ok = argc > 1;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    opterr = 0;
    optind = 1;
    for (int c; ok && (c = getopt_long(argc - 1, argv + 1, "", longs, NULL)) != -1;) {
        if (c == 'a')
            folder = optarg;
        else if (c == 'k')
            key_file = optarg;
        else
            ok = false;
    }
    if (ok && optind == argc - 1 && strcmp(argv[1], "sign") == 0)
        return hf__policy_sign(folder, key_file);
    if (ok && optind == argc - 1 && strcmp(argv[1], "show") == 0)
        return show(folder);
    fputs(usage, stderr);
    return HF_CLI_USAGE;
}
