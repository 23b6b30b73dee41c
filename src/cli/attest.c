/* Asking daemons what they are now: each gets a nonce of its own, in a request that a key of the
 * root has signed, and its answer is judged as any validator would. */
#include "attest.h"

#include "attest/collateral.h"
#include "base/error.h"
#include "net/once.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
    AT_ONCE = 32,
    TIMES = 4, /* that who is busy, locked or behind is asked */
    PAUSE_S = 1,
    DEADLINE_MS = 15000, /* real quotes are slow to make */
    REQUEST_MAX = 1024,
    ANSWER_MAX = 64 << 10,
};

/* One request. */
struct ask {
    struct hf__attested *to;
    struct hf_buf body;
    uint8_t nonce[HF_CHALLENGE_LEN];
};

struct asking {
    const struct hf__attesting *how;
    struct ask *asks;
};

int hf__attesting_init(struct hf__attesting *ret, const struct hf__authority *a,
                       const char *key_file, const char *collateral)
{
    uint8_t key[HF_ROOT_KEY_LEN];
    struct hf_roots roots;
    struct hf_collateral *c = NULL;
    if (a->policy == NULL) {
        fprintf(stderr, "holdfast: no policy is in force: `holdfast policy sign`\n");
        return HF_ENODOCUMENTS;
    }
    int r = hf_policy_roots(&a->policy->u.policy, key, &roots);
    if (r == 0)
        r = hf_collateral_load(collateral, &roots, &c);
    hf_collateral_unref(c);
    if (r != 0) {
        fprintf(stderr, "holdfast: %s: %s\n", collateral, hf_error_sentence(r));
        return r;
    }
    *ret = (struct hf__attesting){.authority = a,
                                  .key_file = key_file,
                                  .by = {.network = &a->network,
                                         .policy = &a->policy->u.policy,
                                         .collateral = collateral,
                                         .now_s = (uint64_t)time(NULL)}};
    return 0;
}

static uint32_t version_of(const struct hf_document *d)
{
    return d != NULL ? hf_document_version(d) : 0;
}

/* Draws the nonce and signs the request. */
static int prepare(const struct hf__attesting *how, struct ask *ask)
{
    const struct hf__authority *a = how->authority;
    struct hf_attest_request m = {.versions = {.root = version_of(a->root),
                                               .policy = version_of(a->policy),
                                               .epoch = version_of(a->set),
                                               .share_set = version_of(a->shares)},
                                  .has_ask = true};
    struct hf_attest_ask s = {.network = a->network,
                              .has_account = ask->to->account != NULL,
                              .made_s = (uint64_t)time(NULL)};
    struct hf_buf statement;
    if (getrandom(ask->nonce, sizeof ask->nonce, 0) != sizeof ask->nonce)
        return HF_EINTERNAL;
    if (s.has_account)
        s.account = *ask->to->account;
    memcpy(s.nonce, ask->nonce, sizeof s.nonce);
    memcpy(m.nonce, ask->nonce, sizeof m.nonce);
    hf_buf_init(&statement, REQUEST_MAX);
    int r = hf_wire_encode(&hf_wire_attest_ask, &s, &statement);
    m.ask.statement = hf_buf_bytes(&statement);
    if (r == 0)
        r = hf__sign_word(a, how->key_file, "holdfast/v1/attest-ask", m.ask.statement, m.ask.key,
                          m.ask.signature);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_attest_request, &m, &ask->body);
    hf_buf_done(&statement);
    if (r == HF_ENOTFOUND)
        fprintf(stderr, "holdfast: no key of the root is here to ask with: --key FILE\n");
    return r;
}

static int verify(const struct hf_account *account, const char *label, struct hf_bytes data,
                  const uint8_t signature[static HF_NET_SIGNATURE_LEN])
{
    return hf_suite_real.verify(account->bytes, label, data, signature);
}

/* The code of a refusal (proto/TRANSPORT.md, 5). */
static int refusal(struct hf_bytes body)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)body.data, body.len, 0, &error);
    const char *name = json_string_value(json_object_get(root, "code"));
    int code = name != NULL ? hf_error_from_name(name) : HF_EINTERNAL;
    json_decref(root);
    return code < 0 ? code : HF_EINTERNAL;
}

static void settle(struct hf__attested *m, enum hf__attested_as as, int error, const char *reason)
{
    m->as = as;
    m->error = error;
    snprintf(m->reason, sizeof m->reason, "%s", reason);
}

/* Whether this machine lacks what it takes to judge, and nothing is said of the other. */
static bool is_ours(int error)
{
    switch (error) {
    case HF_ENOMEM:
    case HF_ECOLLMISSING:
    case HF_ECOLLEARLY:
    case HF_ECOLLEXPIRED:
    case HF_ETCBEVALUATION:
        return true;
    default:
        return false;
    }
}

/* An answer came: whether it is of the account at the other end, and what it says. */
static void judge(const struct asking *s, const struct ask *ask, struct hf_net *net,
                  const struct hf_net_result *result)
{
    struct hf__attested *m = ask->to;
    struct hf__asked asked = {.account = m->account, .proven = result->peer.account};
    struct hf_buf key;
    hf_buf_init(&key, HF_NET_CERTIFICATE_MAX);
    int r = hf_net_peer_key(net, result->peer.conn, &key);
    hf_suite_real.hash("holdfast/v1/tls-key", hf_buf_bytes(&key), &asked.tls_key);
    hf_buf_done(&key);
    if (r != 0) {
        settle(m, HF__SILENT, HF_ECONNRESET, hf_error_sentence(HF_ECONNRESET));
        return;
    }
    memcpy(asked.nonce, ask->nonce, sizeof asked.nonce);
    static const uint8_t none[HF_MEASUREMENT_LEN];
    memcpy(m->measurement, none, sizeof none);
    r = hf__admit_answer(&s->how->by, &asked, result->body, &m->admitted, m->measurement);
    m->has_measurement = memcmp(m->measurement, none, sizeof none) != 0;
    if (r == 0)
        settle(m, HF__PASSES, 0, "");
    else
        settle(m, is_ours(r) ? HF__UNJUDGED : HF__FAILS, r, hf_error_sentence(r));
}

static void on_completed(void *user, struct hf_net *net, const struct hf_net_result *result)
{
    const struct asking *s = user;
    const struct ask *ask = &s->asks[result->token];
    if (result->error != 0) {
        settle(ask->to, HF__SILENT, result->error, result->reason);
    } else if (result->status != 200) {
        int code = refusal(result->body);
        settle(ask->to, HF__SILENT, code, hf_error_sentence(code));
    } else {
        judge(s, ask, net, result);
    }
}

/* Whether it may answer otherwise in a moment. */
static bool again(const struct hf__attested *m)
{
    switch (m->as == HF__SILENT ? m->error : 0) {
    case HF_EBUSY:
    case HF_EBEHIND:
    case HF_ELOCKED:
    case HF_ENOTCLAIMED:
    case HF_EPEER_LOCKED:
    case HF_ECONNRESET:
    case HF_EREFUSED:
        return true;
    default:
        return false;
    }
}

/* All that are to be asked; calls, asks: room for count. */
static int ask_some(struct asking *s, struct hf_net_call *calls, struct hf__attested *list,
                    size_t count, bool first)
{
    static const struct hf_net_hooks hooks = {.verify = verify};
    size_t asked = 0;
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++) {
        if (!first && !again(&list[i]))
            continue;
        struct ask *ask = &s->asks[asked];
        ask->to = &list[i];
        hf_buf_clear(&ask->body);
        r = prepare(s->how, ask);
        calls[asked++] = (struct hf_net_call){.address = list[i].address,
                                              .account = list[i].account,
                                              .method = HF_NET_POST,
                                              .path = "/v1/attest",
                                              .body = hf_buf_bytes(&ask->body),
                                              .deadline_ms = DEADLINE_MS,
                                              .answer_bytes_max = ANSWER_MAX};
    }
    const struct hf_net_batch batch = {.calls = calls,
                                       .count = asked,
                                       .at_once = AT_ONCE,
                                       .hooks = &hooks,
                                       .completed = on_completed,
                                       .user = s};
    return r == 0 && asked > 0 ? hf_net_batch(&batch) : r;
}

static bool any_again(const struct hf__attested *list, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any = any || again(&list[i]);
    return any;
}

int hf__attest(const struct hf__attesting *how, struct hf__attested *list, size_t count)
{
    struct asking s = {.how = how, .asks = calloc(count + 1, sizeof *s.asks)};
    struct hf_net_call *calls = calloc(count + 1, sizeof *calls);
    int r = s.asks != NULL && calls != NULL ? 0 : HF_ENOMEM;
    for (size_t i = 0; r == 0 && i < count; i++)
        hf_buf_init(&s.asks[i].body, REQUEST_MAX);
    for (int turn = 0; r == 0 && turn < TIMES && (turn == 0 || any_again(list, count)); turn++) {
        if (turn > 0)
            sleep(PAUSE_S);
        r = ask_some(&s, calls, list, count, turn == 0);
    }
    for (size_t i = 0; s.asks != NULL && i < count; i++)
        hf_buf_done(&s.asks[i].body);
    free(s.asks);
    free(calls);
    return r;
}
