#include "policy_form.h"

#include "attest/collateral.h"
#include "base/error.h"

#include <stdio.h>

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

#define AT(member) HF_CONFIG_AT(struct hf__measurement_form, member)
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
    HF_CONFIG_SCHEMA(struct hf__measurement_form, measurement_fields, NULL);

static const struct hf_config_field status_item =
    HF_CONFIG_ITEM("status", HF_CONFIG_ENUM, int, .choices = statuses);
static const struct hf_config_field measurement_item = HF_CONFIG_ITEM(
    "measurement", HF_CONFIG_MAP, struct hf__measurement_form, .schema = &measurement_schema);

static const struct hf_config_choice domain_rules[] = {
    {"operators_and_zones", 0}, {"operators", 1}, {"none", 2}, {NULL, 0}};
static const struct hf_config_choice platform_rules[] = {{"own", 0}, {"any", 1}, {NULL, 0}};
static const struct hf_config_field server_item =
    HF_CONFIG_ITEM("server", HF_CONFIG_STRING, const char *, .min = 1, .max = 255);

#define AT(member) HF_CONFIG_AT(struct hf__policy_form, member)
static const struct hf_config_field policy_fields[] = {
    {"shares", HF_CONFIG_UINT, AT(shares), .min = 1, .max = 16,
     .doc = "n: into how many shares each validator splits its secret. A network needs it."},
    {"threshold", HF_CONFIG_UINT, AT(threshold), .min = 1, .max = 16,
     .doc = "k: how many rebuild it; more than half of n. A network needs it."},
    {"domain_rule", HF_CONFIG_ENUM, AT(domain_rule), .choices = domain_rules,
     .default_text = "operators_and_zones",
     .doc = "Which providers of one owner may have something in common."},
    {"platform_rule", HF_CONFIG_ENUM, AT(platform_rule), .choices = platform_rules,
     .default_text = "own", .doc = "On which machines a validator may recover."},
    {"validity", HF_CONFIG_DURATION_S, AT(validity_s), .default_text = "365d", .min = 60,
     .max = 315360000, .doc = "How long the policy is good, from its signing."},
    {"quote_age", HF_CONFIG_DURATION_S, AT(quote_age_s), .default_text = "1d", .min = 60,
     .max = 31536000, .doc = "Identity quotes older than this are refused."},
    {"holder_grace", HF_CONFIG_DURATION_S, AT(holder_grace_s), .default_text = "10m", .min = 1,
     .max = 31536000, .doc = "A holder silent for longer is replaced."},
    {"shares_held", HF_CONFIG_UINT, AT(shares_held_max), .default_text = "1024", .min = 1,
     .max = 65535, .doc = "Owners for whom one provider keeps shares."},
    {"time_servers", HF_CONFIG_LIST, AT(time_servers), .item = &server_item, .max = 16,
     .doc = "NTS servers, by host name."},
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
    const struct hf__policy_form *f = value;
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
    if (f->shares > 0 && (f->threshold > f->shares || 2 * f->threshold <= f->shares))
        hf_config_refuse(where, "threshold",
                         "with %u shares, from %u to %u: more than half, and at most all",
                         f->shares, f->shares / 2u + 1, f->shares);
    uint8_t key[HF_ROOT_KEY_LEN];
    if (f->dev_root.len > 0 && hf_root_key_from_spki(f->dev_root, key) != 0)
        hf_config_refuse(where, "dev_root", "not the SubjectPublicKeyInfo of a key on P-256");
}

const struct hf_config_schema hf__policy_schema =
    HF_CONFIG_SCHEMA(struct hf__policy_form, policy_fields, check_form);

uint64_t hf__form_little(const uint8_t bytes[static 8])
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v |= (uint64_t)bytes[i] << (8 * i);
    return v;
}

void hf__form_errors(const char *file, int error, const struct hf_config_errors *errors)
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
