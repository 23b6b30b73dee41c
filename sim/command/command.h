/* The subcommands of holdfast-sim, and what they share. */
#ifndef HF_SIM_COMMAND_H
#define HF_SIM_COMMAND_H

#include "base/options.h"
#include "trial/trial.h"

#include <stdbool.h>
#include <stdio.h>

/* EXIT_ENDED: before its end, by a signal or for want of memory or disk; no
 * promise was broken so far. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = HF_EXIT_USAGE, EXIT_ENDED = 3 };

struct hf__options {
    const char *scenario; /* path, or NULL */
    const char *out;      /* folder for results, or NULL */
    const char *until;    /* virtual time at which a run ends, as text, or NULL */
    uint64_t node;        /* to be shown then */
    uint64_t at_us;       /* from when a report shows messages */
    bool node_given, at_given;
    char *sets[64]; /* "key=value"; owned by main */
    size_t sets_count;
    uint64_t seed, seed_last;
    bool seeds_given;
    unsigned shard, shards; /* from 1; 0: as the environment says */
    const char *build;      /* of a seed "S@BUILD"; NULL: not named */
    uint64_t jobs;
    const char *splits; /* of --rare, as text, or NULL */
    bool rare, real, quiet, trace, messages, overwrite, version, help;
};

/* Seeds of one swarm: it remembers of each whether it ran. */
enum { HF__SWARM_MAX = 1000000000 };

/* One subcommand each, as the usage text says what it does; its exit status is returned. */
int hf__command_run(const struct hf__options *o);
int hf__command_check(const struct hf__options *o);
int hf__command_list(void);
int hf__command_swarm(const struct hf__options *o);
int hf__command_rare(const struct hf__options *o);
int hf__command_replay(const struct hf__options *o);
int hf__command_shrink(const struct hf__options *o);
int hf__command_sweep(const struct hf__options *o);
int hf__command_report(const struct hf__options *o);

/* Frees what was read of scenarios, once no scenario is used any more. */
void hf__forget(void);
/* The first 12 hexadecimal digits of a hash over this program: a
 * seed repeats a run only with it. */
const char *hf__build_id(void);
/* Loads a scenario and applies the options. 0, or an exit code: the reason was said. */
int hf__load(const struct hf__options *o, struct hf__scenario *ret);
/* Says what is wrong with a file, and returns the exit code for it. */
int hf__refuse(const struct hf_config_errors *errors, int code);
/* The scenario that a seed draws, with the options applied. */
int hf__draw_options(const struct hf__options *o, uint64_t seed, struct hf__scenario *ret);
/* Runs in a process of its own: what crashes is a result too. */
void hf__trial_apart(const struct hf__scenario *s, struct hf__result *ret);
/* A time as a scenario has it, such as 98.9s. False: it is none. */
bool hf__read_time(const char *text, uint64_t *ret_us);
/* Whether a seed that names a build names this one; if not, says so. */
bool hf__same_build(const char *build);
/* The options that change a scenario, as one writes them: for the command that runs it again. */
void hf__print_sets(const struct hf__options *o);
/* Whether results may go into the folder of --out: none of these files is there, or --overwrite was
 * given and they are gone now. names: NULL after the last. */
bool hf__out_begin(const struct hf__options *o, const char *const *names);
/* A file of results, or NULL, with the reason on standard error. */
FILE *hf__open_in(const char *folder, const char *name);
/* False: not all of it was written, which is said. */
bool hf__close_in(FILE *f, const char *folder, const char *name);
/* Whether Ctrl-C or a termination was asked for; installs the handlers the first time. */
bool hf__interrupted(void);
/* Progress on standard error: a bar on a terminal, plain lines elsewhere. */
bool hf__progress(void *ctx, const struct hf_world *w, uint64_t until_us);
/* Ends the bar's line. */
void hf__progress_end(void);
/* One line: a bar of the part that is done, and a text. */
void hf__bar(double part, const char *text);
/* All bytes, whatever signals come; false: the other end is closed, perhaps in the middle of it. */
bool hf__write_all(int fd, const void *data, size_t len);
bool hf__read_all(int fd, void *data, size_t len);
/* The table of a run, for people. */
void hf__print_result(const struct hf__scenario *s, struct hf__result *result,
                      struct hf__record *record);

#endif
