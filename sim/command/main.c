/* holdfast-sim: the engine of Holdfast in a virtual world. */
#include "command/command.h"

#include "lib/pages.h"

#include "base/file.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: holdfast-sim COMMAND [OPTION...]\n"
    "\n"
    "  run SCENARIO.yaml      run a scenario, show what came of it\n"
    "  swarm --seeds A..B     scenarios drawn by seeds: faults, healing, then all must be ready\n"
    "  replay SEED            run what a seed of the swarm draws, with everything recorded\n"
    "  shrink SEED            print a smaller scenario that still fails\n"
    "  check SCENARIO.yaml    look at a scenario without running it\n"
    "  list                   what events, hostile strategies and checkers there are\n"
    "\n"
    "  --nodes N --seed S --for 2h --crypto model|real   short for --set\n"
    "  --set KEY=VALUE        change a field of the scenario, as network.loss=1%\n"
    "  --out DIR              write run.csv, nodes.csv and timeline.jsonl; swarm: swarm.csv, "
    "drawn.csv\n"
    "  --trace                with --out: traces of the lowest level too\n"
    "  --messages             with --out: messages.jsonl, every request and answer\n"
    "  --jobs J               processes of a swarm (1)\n"
    "  --quiet                no progress\n"
    "  --version              print the version\n"
    "\n"
    "Exit 0: every promise was kept. 1: one was not. 2: wrong usage, or a scenario refused.\n"
    "3: ended early, by a signal or for want of memory or disk; what ran is kept.\n";

static int fail(const char *what, const char *value)
{
    fprintf(stderr, "holdfast-sim: %s: %s\n", what, value);
    return EXIT_USAGE;
}

/* Digits and nothing before them; what follows is at *ret_end. */
static bool parse_seed(char *text, char **ret_end, uint64_t *ret)
{
    errno = 0;
    *ret = strtoull(text, ret_end, 10);
    return text[0] >= '0' && text[0] <= '9' && errno == 0;
}

/* "A" or "A..B" or "A@BUILD". */
static bool parse_seeds(char *text, struct hf__options *o)
{
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

static bool set(struct hf__options *o, const char *key, const char *value)
{
    if (o->sets_count == sizeof(o->sets) / sizeof(o->sets[0]))
        return false;
    size_t len = strlen(key) + strlen(value) + 2;
    char *text = malloc(len); /* freed by main */
    if (text == NULL)
        return false;
    snprintf(text, len, "%s%s%s", key, key[0] == '\0' ? "" : "=", value);
    o->sets[o->sets_count++] = text;
    return true;
}

enum {
    OPT_NODES = 256,
    OPT_SEED,
    OPT_FOR,
    OPT_SET,
    OPT_OUT,
    OPT_CRYPTO,
    OPT_SEEDS,
    OPT_JOBS,
    OPT_QUIET,
    OPT_TRACE,
    OPT_MESSAGES,
    OPT_VERSION,
    OPT_HELP
};

static const struct option long_options[] = {
    {"nodes", required_argument, NULL, OPT_NODES}, {"seed", required_argument, NULL, OPT_SEED},
    {"for", required_argument, NULL, OPT_FOR},     {"set", required_argument, NULL, OPT_SET},
    {"out", required_argument, NULL, OPT_OUT},     {"crypto", required_argument, NULL, OPT_CRYPTO},
    {"seeds", required_argument, NULL, OPT_SEEDS}, {"jobs", required_argument, NULL, OPT_JOBS},
    {"quiet", no_argument, NULL, OPT_QUIET},       {"trace", no_argument, NULL, OPT_TRACE},
    {"messages", no_argument, NULL, OPT_MESSAGES}, {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},         {NULL, 0, NULL, 0},
};

/* What each command takes, beside --help. */
static const struct {
    const char *name, *options;
    bool argument;
} commands[] = {
    {"run", "nodes seed for set crypto out quiet trace messages", true},
    {"check", "nodes seed for set crypto", true},
    {"swarm", "seeds jobs set crypto nodes for out quiet", false},
    {"replay", "set crypto nodes for out quiet trace messages", true},
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

/* A whole number and nothing else. */
static bool parse_jobs(const char *text, unsigned *ret)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *ret = (unsigned)value;
    return end != text && *end == '\0' && value >= 1 && value <= 64;
}

/* "7", or "7@BUILD" of a run of this build. */
static bool take_seed(struct hf__options *o, char *value)
{
    char *at = strchr(value, '@');
    if (at != NULL) {
        *at = '\0';
        o->build = at + 1;
    }
    return set(o, "seed", value);
}

/* One option; false: it is wrong, and said so. */
static bool take(struct hf__options *o, int option, char *value)
{
    bool ok = true;
    switch (option) {
    case OPT_NODES:
        ok = set(o, "nodes", value);
        break;
    case OPT_SEED:
        ok = take_seed(o, value);
        break;
    case OPT_FOR:
        ok = set(o, "for", value);
        break;
    case OPT_SET:
        ok = set(o, "", value);
        break;
    case OPT_CRYPTO:
        o->real = strcmp(value, "real") == 0;
        ok = set(o, "crypto", value);
        break;
    case OPT_OUT:
        o->out = value;
        break;
    case OPT_SEEDS:
        ok = parse_seeds(value, o);
        break;
    case OPT_JOBS:
        ok = parse_jobs(value, &o->jobs);
        break;
    case OPT_MESSAGES:
        o->messages = true;
        break;
    case OPT_TRACE:
        o->trace = true;
        break;
    case OPT_QUIET:
        o->quiet = true;
        break;
    default:
        return false;
    }
    if (!ok)
        fail("not a value for this option", value);
    return ok;
}

static int dispatch(struct hf__options *o, const char *command, char *argument)
{
    if (strcmp(command, "list") == 0)
        return hf__command_list();
    if (!hf__same_build(o->build))
        return EXIT_USAGE;
    if (o->messages && o->out == NULL)
        return fail("--messages needs a folder to write to", "--out DIR");
    if (strcmp(command, "run") == 0 || strcmp(command, "check") == 0) {
        o->scenario = argument;
        return command[0] == 'r' ? hf__command_run(o) : hf__command_check(o);
    }
    if (strcmp(command, "swarm") == 0) {
        if (!o->seeds_given || o->build != NULL)
            return fail("swarm needs --seeds A..B", "with B at least A");
        if (o->seed_last - o->seed >= HF__SWARM_MAX)
            return fail("too many seeds for one swarm", "at most 1000000000");
        return hf__command_swarm(o);
    }
    if (strcmp(command, "replay") == 0 || strcmp(command, "shrink") == 0) {
        if (argument == NULL || !parse_seeds(argument, o) || o->seed_last != o->seed)
            return fail("a seed is a number, or NUMBER@BUILD", argument == NULL ? "" : argument);
        return command[0] == 'r' ? hf__command_replay(o) : hf__command_shrink(o);
    }
    hf_unreachable();
}

/* Reads the options; -1: go on, or the exit code. */
static int read_options(int argc, char **argv, struct hf__options *o, bool used[])
{
    int option, index;
    while ((option = getopt_long(argc, argv, "h", long_options, &index)) != -1) {
        if (option == OPT_HELP || option == 'h') {
            fputs(usage, stdout);
            return EXIT_OK;
        }
        if (option == OPT_VERSION) {
            puts("holdfast-sim " HF_RELEASE);
            return EXIT_OK;
        }
        if (option == '?' || !take(o, option, optarg))
            return EXIT_USAGE;
        used[option - OPT_NODES] = true;
    }
    if (optind < argc)
        return -1;
    fputs(usage, stderr);
    return EXIT_USAGE;
}

/* Whether the command is one, and takes what it was given; if not, says so. */
static bool fits(int argc, char **argv, const bool used[])
{
    const char *command = argv[optind];
    size_t c = 0;
    while (c < HF_ARRAY_LEN(commands) && strcmp(commands[c].name, command) != 0)
        c++;
    if (c == HF_ARRAY_LEN(commands)) {
        fail("no such command", command);
        fputs(usage, stderr);
        return false;
    }
    for (size_t i = 0; long_options[i].name != NULL; i++) {
        if (used[long_options[i].val - OPT_NODES] &&
            !lists(commands[c].options, long_options[i].name)) {
            fprintf(stderr, "holdfast-sim: %s does not take --%s\n", command, long_options[i].name);
            return false;
        }
    }
    if (argc - optind > 1 + commands[c].argument) {
        fail("one argument too many", argv[optind + 1 + commands[c].argument]);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct hf__options o = {.jobs = 1};
    bool used[OPT_HELP - OPT_NODES + 1] = {false};
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    hf__pages_init();
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more is an error of its writing */
    int code = read_options(argc, argv, &o, used);
    if (code < 0 && fits(argc, argv, used))
        code = dispatch(&o, argv[optind], optind + 1 < argc ? argv[optind + 1] : NULL);
    else if (code < 0)
        code = EXIT_USAGE;
    hf__forget();
    for (size_t i = 0; i < o.sets_count; i++)
        free(o.sets[i]);
    return hf_file_printed("holdfast-sim", code, EXIT_ENDED);
}
