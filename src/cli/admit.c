#include "admit.h"

#include "attest/verify.h"
#include "base/error.h"
#include "base/hex.h"
#include "document/document.h"
#include "crypto/suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_MAX = 64 << 10 };

static int decode(struct hf_bytes bytes, struct hf_arena *arena, struct hf_identity *ret,
                  struct hf_identity_statement *ret_statement)
{
    int r = hf_wire_decode(&hf_wire_identity, bytes, arena, ret, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_identity_statement, ret->statement, arena, ret_statement, NULL);
    return r;
}

int hf__identity_account(struct hf_bytes identity, struct hf_account *ret)
{
    struct hf_arena arena;
    struct hf_identity id;
    struct hf_identity_statement s;
    hf_arena_init(&arena, ARENA_MAX);
    int r = decode(identity, &arena, &id, &s);
    if (r == 0)
        *ret = s.account;
    hf_arena_done(&arena);
    return r;
}

static int verify(const struct hf__admission *by, struct hf_bytes quote, struct hf_verdict *ret)
{
    uint8_t key[HF_ROOT_KEY_LEN];
    struct hf_roots roots;
    int r = hf_policy_roots(by->policy, key, &roots);
    if (r != 0)
        return r;
    r = hf_quote_verify_by(by->collateral, quote, &roots, by->now_s, ret);
    if (r != 0)
        fprintf(stderr, "holdfast: %s: %s\n", by->collateral, hf_error_sentence(r));
    return r;
}

void hf__admit_advise(const uint8_t measurement[static HF_MEASUREMENT_LEN])
{
    char digest[2 * HF_MEASUREMENT_LEN + 1];
    hf_hex_encode(measurement, HF_MEASUREMENT_LEN, digest);
    fprintf(stderr,
            "holdfast: the quote's measurement is %s; `holdfast policy measurement add NAME %s` "
            "has the next policy accept it\n",
            digest, digest);
}

static int judge(const struct hf_verdict *verdict, const struct hf_policy *p,
                 const struct hf_judge_request *request, struct hf__admitted *ret)
{
    struct hf_judge_measurement *m = calloc(p->measurements_count + 1, sizeof *m);
    struct hf_judge_evaluation *evaluations =
        calloc(p->tcb_evaluations_count + 1, sizeof *evaluations);
    struct hf_judge_policy policy;
    struct hf_judgement judgement;
    if (m == NULL || evaluations == NULL) {
        free(m);
        free(evaluations);
        return HF_ENOMEM;
    }
    hf_policy_judge(p, HF_ROLE_DAEMON, m, evaluations, &policy);
    int r = hf_judge(verdict, &policy, request, &judgement);
    if (r == 0) {
        struct hf_bytes name = p->measurements[judgement.measurement - m].name;
        snprintf(ret->release, sizeof ret->release, "%.*s", (int)name.len, (const char *)name.data);
        memcpy(ret->ppid, verdict->ppid, sizeof ret->ppid);
    }
    free(m);
    free(evaluations);
    return r;
}

/* What every quote must pass that a command is shown: genuine, over this statement, and of accepted
 * software. request: what else is asked of it. ret_measurement: of a genuine quote, accepted or
 * not; else untouched. */
static int admit(const struct hf__admission *by, const char *label, struct hf_bytes statement,
                 struct hf_bytes quote, struct hf_judge_request request, struct hf__admitted *ret,
                 uint8_t ret_measurement[static HF_MEASUREMENT_LEN])
{
    struct hf_verdict verdict = {0};
    uint8_t report_data[HF_REPORT_DATA_LEN];
    int r = verify(by, quote, &verdict);
    if (r != 0)
        return r;
    if (verdict.error == 0)
        memcpy(ret_measurement, verdict.measurement, HF_MEASUREMENT_LEN);
    hf_suite_real.report_data(label, statement, report_data);
    request.at_s = by->now_s;
    request.report_data = report_data;
    return judge(&verdict, by->policy, &request, ret);
}

int hf__admit(const struct hf__admission *by, struct hf_bytes identity_bytes,
              struct hf__admitted *ret)
{
    struct hf_arena arena;
    struct hf_identity identity;
    struct hf_identity_statement s;
    uint8_t measurement[HF_MEASUREMENT_LEN];
    struct hf__admitted admitted = {0};
    hf_arena_init(&arena, ARENA_MAX);
    int r = decode(identity_bytes, &arena, &identity, &s);
    if (r == 0 && !hf_network_id_equal(&s.network, by->network))
        r = HF_EDOCUMENT_NETWORK;
    if (r == 0) {
        const struct hf_judge_request request = {.dated = true, .quoted_at_s = s.made_s};
        r = admit(by, "holdfast/v1/identity", identity.statement, identity.quote, request,
                  &admitted, measurement);
        if (r == HF_EMEASUREMENT)
            hf__admit_advise(measurement);
    }
    if (r == 0) {
        admitted.account = s.account;
        admitted.quoted_s = s.made_s;
        *ret = admitted;
    }
    hf_arena_done(&arena);
    return r;
}

/* Whether a statement answers what was asked, and is of the account at the other end. */
static int check_statement(const struct hf__admission *by, const struct hf__asked *asked,
                           const struct hf_attest_statement *s)
{
    if (!hf_network_id_equal(&s->network, by->network))
        return HF_EDOCUMENT_NETWORK;
    if (memcmp(s->nonce, asked->nonce, sizeof s->nonce) != 0)
        return HF_ENONCE;
    if ((asked->account != NULL && !hf_account_equal(&s->account, asked->account)) ||
        asked->proven == NULL || !hf_account_equal(&s->account, asked->proven))
        return HF_EPEER_ACCOUNT;
    return hf_hash_equal(&s->tls_key, &asked->tls_key) ? 0 : HF_EOTHERKEY;
}

int hf__admit_answer(const struct hf__admission *by, const struct hf__asked *asked,
                     struct hf_bytes response, struct hf__admitted *ret,
                     uint8_t ret_measurement[static HF_MEASUREMENT_LEN])
{
    struct hf_arena arena;
    struct hf_attest_response m;
    struct hf_attest_statement s;
    struct hf__admitted admitted = {0};
    hf_arena_init(&arena, ARENA_MAX);
    int r = hf_wire_decode(&hf_wire_attest_response, response, &arena, &m, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_attest_statement, m.statement, &arena, &s, NULL);
    if (r == 0)
        r = check_statement(by, asked, &s);
    if (r == 0)
        r = admit(by, "holdfast/v1/attest", m.statement, m.quote, (struct hf_judge_request){0},
                  &admitted, ret_measurement);
    if (r == 0) {
        admitted.account = s.account;
        *ret = admitted;
    }
    hf_arena_done(&arena);
    return r;
}
