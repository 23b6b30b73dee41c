/* The operator's commands: each takes its own words, argv[0] being its name, and returns the exit
 * status. */
#ifndef HF_CLI_COMMAND_H
#define HF_CLI_COMMAND_H

#include "base/options.h"

/* What a command's exit status says, where it does not say otherwise. Wrong usage is EX_USAGE of
 * sysexits.h for every command: what may be tried again has another number. */
enum {
    HF_CLI_OK = 0,
    HF_CLI_ERROR = 1,
    HF_CLI_NOT_READY = 2,
    HF_CLI_DANGER = 3,
    HF_CLI_USAGE = HF_EXIT_USAGE,
};

/* The socket of the daemon that is meant: --socket, HOLDFAST_SOCKET, or the usual place. */
extern const char *hf__cli_socket;

/*
 * holdfast quote show|verify: what a quote says, and what is to be thought of it. 0: valid, and
 * accepted where a policy is given; 1: refused; 2: something cannot be read.
 */
int hf_cli_quote(int argc, char **argv);

/* A daemon's own. */
int hf_cli_status(int argc, char **argv);
/* holdfast wait: 0 it is in the state; 1 error; 2 not in time. */
int hf_cli_wait(int argc, char **argv);
/* holdfast key get: 0 printed; 1 error; 2 not released now. */
int hf_cli_key(int argc, char **argv);
/* holdfast exec: the program's exit status; 1 error; 2 not released now; 127 it cannot be run. */
int hf_cli_exec(int argc, char **argv);
/* holdfast backup show|verify: 0 enough providers have a fitting share; 1 error; 2 fewer. */
int hf_cli_backup(int argc, char **argv);
/* holdfast peers: 0 all members are there; 1 error; 2 some are suspect or unreachable. */
int hf_cli_peers(int argc, char **argv);
/* holdfast events: what members have said. */
int hf_cli_events(int argc, char **argv);
/* holdfast evidence: who broke a promise to this node; verify: 0 proved; 1 it is not; 2 something
 * cannot be read. */
int hf_cli_evidence(int argc, char **argv);
/* holdfast watch: a line for each change of a member. */
int hf_cli_watch(int argc, char **argv);
/* holdfast drain: whether this node may stop. */
int hf_cli_drain(int argc, char **argv);
/* holdfast leave: 0 it has left, or what was asked is done; 1 error. */
int hf_cli_leave(int argc, char **argv);
/* holdfast blackstart request|add|status: 0 done, or open; 1 error, or a wrong answer; 2 answers
 * are missing. */
int hf_cli_blackstart(int argc, char **argv);
/* holdfast identity: account, address and quote, for the registration. */
int hf_cli_identity(int argc, char **argv);
/* holdfast mute REASON: a warning is not heard for a while. */
int hf_cli_mute(int argc, char **argv);
/* holdfast metrics: the daemon's metrics. */
int hf_cli_metrics(int argc, char **argv);
/* holdfast page: the status page, as a file or on a port of 127.0.0.1. */
int hf_cli_page(int argc, char **argv);
/* holdfast reload: documents and collateral are read again. */
int hf_cli_reload(int argc, char **argv);
int hf_cli_root(int argc, char **argv);

/* Explains a reason, or lists all (base/reasons.def). 0; 1: there is no such reason. */
int hf_cli_explain(int argc, char **argv);

/* The authority's. */
int hf_cli_network(int argc, char **argv);
/* holdfast node init. */
int hf_cli_node(int argc, char **argv);
/* holdfast authority key|root|follow. */
int hf_cli_authority(int argc, char **argv);
/* holdfast authority follow: argv[0] is `follow`. */
int hf_cli_follow(int argc, char **argv);
/* holdfast policy show|sign|measurement. */
int hf_cli_policy(int argc, char **argv);
/* holdfast quorum propose|sign|deal|ack|drill|show. */
int hf_cli_quorum(int argc, char **argv);
/* holdfast set add|attest|remove|restore|platform|operator-key|floor|show|sign. */
int hf_cli_set(int argc, char **argv);

#endif
