/* The schema of scenarios. */
#include "scenario/scenario.h"

#include "hostile/strategy.h"

#include "base/error.h"
#include "wire/messages.h"

#define FIELD(type_, c_type, member_, name_, ...)                                                  \
    {                                                                                              \
        .name = name_, .type = type_, HF_CONFIG_AT(c_type, member_), __VA_ARGS__                   \
    }
#define US(c_type, member, name, text, doc_)                                                       \
    FIELD(HF_CONFIG_DURATION_US, c_type, member, name, .default_text = text,                       \
          .max = INT64_C(3155760000000000), .doc = doc_)
#define CHANCE(c_type, member, name, doc_)                                                         \
    FIELD(HF_CONFIG_NUMBER, c_type, member, name, .default_text = "0", .number_max = 1, .doc = doc_)
#define SIGMA(c_type, member, name, text)                                                          \
    FIELD(HF_CONFIG_NUMBER, c_type, member, name, .default_text = text, .number_max = 3,           \
          .doc = "Spread: sigma of the log-normal distribution, 0 for none.")

bool hf__scenario_relaxed;

static const struct hf_config_choice latencies[] = {
    {"constant", HF_LATENCY_CONSTANT},
    {"lognormal", HF_LATENCY_LOGNORMAL},
    {"regions", HF_LATENCY_REGIONS},
    {"matrix", HF_LATENCY_MATRIX},
    {NULL, 0},
};
static const struct hf_config_choice dealts[] = {
    {"in-turn", false},
    {"drawn", true},
    {NULL, 0},
};
static const struct hf_config_choice cryptos[] = {
    {"model", HF_WORLD_MODEL},
    {"real", HF_WORLD_REAL},
    {NULL, 0},
};
static const struct hf_config_choice kinds[] = {
#define X(constant, name, lasts, aim, doc) {name, HF__ACTION_##constant},
    HF__ACTION_MAP(X)
#undef X
        {NULL, 0},
};

#define NS(c_type, member, name, text, doc_)                                                       \
    FIELD(HF_CONFIG_DURATION_NS, c_type, member, name, .default_text = text,                       \
          .max = INT64_C(1000000000000), .doc = doc_)

typedef struct hf_world_processor processor;
static const struct hf_config_field processor_fields[] = {
    FIELD(HF_CONFIG_UINT, processor, cores, "cores", .default_text = "0", .max = 4096,
          .doc = "Cores of each host, for which its nodes wait; 0: nobody waits."),
    FIELD(HF_CONFIG_UINT, processor, hosts, "hosts", .default_text = "0", .max = 1 << 20,
          .doc = "Hosts among which the nodes are dealt out; 0: each has its own."),
    NS(processor, wake, "wake", "0ns", "When a core that was idle begins, on top."),
    NS(processor, step, "step", "8us", "A step of an engine beside its cryptography."),
    NS(processor, message, "message", "0ns", "Sending or taking one message."),
    NS(processor, connect, "connect", "450us", "Opening a connection: the caller's part."),
    NS(processor, accept, "accept", "450us", "And the other end's."),
    NS(processor, connect_locked, "connect_locked", "450us", "The same without an account."),
    NS(processor, accept_locked, "accept_locked", "450us", "From a caller without an account."),
    NS(processor, certificate, "certificate", "0ns", "A new identity for TLS."),
    NS(processor, documents, "documents", "0ns", "Taking documents from the operator."),
    NS(processor, collateral, "collateral", "0ns", "Reading it, before a first quote is judged."),
    NS(processor, write, "write", "0ns", "A transaction, beside the disk's own time."),
    NS(processor, create, "create", "0ns", "Making a vault, likewise."),
    NS(processor, open, "open", "0ns", "Opening a vault, likewise."),
    NS(processor, quote, "quote", "0ns", "Making a quote, beside the platform's own time."),
    NS(processor, judge, "judge", "0ns", "Verifying the first quote of a machine, likewise."),
    NS(processor, judge_again, "judge_again", "0ns", "Verifying a further quote of it."),
#define X(operation_, name_, ns, byte_ns, doc_)                                                    \
    NS(processor, operation[HF_WORLD_##operation_], name_, #ns "ns", doc_),
    HF_WORLD_OPERATION_MAP(X)
#undef X
};
static const struct hf_config_schema processor_schema =
    HF_CONFIG_SCHEMA(processor, processor_fields, NULL);

typedef struct hf_world_network network;
static const struct hf_config_field network_fields[] = {
    FIELD(HF_CONFIG_ENUM, network, latency, "latency", .choices = latencies,
          .default_text = "lognormal", .doc = "How long a message travels."),
    US(network, one_way.median_us, "one_way", "5ms", "Median one-way trip; not for regions."),
    FIELD(HF_CONFIG_NUMBER, network, one_way.sigma, "sigma", .none = true, .number_max = 3,
          .doc = "Spread: sigma of the log-normal distribution. Left out: 0.2 where latency is "
                 "lognormal, none where it is constant."),
    SIGMA(network, region_sigma, "region_sigma", "0.05"),
    FIELD(HF_CONFIG_SIZE, network, bandwidth, "bandwidth", .default_text = "0B", .max = INT64_MAX,
          .doc = "Bytes a second of each node's line out; 0B for no bound."),
    CHANCE(network, loss, "loss", "Chance that a segment of TCP, or a datagram, is lost."),
    US(network, burst_us, "burst", "0s",
       "A node's line loses everything for so long, exponentially, and nothing between, so that "
       "`loss` is what it comes to; 0s: each segment is lost by itself."),
    US(network, resend_us, "resend", "200ms",
       "A lost segment is sent again after it and a round trip, then after twice as long, and so "
       "on; "
       "0s: never, and the call is lost."),
    CHANCE(network, duplicate, "duplicate", "Chance that a request arrives twice."),
    CHANCE(network, reorder, "reorder", "Chance that a message is held back."),
    US(network, held_back.median_us, "held_back", "20ms", "For how long, at the median."),
    SIGMA(network, held_back.sigma, "held_back_sigma", "1"),
    FIELD(HF_CONFIG_BOOL, network, handshakes, "handshakes", .default_text = "true",
          .doc = "Whether a first call pays for TCP and TLS."),
    FIELD(HF_CONFIG_BOOL, network, ordered, "ordered", .default_text = "false",
          .doc = "Whether what goes one way on a connection keeps its order."),
};
static const struct hf_config_schema network_schema =
    HF_CONFIG_SCHEMA(network, network_fields, NULL);

typedef struct hf_world_storage storage;
static const struct hf_config_field storage_fields[] = {
    US(storage, write.median_us, "write", "1ms", "Until a transaction is durable."),
    SIGMA(storage, write.sigma, "write_sigma", "0.3"),
    US(storage, create.median_us, "create", "10ms", "Making a vault."),
    SIGMA(storage, create.sigma, "create_sigma", "0"),
    US(storage, open.median_us, "open", "10ms", "Opening a vault."),
    SIGMA(storage, open.sigma, "open_sigma", "0"),
    CHANCE(storage, survives, "survives",
           "Chance that a transaction not yet acknowledged survives a crash."),
};
static const struct hf_config_schema storage_schema =
    HF_CONFIG_SCHEMA(storage, storage_fields, NULL);

typedef struct hf_world_attestation attestation;
static const struct hf_config_field attestation_fields[] = {
    US(attestation, quote.median_us, "quote", "20ms", "Making a quote."),
    SIGMA(attestation, quote.sigma, "quote_sigma", "0.2"),
    US(attestation, judge.median_us, "judge", "2ms", "Verifying a quote."),
    SIGMA(attestation, judge.sigma, "judge_sigma", "0.2"),
    CHANCE(attestation, quote_fails, "quote_fails", "Chance that making a quote fails."),
    CHANCE(attestation, judge_fails, "judge_fails", "Chance that collateral is missing."),
    FIELD(HF_CONFIG_DURATION_S, attestation, collateral_valid_s, "collateral_valid",
          .default_text = "30d", .min = 86400, .max = 315360000,
          .doc = "Life of collateral, which is issued daily."),
};
static const struct hf_config_schema attestation_schema =
    HF_CONFIG_SCHEMA(attestation, attestation_fields, NULL);

typedef struct hf_world_clocks clocks;
static const struct hf_config_field clocks_fields[] = {
    FIELD(HF_CONFIG_NUMBER, clocks, drift_ppm_max, "drift_ppm", .default_text = "20",
          .number_max = 10000, .doc = "Bound on drift, in millionths, either way."),
    FIELD(HF_CONFIG_DURATION_MS, clocks, offset_ms_max, "offset", .default_text = "100ms",
          .max = 86400000, .doc = "Bound on the offset of a wall clock at the start."),
};
static const struct hf_config_schema clocks_schema = HF_CONFIG_SCHEMA(clocks, clocks_fields, NULL);

typedef struct hf_world_authority authority;
static const struct hf_config_field authority_fields[] = {
    FIELD(HF_CONFIG_UINT, authority, threshold, "threshold", .default_text = "2", .min = 1,
          .max = 8, .doc = "m: keys that must sign a document."),
    FIELD(HF_CONFIG_UINT, authority, keys, "keys", .default_text = "3", .min = 1, .max = 8,
          .doc = "n: keys of the authority."),
    US(authority, issue_us, "issue", "2s", "From a new account to the set that holds it."),
    FIELD(HF_CONFIG_DURATION_S, authority, valid_s, "valid", .default_text = "90d", .min = 60,
          .max = 315360000, .doc = "Life of a policy or set."),
    FIELD(HF_CONFIG_BOOL, authority, registers, "registers", .default_text = "true",
          .doc = "Whether new accounts are registered by themselves."),
    FIELD(HF_CONFIG_BOOL, authority, renews, "renews", .default_text = "true",
          .doc = "Whether documents are signed anew when a third of their life is left."),
    FIELD(HF_CONFIG_UINT, authority, floor_margin, "floor_margin", .default_text = "1048576",
          .max = 1 << 30, .doc = "Room that a floor leaves above all claims that are known."),
    FIELD(HF_CONFIG_BOOL, authority, old_vaults, "old_vaults", .default_text = "false",
          .doc = "Whether every set lets every member go on with an old vault."),
};

static void check_authority(const void *value, const struct hf_config_where *where)
{
    const authority *a = value;
    if (!hf__scenario_relaxed && a->threshold > a->keys)
        hf_config_refuse(where, "threshold", "at most keys, which is %u", a->keys);
}
static const struct hf_config_schema authority_schema =
    HF_CONFIG_SCHEMA(authority, authority_fields, check_authority);

typedef struct hf_world_policy policy;
static const struct hf_config_field policy_fields[] = {
    FIELD(HF_CONFIG_UINT, policy, n, "shares", .default_text = "5", .min = 1, .max = 16,
          .doc = "n: providers of each node."),
    FIELD(HF_CONFIG_UINT, policy, k, "threshold", .default_text = "3", .min = 1, .max = 16,
          .doc = "k: how many of them rebuild the secret."),
    FIELD(HF_CONFIG_UINT, policy, q, "claim_quorum", .default_text = "0", .max = 16,
          .doc = "q: how many of them carry a claim; above n / 2, at least k. 0: the least."),
    FIELD(HF_CONFIG_UINT, policy, p, "claim_provisional", .default_text = "0", .max = 16,
          .doc = "p: how many, when some are provisional. 0: n - (n - q) / 2."),
    FIELD(HF_CONFIG_UINT, policy, domain_rule, "domain_rule", .default_text = "0",
          .max = HF_DOMAIN_NONE, .doc = "0: operators and zones, 1: operators, 2: none."),
    FIELD(HF_CONFIG_UINT, policy, platform_rule, "platform_rule", .default_text = "0",
          .max = HF_PLATFORM_ANY, .doc = "0: the depositor's platform or one listed, 1: any."),
    FIELD(HF_CONFIG_UINT, policy, shares_held_max, "shares_held_max", .default_text = "1000",
          .min = 1, .max = 65535, .doc = "Owners for whom one provider keeps shares."),
    FIELD(HF_CONFIG_DURATION_S, policy, quote_age_max_s, "quote_age_max", .default_text = "1d",
          .min = 60, .max = 31536000, .doc = "Identity quotes older than this are refused."),
    FIELD(HF_CONFIG_DURATION_S, policy, holder_grace_s, "holder_grace", .default_text = "10m",
          .min = 1, .max = 31536000, .doc = "A holder that is silent for longer is replaced."),
};

const char hf__policy_unfit[] =
    "2 <= threshold <= claim_quorum <= claim_provisional <= shares, claim_quorum above half of "
    "shares; all are 1 with one share";

bool hf__policy_fits(const struct hf_world_policy *p)
{
    uint8_t q = hf__claim_quorum(p);
    return hf_quorums_ok(p->n, p->k, q, p->p != 0 ? p->p : p->n);
}

static void check_policy(const void *value, const struct hf_config_where *where)
{
    const policy *p = value;
    if (!hf__scenario_relaxed && !hf__policy_fits(p))
        hf_config_refuse(where, "threshold", "%s", hf__policy_unfit);
}
static const struct hf_config_schema policy_schema =
    HF_CONFIG_SCHEMA(policy, policy_fields, check_policy);

typedef struct hf__action action;
static const struct hf_config_field action_fields[] = {
    FIELD(HF_CONFIG_DURATION_US, action, at_us, "at", .required = true, .max = INT64_MAX / 2,
          .doc = "Virtual time at which it begins."),
    FIELD(HF_CONFIG_ENUM, action, kind, "do", .required = true, .choices = kinds,
          .doc = "What is done; `holdfast-sim list` says what each is."),
    FIELD(HF_CONFIG_INT, action, node, "node", .none = true, .max = HF__NODES_MAX - 1,
          .doc = "To one node, by its number."),
    FIELD(HF_CONFIG_INT, action, zone, "zone", .none = true, .max = 65534,
          .doc = "To every node of a zone, by its number."),
    FIELD(HF_CONFIG_INT, action, count, "count", .none = true, .max = HF__NODES_MAX,
          .doc = "To so many nodes, drawn by the seed; 0: to nobody."),
    FIELD(HF_CONFIG_NUMBER, action, share, "share", .none = true, .number_max = 1,
          .doc = "To such a share of the nodes, drawn by the seed: to nobody at 0, above it to one "
                 "at least. Without any of these: to all."),
    US(action, for_us, "for", "0s", "How long it lasts, or until the process starts again."),
    US(action, every_us, "every", "0s", "Time between two steps."),
    US(action, within_us, "within", "0s",
       "Instead of every: all targets have their turn within it."),
    FIELD(HF_CONFIG_NUMBER, action, value, "value", .default_text = "0", .number_min = -1e12,
          .number_max = 1e12,
          .doc = "Chance, factor, seconds, rank or count, as the event has it."),
    FIELD(HF_CONFIG_STRING, action, text, "text", .default_text = "", .max = 64,
          .doc = "Image, key, status or strategy, as the event has it."),
};

static const struct hf_config_schema action_schema =
    HF_CONFIG_SCHEMA(action, action_fields, hf__action_check);
const struct hf_config_field hf__action_item =
    HF_CONFIG_ITEM("event", HF_CONFIG_MAP, action, .schema = &action_schema);

/* Floors are those of core/limits.h. */
#define MS(member, name, text, least, doc_)                                                        \
    FIELD(HF_CONFIG_DURATION_MS, struct hf_timing, member, name, .default_text = text,             \
          .min = (least), .max = 86400000, .doc = doc_)

static const struct hf_config_field timing_fields[] = {
    MS(call_ms, "call", "5s", 100, "A call that is not answered by then has failed."),
    MS(nonce_life_ms, "nonce_life", "30s", 1000, "How long a provider's nonce is good."),
    MS(round_grace_ms, "round_grace", "15ms", 1, "For further answers, once enough are there."),
    MS(retry_ms_min, "retry_least", "100ms", 10, "The first pause before a round is tried again."),
    MS(retry_ms_max, "retry_most", "15s", 10, "The longest."),
    MS(permanent_ms, "permanent", "30s", 1000, "The pause after what time does not mend."),
    MS(standing_ms, "standing", "1s", 100, "Between looks at holders while not all are placed."),
    MS(watch_ms, "watch", "15s", 1000, "Between looks at holders once all are."),
    MS(documents_ms, "documents", "1m", 1000, "Between pulls of documents."),
    MS(audit_ms, "audit", "5m", 1000, "Between audits of one holder."),
    MS(probe_ms, "probe", "1s", 0, "Between probes of members, at least 100ms; 0s: none is."),
    MS(gossip_ms, "gossip", "200ms", 20, "Between pushes of events, while there are new ones."),
    MS(reconcile_ms, "reconcile", "30s", 1000, "Between digests to a random member."),
};

static void check_timing(const void *value, const struct hf_config_where *where)
{
    const struct hf_timing *t = value;
    if (t->probe_ms > 0 && t->probe_ms < 100)
        hf_config_refuse(where, "probe", "0s, or at least 100ms");
    if (t->retry_ms_max < t->retry_ms_min)
        hf_config_refuse(where, "retry_most", "at least retry_least");
}
static const struct hf_config_schema timing_schema =
    HF_CONFIG_SCHEMA(struct hf_timing, timing_fields, check_timing);

typedef struct hf__churn churn;
static const struct hf_config_field churn_fields[] = {
    FIELD(HF_CONFIG_ENUM, churn, kind, "do", .required = true, .choices = kinds,
          .doc = "crash, power-off, remove, lose-folder or leave of each node; join of new ones."),
    FIELD(HF_CONFIG_DURATION_US, churn, mean_us, "mean", .required = true, .min = 1000,
          .max = INT64_C(3155760000000000),
          .doc = "Mean time until the next of one node; of join, of the whole network."),
    FIELD(HF_CONFIG_NUMBER, churn, shape, "shape", .default_text = "1", .number_min = 0.2,
          .number_max = 20, .doc = "Of Weibull's distribution of that time; 1: exponential."),
    US(churn, for_us, "for", "0s",
       "crash, power-off: mean time, exponential, until the node starts again."),
    US(churn, from_us, "from", "0s", "None happens before."),
    US(churn, replace_us, "replace", "0s",
       "remove, leave: a new node joins so long after; 0s: none does."),
};
static const struct hf_config_schema churn_schema =
    HF_CONFIG_SCHEMA(churn, churn_fields, hf__churn_check);
static const struct hf_config_field churn_item =
    HF_CONFIG_ITEM("process", HF_CONFIG_MAP, churn, .schema = &churn_schema);

static const struct hf_config_field size_item =
    HF_CONFIG_ITEM("size", HF_CONFIG_UINT, uint32_t, .min = 1, .max = HF_WORLD_SIZES_MAX);
const struct hf_config_field hf__row_item =
    HF_CONFIG_ITEM("row", HF_CONFIG_STRING, const char *, .max = 4096);
#define SIZES(member, name, doc_)                                                                  \
    FIELD(HF_CONFIG_LIST, scenario, member, name, .item = &size_item, .max = 65535, .doc = doc_)

typedef struct hf__scenario scenario;
static const struct hf_config_field scenario_fields[] = {
    FIELD(HF_CONFIG_STRING, scenario, title, "title", .default_text = "untitled", .max = 200,
          .doc = "One line for a person."),
    FIELD(HF_CONFIG_UINT, scenario, nodes, "nodes", .default_text = "20", .min = 1,
          .max = HF__NODES_MAX, .doc = "Nodes at the start."),
    FIELD(HF_CONFIG_UINT, scenario, world.seed, "seed", .default_text = "1",
          .doc = "Decides everything that is drawn."),
    US(scenario, for_us, "for", "10m", "Virtual time in which events happen."),
    US(scenario, settle_us, "settle", "0s",
       "Then every fault is ended, and the nodes have so long to be ready; 0s: nothing is healed."),
    US(scenario, spread_us, "start_within", "0s", "The nodes start within it; 0s: all at once."),
    US(scenario, world.boot.median_us, "boot", "0s",
       "From the start of a machine to that of its process, each time."),
    SIGMA(scenario, world.boot.sigma, "boot_sigma", "0"),
    US(scenario, keys_every_us, "keys_every", "0s",
       "So often the applications of all nodes ask for their key; 0s: never."),
    FIELD(HF_CONFIG_NUMBER, scenario, ready_min, "ready_min", .default_text = "1", .number_max = 1,
          .doc = "Share of the nodes that must be ready at the end."),
    FIELD(HF_CONFIG_ENUM, scenario, world.crypto, "crypto", .choices = cryptos,
          .default_text = "real", .doc = "model: cheap stand-ins of the same sizes and failures."),
    FIELD(HF_CONFIG_BOOL, scenario, world.costs, "costs", .default_text = "true",
          .doc = "Whether computing takes virtual time."),
    FIELD(HF_CONFIG_BOOL, scenario, world.checks, "checks", .default_text = "true",
          .doc = "Whether the checkers watch."),
    FIELD(HF_CONFIG_UINT, scenario, world.operators, "operators", .default_text = "0",
          .doc = "Operators among whom the nodes are dealt out; 0: each has its own."),
    FIELD(HF_CONFIG_UINT, scenario, world.alone, "alone", .default_text = "0",
          .doc = "So many of the first nodes have an operator each beside those."),
    FIELD(HF_CONFIG_UINT, scenario, world.zones, "zones", .default_text = "3", .min = 1,
          .max = 65535,
          .doc = "Zones among which the nodes are dealt out; with latency regions, these."),
    SIZES(world.operator_sizes, "operator_sizes",
          "How large each operator is beside the others; left out: all alike."),
    SIZES(world.zone_sizes, "zone_sizes", "Likewise each zone."),
    SIZES(world.processor.host_sizes, "host_sizes", "Likewise each of `processor.hosts`."),
    FIELD(HF_CONFIG_ENUM, scenario, world.dealt_drawn, "dealt", .choices = dealts,
          .default_text = "in-turn",
          .doc = "in-turn: operators, zones and hosts follow from a node's number; drawn: from the "
                 "seed, each by itself."),
    FIELD(HF_CONFIG_PATH, scenario, matrix, "matrix",
          .doc = "A file of round trips in milliseconds between zones, a row a line; from the "
                 "folder of this file."),
    FIELD(HF_CONFIG_LIST, scenario, world.network.round_trips, "round_trips", .item = &hf__row_item,
          .max = 1024, .doc = "The same rows here, each as \"1 65.5 70\"."),
    FIELD(HF_CONFIG_PATH, scenario, trace, "trace",
          .doc = "A file of events, a line each: at,do,node,for; from the folder of this file."),
    FIELD(HF_CONFIG_MAP, scenario, world.processor, "processor", .schema = &processor_schema,
          .doc = "What computing takes, and who waits for whom."),
    FIELD(HF_CONFIG_MAP, scenario, world.network, "network", .schema = &network_schema,
          .doc = "Lines between the nodes."),
    FIELD(HF_CONFIG_MAP, scenario, world.storage, "storage", .schema = &storage_schema,
          .doc = "Disks."),
    FIELD(HF_CONFIG_MAP, scenario, world.attestation, "attestation", .schema = &attestation_schema,
          .doc = "Platforms."),
    FIELD(HF_CONFIG_MAP, scenario, world.clocks, "clocks", .schema = &clocks_schema,
          .doc = "Clocks."),
    FIELD(HF_CONFIG_MAP, scenario, world.authority, "authority", .schema = &authority_schema,
          .doc = "Who signs documents."),
    FIELD(HF_CONFIG_MAP, scenario, world.timing, "timing", .schema = &timing_schema,
          .doc = "How often a node looks at others."),
    FIELD(HF_CONFIG_MAP, scenario, world.policy, "policy", .schema = &policy_schema,
          .doc = "The first policy."),
    FIELD(HF_CONFIG_LIST, scenario, actions, "events", .item = &hf__action_item, .max = 65536,
          .doc = "What is done, in the order of time."),
    FIELD(HF_CONFIG_LIST, scenario, churn, "churn", .item = &churn_item, .max = HF__CHURN_MAX,
          .doc = "What befalls nodes again and again, at times that are drawn."),
};

const struct hf_config_schema hf__scenario_schema =
    HF_CONFIG_SCHEMA(scenario, scenario_fields, hf__scenario_check);
