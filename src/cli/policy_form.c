#include "policy_form.h"

#include "document/document.h"
#include "document/time_servers.h"

#include "attest/collateral.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

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

static const struct hf_config_choice roles[] = {
    {"daemon", HF_ROLE_DAEMON}, {"ceremony", HF_ROLE_CEREMONY}, {NULL, 0}};

#define AT(member) HF_CONFIG_AT(struct hf__measurement_form, member)
static const struct hf_config_field measurement_fields[] = {
    {"name", HF_CONFIG_STRING, AT(name), .required = true, .max = 64, .doc = "Of the release."},
    {"digest", HF_CONFIG_HEX, AT(digest), .required = true,
     .doc = "The measurement, as `holdfast quote show` prints it."},
    {"rank", HF_CONFIG_UINT, AT(rank), .doc = "A later release ranks higher."},
    {"effective_from", HF_CONFIG_TIME, AT(effective_from_s), .doc = "Not accepted before."},
    {"withdrawn", HF_CONFIG_BOOL, AT(withdrawn), .doc = "No longer accepted."},
    {"role", HF_CONFIG_ENUM, AT(role), .choices = roles, .default_text = "daemon",
     .doc = "What it is accepted for: to run the daemon, or to deal quorum keys."},
};
#undef AT
static const struct hf_config_schema measurement_schema =
    HF_CONFIG_SCHEMA(struct hf__measurement_form, measurement_fields, NULL);

#define AT(member) HF_CONFIG_AT(struct hf__evaluation_form, member)
static const struct hf_config_field evaluation_fields[] = {
    {"number", HF_CONFIG_UINT, AT(number), .required = true, .min = 1, .max = UINT32_MAX,
     .doc = "tcbEvaluationDataNumber."},
    {"tcb_date", HF_CONFIG_TIME, AT(tcb_date_s), .required = true,
     .doc = "Its tcbDate, which Intel publishes: levels before it are out of date by it."},
    {"counts_from", HF_CONFIG_TIME, AT(counts_from_s), .required = true,
     .doc = "From when that counts; tcb_grace begins then."},
};
#undef AT
static const struct hf_config_schema evaluation_schema =
    HF_CONFIG_SCHEMA(struct hf__evaluation_form, evaluation_fields, NULL);
static const struct hf_config_field evaluation_item = HF_CONFIG_ITEM(
    "evaluation", HF_CONFIG_MAP, struct hf__evaluation_form, .schema = &evaluation_schema);

static const struct hf_config_choice suite_names[] = {
    {"x25519-chacha20-poly1305", HF_SEALING_CHACHA},
    {"x25519-aes-256-gcm", HF_SEALING_GCM},
    {NULL, 0}};
static const struct hf_config_field suite_item =
    HF_CONFIG_ITEM("suite", HF_CONFIG_ENUM, int, .choices = suite_names);
static const struct hf_config_field status_item =
    HF_CONFIG_ITEM("status", HF_CONFIG_ENUM, int, .choices = statuses);
static const struct hf_config_field measurement_item = HF_CONFIG_ITEM(
    "measurement", HF_CONFIG_MAP, struct hf__measurement_form, .schema = &measurement_schema);

static const struct hf_config_choice domain_rules[] = {
    {"operators_and_zones", HF_DOMAIN_OPERATORS_AND_ZONES},
    {"operators", HF_DOMAIN_OPERATORS},
    {"none", HF_DOMAIN_NONE},
    {NULL, 0}};
static const struct hf_config_choice platform_rules[] = {
    {"own", HF_PLATFORM_OWN}, {"any", HF_PLATFORM_ANY}, {NULL, 0}};

#define AT(member) HF_CONFIG_AT(struct hf__time_server_form, member)
static const struct hf_config_field server_fields[] = {
    {"name", HF_CONFIG_STRING, AT(name), .required = true, .min = 1, .max = 255,
     .doc = "Host name of an NTS server."},
    {"operator", HF_CONFIG_STRING, AT(operator_name), .required = true, .min = 1, .max = 64,
     .doc = "Who runs it: all servers of one operator have one vote."},
    {"port", HF_CONFIG_UINT, AT(port), .max = 65535,
     .doc = "Of its key exchange. Without it, 4460."},
};
#undef AT
static const struct hf_config_schema server_schema =
    HF_CONFIG_SCHEMA(struct hf__time_server_form, server_fields, NULL);
static const struct hf_config_field server_item =
    HF_CONFIG_ITEM("server", HF_CONFIG_MAP, struct hf__time_server_form, .schema = &server_schema);

#define AT(member) HF_CONFIG_AT(struct hf__policy_form, member)
static const struct hf_config_field policy_fields[] = {
    {"shares", HF_CONFIG_UINT, AT(shares), .min = 1, .max = 16,
     .doc = "n: into how many shares each validator splits its secret. A network needs it."},
    {"claim_quorum", HF_CONFIG_UINT, AT(claim_quorum), .max = 16,
     .doc =
         "q: how many holders must accept a restarted validator's claim; above half of shares, at "
         "least threshold. Without it, two thirds."},
    {"claim_provisional", HF_CONFIG_UINT, AT(claim_provisional), .max = 16,
     .doc = "p: how many, when some of them have just restarted too. Without it, n - (n - q) / 2."},
    {"threshold", HF_CONFIG_UINT, AT(threshold), .min = 1, .max = 16,
     .doc = "k: how many rebuild it. A network needs it."},
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
    {"sealing_suites", HF_CONFIG_LIST, AT(sealing_suites), .item = &suite_item, .max = 2,
     .doc = "Of which suites a validator has keys to which shares are sealed; "
            "x25519-chacha20-poly1305 is always one. Without it, that alone."},
    {"rotation_pending", HF_CONFIG_DURATION_S, AT(rotation_pending_s), .min = 1, .max = 31536000,
     .doc = "How long a new key is there before it is used. Without it, 1h."},
    {"rotation_active", HF_CONFIG_DURATION_S, AT(rotation_active_s), .min = 1, .max = 31536000,
     .doc = "How long a key is used before a new one is made. Without it, 12w, or rotation_expired "
            "where that is longer."},
    {"rotation_expired", HF_CONFIG_DURATION_S, AT(rotation_expired_s), .min = 1, .max = 31536000,
     .doc = "How long it is kept after that. Without it, 1w, or quote_age where that is longer."},
    {"rotation_departures", HF_CONFIG_UINT, AT(rotation_departures), .min = 1, .max = 65535,
     .doc = "After so many of its share holders have departed a root secret gives way to another. "
            "Without it, never for that."},
    {"shares_held", HF_CONFIG_UINT, AT(shares_held_max), .default_text = "1024", .min = 1,
     .max = 65535, .doc = "Owners for whom one provider keeps shares."},
    {"time_servers", HF_CONFIG_LIST, AT(time_servers), .item = &server_item, .max = 16,
     .doc =
         "NTS servers, of at least three operators, from whose agreement validators take the "
         "time. Without them, the machine's clock is believed from the newest date verified on."},
    {"trust", HF_CONFIG_ENUM, AT(trust), .required = true, .choices = trusts,
     .doc = "The root under which quotes must lie."},
    {"dev_root", HF_CONFIG_HEX_BYTES, AT(dev_root), .max = 200,
     .doc = "The development root's SubjectPublicKeyInfo; with trust dev only."},
    {"tcb_accepted", HF_CONFIG_LIST, AT(tcb_accepted), .item = &status_item, .max = 16,
     .doc = "TCB statuses beside UpToDate, which always is."},
    {"tcb_grace", HF_CONFIG_DURATION_S, AT(tcb_grace_s), .max = 31536000,
     .doc = "How long after an evaluation began to count a platform that it made out of date is "
            "accepted."},
    {"collateral_stale", HF_CONFIG_DURATION_S, AT(collateral_stale_s), .max = 31536000,
     .doc = "How long a validator may judge by collateral that has expired, while it can have no "
            "new one and its configuration allows it."},
    {"min_tcb_evaluation", HF_CONFIG_UINT, AT(min_tcb_evaluation),
     .doc = "Collateral of a lower TCB evaluation is refused."},
    {"tcb_evaluations", HF_CONFIG_LIST, AT(tcb_evaluations), .item = &evaluation_item, .max = 16,
     .doc = "TCB evaluations, by number; one that is not named counts from the first issue date "
            "seen."},
    {"td_attributes_mask", HF_CONFIG_HEX, AT(td_attributes_mask),
     .doc =
         "Bits that td_attributes_value fixes, in the byte order of the quote. What no mask names "
         "must be harmless."},
    {"td_attributes_value", HF_CONFIG_HEX, AT(td_attributes_value), .doc = "The bits fixed."},
    {"xfam_mask", HF_CONFIG_HEX, AT(xfam_mask), .doc = "Bits that xfam_value fixes."},
    {"xfam_value", HF_CONFIG_HEX, AT(xfam_value), .doc = "The bits fixed."},
    {"seam_attributes_mask", HF_CONFIG_HEX, AT(seam_attributes_mask),
     .doc = "Bits that seam_attributes_value fixes."},
    {"seam_attributes_value", HF_CONFIG_HEX, AT(seam_attributes_value), .doc = "The bits fixed."},
    {"mrservicetd", HF_CONFIG_HEX_BYTES, AT(mrservicetd), .min = HF_MR_LEN, .max = HF_MR_LEN,
     .doc = "The service TD that must be bound; left out, none may be."},
    {"mrconfigid", HF_CONFIG_HEX_BYTES, AT(mrconfigid), .min = HF_MR_LEN, .max = HF_MR_LEN,
     .doc = "What MRCONFIGID must be; left out, anything."},
    {"mrowner", HF_CONFIG_HEX_BYTES, AT(mrowner), .min = HF_MR_LEN, .max = HF_MR_LEN,
     .doc = "What MROWNER must be; left out, anything."},
    {"mrownerconfig", HF_CONFIG_HEX_BYTES, AT(mrownerconfig), .min = HF_MR_LEN, .max = HF_MR_LEN,
     .doc = "What MROWNERCONFIG must be; left out, anything."},
    {"handover_untimed", HF_CONFIG_BOOL, AT(handover_untimed),
     .doc = "A new release may take over while the time is not authenticated."},
    {"quorum_key", HF_CONFIG_STRING, AT(quorum_key), .min = 1, .max = 64,
     .doc = "Name of the key in the share set to which validators seal their secrets."},
    {"quorum_required", HF_CONFIG_BOOL, AT(quorum_required),
     .doc = "A validator that is not sealed to it is degraded."},
    {"measurements", HF_CONFIG_LIST, AT(measurements), .required = true, .item = &measurement_item,
     .max = 64, .doc = "Accepted software."},
};
#undef AT

/* Names are a host's, each is listed once, and a majority of operators outvotes one that lies. */
static void check_time_servers(const struct hf__policy_form *f, const struct hf_config_where *where)
{
    struct hf_time_server servers[HF_TIME_SERVERS_MAX];
    struct hf_policy p = {.time_servers = servers};
    for (size_t i = 0; i < f->time_servers.count && i < HF_TIME_SERVERS_MAX; i++) {
        const struct hf__time_server_form *s = &f->time_servers.items[i];
        char path[40];
        snprintf(path, sizeof path, "time_servers[%zu].name", i);
        servers[i] = (struct hf_time_server){
            .name = hf_bytes_of(s->name, strlen(s->name)),
            .operator_name = hf_bytes_of(s->operator_name, strlen(s->operator_name))};
        p.time_servers_count++;
        if (!hf_time_server_name_ok(servers[i].name))
            hf_config_refuse(where, path,
                             "`%s` is no host name: write a-z, 0-9, - and dots, the port in `port`",
                             s->name);
        if (hf_time_server_named(&p, servers[i].name) < i)
            hf_config_refuse(where, path, "`%s` is listed twice: list it once", s->name);
    }
    size_t operators = hf_time_operators(&p);
    if (operators > 0 && operators < HF_TIME_OPERATORS_MIN)
        hf_config_refuse(where, "time_servers",
                         "of %zu operator%s: list servers of at least %d, so that a majority "
                         "outvotes one that lies or is down, or none at all",
                         operators, operators == 1 ? "" : "s", HF_TIME_OPERATORS_MIN);
}

static uint32_t suites_of(const struct hf__policy_form *f)
{
    uint32_t suites = 0;
    for (size_t i = 0; i < f->sealing_suites.count; i++)
        suites |= 1u << f->sealing_suites.items[i];
    return suites;
}

static void check_lifetimes(const struct hf__policy_form *f, const struct hf_config_where *where)
{
    struct hf_policy p = {.quote_age_max_s = f->quote_age_s,
                          .rotation_pending_s = f->rotation_pending_s,
                          .rotation_active_s = f->rotation_active_s,
                          .rotation_expired_s = f->rotation_expired_s};
    struct hf_lifetimes l;
    hf_policy_lifetimes(&p, &l);
    unsigned long long pending = l.pending_s, active = l.active_s;
    switch (hf_policy_lifetimes_check(&p)) {
    case HF_LIFETIMES_FIT:
        break;
    case HF_LIFETIMES_PENDING:
        hf_config_refuse(where, f->rotation_active_s != 0 ? "rotation_active" : "rotation_pending",
                         "a key is used for longer than it waits: rotation_active must be above "
                         "rotation_pending, which is %llus",
                         pending);
        break;
    case HF_LIFETIMES_EXPIRED_SHORT:
        hf_config_refuse(where, "rotation_expired",
                         "a quote may name a key for as long as quote_age: at least %llus",
                         (unsigned long long)f->quote_age_s);
        break;
    case HF_LIFETIMES_EXPIRED_LONG:
        hf_config_refuse(where, f->rotation_expired_s != 0 ? "rotation_expired" : "rotation_active",
                         "an old key goes before the next gets old: rotation_expired must be at "
                         "most rotation_active, which is %llus",
                         active);
        break;
    }
}

static void check_form(const void *value, const struct hf_config_where *where)
{
    const struct hf__policy_form *f = value;
    check_lifetimes(f, where);
    if (f->sealing_suites.count > 0 && (suites_of(f) >> HF_SEALING_CHACHA & 1) == 0)
        hf_config_refuse(where, "sealing_suites",
                         "add x25519-chacha20-poly1305: a machine without AES instructions has "
                         "no other");
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
    uint64_t q =
        f->claim_quorum != 0 ? f->claim_quorum : hf_claim_quorum_proposed(f->shares, f->threshold);
    struct hf_policy p = {.claim_provisional = f->claim_provisional};
    if (f->shares > 0 &&
        !hf_quorums_ok(f->shares, f->threshold, q, hf_provisional_quorum(&p, f->shares, q)))
        hf_config_refuse(where, "threshold",
                         "with %u shares: 2 <= threshold <= claim_quorum <= claim_provisional <= "
                         "shares, and claim_quorum above half of shares; all are 1 with one share",
                         f->shares);
    for (size_t i = 1; i < f->tcb_evaluations.count; i++) {
        const struct hf__evaluation_form *e = &f->tcb_evaluations.items[i], *before = e - 1;
        if (e->number <= before->number || e->tcb_date_s < before->tcb_date_s ||
            e->counts_from_s < before->counts_from_s)
            hf_config_refuse(where, "tcb_evaluations", "numbers and dates must ascend");
    }
    check_time_servers(f, where);
    if (f->quorum_required && f->quorum_key == NULL)
        hf_config_refuse(where, "quorum_required", "quorum_key does not say which key");
    uint8_t key[HF_ROOT_KEY_LEN];
    if (f->dev_root.len > 0 && hf_root_key_from_spki(f->dev_root, key) != 0)
        hf_config_refuse(where, "dev_root", "not the SubjectPublicKeyInfo of a key on P-256");
}

const struct hf_config_schema hf__policy_schema =
    HF_CONFIG_SCHEMA(struct hf__policy_form, policy_fields, check_form);

/* Eight bytes in the order of a quote, as a number. */
static uint64_t little(const uint8_t bytes[static 8])
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v |= (uint64_t)bytes[i] << (8 * i);
    return v;
}

static void fill_register(struct hf_bytes value, bool *ret_named, uint8_t ret[static HF_MR_LEN])
{
    *ret_named = value.len == HF_MR_LEN;
    if (*ret_named)
        memcpy(ret, value.data, HF_MR_LEN);
}

static void fill_domain(const struct hf__policy_form *f, struct hf_policy *p)
{
    p->td_attributes_mask = little(f->td_attributes_mask);
    p->td_attributes_value = little(f->td_attributes_value);
    p->xfam_mask = little(f->xfam_mask);
    p->xfam_value = little(f->xfam_value);
    p->seam_attributes_mask = little(f->seam_attributes_mask);
    p->seam_attributes_value = little(f->seam_attributes_value);
    fill_register(f->mrservicetd, &p->has_mrservicetd, p->mrservicetd);
    fill_register(f->mrconfigid, &p->has_mrconfigid, p->mrconfigid);
    fill_register(f->mrowner, &p->has_mrowner, p->mrowner);
    fill_register(f->mrownerconfig, &p->has_mrownerconfig, p->mrownerconfig);
}

static void fill_evaluations(const struct hf__policy_form *f, struct hf_policy *p)
{
    for (size_t i = 0; i < f->tcb_evaluations.count; i++) {
        const struct hf__evaluation_form *e = &f->tcb_evaluations.items[i];
        p->tcb_evaluations[p->tcb_evaluations_count++] =
            (struct hf_tcb_evaluation){.number = e->number,
                                       .tcb_date_s = (uint64_t)e->tcb_date_s,
                                       .counts_from_s = (uint64_t)e->counts_from_s};
    }
}

int hf__policy_form_fill(const struct hf__policy_form *f, struct hf_policy *p)
{
    p->measurements = calloc(f->measurements.count + 1, sizeof *p->measurements);
    p->time_servers = calloc(f->time_servers.count + 1, sizeof *p->time_servers);
    p->tcb_evaluations = calloc(f->tcb_evaluations.count + 1, sizeof *p->tcb_evaluations);
    if (p->measurements == NULL || p->time_servers == NULL || p->tcb_evaluations == NULL)
        return HF_ENOMEM;
    fill_evaluations(f, p);
    for (size_t i = 0; i < f->measurements.count; i++) {
        const struct hf__measurement_form *m = &f->measurements.items[i];
        if (m->withdrawn) /* the document lists what is accepted */
            continue;
        struct hf_measurement *to = &p->measurements[p->measurements_count++];
        to->name = hf_bytes_of(m->name, strlen(m->name));
        memcpy(to->digest, m->digest, sizeof to->digest);
        to->rank = m->rank;
        to->role = (uint64_t)m->role;
        to->effective_from_s = m->effective_from_s > 0 ? (uint64_t)m->effective_from_s : 0;
    }
    for (size_t i = 0; i < f->time_servers.count; i++) {
        const struct hf__time_server_form *s = &f->time_servers.items[i];
        p->time_servers[p->time_servers_count++] = (struct hf_time_server){
            .name = hf_bytes_of(s->name, strlen(s->name)),
            .operator_name = hf_bytes_of(s->operator_name, strlen(s->operator_name)),
            .port = s->port};
    }
    p->trust = (uint64_t)f->trust;
    p->dev_root = f->dev_root;
    p->shares = f->shares;
    p->threshold = f->threshold;
    p->claim_quorum =
        f->claim_quorum != 0 ? f->claim_quorum : hf_claim_quorum_proposed(f->shares, f->threshold);
    p->claim_provisional = f->claim_provisional;
    p->domain_rule = (uint64_t)f->domain_rule;
    p->platform_rule = (uint64_t)f->platform_rule;
    for (size_t i = 0; i < f->tcb_accepted.count; i++)
        p->tcb_accepted |= 1u << f->tcb_accepted.items[i];
    p->tcb_grace_s = f->tcb_grace_s;
    p->min_tcb_evaluation = f->min_tcb_evaluation;
    p->collateral_stale_s = f->collateral_stale_s;
    if (f->quorum_key != NULL)
        p->quorum_key = hf_bytes_of(f->quorum_key, strlen(f->quorum_key));
    p->quorum_required = f->quorum_required;
    p->handover_untimed = f->handover_untimed;
    fill_domain(f, p);
    p->quote_age_max_s = f->quote_age_s;
    p->shares_held_max = f->shares_held_max;
    p->holder_grace_s = f->holder_grace_s;
    p->rotation_pending_s = f->rotation_pending_s;
    p->rotation_active_s = f->rotation_active_s;
    p->rotation_expired_s = f->rotation_expired_s;
    p->rotation_departures = f->rotation_departures;
    p->sealing_suites = suites_of(f);
    return 0;
}

void hf__policy_form_free(struct hf_policy *p)
{
    free(p->measurements);
    free(p->time_servers);
    free(p->tcb_evaluations);
}

int hf__form_describe(const struct hf_config_schema *schema)
{
    struct hf_buf text;
    hf_buf_init(&text, 1 << 16);
    hf_config_describe(schema, &text);
    bool ok = text.error == 0 && fwrite(text.data, 1, text.len, stdout) == text.len;
    hf_buf_done(&text);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
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
