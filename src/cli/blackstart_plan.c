/* holdfast blackstart plan: of the validators that ask, which to start by people. */
#include "blackstart_plan.h"

#include "ask.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "document/request_newest.h"
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_LEN_MAX = 4 << 20 };

/* What a request says of its node. */
struct asker {
    const char *path;
    struct hf_account account;
    uint8_t need;
    uint8_t holders_count;
    struct hf_account holders[HF__PLAN_HOLDERS_MAX];
};

struct planning {
    struct asker *askers;
    size_t count;
    struct hf_request_newest newest; /* network, once the first request was read */
    bool *started;
};

/* The network of the first root that came with a request. */
static int find_network(const struct hf_request *q, struct hf_network_id *ret)
{
    struct hf_pool *pool;
    struct hf_document *root;
    if (q->file.documents_count == 0)
        return HF_ENODOCUMENTS;
    int r = hf_pool_new(&hf_suite_real, &pool);
    if (r != 0)
        return r;
    r = hf_document_read(pool, q->file.documents[0].bytes, &root);
    if (r == 0) {
        r = root->kind == HF_DOCUMENT_ROOT ? hf_network_id(root, ret) : HF_EDOCUMENT;
        hf_document_unref(root);
    }
    hf_pool_free(pool);
    return r;
}

/* By whom the node would be helped, as it signed once itself. */
static int take_record(const struct hf_request *q, struct hf_arena *arena, struct asker *ret)
{
    struct hf_placement_record record;
    const struct hf_signed_record *s = &q->file.record;
    if (!q->file.has_record)
        return 0;
    int r = hf_suite_real.verify(ret->account.bytes, "holdfast/v1/placement-record", s->record,
                                 s->signature);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_placement_record, s->record, arena, &record, NULL);
    if (r == 0 && (!hf_account_equal(&record.owner, &ret->account) ||
                   !hf_network_id_equal(&record.network, &q->transcript.network)))
        r = HF_EACCOUNT;
    if (r != 0)
        return r;
    ret->need = (uint8_t)record.threshold;
    ret->holders_count = (uint8_t)record.holders_count;
    for (size_t i = 0; i < record.holders_count; i++)
        ret->holders[i] = record.holders[i].account;
    return 0;
}

static int take_request(struct planning *p, const struct hf_request *q, struct hf_arena *arena,
                        struct asker *ret)
{
    struct hf_network_id network;
    int r = 0;
    if (p->newest.pool == NULL) {
        r = find_network(q, &network);
        if (r == 0)
            r = hf_request_newest_init(&network, &p->newest);
    }
    if (r == 0 && !hf_network_id_equal(&p->newest.network, &q->transcript.network))
        r = HF_EDOCUMENT_NETWORK;
    if (r == 0)
        r = hf_request_newest_add(&p->newest, q);
    ret->account = q->transcript.account;
    return r == 0 ? take_record(q, arena, ret) : r;
}

static int read_request(struct planning *p, struct asker *ret)
{
    struct hf_buf b;
    struct hf_arena arena;
    struct hf_request q;
    hf_buf_init(&b, FILE_LEN_MAX);
    hf_arena_init(&arena, 2 * FILE_LEN_MAX);
    int r = hf_file_read_regular(ret->path, &b);
    if (r == 0)
        r = hf_request_read(&hf_suite_real, hf_buf_bytes(&b), &arena, &q);
    if (r == 0)
        r = take_request(p, &q, &arena, ret);
    hf_arena_done(&arena);
    hf_buf_done(&b);
    return r;
}

/* The place of an account among those that ask; -1: it does not. */
static long place_of(const struct planning *p, const struct hf_account *account)
{
    for (size_t i = 0; i < p->count; i++)
        if (hf_account_equal(&p->askers[i].account, account))
            return (long)i;
    return -1;
}

/* Whether each is a member, and asks once. */
static int check_askers(const struct planning *p, const char **ret_path)
{
    for (size_t i = 0; i < p->count; i++) {
        *ret_path = p->askers[i].path;
        if (hf_set_find(p->newest.set, &p->askers[i].account) < 0)
            return HF_ENOTMEMBER;
        if (place_of(p, &p->askers[i].account) != (long)i)
            return HF_ETWOREQUESTS;
    }
    return 0;
}

static void print_member(const struct planning *p, const struct hf_account *account,
                         const char *path)
{
    const struct hf_validator *v =
        &p->newest.set->u.set.validators[hf_set_find(p->newest.set, account)];
    printf("  %.*s, %.*s%s%s\n", (int)v->operator_name.len, (const char *)v->operator_name.data,
           (int)v->address.len, (const char *)v->address.data, path != NULL ? ": " : "",
           path != NULL ? path : "");
}

/* Never more than there is: 99.99 is not 100. */
static double percent(double odds)
{
    return (double)(unsigned)(odds * 1000) / 10;
}

/* Those of whom nothing is known here: how likely is it that they follow all the same? */
static void print_others(const struct planning *p)
{
    const struct hf_policy *policy = &p->newest.policy->u.policy;
    const struct hf_validator_set *set = &p->newest.set->u.set;
    size_t others = set->validators_count - p->count;
    if (others == 0)
        return;
    double one = hf__plan_odds(set->validators_count, p->count, (uint8_t)policy->shares,
                               (uint8_t)policy->threshold);
    double all = 1;
    for (size_t i = 0; i < others; i++)
        all *= one;
    printf("not among these: %zu of %zu. Where its machine runs, and these are open, one of them "
           "follows with odds of %.1f %%, every one of them with about %.1f %%:\n",
           others, set->validators_count, percent(one), percent(all));
    for (size_t i = 0; i < set->validators_count; i++)
        if (place_of(p, &set->validators[i].account) < 0)
            print_member(p, &set->validators[i].account, NULL);
}

static void print_plan(const struct planning *p, size_t started, bool fewest)
{
    char digits[2 * sizeof(struct hf_network_id) + 1];
    hf_hex_encode(p->newest.network.bytes, sizeof p->newest.network.bytes, digits);
    printf("network %s: %zu validators, %zu of them ask here\n", digits,
           p->newest.set->u.set.validators_count, p->count);
    printf("start by people %zu of these, %s:\n", started,
           fewest ? "fewer do not do" : "as few as were found");
    for (size_t i = 0; i < p->count; i++)
        if (p->started[i])
            print_member(p, &p->askers[i].account, p->askers[i].path);
    if (started < p->count)
        printf("then these open by themselves, by their newest records: %zu\n", p->count - started);
    for (size_t i = 0; i < p->count; i++)
        if (!p->started[i])
            print_member(p, &p->askers[i].account, NULL);
    print_others(p);
}

/* Among those that ask: of the others it is not known whether their machines still run. */
static int plan(struct planning *p)
{
    struct hf__plan_node *nodes = calloc(p->count, sizeof *nodes);
    bool fewest;
    size_t started = 0;
    if (nodes == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < p->count; i++) {
        nodes[i].need = p->askers[i].need;
        for (size_t j = 0; j < p->askers[i].holders_count; j++) {
            long at = place_of(p, &p->askers[i].holders[j]);
            if (at >= 0)
                nodes[i].holders[nodes[i].holders_count++] = (uint16_t)at;
        }
    }
    int r = hf__plan(nodes, p->count, p->started, &fewest);
    free(nodes);
    if (r != 0)
        return r;
    for (size_t i = 0; i < p->count; i++)
        started += p->started[i];
    print_plan(p, started, fewest);
    return 0;
}

int hf__blackstart_plan(int count, char **paths)
{
    struct planning p = {.askers = calloc((size_t)count, sizeof *p.askers),
                         .started = calloc((size_t)count, sizeof *p.started)};
    const char *path = paths[0];
    int r = count > HF__PLAN_NODES_MAX              ? HF_ETOOBIG
            : p.askers == NULL || p.started == NULL ? HF_ENOMEM
                                                    : 0;
    for (int i = 0; i < count && r == 0; i++) {
        path = p.askers[p.count].path = paths[i];
        r = read_request(&p, &p.askers[p.count++]);
    }
    if (r == 0)
        r = check_askers(&p, &path);
    if (r == 0)
        r = plan(&p);
    hf_request_newest_done(&p.newest);
    free(p.started);
    free(p.askers);
    return r == 0 ? HF_CLI_OK : hf__say("blackstart", path, r);
}
