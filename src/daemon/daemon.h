/* The daemon's parts, and how they know each other. Everything here runs on the loop's thread. */
#ifndef HF_DAEMON_DAEMON_H
#define HF_DAEMON_DAEMON_H

#include "core/engine.h"
#include "gate.h"
#include "log.h"
#include "outlook.h"
#include "collateral.h"
#include "net/net.h"
#include "quotes.h"
#include "settings.h"
#include "storage.h"
#include "times.h"

#include <uv.h>

enum {
    HF__REQUESTS_MAX = 4096, /* of peers, unanswered */
    HF__LOCALS_MAX = 64,     /* connections to the local socket */
    HF__TAKERS_MAX = 16,     /* of service managers, at once; more wait in the kernel's queue */
    HF__RETRY_MS = 500,      /* for what the machine refused: a port, a folder */
    HF__ANNOUNCE_MS = 400,   /* for telling members of a stop that is none to come back from */
    HF__STOP_MS = 1000,      /* for what is queued, when told to stop */
    HF__STOP_MS_MAX = 1800,  /* for all of the stop, whatever the machine does not give back */
    HF__ADDRESS_LEN = 300,
};

/* A peer's request that the engine has and has not answered; a request's id is
 * its place and age. */
struct hf__request {
    struct hf_net_handle handle;
    uint64_t who; /* asks */
    uint32_t age; /* tells users of one place apart */
    uint32_t next_free;
    bool used;
    uint64_t since_ms;
};

/* Who the daemon is to be. */
struct hf__user {
    const char *name; /* NULL: who it is already */
    uid_t uid;
    gid_t gid;
};

/* What the transport has turned away for its bounds. */
struct hf__door {
    uint64_t connections, requests;
};

/* A call that the transport refused at once. */
struct hf__refused {
    uint32_t call; /* the engine's id */
    int error;
};

struct hf__ask;
struct hf__credentials;
struct hf__local;
struct hf__operators;
struct hf__survey;
struct hf__folders;
struct hf__homes;
struct hf__metrics;
struct hf__watch;
struct hf__life;

enum { HF__WHAT_LEN = 400 };

struct hf__daemon {
    uv_loop_t loop;
    const struct hf__settings *settings;
    const char *config_file;
    uint64_t started_ms;

    struct hf__folders *folders;
    struct hf_pool *documents; /* read from files or from peers */
    struct hf_shared *shared;
    struct hf_engine *engine;
    bool opening;    /* a thread opens platform and store */
    bool running;    /* the engine has been started */
    bool hopeless;   /* it cannot be, for a reason that time does not mend */
    int start_error; /* why it has not */
    char start_text[HF_STORE_TEXT_LEN];
    bool announcing; /* the members are being told, and then it stops */
    bool stopping;
    struct hf__user user;
    bool as_root; /* told to stay root */
    struct {
        bool known;     /* there is collateral by which it was judged */
        bool announced; /* and that of an evaluation that is announced */
        struct hf_verdict now, early;
    } own; /* on this machine's own quote: by what counts, and by what is announced */
    struct hf__applications *applications;
    char applications_what[HF__WHAT_LEN]; /* why they could not be read */
    int landlock;                         /* the kernel's version; 0: paths are not restricted */
    int memory;                           /* enum hf__memory */

    struct hf_net *net;
    struct hf__homes *members; /* made with the first set */
    int listen_error;
    char listening[HF_NET_ADDRESS_MAX];
    char address[HF__ADDRESS_LEN]; /* for registration */
    bool identity_due;             /* the vault is open, and the claim not yet on its way */
    bool claim_sent;
    struct hf__request *requests;
    uint32_t requests_count, requests_cap, requests_free;

    struct hf__storage *storage;
    int store_error;
    char store_text[HF_STORE_TEXT_LEN];
    struct hf__quotes *quotes;
    struct hf__collateral *collateral;
    struct hf__times *times;
    struct hf__gate gate;
    struct hf__refused *refused; /* calls that could not be made, to be told to the engine */
    size_t refused_count, refused_cap;

    struct hf__local *local;
    struct hf_blob *request_file; /* of the newest request to the share holders; NULL: none */
    struct hf__ask *asks;         /* all who ask something here: newest first */
    uint64_t next_ask;
    struct hf__credentials *credentials; /* NULL: none is configured */
    struct hf__survey *survey;           /* that runs; or NULL */
    struct hf__operators *operators;     /* NULL: the listener is off */
    uint64_t reached_ms; /* when a peer that proved its account called last; 0 never */
    struct hf__watch *watch;
    struct hf__life *life; /* beside the watch */
    bool state_changed;    /* since keys that are waited for were asked for */
    struct hf__metrics *metrics;
    uint64_t traces[64]; /* counted, by type */
    struct hf__log_rate trace_rates[64];
    struct hf__askers *askers; /* NULL: no user has asked yet */
    struct hf__door door_said; /* by the log, */
    uint64_t door_said_ms;     /* and when */

    int notify_fd; /* of the service manager; -1: there is none */
    int notified;  /* the state that it was told last; -1 none */
    bool notified_ready;
    uint64_t watchdog_ms, watchdog_at_ms; /* 0: it does not watch; when it is fed next */

    const struct hf_net_peer *asker; /* whose request the engine is at, or NULL */

    uv_timer_t tick; /* the engine's deadline */
    uint32_t ticks;
    uv_timer_t retry;     /* what the machine refused, and the sweep of old requests */
    uv_timer_t announced; /* when members have had time to hear of a stop */
    uv_async_t wake;      /* the writer has something */
    uv_signal_t on_term, on_int, on_hup;
};

/* ---- engine.c: events in, updates out */
/* Drops answers that wait for a write, and for which no request waits any more. */
void hf__daemon_drop_late(struct hf__daemon *d);
/* Fills in the time, steps the engine, does what the update says. Not from inside a hook of the
 * update's own making. */
void hf__daemon_step(struct hf__daemon *d, struct hf_event *event);
/* What the store and the platform tell the engine of. */
void hf__daemon_hooks(struct hf__daemon *d, struct hf__storage_hooks *ret_storage,
                      struct hf__quotes_hooks *ret_quotes);
/* The loop's handles that the engine needs. */
HF_MUST_USE int hf__daemon_handles(struct hf__daemon *d);
/* Frees what is gated. */
void hf__daemon_drop_outputs(struct hf__daemon *d);

/* ---- start.c */
/* Opens platform and store on a thread, and starts the engine then; run.c tries again later where
 * that can help. No-op while one is under way. */
void hf__daemon_begin(struct hf__daemon *d);

/* ---- peers.c */
HF_MUST_USE int hf__peers_open(struct hf__daemon *d);
/* Listens for peers; tries again by itself where that fails. */
void hf__peers_listen(struct hf__daemon *d);
/* Forgets requests that the engine has not answered for too long; the asker has given up. */
void hf__peers_sweep(struct hf__daemon *d, uint64_t now_ms);
/* Who asked, as a number above 1; 0: the request waits no more. */
uint64_t hf__peers_asker(const struct hf__daemon *d, uint64_t id);
/* One line for all connections and requests that were turned away since the last, now and then;
 * called every HF__RETRY_MS. */
void hf__peers_say(struct hf__daemon *d);
/* Makes a call of the engine to a peer; its answer becomes an event. */
void hf__peers_call(struct hf__daemon *d, const struct hf_call *call);
/* Sends a datagram, or lets it be lost. */
void hf__peers_datagram(struct hf__daemon *d, const struct hf_datagram_out *datagram);
/* Answers the request of this id with body, or refuses it with error. No-op when the asker has
 * gone. */
void hf__peers_reply(struct hf__daemon *d, uint64_t id, int error, struct hf_bytes body);
/* Makes the transport's certificate anew, and the operator listener's, as the engine signs it now:
 * with the account, or of a locked node without. */
void hf__peers_identity(struct hf__daemon *d);
/* Takes a new identity that was waiting, when the claim is on its way, or at once. */
void hf__identity_settle(struct hf__daemon *d, bool at_once);

/* ---- members.c */
/* What a peer of the transport is, by the newest set. */
struct hf_net_standing hf__members_standing(struct hf__daemon *d, const struct hf_net_peer *peer);
/* Frees where members are at home; NULL is legal. */
void hf__members_free(struct hf__homes *m);

/* ---- formats.c: versions of data folder, protocol and documents */
/* Adds them and the release to the status. */
void hf__formats_fill(const struct hf__daemon *d, struct json_t *root);
/* Says them, once the log is set up. */
void hf__formats_log(void);
/* Says that the folder is of an older format, and what will be done with it; before it is. */
void hf__formats_found(const struct hf__daemon *d);
/* The storage's hook, format: says what was done. user: the daemon. */
void hf__formats_changed(void *user, int error);
/* What was kept of an older format goes once the network does without it. */
void hf__formats_settle(const struct hf__daemon *d, const struct hf_trace *t);

/* ---- notify.c */
/* Reads the service manager's environment; before the process is sandboxed. */
void hf__notify_open(struct hf__daemon *d);
/* Feeds the watchdog, and tells a state that is new; called every HF__RETRY_MS. */
void hf__notify_tick(struct hf__daemon *d);
/* Tells the service manager that the daemon stops. */
void hf__notify_stop(struct hf__daemon *d);

/* ---- trace.c */
/* Logs a trace event at its level; what strangers cause, at the lowest. */
void hf__trace_log(struct hf__daemon *d, const struct hf_trace *t);
/* Says how many lines were held back of which no other has said it; called every HF__RETRY_MS. */
void hf__traces_say(struct hf__daemon *d);

/* ---- status.c, status_backup.c */
/* For whom a status is: strangers, members of the set, or those who may see all. */
enum hf__status_for { HF__STATUS_PUBLIC, HF__STATUS_MEMBERS, HF__STATUS_ALL };
/* The status as JSON, terminated, freed by the caller; NULL: out of memory. */
char *hf__status_json(struct hf__daemon *d, enum hf__status_for whom);
/* An error with its sentence, as JSON; null for 0. The caller's reference. */
struct json_t *hf__status_error(int error);
/* Whose word the node's reason is: "node" or "providers"; NULL: there is none. */
const char *hf__status_reason_of(struct hf__daemon *d, const struct hf_status *s);
/* When the own identity quote is too old for the policy; 0: there is none. */
uint64_t hf__status_identity_expires_s(const struct hf_status *s);
/* Puts the keys that give way to others into the status. */
void hf__status_keys(struct json_t *root, const struct hf_status *s);
enum { HF__OPERATOR_LEN = 128 };
/* Who runs a validator, by the newest set; "": it is in none. */
void hf__status_operator(const struct hf__daemon *d, const struct hf_account *account,
                         char ret[HF__OPERATOR_LEN]);
/* The state of the engine, or before it runs what stands for it. */
enum hf_state hf__daemon_state(struct hf__daemon *d);
/* Providers as a list for JSON; the caller's reference. */
struct json_t *hf__status_providers(const struct hf__daemon *d,
                                    const struct hf_provider_status *providers, size_t count,
                                    uint64_t now_ms);
/* The shares of a member that are known to have moved while it was down, as a list for JSON; the
 * caller's reference. */
struct json_t *hf__status_moved(struct hf__daemon *d, const struct hf_account *owner);

/* ---- survey.c: what other members say of themselves */
/* Asks all of them; all that ask for it before it is over are answered then. HF_ENODOCUMENTS: there
 * is no set. HF_ENOMEM. */
HF_MUST_USE int hf__survey_begin(struct hf__daemon *d);
/* Whether the answer to a call is for it. */
bool hf__survey_awaits(uint64_t token);
/* Takes such an answer. */
void hf__survey_answered(struct hf__daemon *d, const struct hf_net_result *result);

/* ---- page.c */
/* What the status page is drawn from; the caller's reference. NULL: out of memory. */
struct json_t *hf__page_data(struct hf__daemon *d);

/* ---- reasons.c */
/* What a reason means, as a list for JSON; 0: all of them. The caller's reference. */
struct json_t *hf__reasons_json(int reason);

/* ---- mesh.c: the other members, as JSON; the caller's reference */
struct json_t *hf__mesh_json(struct hf__daemon *d); /* the status's part */
/* Every member of the newest set, as this node sees it. */
struct json_t *hf__peers_json(struct hf__daemon *d);
/* The events that are kept. */
struct json_t *hf__events_json(struct hf__daemon *d);
/* Who runs a member of the newest set; null where that is not known. */
struct json_t *hf__operator_json(const struct hf__daemon *d, const struct hf_account *account);
/* The broken promises that are kept, with the files that prove them. */
struct json_t *hf__evidence_json(struct hf__daemon *d);

/* ---- watch.c: warnings, and who does not want to hear them */
/* What the others here need; before anything is open. HF_ENOMEM. */
HF_MUST_USE int hf__watch_new(struct hf__daemon *d);
/* Whether the key can come back, and what to warn of. s: filled in, as of now_ms. */
void hf__watch_outlook(struct hf__daemon *d, struct hf_status *s, uint64_t now_ms,
                       struct hf__outlook *ret);
/* The status of the engine, or before it runs what stands for it. */
void hf__watch_status(struct hf__daemon *d, struct hf_status *ret);
/* Whether keys can be had: the vault is open, the claim stands, and there is a backup. */
bool hf__watch_serves(const struct hf_status *s);
/* Logs warnings that have stood for a while, and when they are over; called every HF__RETRY_MS. */
void hf__watch_tick(struct hf__daemon *d);
/* Mutes a warning for so long, or with 0 no longer. HF_ENOTFOUND: no such warning stands now.
 * HF_EBUSY: as many are muted as may be. */
HF_MUST_USE int hf__watch_mute(struct hf__daemon *d, int reason, uint64_t for_s);
/* Until when a reason is muted, Unix time; 0: it is not. */
uint64_t hf__watch_muted_s(const struct hf__daemon *d, int reason);
/* Frees what is known of warnings. */
void hf__watch_free(struct hf__daemon *d);

/* ---- local_conn.c */
/* ret_what: what failed, for a person; borrowed for good. Errors: those of hf__local_listen. */
HF_MUST_USE int hf__local_open(struct hf__daemon *d, const char **ret_what);
/* Stops listening and ends every local connection. */
void hf__local_close(struct hf__daemon *d);

/* ---- ask.c */
/* Gives the reply to the one who asked. No-op when it has gone. */
void hf__local_answer(struct hf__daemon *d, const struct hf_local_reply *reply);
/* Whether its asker is there, and has not asked anew since. */
bool hf__local_waits(const struct hf__daemon *d, uint64_t id);
/* Something changed: asks the engine again for keys that are waited for. */
void hf__local_again(struct hf__daemon *d);

/* ---- credentials.c: the socket for a service manager */
/* Makes it, where the settings want one. Errors and ret_what as of hf__local_open. */
HF_MUST_USE int hf__credentials_open(struct hf__daemon *d, const char **ret_what);
/* Accepts or stops accepting, as keys can be given; called every HF__RETRY_MS. */
void hf__credentials_tick(struct hf__daemon *d);
/* Begins to stop it; who waits is told by what no manager takes for a key. */
void hf__credentials_close(struct hf__daemon *d);

/* ---- operator.c: the listener for operators outside the trust domain */
/* Makes it, where the settings want one, and listens. HF_ENOMEM, HF_EINTERNAL. */
HF_MUST_USE int hf__operators_open(struct hf__daemon *d);
/* Listens; tries again by itself where that fails and time may help. */
void hf__operators_listen(struct hf__daemon *d);
/* Its transport, whose certificate is the node's too; NULL: the listener is off. */
struct hf_net *hf__operators_net(const struct hf__daemon *d);
/* Begins to stop it; d->operators is NULL when it has. */
void hf__operators_close(struct hf__daemon *d);
/* What the status says of it; the caller's reference. */
struct json_t *hf__operators_json(const struct hf__daemon *d);

/* ---- metrics.c */
/* All metrics, as a Prometheus server reads them. ret: initialised here, the caller's. */
void hf__metrics_text(struct hf__daemon *d, struct hf_buf *ret);
/* Listens for those who ask for metrics, where the settings want it; what fails is logged. */
void hf__metrics_open(struct hf__daemon *d);
/* Stops listening; d->metrics is NULL once the loop has closed the port. */
void hf__metrics_close(struct hf__daemon *d);

/* ---- harden.c */
/* Before anything is read: no core dumps, nothing for debuggers. */
void hf__harden_early(void);
/* The user of this name, or who the process is where there is none, or root did not start it.
 * ret_what: what failed, for a person. */
HF_MUST_USE int hf__harden_find(const char *name, struct hf__user *ret, const char **ret_what);
/* Becomes that user for good; no-op where it has no name. ret_what: what failed, for a person. */
HF_MUST_USE int hf__harden_user(const struct hf__user *user, const char **ret_what);
/*
 * Whether every path that the settings name is there, or its folder where it is to be made. Errors
 * as of hf_sandbox_paths_check. ret_path: whose fault it is, the settings'.
 */
HF_MUST_USE int hf__harden_paths_check(const struct hf__settings *s, const char **ret_path);
/* From here on only what the settings name, and what libc needs of /etc, can be opened; makes the
 * data folder. ret_abi: 0 where the kernel has no Landlock. Errors and ret_path as above. */
HF_MUST_USE int hf__harden_paths(const struct hf__settings *s, int *ret_abi, const char **ret_path);
/* The last step: from here on, system calls that a daemon has no use for fail, and are counted. */
HF_MUST_USE int hf__harden_calls(void);
/* Whether anything of the process can get to a disk by swapping. */
enum hf__memory { HF__MEMORY_LOCKED, HF__MEMORY_NO_SWAP, HF__MEMORY_SWAPPABLE };
/* How this process keeps its memory from a disk. */
enum hf__memory hf__harden_memory(void);

/* ---- run.c */
/* A start has come to its end: stops the daemon where there is no hope. */
void hf__daemon_begun(struct hf__daemon *d);
/* Reads documents and collateral again. */
void hf__daemon_reload(struct hf__daemon *d);
/* What the command line says, which is the image's as the program is. */
struct hf__start {
    const char *config_file;
    const char *applications; /* the image's list of them; NULL: where one is looked for */
    bool as_root;
};

/* Runs until told to stop; returns the exit status. */
int hf__daemon_run(const struct hf__settings *settings, const struct hf__start *start);

#endif
