/* holdfast-sim: the engine of Holdfast in a virtual world. */
#include "command/command.h"
#include "command/shard.h"

#include "lib/pages.h"

#include "base/file.h"
#include "base/options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: holdfast-sim COMMAND [OPTION...]\n"
    "\n"
    "  run SCENARIO.yaml      run a scenario, show what came of it\n"
    "  swarm --seeds A..B     scenarios drawn by seeds: faults, healing, then all must be ready\n"
    "  sweep STUDY.yaml       run a study's settings and seeds, and say what they come to\n"
    "  report DIR             a page and figures of what run or sweep has written there\n"
    "  replay SEED            run what a seed of the swarm draws, with everything recorded\n"
    "  shrink SEED            print a smaller scenario that still fails\n"
    "  check SCENARIO.yaml    look at a scenario without running it\n"
    "  list                   what events, hostile strategies and checkers there are\n"
    "\n"
    "  --nodes N --seed S --for 2h --crypto model|real   short for --set\n"
    "  --set KEY=VALUE        change a field of the scenario, as network.loss=1%\n"
    "  --out DIR              write run.csv, nodes.csv, lives.csv, series.csv,\n"
    "                         timeline.jsonl, scenario.yaml;\n"
    "                         swarm: swarm.csv, drawn.csv;\n"
    "                         sweep: runs.csv, settings.csv, and go on with what is there\n"
    "  --overwrite            with --out, and of a report: in place of what is there\n"
    "  --trace                with --out: traces of the lowest level too\n"
    "  --messages             with --out: messages.jsonl, every request and answer\n"
    "  --rare                 run: the chance that a key is lost, by splitting worlds; --seeds "
    "(1000)\n"
    "  --splits A,B,...       with --rare: copies of a world at each level, outermost first\n"
    "  --jobs J               processes of a swarm, sweep or --rare (1)\n"
    "  --shard I/N            the Ith of N processes that do a sweep together\n"
    "  --until 98.9s          end a run there, within the time of its events\n"
    "  --node I               show how node I stands then, or at the end; report: its mesh\n"
    "                         and messages\n"
    "  --at 98.9s             report: messages from then on\n"
    "  --quiet                no progress\n"
    "  --version              print the version\n"
    "\n"
    "Exit 0: every promise was kept. 1: one was not. 64: wrong usage, or a scenario refused.\n"
    "3: ended early, by a signal or for want of memory or disk; what ran is kept.\n";

static int fail(const char *what, const char *value)
{
    fprintf(stderr, "holdfast-sim: %s: %s\n", what, value);
    return EXIT_USAGE;
}

/* Digits and nothing before them; what follows is at *ret_end. */
static bool parse_seed(const char *text, char **ret_end, uint64_t *ret)
{
    errno = 0;
    *ret = strtoull(text, ret_end, 10);
    return text[0] >= '0' && text[0] <= '9' && errno == 0;
}

/* "A" or "A..B" or "A@BUILD". */
static bool take_seeds(void *options, const char *text)
{
    struct hf__options *o = options;
    char *end;
    if (!parse_seed(text, &end, &o->seed))
        return false;
    o->seed_last = o->seed;
    o->seeds_given = true;
    if (*end == '@') {
        o->build = end + 1;
        return true;
    }
    if (end[0] == '.' && end[1] == '.' && !parse_seed(end + 2, &end, &o->seed_last))
        return false;
    return *end == '\0' && o->seed_last >= o->seed;
}

/* Keeps "KEY=VALUE" for the scenario, or what stands for one when key is "". */
static bool set(struct hf__options *o, const char *key, const char *value, size_t value_len)
{
    if (o->sets_count == HF_ARRAY_LEN(o->sets))
        return false;
    size_t len = strlen(key) + value_len + 2;
    char *text = malloc(len); /* freed by forget */
    if (text == NULL)
        return false;
    snprintf(text, len, "%s%s%.*s", key, key[0] == '\0' ? "" : "=", (int)value_len, value);
    o->sets[o->sets_count++] = text;
    return true;
}

static void forget(struct hf__options *o)
{
    for (size_t i = 0; i < o->sets_count; i++)
        free(o->sets[i]);
    o->sets_count = 0;
}

static bool take_node(void *options, const char *text)
{
    struct hf__options *o = options;
    char *end;
    o->node_given = true;
    return parse_seed(text, &end, &o->node) && *end == '\0';
}

static bool take_at(void *options, const char *text)
{
    struct hf__options *o = options;
    o->at_given = true;
    return hf__read_time(text, &o->at_us);
}

static bool take_shard(void *options, const char *text)
{
    struct hf__options *o = options;
    return hf__shard_parse(text, &o->shard, &o->shards);
}

static bool take_set(void *options, const char *text)
{
    return set(options, "", text, strlen(text));
}

static bool take_nodes(void *options, const char *text)
{
    return set(options, "nodes", text, strlen(text));
}

static bool take_for(void *options, const char *text)
{
    return set(options, "for", text, strlen(text));
}

static bool take_crypto(void *options, const char *text)
{
    struct hf__options *o = options;
    o->real = strcmp(text, "real") == 0;
    return set(o, "crypto", text, strlen(text));
}

/* "7", or "7@BUILD" of a run of this build. */
static bool take_seed(void *options, const char *text)
{
    struct hf__options *o = options;
    size_t len = strcspn(text, "@");
    if (text[len] == '@')
        o->build = text + len + 1;
    return set(o, "seed", text, len);
}

static const struct hf_option rows[] = {
    HF_TAKE_BY("nodes", take_nodes),
    HF_TAKE_BY("seed", take_seed),
    HF_TAKE_BY("for", take_for),
    HF_TAKE_BY("set", take_set),
    HF_TAKE_BY("crypto", take_crypto),
    HF_TEXT_OF("out", struct hf__options, out),
    HF_TEXT_OF("until", struct hf__options, until),
    HF_TAKE_BY("node", take_node),
    HF_TAKE_BY("at", take_at),
    HF_TAKE_BY("seeds", take_seeds),
    HF_TAKE_BY("shard", take_shard),
    HF_NUMBER_OF("jobs", struct hf__options, jobs, 1, 64),
    HF_FLAG_OF("rare", struct hf__options, rare),
    HF_TEXT_OF("splits", struct hf__options, splits),
    HF_FLAG_OF("quiet", struct hf__options, quiet),
    HF_FLAG_OF("trace", struct hf__options, trace),
    HF_FLAG_OF("messages", struct hf__options, messages),
    HF_FLAG_OF("overwrite", struct hf__options, overwrite),
    HF_FLAG_OF("version", struct hf__options, version),
    HF_FLAG_OF("help", struct hf__options, help),
};

/* What each command takes; the first row: all, of whatever command. */
static const struct command {
    const char *name, *options;
    bool argument;
} commands[] = {
    {"",
     "nodes seed for set crypto out until node at seeds jobs shard rare splits quiet trace "
     "messages "
     "overwrite version help",
     true},
    {"run",
     "nodes seed for set crypto out until node overwrite rare splits seeds jobs quiet trace "
     "messages",
     true},
    {"check", "nodes seed for set crypto", true},
    {"swarm", "seeds jobs set crypto nodes for out overwrite quiet", false},
    {"sweep", "seeds jobs shard set crypto nodes for out quiet", true},
    {"report", "node at overwrite", true},
    {"replay", "set crypto nodes for out until node overwrite quiet trace messages", true},
    {"shrink", "set crypto nodes for", true},
    {"list", "", false},
};

/* Whether a list of words holds a word. */
static bool lists(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += len) {
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* Reads the options that a command takes, into new ones. False: another is there, or a wrong
 * value, and it was said. */
static bool read_options(int argc, char **argv, const struct command *c, struct hf__options *ret,
                         char ***ret_words, int *ret_count)
{
    struct hf_option taken[HF_ARRAY_LEN(rows)];
    char reason[HF_OPTION_REASON_MAX];
    size_t count = 0;
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++)
        if (lists(c->options, rows[i].name))
            taken[count++] = rows[i];
    *ret = (struct hf__options){.jobs = 1};
    if (hf_options_read(argc, argv, taken, count, ret, ret_words, ret_count, reason))
        return true;
    forget(ret);
    fprintf(stderr, "holdfast-sim%s%s: %s\n", c->name[0] == '\0' ? "" : " ", c->name, reason);
    return false;
}

static int run(struct hf__options *o, const char *scenario)
{
    o->scenario = scenario;
    if (!o->rare && (o->splits != NULL || o->seeds_given || o->jobs > 1))
        return fail("--splits, --seeds and --jobs of a run go with", "--rare");
    if (o->rare && (o->until != NULL || o->node_given || o->trace || o->messages))
        return fail("--rare shows no single run: leave out",
                    "--until, --node, --trace and --messages");
    return o->rare ? hf__command_rare(o) : hf__command_run(o);
}

static int dispatch(struct hf__options *o, const char *command, const char *argument)
{
    if (strcmp(command, "list") == 0)
        return hf__command_list();
    if (!hf__same_build(o->build))
        return EXIT_USAGE;
    if (o->messages && o->out == NULL)
        return fail("--messages needs a folder to write to", "--out DIR");
    if (strcmp(command, "run") == 0)
        return run(o, argument);
    if (strcmp(command, "check") == 0) {
        o->scenario = argument;
        return hf__command_check(o);
    }
    if (strcmp(command, "sweep") == 0) {
        o->scenario = argument;
        return hf__command_sweep(o);
    }
    if (strcmp(command, "report") == 0) {
        o->scenario = argument;
        return hf__command_report(o);
    }
    if (strcmp(command, "swarm") == 0) {
        if (!o->seeds_given || o->build != NULL)
            return fail("swarm needs --seeds A..B", "with B at least A");
        if (o->seed_last - o->seed >= HF__SWARM_MAX)
            return fail("too many seeds for one swarm", "at most 1000000000");
        return hf__command_swarm(o);
    }
    if (strcmp(command, "replay") == 0 || strcmp(command, "shrink") == 0) {
        if (argument == NULL || !take_seeds(o, argument) || o->seed_last != o->seed)
            return fail("a seed is a number, or NUMBER@BUILD", argument == NULL ? "" : argument);
        return command[0] == 'r' ? hf__command_replay(o) : hf__command_shrink(o);
    }
    hf_unreachable();
}

/* The command that the words name, when it may have so many; NULL: none, and it was said. */
static const struct command *command_of(char **words, int count)
{
    size_t c = 1;
    while (c < HF_ARRAY_LEN(commands) && strcmp(commands[c].name, words[0]) != 0)
        c++;
    if (c == HF_ARRAY_LEN(commands)) {
        fail("no such command", words[0]);
        fputs(usage, stderr);
        return NULL;
    }
    if (count > 1 + commands[c].argument) {
        fail("one argument too many", words[1 + commands[c].argument]);
        return NULL;
    }
    return &commands[c];
}

static int start_with(int argc, char **argv)
{
    struct hf__options o;
    char **words;
    int count;
    /* Any option at first: the command is the first word among them. */
    if (!read_options(argc, argv, &commands[0], &o, &words, &count))
        return EXIT_USAGE;
    forget(&o);
    if (o.help || o.version) {
        fputs(o.help ? usage : "holdfast-sim " HF_RELEASE "\n", stdout);
        return EXIT_OK;
    }
    if (count == 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    const struct command *c = command_of(words, count);
    if (c == NULL || !read_options(argc, argv, c, &o, &words, &count))
        return EXIT_USAGE;
    int code = dispatch(&o, words[0], count > 1 ? words[1] : NULL);
    hf__forget();
    forget(&o);
    return code;
}

int main(int argc, char **argv)
{
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    hf__pages_init();
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more is an error of its writing */
    return hf_file_printed("holdfast-sim", start_with(argc, argv), EXIT_ENDED);
}
