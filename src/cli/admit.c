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

static int verify(const struct hf_identity *identity, const struct hf_policy *policy,
                  const char *folder, uint64_t now_s, struct hf_verdict *ret)
{
    uint8_t key[HF_ROOT_KEY_LEN];
    struct hf_roots roots;
    int r = hf_policy_roots(policy, key, &roots);
    if (r != 0)
        return r;
    r = hf_quote_verify_by(folder, identity->quote, &roots, now_s, ret);
    if (r != 0)
        fprintf(stderr, "holdfast: %s: %s\n", folder, hf_error_sentence(r));
    return r;
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
    if (r == HF_EMEASUREMENT) {
        char digest[2 * HF_MEASUREMENT_LEN + 1];
        hf_hex_encode(verdict->measurement, sizeof verdict->measurement, digest);
        fprintf(stderr,
                "holdfast: the quote's measurement is %s; `holdfast policy measurement add NAME "
                "%s` has the next policy accept it\n",
                digest, digest);
    }
    if (r == 0) {
        struct hf_bytes name = p->measurements[judgement.measurement - m].name;
        snprintf(ret->release, sizeof ret->release, "%.*s", (int)name.len, (const char *)name.data);
    }
    free(m);
    free(evaluations);
    return r;
}

int hf__admit(struct hf_bytes identity_bytes, const struct hf_network_id *network,
              const struct hf_policy *policy, const char *collateral, uint64_t now_s,
              struct hf__admitted *ret)
{
    struct hf_arena arena;
    struct hf_identity identity;
    struct hf_identity_statement s;
    struct hf_verdict verdict = {0};
    struct hf__admitted admitted = {0};
    uint8_t report_data[HF_REPORT_DATA_LEN];
    hf_arena_init(&arena, ARENA_MAX);
    int r = decode(identity_bytes, &arena, &identity, &s);
    if (r == 0 && !hf_network_id_equal(&s.network, network))
        r = HF_EDOCUMENT_NETWORK;
    if (r == 0)
        r = verify(&identity, policy, collateral, now_s, &verdict);
    if (r == 0) {
        hf_suite_real.report_data("holdfast/v1/identity", identity.statement, report_data);
        const struct hf_judge_request request = {
            .at_s = now_s, .report_data = report_data, .dated = true, .quoted_at_s = s.made_s};
        r = judge(&verdict, policy, &request, &admitted);
    }
    if (r == 0) {
        admitted.account = s.account;
        memcpy(admitted.ppid, verdict.ppid, sizeof admitted.ppid);
        *ret = admitted;
    }
    hf_arena_done(&arena);
    return r;
}
