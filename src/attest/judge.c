#include "attest/judge.h"
#include "attest/quote.h"
#include "base/error.h"

bool hf_error_of_collateral(int error)
{
    return error <= HF_ECOLLMISSING && error >= HF_ECOLLEXPIRED;
}

/* What a check looks at. */
struct judging {
    const struct hf_verdict *verdict;
    const struct hf_judge_policy *policy;
    const struct hf_judge_request *request;
};

/* A production build knows no other trust than Intel's, whatever a policy says. */
static int check_trust(const struct judging *j)
{
    uint8_t trust = j->verdict->trust;
    bool good = trust == j->policy->trust;
#ifdef HF_PRODUCTION
    good = good && trust == HF_TRUST_INTEL;
#endif
    if (good)
        return 0;
    return trust == HF_TRUST_DEV ? HF_EDEVQUOTE : HF_EUNTRUSTED;
}

static int check_tcb_evaluation(const struct judging *j)
{
    return j->verdict->evaluation_number_low >= j->policy->tcb_evaluation_min ? 0
                                                                              : HF_ETCBEVALUATION;
}

/* The evaluation by which the platform's level got out of date. false: none that is known. */
static bool find_evaluation(const struct judging *j, struct hf_judge_evaluation *ret)
{
    const struct hf_verdict *v = j->verdict;
    const struct hf_judge_policy *p = j->policy;
    struct hf_judge_evaluation shown = {v->evaluation_number, v->evaluation_date_s,
                                        v->evaluation_issued_s};
    for (size_t i = 0; i < p->evaluation_count; i++) {
        const struct hf_judge_evaluation *e = &p->evaluations[i];
        if (e->number > v->evaluation_number)
            break;
        if (e->tcb_date_s > v->level_date_s) {
            *ret = *e;
            return true;
        }
        if (e->number == v->evaluation_number)
            return false;
    }
    *ret = shown;
    return shown.tcb_date_s > v->level_date_s && shown.number >= p->tcb_evaluation_min;
}

static bool in_grace(const struct judging *j)
{
    struct hf_judge_evaluation by;
    const struct hf_verdict *v = j->verdict;
    uint64_t at_s = j->request->at_s, grace_s = j->policy->tcb_grace_s;
    if (v->level_date_s == 0 || !find_evaluation(j, &by))
        return false;
    /* A level between the platform's and this evaluation's: it was out of date before. */
    if (v->missed_date_s < by.tcb_date_s)
        return false;
    /* What does not count yet, or by a clock that runs behind, is a grace too. */
    return at_s < by.counts_from_s || (grace_s > 0 && at_s - by.counts_from_s <= grace_s);
}

static int check_tcb_status(const struct judging *j)
{
    uint8_t status = j->verdict->tcb_status;
    uint32_t bit = status != HF_TCB_NONE && status < 32 ? HF_TCB_BIT(status) : 0;
    bool good = (j->policy->tcb_accepted & bit) != 0 ||
                ((j->policy->tcb_grace_accepted & bit) != 0 && in_grace(j));
    return good ? 0 : HF_ETCBSTATUS;
}

static int check_debug(const struct judging *j)
{
    return !j->verdict->debug ? 0 : HF_EDEBUGTD;
}

static bool fits(uint64_t value, uint64_t mask, uint64_t want)
{
    return ((value ^ want) & mask) == 0;
}

/* TD attributes that are set although the policy does not name them. */
static uint64_t unnamed_attributes(const struct judging *j)
{
    const struct hf_judge_policy *p = j->policy;
    return j->verdict->td_attributes & ~(p->td_attributes_mask & p->td_attributes);
}

static int check_tud(const struct judging *j)
{
    uint64_t bits = HF_TD_ATTRIBUTES_UNDER_DEBUG & ~HF_TD_ATTRIBUTE_DEBUG;
    return (unnamed_attributes(j) & bits) == 0 ? 0 : HF_ETDTUD;
}

static int check_migratable(const struct judging *j)
{
    return (unnamed_attributes(j) & HF_TD_ATTRIBUTE_MIGRATABLE) == 0 ? 0 : HF_EMIGRATABLE;
}

static int check_sept_ve_disable(const struct judging *j)
{
    const struct hf_judge_policy *p = j->policy;
    uint64_t may_lack = p->td_attributes_mask & ~p->td_attributes;
    uint64_t has = j->verdict->td_attributes | may_lack;
    return (has & HF_TD_ATTRIBUTE_SEPT_VE_DISABLE) != 0 ? 0 : HF_ESEPTVE;
}

static int check_td_attributes(const struct judging *j)
{
    const struct hf_judge_policy *p = j->policy;
    /* Those that have a check of their own are known too. */
    uint64_t known = HF_TD_ATTRIBUTES_UNDER_DEBUG | HF_TD_ATTRIBUTE_MIGRATABLE |
                     HF_TD_ATTRIBUTE_SEPT_VE_DISABLE | HF_TD_ATTRIBUTES_HARMLESS;
    if ((unnamed_attributes(j) & ~known) != 0)
        return HF_ETDUNKNOWN;
    return fits(j->verdict->td_attributes, p->td_attributes_mask, p->td_attributes)
               ? 0
               : HF_ETDATTRIBUTES;
}

static int check_xfam(const struct judging *j)
{
    const struct hf_judge_policy *p = j->policy;
    if ((j->verdict->xfam & ~HF_XFAM_KNOWN & ~(p->xfam_mask & p->xfam)) != 0)
        return HF_EXFAMUNKNOWN;
    return fits(j->verdict->xfam, p->xfam_mask, p->xfam) ? 0 : HF_EXFAM;
}

static int check_seam_attributes(const struct judging *j)
{
    const struct hf_judge_policy *p = j->policy;
    return fits(j->verdict->seam_attributes, p->seam_attributes_mask, p->seam_attributes)
               ? 0
               : HF_ESEAM;
}

static bool register_fits(const struct judging *j, enum hf_host_register which)
{
    const struct hf_judge_register *r = &j->policy->registers[which];
    return memcmp(j->verdict->host_registers[which], r->tag, sizeof r->tag) == 0;
}

/*
 * Where the policy names none, its tag is that of zero. A body of TDX 1.0 does not show the
 * register: that counts as zero, but for a migratable domain, to which one can be bound.
 */
static int check_mrservicetd(const struct judging *j)
{
    static const uint8_t zero[HF_REGISTER_TAG_LEN];
    const struct hf_verdict *v = j->verdict;
    const uint8_t *want = j->policy->registers[HF_REGISTER_MRSERVICETD].tag;
    bool must_be_seen = memcmp(want, zero, sizeof zero) != 0 ||
                        (v->td_attributes & HF_TD_ATTRIBUTE_MIGRATABLE) != 0;
    bool good = v->service_shown ? register_fits(j, HF_REGISTER_MRSERVICETD) : !must_be_seen;
    return good ? 0 : HF_EMRSERVICETD;
}

static int check_named(const struct judging *j, enum hf_host_register which, int error)
{
    return !j->policy->registers[which].named || register_fits(j, which) ? 0 : error;
}

static int check_mrconfigid(const struct judging *j)
{
    return check_named(j, HF_REGISTER_MRCONFIGID, HF_EMRCONFIGID);
}

static int check_mrowner(const struct judging *j)
{
    return check_named(j, HF_REGISTER_MROWNER, HF_EMROWNER);
}

static int check_mrownerconfig(const struct judging *j)
{
    return check_named(j, HF_REGISTER_MROWNERCONFIG, HF_EMROWNERCONFIG);
}

/* The entry that accepts the measurement now: of several with one digest, the one of the highest
 * rank. */
static const struct hf_judge_measurement *find_measurement(const struct judging *j)
{
    const struct hf_judge_measurement *best = NULL;
    for (size_t i = 0; i < j->policy->measurement_count; i++) {
        const struct hf_judge_measurement *m = &j->policy->measurements[i];
        if (memcmp(m->digest, j->verdict->measurement, sizeof m->digest) != 0 || m->withdrawn ||
            j->request->at_s < m->effective_from_s)
            continue;
        if (best == NULL || m->rank > best->rank)
            best = m;
    }
    return best;
}

static int check_measurement(const struct judging *j)
{
    return find_measurement(j) != NULL ? 0 : HF_EMEASUREMENT;
}

static int check_report_data(const struct judging *j)
{
    const uint8_t *want = j->request->report_data;
    bool good =
        want == NULL || memcmp(want, j->verdict->report_data, sizeof j->verdict->report_data) == 0;
    return good ? 0 : HF_EREPORTDATA;
}

static int check_age(const struct judging *j)
{
    const struct hf_judge_request *r = j->request;
    const struct hf_judge_policy *p = j->policy;
    bool good = true;
    if (r->dated && r->quoted_at_s > r->at_s)
        good = r->quoted_at_s - r->at_s <= p->quote_ahead_s_max;
    else if (r->dated && p->quote_age_s_max != 0)
        good = r->at_s - r->quoted_at_s <= p->quote_age_s_max;
    return good ? 0 : HF_EQUOTEOLD;
}

/* In the order of the codes at hf_judge. */
#define CHECKS(X)                                                                                  \
    X(trust)                                                                                       \
    X(tcb_evaluation)                                                                              \
    X(tcb_status)                                                                                  \
    X(debug)                                                                                       \
    X(tud)                                                                                         \
    X(migratable)                                                                                  \
    X(sept_ve_disable)                                                                             \
    X(td_attributes)                                                                               \
    X(xfam)                                                                                        \
    X(seam_attributes)                                                                             \
    X(mrservicetd)                                                                                 \
    X(mrconfigid)                                                                                  \
    X(mrowner)                                                                                     \
    X(mrownerconfig)                                                                               \
    X(measurement)                                                                                 \
    X(report_data)                                                                                 \
    X(age)

static const struct {
    const char *name;
    int (*run)(const struct judging *j);
} checks[] = {
#define X(check) {#check, check_##check},
    CHECKS(X)
#undef X
};
_Static_assert(HF_ARRAY_LEN(checks) == HF_JUDGE_CHECKS, "one line a check");

int hf_judge(const struct hf_verdict *verdict, const struct hf_judge_policy *policy,
             const struct hf_judge_request *request, struct hf_judgement *ret)
{
    const struct judging j = {verdict, policy, request};
    int error = verdict->error;
#define X(check)                                                                                   \
    if (error == 0)                                                                                \
        error = check_##check(&j);
    CHECKS(X)
#undef X
    if (error == 0 && ret != NULL) {
        const struct hf_judge_measurement *m = find_measurement(&j);
        *ret = (struct hf_judgement){.measurement = m, .rank = m->rank};
    }
    return error;
}

void hf_judge_list(const struct hf_verdict *verdict, const struct hf_judge_policy *policy,
                   const struct hf_judge_request *request,
                   struct hf_judge_line ret[static HF_JUDGE_CHECKS])
{
    const struct judging j = {verdict, policy, request};
    for (size_t i = 0; i < HF_ARRAY_LEN(checks); i++)
        ret[i] = (struct hf_judge_line){.name = checks[i].name, .error = checks[i].run(&j)};
}
