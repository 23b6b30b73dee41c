/*
 * What is done to a world and when: the timeline of a scenario, whether a person wrote it or a seed
 * drew it. Every action names its targets by number, zone or share; what is drawn comes from a
 * stream of its own, named after what it does, what its text says, and when it begins: another
 * event beside it changes nothing.
 */
#ifndef HF_SIM_SCHEDULE_H
#define HF_SIM_SCHEDULE_H

#include "hostile/strategy.h"

/* What an event is done to: nodes that it chooses, as many as it counts, or the network. */
enum hf__aim { HF__AIM_NODES, HF__AIM_COUNT, HF__AIM_NETWORK };

/* X(constant, name, has a duration, what it is done to, meaning) */
#define HF__ACTION_MAP(X)                                                                          \
    X(CRASH, "crash", 1, NODES,                                                                    \
      "the process dies, and its host resets its connections; with `for`, it starts again after "  \
      "that time")                                                                                 \
    X(POWER_OFF, "power-off", 1, NODES,                                                            \
      "the host dies: nobody hears from it; with `for`, it starts again after that time")          \
    X(START, "start", 0, NODES, "starts what is down")                                             \
    X(ROLLING, "rolling-restart", 1, NODES,                                                        \
      "one after the other, `every` apart or all `within`, each down for `for`")                   \
    X(UPGRADE, "upgrade", 1, NODES, "the same, and each comes back with the image `text`")         \
    X(PAUSE, "pause", 1, NODES, "the process stands still")                                        \
    X(SLOW, "slow", 1, NODES,                                                                      \
      "computing, writing and quotes take `value` times as long; without `costs` computing takes " \
      "what it would with them")                                                                   \
    X(ISOLATE, "isolate", 1, NODES, "cut off in both directions")                                  \
    X(DEAF, "deaf", 1, NODES, "hears nobody, but is heard")                                        \
    X(MUTE, "mute", 1, NODES, "is heard by nobody, but hears")                                     \
    X(PARTITION, "partition", 1, NODES, "the targets and the rest do not hear each other")         \
    X(FLAP, "flap", 1, NODES, "a partition that comes and goes, `every` apart")                    \
    X(LOSS, "loss", 1, NETWORK, "segments and datagrams are lost with chance `value`")             \
    X(DUPLICATE, "duplicate", 1, NETWORK, "requests arrive twice with chance `value`")             \
    X(REORDER, "reorder", 1, NETWORK, "messages are held back with chance `value`")                \
    X(BREAK, "break", 0, NODES, "connections of the targets end")                                  \
    X(CLOCK, "clock", 0, NODES, "wall clocks move by `value` seconds")                             \
    X(DISK_FULL, "disk-full", 1, NODES, "writing fails")                                           \
    X(DISK_STALL, "disk-stall", 1, NODES, "nothing becomes durable")                               \
    X(CRASH_WRITE, "crash-at-write", 1, NODES,                                                     \
      "dies right before or after its next write but `value`; starts again after `for`")           \
    X(CORRUPT, "corrupt", 1, NODES, "restarts; the vault is found damaged until `for` has passed") \
    X(LOSE_FOLDER, "lose-folder", 0, NODES,                                                        \
      "the data folder is gone; the node is told its account and starts")                          \
    X(TORN_WRITE, "torn-write", 1, NODES,                                                          \
      "dies in the middle of its next write but `value`; the vault is damaged until `for` has "    \
      "passed")                                                                                    \
    X(QUOTE_FAIL, "quote-fail", 1, NODES, "quotes cannot be made")                                 \
    X(JUDGE_FAIL, "judge-fail", 1, NETWORK,                                                        \
      "collateral is missing with chance `value`, everywhere")                                     \
    X(QUOTE_SLOW, "quote-slow", 1, NETWORK,                                                        \
      "making and judging quotes takes `value` times as long")                                     \
    X(TCB, "tcb", 1, NODES,                                                                        \
      "the platforms' TCB status is `text`: revoked, out-of-date, up-to-date")                     \
    X(STALE, "stale-collateral", 1, NETWORK,                                                       \
      "no newer collateral is issued: what there is will expire")                                  \
    X(ACCEPT, "accept", 0, NETWORK, "a policy that accepts the image `text` with rank `value`")    \
    X(WITHDRAW, "withdraw", 0, NETWORK, "a policy without the image `text`")                       \
    X(POLICY, "policy", 0, NETWORK,                                                                \
      "a further policy; `text` says what is new: shares=7 threshold=4")                           \
    X(SET, "set", 0, NETWORK, "a further validator set")                                           \
    X(ROOT, "root", 0, NETWORK, "a further root of authority")                                     \
    X(REMOVE, "remove", 0, NODES,                                                                  \
      "gone for good: the host dies, and the authority leaves the account out of the next set, "   \
      "unless that would be too small")                                                            \
    X(FLOOR, "floor", 0, NODES,                                                                    \
      "the authority decides a floor for each that waits for holders of whom too few are there")   \
    X(JOIN, "join", 0, COUNT, "`count` new nodes, with the newest release")                        \
    X(KEY, "key", 0, NODES, "the application asks for the key `text`")                             \
    X(DRILL, "drill", 0, NODES, "the operator asks for a drill")                                   \
    X(DRAIN, "drain", 1, NODES, "the operator drains the node")                                    \
    X(LEAVE, "leave", 0, NODES,                                                                    \
      "the operator has the node leave for good, where the rest of the set is enough; the "        \
      "deadline is ten minutes away")                                                              \
    X(LEAVE_SOON, "leave-soon", 0, NODES, "the same, with a deadline `value` seconds away")        \
    X(HOLDERS, "share-holders", 0, NETWORK,                                                        \
      "a quorum key is dealt among share holders; `text` says how many open together: 2 of 3")     \
    X(RESHARD, "reshard", 0, NETWORK, "the same quorum key is shared anew; `text` as above")       \
    X(BLACKSTART, "black-start", 0, NODES,                                                         \
      "the operator has the node ask share holders: those before today's answer first")            \
    X(HANDOVER, "handover", 1, NODES,                                                              \
      "a new release beside each target takes over; `value`: 0 the policy goes without the time, " \
      "1 helpers tell it, 2 it is not known")                                                      \
    X(HOSTILE, "hostile", 1, NODES, "the targets follow the strategy `text`")                      \
    X(HEAL, "heal", 0, NETWORK, "every fault ends, everything that is down starts")

enum hf__action_kind {
#define X(constant, name, lasts, aim, doc) HF__ACTION_##constant,
    HF__ACTION_MAP(X)
#undef X
        HF__ACTIONS
};

enum { HF__NOT_GIVEN = -1, HF__NODES_MAX = 1 << 20 };

struct hf__action {
    uint64_t at_us, for_us, every_us, within_us;
    int kind;
    /* One of these at most, or HF__NOT_GIVEN. Without any target: all. */
    int64_t node;  /* one, by its number */
    int64_t zone;  /* all of a zone */
    int64_t count; /* so many, drawn; 0: none */
    double share;  /* a share of all, drawn; above 0 at least one, 0: none */
    double value;
    const char *text; /* outlives the schedule; "" when not given */
};

/* An action without targets, time or anything else. */
static inline struct hf__action hf__action_of(int kind)
{
    return (struct hf__action){
        .kind = kind,
        .node = HF__NOT_GIVEN,
        .zone = HF__NOT_GIVEN,
        .count = HF__NOT_GIVEN,
        .share = HF__NOT_GIVEN,
        .text = "",
    };
}

/* Its name in a scenario, "crash"; static. */
const char *hf__action_name(int kind);
/* What it does, a line for people; static. */
const char *hf__action_doc(int kind);
/* Whether it goes on until `for` is over: otherwise it is done at once. */
bool hf__action_lasts(int kind);
/* At what it may be aimed. */
enum hf__aim hf__action_aim(int kind);

struct hf__schedule;

/* What began or ended, for the record of a run; may be NULL. */
typedef void hf__action_fn(void *ctx, struct hf_world *w, const struct hf__action *a, bool begins,
                           const uint32_t *targets, size_t count);

/* Puts actions on a world's timeline. actions is borrowed for the world's life. */
struct hf__schedule *hf__schedule_new(struct hf_world *w, const struct hf__action *actions,
                                      size_t count, hf__action_fn *note, void *ctx);
/* Ends every fault now: networks whole, disks well, everything up; no later action begins. */
void hf__schedule_heal(struct hf__schedule *s);
/* Draws anew what events that have not begun will draw: see hf__renew. */
void hf__schedule_renew(struct hf__schedule *s);
/* What has begun so far, and how often each strategy has acted. While the world lives. */
struct hf__tally {
    uint32_t actions[HF__ACTIONS];
    uint32_t strategies[HF__STRATEGIES_MAX]; /* in the order of hf__strategies */
    uint64_t acts[HF__STRATEGIES_MAX];
};
/* Adds one tally to another. */
void hf__tally_add(struct hf__tally *sum, const struct hf__tally *more);
/* What it is now. */
void hf__schedule_tally(const struct hf__schedule *s, struct hf__tally *ret);
/* After the world. */
void hf__schedule_free(struct hf__schedule *s);
/* "shares=7 threshold=4": what a policy has anew. False: no such text, or an impossible policy with
 * what stands in `now` otherwise. ret NULL: only judges. */
bool hf__policy_from_text(const char *text, const struct hf_policy *now, struct hf_policy *ret);
/* What a scenario's text names: HF_TCB_…, or HF_TCB_NONE for another word. */
uint8_t hf__tcb_from_text(const char *text);

#endif
