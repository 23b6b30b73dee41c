/*
 * Quotes of the virtual world. Whatever can be wrong with one is told by the same code, with the
 * same verdict, whether quotes are records of the world (model cryptography) or real ones that the
 * daemon's verifier judges. Every test runs in both.
 */
#include "world/world.h"

#include "attestation/attestation.h"

#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>
#include <string.h>

enum { NODES = 3 };

static const uint64_t day_ms = UINT64_C(86400000);

static struct hf_world *w;
static struct hf_buf quote;
static uint8_t report_data[64];

static void set_up(enum hf_world_crypto crypto, uint64_t seed)
{
    struct hf_world_settings s;
    hf_world_settings_init(&s);
    s.crypto = crypto;
    s.seed = seed;
    cr_assert_eq(hf_secret_init(1024 * 1024, false), 0);
    cr_assert_eq(hf_world_new(&s, &w), 0);
    hf_world_add_many(w, NODES);
    hf_buf_init(&quote, HF_QUOTE_MAX);
    memset(report_data, 0xa5, sizeof(report_data));
    hf_world_quote(w, 0, "holdfast-1", false, report_data, &quote);
}

static void tear_down(void)
{
    hf_buf_done(&quote);
    hf_world_free(w);
}

static void quote_again(uint32_t machine, const char *image, bool debug)
{
    hf_buf_clear(&quote);
    hf_world_quote(w, machine, image, debug, report_data, &quote);
}

static struct hf_verdict verdict_by(uint32_t node)
{
    struct hf_verdict v;
    hf_world_judge(w, node, hf_buf_bytes(&quote), &v);
    return v;
}

static int error_by(uint32_t node)
{
    return verdict_by(node).error;
}

#define BOTH(name)                                                                                 \
    static void name(void);                                                                        \
    Test(hf_sim_quotes_model, name)                                                                \
    {                                                                                              \
        set_up(HF_WORLD_MODEL, 7);                                                                 \
        name();                                                                                    \
        tear_down();                                                                               \
    }                                                                                              \
    Test(hf_sim_quotes_real, name)                                                                 \
    {                                                                                              \
        set_up(HF_WORLD_REAL, 7);                                                                  \
        name();                                                                                    \
        tear_down();                                                                               \
    }                                                                                              \
    static void name(void)

BOTH(say_what_they_are_of)
{
    uint8_t ppid[16], measurement[32], other[32];
    struct hf_verdict v = verdict_by(1);
    hf_world_ppid(w, 0, ppid);
    hf_world_measurement(w, "holdfast-1", measurement);
    hf_world_measurement(w, "evil", other);
    cr_assert_eq(v.error, 0, "%s", hf_error_name(v.error));
    cr_assert_eq(v.trust, HF_TRUST_DEV);
    cr_assert_eq(v.tcb_status, HF_TCB_UP_TO_DATE);
    cr_assert_not(v.debug);
    cr_assert_eq(v.issue_date_s, w->settings.wall_s - w->settings.wall_s % HF__DAY_S);
    cr_assert_arr_eq(v.ppid, ppid, sizeof(ppid));
    cr_assert_arr_eq(v.measurement, measurement, sizeof(measurement));
    cr_assert_arr_eq(v.report_data, report_data, sizeof(report_data));
    quote_again(2, "evil", true);
    v = verdict_by(1);
    cr_assert_eq(v.error, 0);
    cr_assert(v.debug);
    cr_assert_arr_neq(v.ppid, ppid, sizeof(ppid));
    cr_assert_arr_eq(v.measurement, other, sizeof(other));
}

BOTH(of_a_machine_without_a_node_are_genuine_and_of_another_platform)
{
    uint8_t ppid[16];
    hf_world_ppid(w, 1000001, ppid);
    quote_again(1000001, "holdfast-1", false);
    struct hf_verdict v = verdict_by(1);
    cr_assert_eq(v.error, 0);
    cr_assert_arr_eq(v.ppid, ppid, sizeof(ppid));
}

BOTH(that_are_damaged_are_refused)
{
    uint8_t *data = memmem(quote.data, quote.len, report_data, sizeof(report_data));
    cr_assert_not_null(data);
    data[5] ^= 1;
    cr_assert_eq(error_by(1), HF_EQUOTESIG);
    data[5] ^= 1;
    for (size_t i = 0; i < quote.len; i += 7) {
        quote.data[i] ^= 0x10;
        cr_assert_neq(error_by(1), 0, "byte %zu", i);
        quote.data[i] ^= 0x10;
    }
    cr_assert_eq(error_by(1), 0);
    quote.len--;
    cr_assert_eq(error_by(1), HF_EQUOTE);
    quote.len = 0;
    cr_assert_eq(error_by(1), HF_EQUOTE);
}

BOTH(of_a_revoked_machine_are_refused_until_it_is_no_more)
{
    hf_world_tcb(w, 0, HF_TCB_REVOKED);
    cr_assert_eq(error_by(1), HF_EPCKREVOKED);
    hf_world_clock_shift(w, 1, 86400 * 100); /* also when the list itself has expired */
    cr_assert_eq(error_by(1), HF_EPCKREVOKED);
    quote_again(1, "holdfast-1", false);
    cr_assert_eq(error_by(0), 0);
    quote_again(0, "holdfast-1", false);
    hf_world_tcb(w, 0, HF_TCB_UP_TO_DATE);
    cr_assert_eq(error_by(0), 0);
}

BOTH(of_a_machine_out_of_date_say_so)
{
    hf_world_run_for(w, 3 * day_ms);
    hf_world_tcb(w, 0, HF_TCB_OUT_OF_DATE);
    struct hf_verdict v = verdict_by(1);
    cr_assert_eq(v.error, 0);
    cr_assert_eq(v.tcb_status, HF_TCB_OUT_OF_DATE);
    cr_assert_eq(v.evaluation_date_s - v.tcb_date_s, 3 * HF__DAY_S);
    quote_again(1, "holdfast-1", false);
    cr_assert_eq(verdict_by(2).tcb_status, HF_TCB_UP_TO_DATE);
    hf_world_tcb(w, 1, HF_TCB_SW_HARDENING_NEEDED);
    cr_assert_eq(verdict_by(2).tcb_status, HF_TCB_SW_HARDENING_NEEDED);
}

static int error_of(struct hf__judged judged)
{
    struct hf_verdict v;
    judged.quote = hf_buf_bytes(&quote);
    judged.wall_s = w->settings.wall_s;
    hf__quote_judge(w, &judged, &v);
    return v.error;
}

BOTH(without_collateral_are_not_judged_but_by_what_needs_none)
{
    struct hf__judged judged = {.trust = HF_TRUST_DEV,
                                .dev_root = hf_bytes_of(w->dev_root, sizeof(w->dev_root)),
                                .no_collateral = true};
    cr_assert_eq(error_of(judged), HF_ECOLLMISSING);
    hf_world_tcb(w, 0, HF_TCB_REVOKED); /* no node can know */
    cr_assert_eq(error_of(judged), HF_ECOLLMISSING);
    quote.data[80] ^= 1;
    cr_assert_eq(error_of(judged), HF_EQUOTESIG);
}

BOTH(under_another_trust_are_development_quotes)
{
    uint8_t root[HF__ROOT_SPKI_LEN];
    struct hf__judged judged = {.trust = HF_TRUST_INTEL};
    cr_assert_eq(error_of(judged), HF_EDEVQUOTE);
    struct hf_world *mine = w;
    struct hf_buf kept = quote;
    set_up(w->settings.crypto, 8);
    memcpy(root, w->dev_root, sizeof(root));
    tear_down();
    w = mine;
    quote = kept;
    judged =
        (struct hf__judged){.trust = HF_TRUST_DEV, .dev_root = hf_bytes_of(root, sizeof(root))};
    cr_assert_eq(error_of(judged), HF_EDEVQUOTE);
}

BOTH(are_judged_by_collateral_of_the_day_until_none_is_issued)
{
    hf_world_run_for(w, 45 * day_ms);
    cr_assert_eq(error_by(1), 0);
    hf_world_collateral_stop(w, true);
    hf_world_run_for(w, 29 * day_ms);
    cr_assert_eq(error_by(1), 0);
    hf_world_run_for(w, 2 * day_ms);
    cr_assert_eq(error_by(1), HF_ECOLLEXPIRED);
    hf_world_collateral_stop(w, false);
    cr_assert_eq(error_by(1), 0);
}

BOTH(are_judged_by_the_clock_of_the_judge)
{
    hf_world_clock_shift(w, 1, -86400 * 400);
    cr_assert_eq(error_by(1), HF_ECOLLEARLY);
    hf_world_clock_shift(w, 1, 86400 * 400 - 86400);
    cr_assert_eq(error_by(1), 0); /* by yesterday's */
    hf_world_clock_shift(w, 1, 86400 * 30);
    cr_assert_eq(error_by(1), 0);
    hf_world_clock_shift(w, 1, 86400 * 2);
    cr_assert_eq(error_by(1), HF_ECOLLEXPIRED);
    cr_assert_eq(error_by(2), 0);
    /* Just after midnight, by a clock that is a little behind. */
    uint64_t to_midnight_s = HF__DAY_S - w->settings.wall_s % HF__DAY_S;
    hf_world_clock_shift(w, 2, -5);
    hf_world_run_for(w, to_midnight_s * 1000 + 1000);
    struct hf_verdict v = verdict_by(2);
    cr_assert_eq(v.error, 0);
    cr_assert_eq(v.issue_date_s + HF__DAY_S, verdict_by(0).issue_date_s);
}

BOTH(follow_from_the_seed)
{
    struct hf_world *mine = w;
    struct hf_buf kept = quote;
    for (uint64_t seed = 7; seed < 9; seed++) {
        set_up(mine->settings.crypto, seed);
        cr_assert_eq(hf_bytes_equal(hf_buf_bytes(&quote), hf_buf_bytes(&kept)), seed == 7);
        tear_down();
    }
    w = mine;
    quote = kept;
}

/* The same in both worlds, one after the other; what differs is whose they are. */
static void verdicts_in(enum hf_world_crypto crypto, struct hf_verdict ret[static 6])
{
    set_up(crypto, 9);
    ret[0] = verdict_by(1);
    quote_again(0, "evil", true);
    hf_world_tcb(w, 0, HF_TCB_OUT_OF_DATE);
    ret[1] = verdict_by(1);
    hf_world_tcb(w, 0, HF_TCB_REVOKED);
    ret[2] = verdict_by(1);
    hf_world_tcb(w, 0, HF_TCB_UP_TO_DATE);
    hf_world_clock_shift(w, 1, -86400 * 2);
    ret[3] = verdict_by(1);
    hf_world_clock_shift(w, 1, 86400 * 40);
    ret[4] = verdict_by(1);
    quote.data[80] ^= 1; /* signed in a quote, authenticated in a record */
    ret[5] = verdict_by(1);
    tear_down();
    for (size_t i = 0; i < 6; i++) {
        memset(ret[i].measurement, 0, sizeof(ret[i].measurement));
        memset(ret[i].report_data, 0, sizeof(ret[i].report_data));
    }
}

Test(hf_sim_quotes, verdicts_of_the_model_are_those_of_the_verifier)
{
    struct hf_verdict model[6], real[6];
    verdicts_in(HF_WORLD_MODEL, model);
    verdicts_in(HF_WORLD_REAL, real);
    for (size_t i = 0; i < 6; i++) {
        const struct hf_verdict *a = &model[i], *b = &real[i];
        cr_assert_eq(a->error, b->error, "%zu: %s and %s", i, hf_error_name(a->error),
                     hf_error_name(b->error));
        cr_assert_eq(a->trust, b->trust, "%zu", i);
        cr_assert_eq(a->tcb_status, b->tcb_status, "%zu", i);
        cr_assert_eq(a->debug, b->debug, "%zu", i);
        cr_assert_eq(a->verified_at_s, b->verified_at_s, "%zu", i);
        cr_assert_eq(a->tcb_date_s, b->tcb_date_s, "%zu", i);
        cr_assert_eq(a->evaluation_date_s, b->evaluation_date_s, "%zu", i);
        cr_assert_eq(a->issue_date_s, b->issue_date_s, "%zu", i);
        cr_assert_eq(a->evaluation_issued_s, b->evaluation_issued_s, "%zu", i);
        cr_assert_eq(a->level_date_s, b->level_date_s, "%zu", i);
        cr_assert_eq(a->missed_date_s, b->missed_date_s, "%zu", i);
        cr_assert_arr_eq(a->host_registers, b->host_registers, sizeof(a->host_registers));
        cr_assert_eq(a->td_attributes, b->td_attributes, "%zu", i);
        cr_assert_eq(a->xfam, b->xfam, "%zu", i);
        cr_assert_eq(a->seam_attributes, b->seam_attributes, "%zu", i);
        cr_assert_arr_eq(a->ppid, b->ppid, sizeof(a->ppid), "%zu", i);
    }
}

/* Signatures of certificates are a few bytes longer or shorter. */
Test(hf_sim_quotes, a_record_stands_for_a_quote_of_the_real_size)
{
    size_t sum = 0;
    set_up(HF_WORLD_REAL, 10);
    for (uint32_t machine = 0; machine < 100; machine++) {
        quote_again(machine, "holdfast-1", false);
        sum += quote.len;
        cr_assert_leq(quote.len, HF__QUOTE_REAL_LEN + 20);
        cr_assert_geq(quote.len, HF__QUOTE_REAL_LEN - 20);
    }
    cr_assert_float_eq((double)sum / 100, HF__QUOTE_REAL_LEN, 4.0, "%zu", sum / 100);
    tear_down();
}

Test(hf_sim_quotes, padding_is_counted_for_each_record_of_a_message)
{
    uint8_t body[1000];
    set_up(HF_WORLD_MODEL, 10);
    cr_assert_eq(quote.len, HF__QUOTE_LEN);
    memset(body, 'H', sizeof(body));
    cr_assert_eq(hf__model_padding(hf_bytes_of(body, sizeof(body))), 0);
    memcpy(body + 300, quote.data, quote.len);
    cr_assert_eq(hf__model_padding(hf_bytes_of(body, sizeof(body))), HF__QUOTE_PADDING);
    memcpy(body + sizeof(body) - quote.len, quote.data, quote.len);
    cr_assert_eq(hf__model_padding(hf_bytes_of(body, sizeof(body))), 2 * HF__QUOTE_PADDING);
    memcpy(body, quote.data, quote.len);
    cr_assert_eq(hf__model_padding(hf_bytes_of(body, sizeof(body))), 3 * HF__QUOTE_PADDING);
    cr_assert_eq(hf__model_padding(hf_bytes_of(body, 0)), 0);
    cr_assert_eq(hf__model_padding(hf_bytes_of(body, quote.len - 1)), 0);
    tear_down();
}
