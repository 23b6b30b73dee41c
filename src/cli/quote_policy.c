/* The policy that `holdfast quote verify --policy` takes: the fields of the network's policy that
 * judge a quote. */
#include "base/error.h"
#include "quote.h"

#include <stdio.h>
#include <stdlib.h>

struct measurement_form {
    const char *name;
    uint8_t digest[HF_MEASUREMENT_LEN];
    uint32_t rank;
    int64_t effective_from_s;
    bool withdrawn;
};

struct policy_form {
    int trust;
    struct hf_bytes dev_root;
    HF_CONFIG_LIST_OF(int) tcb_accepted;
    uint64_t tcb_grace_s;
    uint8_t td_attributes_mask[8], td_attributes_value[8];
    uint8_t xfam_mask[8], xfam_value[8];
    uint8_t seam_attributes_mask[8], seam_attributes_value[8];
    HF_CONFIG_LIST_OF(struct measurement_form) measurements;
};

static const struct hf_config_choice trusts[] = {
    {"intel", HF_TRUST_INTEL}, {"dev", HF_TRUST_DEV}, {NULL, 0}};

/* Revoked is no status to accept, and what is not in the list is not known. */
static const struct hf_config_choice statuses[] = {
    {"UpToDate", HF_TCB_UP_TO_DATE},
    {"SWHardeningNeeded", HF_TCB_SW_HARDENING_NEEDED},
    {"ConfigurationNeeded", HF_TCB_CONFIGURATION_NEEDED},
    {"ConfigurationAndSWHardeningNeeded", HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED},
    {"OutOfDate", HF_TCB_OUT_OF_DATE},
    {"OutOfDateConfigurationNeeded", HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
    {"TDRelaunchAdvised", HF_TCB_TD_RELAUNCH_ADVISED},
    {"TDRelaunchAdvisedConfigurationNeeded", HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED},
    {NULL, 0}};

#define AT(member) HF_CONFIG_AT(struct measurement_form, member)
static const struct hf_config_field measurement_fields[] = {
    {"name", HF_CONFIG_STRING, AT(name), .required = true, .max = 64, .doc = "Of the release."},
    {"digest", HF_CONFIG_HEX, AT(digest), .required = true,
     .doc = "The measurement, as `holdfast quote show` prints it."},
    {"rank", HF_CONFIG_UINT, AT(rank), .doc = "A later release ranks higher."},
    {"effective_from", HF_CONFIG_TIME, AT(effective_from_s), .doc = "Not accepted before."},
    {"withdrawn", HF_CONFIG_BOOL, AT(withdrawn), .doc = "No longer accepted."},
};
#undef AT
static const struct hf_config_schema measurement_schema =
    HF_CONFIG_SCHEMA(struct measurement_form, measurement_fields, NULL);

static const struct hf_config_field status_item =
    HF_CONFIG_ITEM("status", HF_CONFIG_ENUM, int, .choices = statuses);
static const struct hf_config_field measurement_item = HF_CONFIG_ITEM(
    "measurement", HF_CONFIG_MAP, struct measurement_form, .schema = &measurement_schema);

#define AT(member) HF_CONFIG_AT(struct policy_form, member)
static const struct hf_config_field policy_fields[] = {
    {"trust", HF_CONFIG_ENUM, AT(trust), .required = true, .choices = trusts,
     .doc = "The root under which quotes must lie."},
    {"dev_root", HF_CONFIG_HEX_BYTES, AT(dev_root), .max = 200,
     .doc = "The development root's SubjectPublicKeyInfo; with trust dev only."},
    {"tcb_accepted", HF_CONFIG_LIST, AT(tcb_accepted), .item = &status_item, .max = 16,
     .doc = "TCB statuses beside UpToDate, which always is."},
    {"tcb_grace", HF_CONFIG_DURATION_S, AT(tcb_grace_s), .max = 31536000,
     .doc = "How long after a new evaluation a platform may still be OutOfDate."},
    {"td_attributes_mask", HF_CONFIG_HEX, AT(td_attributes_mask),
     .doc = "Bits that td_attributes_value fixes, in the byte order of the quote."},
    {"td_attributes_value", HF_CONFIG_HEX, AT(td_attributes_value), .doc = "The bits fixed."},
    {"xfam_mask", HF_CONFIG_HEX, AT(xfam_mask), .doc = "Bits that xfam_value fixes."},
    {"xfam_value", HF_CONFIG_HEX, AT(xfam_value), .doc = "The bits fixed."},
    {"seam_attributes_mask", HF_CONFIG_HEX, AT(seam_attributes_mask),
     .doc = "Bits that seam_attributes_value fixes."},
    {"seam_attributes_value", HF_CONFIG_HEX, AT(seam_attributes_value), .doc = "The bits fixed."},
    {"measurements", HF_CONFIG_LIST, AT(measurements), .required = true, .item = &measurement_item,
     .max = 64, .doc = "Accepted software."},
};
#undef AT

static void check_form(const void *value, const struct hf_config_where *where)
{
    const struct policy_form *f = value;
    if (f->trust == HF_TRUST_INTEL && f->dev_root.len > 0)
        hf_config_refuse(where, "dev_root",
                         "a policy of intel accepts no development root: leave it out");
    if (f->trust == HF_TRUST_DEV && f->dev_root.len == 0)
        hf_config_refuse(where, "dev_root",
                         "a policy of dev needs the SubjectPublicKeyInfo of its root");
#ifdef HF_PRODUCTION
    if (f->trust == HF_TRUST_DEV)
        hf_config_refuse(where, "trust", "a build for production accepts intel only");
#endif
    uint8_t key[HF_ROOT_KEY_LEN];
    if (f->dev_root.len > 0 && hf_root_key_from_spki(f->dev_root, key) != 0)
        hf_config_refuse(where, "dev_root", "not the SubjectPublicKeyInfo of a key on P-256");
}

static const struct hf_config_schema policy_schema =
    HF_CONFIG_SCHEMA(struct policy_form, policy_fields, check_form);

static uint64_t little(const uint8_t bytes[static 8])
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v |= (uint64_t)bytes[i] << (8 * i);
    return v;
}

static int fill(const struct policy_form *f, struct hf_cli_quote_policy *p)
{
    p->measurements = calloc(f->measurements.count + 1, sizeof p->measurements[0]);
    if (p->measurements == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < f->measurements.count; i++) {
        const struct measurement_form *m = &f->measurements.items[i];
        struct hf_judge_measurement *to = &p->measurements[i];
        to->name = m->name;
        memcpy(to->digest, m->digest, sizeof to->digest);
        to->rank = m->rank;
        to->effective_from_s = m->effective_from_s > 0 ? (uint64_t)m->effective_from_s : 0;
        to->withdrawn = m->withdrawn;
    }
    p->judge = (struct hf_judge_policy){
        .trust = (enum hf_trust)f->trust,
        .tcb_accepted = HF_TCB_BIT(HF_TCB_UP_TO_DATE),
        .tcb_grace_accepted = f->tcb_grace_s > 0 ? HF_TCB_CURABLE : 0,
        .tcb_grace_s = f->tcb_grace_s,
        .td_attributes_mask = little(f->td_attributes_mask),
        .td_attributes = little(f->td_attributes_value),
        .xfam_mask = little(f->xfam_mask),
        .xfam = little(f->xfam_value),
        .seam_attributes_mask = little(f->seam_attributes_mask),
        .seam_attributes = little(f->seam_attributes_value),
        .measurements = p->measurements,
        .measurement_count = f->measurements.count,
    };
    for (size_t i = 0; i < f->tcb_accepted.count; i++)
        p->judge.tcb_accepted |= HF_TCB_BIT(f->tcb_accepted.items[i]);
    p->has_dev_root = f->dev_root.len > 0;
    return p->has_dev_root ? hf_root_key_from_spki(f->dev_root, p->dev_root) : 0;
}

static void print_errors(const char *file, int error, const struct hf_config_errors *errors)
{
    struct hf_buf text;
    hf_buf_init(&text, 1 << 16);
    hf_config_errors_print(errors, &text);
    if (error == HF_ECONFIG && text.len > 0)
        fwrite(text.data, 1, text.len, stderr);
    else
        fprintf(stderr, "holdfast: %s: %s\n", file, hf_error_sentence(error));
    hf_buf_done(&text);
}

int hf_cli_quote_policy_load(const char *file, struct hf_cli_quote_policy *ret)
{
    struct hf_cli_quote_policy p = {0};
    struct hf_config_errors *errors = calloc(1, sizeof *errors);
    struct policy_form form;
    if (errors == NULL)
        return HF_ENOMEM;
    int r = hf_config_load_file(file, &policy_schema, &form, &p.doc, errors);
    if (r == 0)
        r = fill(&form, &p);
    if (r != 0) {
        print_errors(file, r, errors);
        hf_cli_quote_policy_done(&p);
    } else {
        *ret = p;
    }
    free(errors);
    return r;
}

void hf_cli_quote_policy_done(struct hf_cli_quote_policy *p)
{
    free(p->measurements);
    hf_config_doc_free(p->doc);
    *p = (struct hf_cli_quote_policy){0};
}
