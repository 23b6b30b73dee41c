/*
 * Runs a fuzz target without libFuzzer, so that each one also runs in the ordinary suite, under any
 * compiler: every seed as it is, then a fixed number of mutations of them. One -seed decides
 * everything; nothing depends on time. The options are libFuzzer's, so that one test line serves
 * both.
 *
 *   fuzz_x -runs=N -seed=S -dict=FILE -max_len=L DIR...   mutate the seeds in the folders
 *   fuzz_x FILE...                                        run these inputs once, to look at a crash
 *
 * A crash leaves its input in `crash-input` and says how to run it again.
 */
#include "mutate.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static const uint8_t *current;
static size_t current_len;

static struct sigaction previous[NSIG];

/*
 * Only calls that are safe in a handler. Then the handler that was there before gets it: a
 * sanitizer, which says what happened, or the default, which ends the process. A fault happens
 * again by itself.
 */
static void on_crash(int signal_number)
{
    static const char text[] = "\nthe input is in crash-input: give that file as the argument\n";
    int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, current, current_len) == (ssize_t)current_len) {
        ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
        (void)written;
    }
    sigaction(signal_number, &previous[signal_number], NULL);
    if (signal_number == SIGABRT)
        raise(signal_number);
}

static void catch_crashes(void)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    const struct sigaction action = {.sa_handler = on_crash};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, &previous[signals[i]]);
}

/* From an allocation of exactly its size, so that a sanitizer sees any reading past the end. */
static void run_one(const uint8_t *data, size_t len)
{
    uint8_t *exact = malloc(len == 0 ? 1 : len);
    if (exact == NULL)
        abort();
    if (len > 0)
        memcpy(exact, data, len);
    current = exact;
    current_len = len;
    LLVMFuzzerTestOneInput(exact, len);
    current_len = 0;
    free(exact);
}

static void read_file(const char *path, struct pieces *ret)
{
    FILE *file = fopen(path, "rb");
    static uint8_t data[PIECE_MAX];
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t len = fread(data, 1, sizeof(data), file);
    fclose(file);
    pieces_add(ret, data, len);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In order of name: the order in which a folder happens to list them must not decide a run. */
static void read_folder(const char *path, struct pieces *ret)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_file, alphasort);
    if (count < 0) {
        perror(path);
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        read_file(name, ret);
        free(entries[i]);
    }
    free(entries);
}

struct options {
    unsigned long runs;
    unsigned long seed;
    size_t len_max;
    bool only_files;
};

static bool number_option(const char *arg, const char *name, unsigned long *ret)
{
    size_t len = strlen(name);
    if (strncmp(arg, name, len) != 0)
        return false;
    *ret = strtoul(arg + len, NULL, 10);
    return true;
}

static struct options read_arguments(int argc, char **argv, struct pieces *seeds,
                                     struct pieces *tokens)
{
    struct options o = {.runs = 10000, .seed = 1, .len_max = 4096, .only_files = argc > 1};
    unsigned long len_max = 4096;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (argv[i][0] == '-')
            o.only_files = false;
        if (number_option(argv[i], "-runs=", &o.runs) ||
            number_option(argv[i], "-seed=", &o.seed) ||
            number_option(argv[i], "-max_len=", &len_max))
            continue;
        if (strncmp(argv[i], "-dict=", 6) == 0) {
            dictionary_read(argv[i] + 6, tokens);
        } else if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            o.only_files = false;
            read_folder(argv[i], seeds);
        } else {
            read_file(argv[i], seeds);
        }
    }
    o.len_max = len_max < PIECE_MAX ? len_max : PIECE_MAX;
    return o;
}

int main(int argc, char **argv)
{
    struct pieces seeds = {.count = 0}, tokens = {.count = 0};
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
    struct options o = read_arguments(argc, argv, &seeds, &tokens);
    catch_crashes();
    run_one(NULL, 0);
    for (size_t i = 0; i < seeds.count; i++)
        run_one(seeds.items[i].data, seeds.items[i].len);
    if (!o.only_files) {
        static uint8_t data[PIECE_MAX];
        struct mutator m = {.seeds = &seeds, .tokens = &tokens, .state = o.seed};
        for (unsigned long run = 0; run < o.runs; run++)
            run_one(data, mutate(&m, data, o.len_max));
    }
    printf("%zu seeds, %zu words, %lu mutations\n", seeds.count, tokens.count,
           o.only_files ? 0 : o.runs);
    pieces_free(&seeds);
    pieces_free(&tokens);
    return 0;
}
