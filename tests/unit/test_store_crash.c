/* SIGKILL at any moment: what was reported durable is there, and nothing in halves. */
#include "store_model.h"
#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS = 40, UPDATES = 100000 };

static char dir[STORE_MODEL_PATH_LEN];

static void setup(void)
{
    store_model_folder(dir);
}

static void teardown(void)
{
    store_model_folder_remove(dir);
}

/* Memory for secrets does not survive a fork, so every process that uses the
 * store makes its own. */
static pid_t fork_with_secrets(void)
{
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0 &&
        (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || hf_secret_init(1024 * 1024, true) != 0))
        _exit(99);
    return child;
}

static int join(pid_t child)
{
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    return status;
}

/*
 * The child's life: reports each durable update with a byte. Updates are drawn from the seed, and
 * each puts its own number into both kinds of state, so that the parent can replay as many as are
 * there.
 */
static void live(uint64_t seed, uint32_t first, int report)
{
    struct hf_store *s = NULL;
    struct store_model found;
    if (hf_store_open(dir, &hf_suite_real, &s, NULL) != 0 || store_model_read(s, &found, NULL) != 0)
        _exit(1);
    for (uint32_t n = first; n < UPDATES; n++) {
        struct hf_store_op ops[8];
        struct hf_store_update u = store_model_draw_update(&seed, ops);
        struct hf_bytes number = hf_bytes_of(&n, sizeof n);
        ops[u.ops_count++] =
            (struct hf_store_op){HF_STORE_VAULT_PUT, 9, hf_bytes_of("n", 1), number};
        ops[u.ops_count++] =
            (struct hf_store_op){HF_STORE_PUBLIC_PUT, 0, hf_bytes_of("n", 1), number};
        if (hf_store_commit(s, &u, 1, NULL, NULL) != 0 || write(report, "", 1) != 1)
            _exit(1);
        hf_store_tidy(s);
    }
    _exit(0);
}

/* Brings the model up to update number count of this life, which began at *first. */
static void replay(struct store_model *model, uint64_t *seed, uint32_t *first, uint32_t count)
{
    for (; *first < count; (*first)++) {
        struct hf_store_op ops[8];
        struct hf_store_update u = store_model_draw_update(seed, ops);
        struct hf_bytes number = hf_bytes_of(first, sizeof *first);
        ops[u.ops_count++] =
            (struct hf_store_op){HF_STORE_VAULT_PUT, 9, hf_bytes_of("n", 1), number};
        ops[u.ops_count++] =
            (struct hf_store_op){HF_STORE_PUBLIC_PUT, 0, hf_bytes_of("n", 1), number};
        store_model_apply(model, &u);
    }
}

static void create(void)
{
    struct hf_store *s = NULL;
    if (hf_store_open(dir, &hf_suite_real, &s, NULL) != 0 ||
        hf_store_vault_create(s, store_model_key, &store_model_header, NULL) != 0)
        _exit(1);
    hf_store_close(s);
    _exit(0);
}

/* Exits with 0 when the disk holds the model, 1 when it holds one update more, 2 when neither. */
static void judge(struct store_model *model, uint64_t seed, uint32_t durable)
{
    struct hf_store *s = NULL;
    struct store_model found;
    struct hf_store_error err = {0};
    if (hf_store_open(dir, &hf_suite_real, &s, &err) != 0 ||
        store_model_read(s, &found, &err) != 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        _exit(3);
    }
    if (store_model_equal(model, &found))
        _exit(0);
    replay(model, &seed, &durable, durable + 1);
    _exit(store_model_equal(model, &found) ? 1 : 2);
}

/* Lets a child commit until it is killed, some time after wanted reports. Returns the reports. */
static uint32_t live_and_die(uint64_t seed, uint32_t first, uint32_t wanted, uint32_t more_us)
{
    int pipes[2];
    cr_assert_eq(pipe(pipes), 0);
    pid_t child = fork_with_secrets();
    if (child == 0) {
        close(pipes[0]);
        live(seed, first, pipes[1]);
    }
    close(pipes[1]);
    uint32_t reports = 0;
    char byte;
    while (reports < wanted && read(pipes[0], &byte, 1) == 1)
        reports++;
    usleep(more_us);
    cr_assert_eq(kill(child, SIGKILL), 0);
    int status = join(child);
    cr_assert(WIFSIGNALED(status), "status %x", (unsigned)status);
    while (read(pipes[0], &byte, 1) == 1)
        reports++;
    close(pipes[0]);
    return reports;
}

Test(store_crash, sigkill_at_random_times_loses_nothing_reported, .init = setup, .fini = teardown,
     .timeout = 110)
{
    struct store_model model = {.state = HF_VAULT_PLACING};
    uint64_t seed = 31, chance = 77;
    uint32_t durable = 0;
    pid_t child = fork_with_secrets();
    if (child == 0)
        create();
    cr_assert_eq(join(child), 0);
    for (int kills = 0; kills < KILLS; kills++) {
        /* After so many reports, and a moment more: the kill falls anywhere in a commit. */
        uint32_t wanted = store_model_draw(&chance, 60);
        uint32_t reports = live_and_die(seed, durable, wanted, store_model_draw(&chance, 700));
        replay(&model, &seed, &durable, durable + reports);
        if ((child = fork_with_secrets()) == 0)
            judge(&model, seed, durable);
        int status = join(child);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) <= 1, "status %x after kill %d",
                  (unsigned)status, kills);
        /* Durable, and killed before it could say so. */
        replay(&model, &seed, &durable, durable + (uint32_t)WEXITSTATUS(status));
    }
    cr_assert_gt(durable, KILLS * 10);
    store_model_done(&model);
}
