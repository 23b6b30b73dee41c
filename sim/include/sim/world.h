/*
 * A virtual world in which any number of engines run: network, disks, clocks, platforms and the
 * network's authority. One seed decides everything; nothing depends on addresses, threads or the
 * clock of the machine that runs it.
 *
 *     struct hf_world_settings s;
 *     hf_world_settings_init(&s);
 *     struct hf_world *w;
 *     if (hf_world_new(&s, &w) == 0) {
 *         hf_world_add_many(w, 5);
 *         if (hf_world_bring_up(w, 60000) == 0) ...   all are ready
 *         hf_world_crash(w, 0);
 *         hf_world_start(w, 0);
 *         hf_world_run_until_state(w, 0, HF_STATE_READY, 60000) ...
 *         hf_world_free(w);
 *     }
 *
 * Nodes are numbered from 0 in the order in which they were added. The operator and the authority
 * of the network are the world itself: it registers new accounts (settings.authority.registers) and
 * issues what the caller asks it to. Calls below are made between events, never from a hook, unless
 * said so. Out of memory ends the process: a run without memory has no meaning.
 */
#ifndef HF_SIM_WORLD_H
#define HF_SIM_WORLD_H

#include "core/engine.h"
#include "sim/settings.h"

struct hf_world;
struct hf_disk;

enum { HF_WORLD_ALL = -1, HF_WORLD_NAME_MAX = 32 };

/* HF_EINVAL: a setting out of its range (k, n, chances). HF_ENOMEM. settings is copied. */
HF_MUST_USE int hf_world_new(const struct hf_world_settings *settings, struct hf_world **ret);
/* Ends every process and frees the world. Freeing NULL is legal. */
void hf_world_free(struct hf_world *w);

/* ---- Nodes ---- */

/* One more node with an empty disk, stopped. Returns its number. */
uint32_t hf_world_add(struct hf_world *w);
/* So many more. */
void hf_world_add_many(struct hf_world *w, uint32_t count);
/* How many there are, gone and stopped ones too; numbers are below it. */
uint32_t hf_world_count(const struct hf_world *w);

/* Starts the process from what its disk holds; no-op when it runs. */
void hf_world_start(struct hf_world *w, uint32_t node);
/* The same for every node. */
void hf_world_start_all(struct hf_world *w);
/*
 * The process dies: memory and what was not durable are lost (each transaction not yet acknowledged
 * survives with settings.storage.survives, in order). Its host's kernel resets the calls that are
 * under way at it, and refuses new ones. No-op when it is down.
 */
void hf_world_crash(struct hf_world *w, uint32_t node);
/* The host dies with it, until the node starts again: it hears and says nothing, calls time out. */
void hf_world_power_off(struct hf_world *w, uint32_t node);
/* The process stands still: events wait. */
void hf_world_pause(struct hf_world *w, uint32_t node);
/* The node goes on; no-op when it does not stand still. */
void hf_world_resume(struct hf_world *w, uint32_t node);
/* Everything that this node does takes factor times as long; 1 is normal. */
void hf_world_slow(struct hf_world *w, uint32_t node, double factor);
/* Whether its process runs, standing still or not. */
bool hf_world_running(const struct hf_world *w, uint32_t node);

/* What the node says of itself; false when it is down. Valid until the next event. */
bool hf_world_status(struct hf_world *w, uint32_t node, struct hf_status *ret);
/* HF_STATE_STARTING when it is down. */
enum hf_state hf_world_state(const struct hf_world *w, uint32_t node);
/* The account that the node was last seen with; NULL before it has one. */
const struct hf_account *hf_world_account(const struct hf_world *w, uint32_t node);
/* The node of an account, or -1. */
long hf_world_find(const struct hf_world *w, const struct hf_account *account);
/* The engine itself, for what is not offered here; NULL when it is down. */
struct hf_engine *hf_world_engine(struct hf_world *w, uint32_t node);

/* The cryptography of this world, for strangers that make messages of their own. */
const struct hf_suite *hf_world_suite(const struct hf_world *w);

/* ---- Time ---- */

/* The time since the world began, in microseconds. */
uint64_t hf_world_now_us(const struct hf_world *w);
/* One event; false when nothing is left to happen. */
bool hf_world_step(struct hf_world *w);
/* Everything that is due within ms from now. */
void hf_world_run_for(struct hf_world *w, uint64_t ms);
/* Whether it is time to stop. */
typedef bool hf_world_done_fn(struct hf_world *w, void *ctx);
/* Runs until done says so, looked at after every event; false when ms have passed before. */
HF_MUST_USE bool hf_world_run_until(struct hf_world *w, hf_world_done_fn *done, void *ctx,
                                    uint64_t ms);
/* Until node (or, with HF_WORLD_ALL, every node that runs) is in the state. */
HF_MUST_USE bool hf_world_run_until_state(struct hf_world *w, long node, enum hf_state state,
                                          uint64_t ms);
/* Until a trace of this type was emitted count times more (by node, or by any). */
HF_MUST_USE bool hf_world_run_until_trace(struct hf_world *w, long node, enum hf_trace_type type,
                                          unsigned count, uint64_t ms);
/* Starts all and runs until all are ready. HF_ETIMEOUT: not within ms. */
HF_MUST_USE int hf_world_bring_up(struct hf_world *w, uint64_t ms);

/* ---- Faults of the network ---- */

/* Cuts the way from one node to another, in this direction; HF_WORLD_ALL stands for every node. */
void hf_world_cut(struct hf_world *w, long from, long to);
/* Takes such a cut back. */
void hf_world_mend(struct hf_world *w, long from, long to);
/* Cuts both directions between a node and all others. */
void hf_world_isolate(struct hf_world *w, uint32_t node);
/* Two groups that do not hear each other: node i is in group[i]. NULL: the network is whole. */
void hf_world_partition(struct hf_world *w, const uint8_t *group);
/* Mends every cut and partition, and drops every rule. */
void hf_world_heal(struct hf_world *w);
/* Ends the connections between two nodes: calls under way get HF_ECONNRESET. */
void hf_world_break(struct hf_world *w, long a, long b);
/* Changes the network's chances and latencies from now on. */
struct hf_world_network *hf_world_network(struct hf_world *w);

enum hf_rule_action {
    HF_RULE_COUNT,     /* only counts */
    HF_RULE_DROP,      /* lost; the caller sees a timeout */
    HF_RULE_RESET,     /* lost; the caller sees HF_ECONNRESET */
    HF_RULE_DELAY,     /* arrives delay_us later */
    HF_RULE_LATE,      /* the same, though the caller of a request has given up */
    HF_RULE_DUPLICATE, /* a request arrives again delay_us later */
    HF_RULE_CORRUPT,   /* one bit is turned */
    HF_RULE_CRASH_TO,  /* the receiver's process dies before it gets it */
    HF_RULE_CRASH_FROM /* the sender's process dies when it was sent */
};

/* "the 2nd response of deposit from 3 to 1 is dropped". */
struct hf_rule {
    enum hf_rule_action action;
    uint8_t method; /* enum hf_method; 0: any */
    bool response;  /* the answer, rather than the request */
    long from, to;  /* of the message itself; HF_WORLD_ALL: any */
    unsigned skip;  /* so many pass untouched first */
    unsigned count; /* then so many are met; 0: all */
    uint64_t delay_us;
};

/* Returns the rule's number. Rules are looked at in order; the first that meets a message acts. */
unsigned hf_world_rule(struct hf_world *w, struct hf_rule rule);
/* How many messages a rule has acted on. */
unsigned hf_world_rule_hits(const struct hf_world *w, unsigned rule);
/* The rule acts no more; its number stays its own. */
void hf_world_rule_drop(struct hf_world *w, unsigned rule);

/* A message as it is sent. */
struct hf_message {
    uint32_t from, to; /* UINT32_MAX: of no node (hf_world_ask) */
    uint64_t call;     /* the same in a request and its answer */
    uint8_t method;
    bool response;
    bool datagram;                    /* not on a connection */
    int error;                        /* of a response */
    const struct hf_account *account; /* proven by the sender's certificate, or NULL */
    struct hf_bytes body;
    uint64_t at_us;
};

enum hf_fate { HF_FATE_PASS, HF_FATE_DROP, HF_FATE_RESET, HF_FATE_REPLACE, HF_FATE_DELAY };

/* What becomes of a message, as an observer in the network, or the sender itself, decides. */
struct hf_verdict_on {
    struct hf_buf *body; /* HF_FATE_REPLACE: appended to; the body instead */
    int error;           /* HF_FATE_REPLACE: of a response */
    uint64_t delay_us;   /* HF_FATE_DELAY */
};

/* Sees every message when it is sent, before any rule. May not call into the world. */
typedef enum hf_fate hf_watch_fn(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret);
/* One watcher at most beside the world's own checkers and strategies; NULL: none. */
void hf_world_watch(struct hf_world *w, hf_watch_fn *watch, void *ctx);

/*
 * A stranger's request, at once: account is what its certificate would prove, or NULL. Runs the
 * world until the answer is there. Returns the refusal's code; ret is initialised by the caller.
 */
int hf_world_ask(struct hf_world *w, uint32_t to, uint8_t method, const struct hf_account *account,
                 struct hf_bytes body, struct hf_buf *ret);

/* From now on a node's trust domain counts as broken: a watcher speaks for it, say. Checkers
 * promise nothing of its words. */
void hf_world_corrupt(struct hf_world *w, uint32_t node);

/* From now on a node's requests come from an address that no set names. */
void hf_world_unlist(struct hf_world *w, uint32_t node);

/* ---- Disks ---- */

/* A copy of a node's whole disk as it is durable now; give it back with hf_disk_free. */
struct hf_disk *hf_world_disk_copy(const struct hf_world *w, uint32_t node);
/* Puts a copy into a node that is down (its own: rolled back; another's: cloned). */
void hf_world_disk_put(struct hf_world *w, uint32_t node, const struct hf_disk *disk);
/* Frees a copy. */
void hf_disk_free(struct hf_disk *disk);
/* What the node's configuration says of its account from its next start on; NULL: nothing. */
void hf_world_told(struct hf_world *w, uint32_t node, const struct hf_account *account);
/* From now on an empty folder of a node is of whom the set has at its address. */
void hf_world_finds(struct hf_world *w, uint32_t node);
/*
 * A new release beside a node, on its machine, that is to take over from it when it starts: a node
 * of its own with an empty disk (proto/HANDOVER.md). Returns its number; hf_world_image says which
 * release, and it is not started yet.
 */
uint32_t hf_world_beside(struct hf_world *w, uint32_t node);
/* What the time helpers of nodes tell from now on: the true time, by all servers that the policy
 * lists, or nothing, as at first. A node is told when it starts, and every five minutes. */
void hf_world_time(struct hf_world *w, bool known);
/* The same for one node alone, once, now: 0, or why its helper has nothing to tell. */
void hf_world_time_tell(struct hf_world *w, uint32_t node, int error);
/* Wipes a disk. The node is down. */
void hf_world_disk_wipe(struct hf_world *w, uint32_t node);
/* A row, or NULL; borrowed. Public rows are what the host reads; others the test alone. */
const struct hf_blob *hf_world_row(const struct hf_world *w, uint32_t node, uint8_t collection,
                                   struct hf_bytes key);
/* The host writes a public row; value.data NULL deletes it. */
void hf_world_public_put(struct hf_world *w, uint32_t node, const char *key, struct hf_bytes value);
/* The next opening of the vault fails so: HF_ECORRUPT, HF_EROLLBACK, HF_EIO; 0: it is whole. */
void hf_world_vault_damage(struct hf_world *w, uint32_t node, int error);
/* What the plain header of its vault says, as it is durable. */
enum hf_vault_state hf_world_vault_state(const struct hf_world *w, uint32_t node);
/* Writing fails with this error until it is 0 again. */
void hf_world_disk_fail(struct hf_world *w, uint32_t node, int error);
/* Nothing becomes durable for so long. */
void hf_world_disk_stall(struct hf_world *w, uint32_t node, uint64_t ms);
/* Dies right before or right after its nth transaction from now on (1 the next) is durable. */
void hf_world_crash_at_write(struct hf_world *w, uint32_t node, unsigned nth, bool after);

/* ---- Clocks and platforms ---- */

/* Moves the wall clock by so many seconds. */
void hf_world_clock_shift(struct hf_world *w, uint32_t node, int64_t seconds);
/* Another image (release) from the next start on; the first is "holdfast-1". */
void hf_world_image(struct hf_world *w, uint32_t node, const char *image);
/* Another machine from the next start on; machine numbers are node numbers at first. */
void hf_world_machine(struct hf_world *w, uint32_t node, uint32_t machine);
/* The digest that a policy lists for an image. */
void hf_world_measurement(const struct hf_world *w, const char *image,
                          uint8_t ret[static HF_MEASUREMENT_LEN]);
/* The platform that quotes of a machine name. */
void hf_world_ppid(const struct hf_world *w, uint32_t machine, uint8_t ret[static 16]);
/* The TCB status that collateral gives a machine from now on; HF_TCB_REVOKED revokes it. */
void hf_world_tcb(struct hf_world *w, uint32_t machine, uint8_t status);
/* The dates of collateral stand still, until it expires, or go on. */
void hf_world_collateral_stop(struct hf_world *w, bool stopped);
/* What a node's verifier makes of a quote now, by the newest policy's trust root. */
void hf_world_judge(struct hf_world *w, uint32_t node, struct hf_bytes quote,
                    struct hf_verdict *ret);
/* A node hears that its collateral has changed: HF_EVENT_COLLATERAL. No-op when it is down. */
void hf_world_collateral(struct hf_world *w, uint32_t node);
/* Making quotes fails on this node until it is 0 again. */
void hf_world_quote_fail(struct hf_world *w, uint32_t node, int error);
/* A quote of any machine and image, as a stranger with that hardware could make. */
void hf_world_quote(struct hf_world *w, uint32_t machine, const char *image, bool debug,
                    const uint8_t report_data[static 64], struct hf_buf *ret);

/* ---- The authority ---- */

/* The documents that a node can be given; borrowed; NULL before the first. */
const struct hf_document *hf_world_document(const struct hf_world *w, enum hf_document_kind kind);
/* The hash of the first root; borrowed. */
const struct hf_network_id *hf_world_network_id(const struct hf_world *w);
/* Changes a copy of the newest policy, whose version has been raised. */
typedef void hf_policy_edit_fn(struct hf_policy *policy, void *ctx);
/* Issues a policy that edit has changed. */
void hf_world_policy_edit(struct hf_world *w, hf_policy_edit_fn *edit, void *ctx);
/* Accepts one more measurement, by image and rank. Issues a policy. */
void hf_world_policy_accept(struct hf_world *w, const char *image, uint32_t rank);
/* Accepts an image no more. Issues a policy. */
void hf_world_policy_withdraw(struct hf_world *w, const char *image);
/* Issues the next validator set: every account that is registered or was seen since. */
void hf_world_set_issue(struct hf_world *w);
/*
 * The authority looks whether too few holders of a node's generations will ever answer again, and
 * if so sets a floor: what is lost is written off in favour of the newest, or decided by those that
 * are left. False: nothing is lost. For the next set that is issued.
 */
bool hf_world_set_floor(struct hf_world *w, uint32_t node);
/*
 * A node that is blocked because its vault is an old one shows what it lacks; the authority has it
 * go on without. False: it is not blocked so. For the next set that is issued.
 */
bool hf_world_set_sequence_floor(struct hf_world *w, uint32_t node);
/* Registers a node anew in the next set: its account begins another registration. */
void hf_world_set_register(struct hf_world *w, uint32_t node);
/* Leaves a validator out of the next set. */
void hf_world_set_remove(struct hf_world *w, uint32_t node);
/* Lists one more platform for it, in the next set. */
void hf_world_set_platform(struct hf_world *w, uint32_t node, uint32_t machine);
/* A next root: fresh keys, signed by old and new. */
void hf_world_root_issue(struct hf_world *w);
/*
 * An envelope signed by the first `signatures` keys of the authority, from any encoded body: for
 * forged and odd documents. ret is initialised by the caller.
 */
void hf_world_sign(struct hf_world *w, uint8_t kind, struct hf_bytes body, unsigned signatures,
                   struct hf_buf *ret);
/* Puts envelopes into the folder of a node that runs: HF_EVENT_DOCUMENTS. */
void hf_world_give(struct hf_world *w, uint32_t node, const struct hf_bytes *envelopes,
                   size_t count);
/* Gives the newest root, policy and set to one node, or to all. Issuing does it by itself unless
 * hf_world_quiet(w, true): then no node is told, and nodes must pull. */
void hf_world_give_newest(struct hf_world *w, long node);
/* Whether nodes are left to pull what is issued. */
void hf_world_quiet(struct hf_world *w, bool quiet);

/* ---- Share holders ---- */

/*
 * A quorum key is dealt anew among n share holders, m of whom open together; a share set and a
 * policy that names it are issued. required: a node that is not sealed is degraded.
 */
void hf_world_quorum_issue(struct hf_world *w, uint8_t m, uint8_t n, bool required);
/* The same key is shared anew, among n other holders: a further share set. */
void hf_world_quorum_reshard(struct hf_world *w, uint8_t m, uint8_t n);
/*
 * What a holder of the share set before, from 1, can make of a request to today's with the share
 * that it has kept, by no check at all. HF_ENOTFOUND: there is none that is another than today's;
 * HF_EOTHERREQUEST: the request is not to today's. ret is initialised by the caller.
 */
HF_MUST_USE int hf_world_former_answer(struct hf_world *w, uint8_t index, struct hf_bytes request,
                                       struct hf_buf *ret);
/* A node asks, and share holders answer as they can, in their own time: those of the share set
 * before first, then those of today's that lie, and then m others; now and then one less. */
void hf_world_by_people(struct hf_world *w, uint32_t node);
/* How many false answers share holders have given by it. */
size_t hf_world_falsehoods(const struct hf_world *w);
/* From now on share sets are good for so long, and are not renewed by themselves. */
void hf_world_shares_valid(struct hf_world *w, uint64_t valid_s);
/*
 * What a share holder, from 1, makes of a request by all the checks of its program. 0: ret, which
 * the caller has initialised, holds the answer; else why it refuses.
 */
HF_MUST_USE int hf_world_holder_answer(struct hf_world *w, uint8_t index, struct hf_bytes request,
                                       struct hf_buf *ret);

/* ---- Local requests ---- */

/* Each asks now, and runs until the answer is there. Returns its error; HF_ETIMEOUT after ms. */

/* The node releases an application key. */
HF_MUST_USE int hf_world_key(struct hf_world *w, uint32_t node, const char *name, uint64_t ms,
                             uint8_t ret_key[static HF_APP_KEY_LEN], uint32_t *ret_version);
/* What an application has of a name that moves to a newer version. */
struct hf_world_keys {
    uint8_t key[HF_APP_KEY_LEN], next[HF_APP_KEY_LEN];
    uint32_t version, next_version;
};
/* The node releases both keys of a name. */
HF_MUST_USE int hf_world_keys(struct hf_world *w, uint32_t node, const char *name, uint64_t ms,
                              struct hf_world_keys *ret);
/* The application needs no key of a name but that of `version`. */
HF_MUST_USE int hf_world_confirm(struct hf_world *w, uint32_t node, const char *name,
                                 uint32_t version, uint64_t ms);
/* The node proves that k shares can be had. */
HF_MUST_USE int hf_world_drill(struct hf_world *w, uint32_t node, uint64_t ms,
                               struct hf_drill_report *ret);
/* The node drains, or takes shares again. */
HF_MUST_USE int hf_world_drain(struct hf_world *w, uint32_t node, bool drain, uint64_t ms);
/* Announces a leave whose deadline is so many seconds away. */
HF_MUST_USE int hf_world_leave(struct hf_world *w, uint32_t node, uint64_t seconds, uint64_t ms);
/* Takes a leave back. */
HF_MUST_USE int hf_world_stay(struct hf_world *w, uint32_t node, uint64_t ms);
/* After the deadline of its leave: forgets what it keeps for an owner, 64 hexadecimal digits. */
HF_MUST_USE int hf_world_abandon(struct hf_world *w, uint32_t node, const char *owner, uint64_t ms);
/* A locked node asks the share holders. ret: initialised by the caller; the request is appended. */
HF_MUST_USE int hf_world_blackstart(struct hf_world *w, uint32_t node, uint64_t ms,
                                    struct hf_buf *ret);
/* Gives a node an answer, right or wrong. ret: what the node says of it, without its texts. */
HF_MUST_USE int hf_world_answer(struct hf_world *w, uint32_t node, struct hf_bytes answer,
                                uint64_t ms, struct hf_blackstart_report *ret);
/* Asks without waiting. Answers are found in the traces and by the checkers. */
void hf_world_local(struct hf_world *w, uint32_t node, enum hf_local_type type, const char *name);

/* ---- What happened ---- */

struct hf_world_trace {
    uint64_t at_us;
    uint32_t node;
    uint32_t incarnation; /* starts of this node so far */
    struct hf_trace trace;
};

/* All traces since the world began, in order; borrowed until the next event. */
const struct hf_world_trace *hf_world_traces(const struct hf_world *w, size_t *ret_count);
/* How many of a type a node (or all of them) has emitted; kept also when traces are not. */
uint64_t hf_world_trace_count(const struct hf_world *w, long node, enum hf_trace_type type);

/* A checker found that a promise is broken. */
struct hf_violation {
    uint64_t at_us;
    uint32_t node;
    const char *checker;
    char text[200];
};

/* The first violation that a checker found, or NULL; checkers run while settings.checks. */
const struct hf_violation *hf_world_violation(const struct hf_world *w);

struct hf_world_totals {
    uint64_t events;     /* steps of engines: deliveries, timers, completions */
    uint64_t deliveries; /* requests and responses delivered */
    uint64_t timers;
    uint64_t messages_sent, messages_lost, bytes_sent;
    uint64_t messages_resent; /* segments that were sent again because they were lost */
    uint64_t line_bytes;      /* bytes_sent, with what HTTP/2, TLS, TCP and IP put around it */
    uint64_t waits;           /* what came to a node while it computed, and waited for that */
    uint64_t waited_us, waited_most_us; /* for how long, together, and the longest */
    uint64_t cores_waited_us;           /* computing that waited for a core of its host, together */
    uint64_t writes;
    uint64_t quotes_made, quotes_judged;
    uint64_t computed_ns; /* by all nodes together */
    /* Held now by engines, by disks, and by the world for all of them: nodes, documents, the queue
     * and what is on its way. Computed when asked. */
    uint64_t engine_bytes, disk_bytes, world_bytes;
    uint64_t trace_hash; /* same seed, same build: same hash */
};

/* What has been counted so far; the memory is counted now, which takes a look at every node. */
void hf_world_totals(struct hf_world *w, struct hf_world_totals *ret);

#endif
