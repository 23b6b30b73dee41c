/* Disks and memory that fail at every call, once and for good, and power cuts. */
#include "faulty.h"
#include "store_model.h"
#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

static char dir[STORE_MODEL_PATH_LEN];

static void setup(void)
{
    faulty_install();
    cr_assert_eq(hf_secret_init(1024 * 1024, true), 0);
}

#define FAULT_TEST(suite, case) Test(suite, case, .init = setup, .timeout = 400)

/* Make a call again until it succeeds; the fault may pass only after the first failure. */
struct attempt {
    long failures;
    int last;
    struct hf_store_error err;
    long disk_calls, memory_calls; /* of all but the last reading */
};

static bool again(struct attempt *a, int e, int wanted)
{
    if (e == 0)
        return false;
    cr_assert(e == wanted, "%s instead of %s: %s", hf_error_name(e), hf_error_name(wanted),
              a->err.text);
    cr_assert_eq(a->err.code, e);
    cr_assert_gt(strlen(a->err.text), 10);
    a->last = e;
    cr_assert_lt(a->failures++, 3, "still failing after the fault has passed: %s", a->err.text);
    faulty_set(FAULTY_NONE, -1, false);
    faulty_memory_set(-1, false);
    return true;
}

/*
 * Opens, makes a vault, makes it anew, commits, and reads back. The fault is set by the caller
 * before; whatever fails must name it, and the same call must succeed when it has passed.
 */
static void live_once(int wanted, uint64_t seed, struct attempt *a)
{
    struct hf_store *s = NULL;
    struct store_model model = {.state = HF_VAULT_PLACING}, found;
    while (again(a, hf_store_open(dir, &hf_suite_real, &s, &a->err), wanted))
        ;
    while (
        again(a, hf_store_vault_create(s, store_model_key, &store_model_header, &a->err), wanted))
        ;
    hf_store_vault_lock(s);
    while (
        again(a, hf_store_vault_create(s, store_model_key, &store_model_header, &a->err), wanted))
        ;
    for (int round = 0; round < 6; round++) {
        struct hf_store_op ops[6];
        struct hf_store_update u = store_model_draw_update(&seed, ops);
        if (round == 4)
            ops[0] = (struct hf_store_op){.type = HF_STORE_SET_PLACED};
        while (again(a, hf_store_commit(s, &u, 1, NULL, &a->err), wanted))
            ;
        store_model_apply(&model, &u);
    }
    hf_store_vault_lock(s);
    while (again(a, store_model_read(s, &found, &a->err), wanted))
        ;
    cr_assert(store_model_equal(&model, &found));
    store_model_done(&found);
    hf_store_close(s);
    a->disk_calls = faulty_count();
    a->memory_calls = faulty_memory_count();
    faulty_set(FAULTY_NONE, -1, false);
    faulty_memory_set(-1, false);
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &a->err), 0, "%s", a->err.text);
    cr_assert_eq(store_model_read(s, &found, &a->err), 0, "%s", a->err.text);
    cr_assert(store_model_equal(&model, &found));
    store_model_done(&found);
    store_model_done(&model);
    hf_store_close(s);
    cr_assert_eq(hf_secret_used(), 0);
}

/* The number of calls of one kind that a life without faults makes. */
static void count_calls(long *ret_disk, long *ret_memory)
{
    struct attempt a = {0};
    store_model_folder(dir);
    faulty_set(FAULTY_NONE, -1, false);
    faulty_memory_set(-1, false);
    live_once(0, 99, &a);
    store_model_folder_remove(dir);
    cr_assert_eq(a.failures, 0);
    *ret_disk = a.disk_calls;
    *ret_memory = a.memory_calls;
}

static void fail_everywhere(enum faulty_kind kind, bool persistent, int wanted)
{
    long calls, unused, failures = 0;
    count_calls(&calls, &unused);
    cr_assert_gt(calls, 80);
    for (long at = 0; at < calls; at++) {
        struct attempt a = {0};
        store_model_folder(dir);
        faulty_set(kind, at, persistent);
        live_once(wanted, 99, &a);
        store_model_folder_remove(dir);
        failures += a.failures > 0;
    }
    cr_assert_gt(failures, calls / 3, "%ld of %ld", failures, calls);
}

FAULT_TEST(store_faults, a_disk_full_for_a_moment_costs_nothing)
{
    fail_everywhere(FAULTY_FULL, false, HF_ENOSPACE);
}

FAULT_TEST(store_faults, a_disk_that_stays_full_costs_nothing_once_there_is_room)
{
    fail_everywhere(FAULTY_FULL, true, HF_ENOSPACE);
}

FAULT_TEST(store_faults, an_error_of_the_disk_costs_nothing)
{
    fail_everywhere(FAULTY_IO, false, HF_EIO);
}

FAULT_TEST(store_faults, errors_of_the_disk_cost_nothing_once_they_stop)
{
    fail_everywhere(FAULTY_IO, true, HF_EIO);
}

FAULT_TEST(store_faults, a_disk_that_turns_read_only_costs_nothing_once_it_is_writable)
{
    fail_everywhere(FAULTY_READONLY, true, HF_EREADONLY);
}

/* A life makes thousands of allocations: every 31st fails, from first on. */
static void starve_everywhere(bool persistent, long first)
{
    long unused, calls, failures = 0;
    count_calls(&unused, &calls);
    cr_assert_gt(calls, 200);
    for (long at = first; at < calls; at += 31) {
        struct attempt a = {0};
        store_model_folder(dir);
        faulty_memory_set(at, persistent);
        live_once(HF_ENOMEM, 99, &a);
        store_model_folder_remove(dir);
        failures += a.failures > 0;
    }
    cr_assert_gt(failures, calls / 31 / 3, "%ld of %ld", failures, calls);
}

FAULT_TEST(store_faults, an_allocation_that_fails_costs_nothing)
{
    starve_everywhere(false, 0);
}

FAULT_TEST(store_faults, memory_that_is_used_up_costs_nothing_once_there_is_some)
{
    starve_everywhere(true, 3);
}

/*
 * Commits until the fault, then gives up the process's memory of it and opens what the disk has:
 * every update that was reported durable is there, and the one under way is there whole or not at
 * all.
 */
static void cut_once(enum faulty_kind kind, long at, uint64_t *seed)
{
    struct hf_store *s = NULL;
    struct hf_store_error err = {0};
    struct store_model before = {.state = HF_VAULT_PLACING}, after, found;
    store_model_folder(dir);
    faulty_set(FAULTY_NONE, -1, false);
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), 0, "%s", err.text);
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, &err), 0, "%s",
                 err.text);
    faulty_set(kind, at, true);
    store_model_copy(&before, &after);
    int e = 0;
    for (int round = 0; e == 0 && round < 200; round++) {
        struct hf_store_op ops[6];
        struct hf_store_update u = store_model_draw_update(seed, ops);
        store_model_apply(&after, &u);
        e = hf_store_commit(s, &u, 1, NULL, &err);
        if (e == 0)
            store_model_apply(&before, &u);
        if (round % 8 == 7)
            hf_store_tidy(s);
    }
    cr_assert_neq(e, 0);
    hf_store_close(s);
    faulty_power_on(seed);
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), 0, "%s", err.text);
    cr_assert_eq(store_model_read(s, &found, &err), 0, "%ld: %s", at, err.text);
    cr_assert(store_model_equal(&found, &before) || store_model_equal(&found, &after), "%ld", at);
    store_model_done(&found);
    store_model_done(&before);
    store_model_done(&after);
    hf_store_close(s);
    store_model_folder_remove(dir);
}

FAULT_TEST(store_faults, a_power_cut_at_any_write_keeps_what_was_reported_durable)
{
    uint64_t seed = 4711;
    for (long at = 0; at < 250; at++)
        cut_once(FAULTY_POWER_CUT, at, &seed);
}

FAULT_TEST(store_faults, a_power_cut_late_in_a_long_log_keeps_what_was_reported_durable)
{
    uint64_t seed = 1147;
    for (long at = 1000; at < 1600; at += 17)
        cut_once(FAULTY_POWER_CUT, at, &seed);
}

/* A real file system of 24 MiB, seen by this process alone; false where it may not be mounted. */
static bool mount_small(void)
{
    char outer[STORE_MODEL_PATH_LEN];
    store_model_folder(dir);
    (void)snprintf(outer, sizeof outer, "%s", dir);
    *strrchr(outer, '/') = '\0';
    if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("tmpfs", outer, "tmpfs", 0, "size=24m,mode=0700") == 0)
        return true;
    store_model_folder_remove(dir);
    (void)fprintf(stderr, "no right to mount a small file system: skipped\n");
    return false;
}

static void remount(unsigned long flags)
{
    char outer[STORE_MODEL_PATH_LEN];
    (void)snprintf(outer, sizeof outer, "%s", dir);
    *strrchr(outer, '/') = '\0';
    cr_assert_eq(mount(NULL, outer, NULL, MS_REMOUNT | flags, NULL), 0);
}

static void unmount_small(void)
{
    *strrchr(dir, '/') = '\0';
    cr_assert_eq(umount2(dir, MNT_DETACH), 0);
    cr_assert_eq(rmdir(dir), 0);
}

/* Takes what is left of the file system. */
static void fill(const char *path)
{
    static const char block[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    while (write(fd, block, sizeof block) > 0)
        ;
    close(fd);
}

FAULT_TEST(store_faults, a_file_system_that_is_full_is_reported_and_left_behind)
{
    if (!mount_small())
        return;
    struct hf_store *s = NULL;
    struct hf_store_error err = {0};
    struct store_model model = {.state = HF_VAULT_PLACING}, found;
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), 0, "%s", err.text);
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, &err), 0, "%s",
                 err.text);
    char filler[STORE_MODEL_PATH_LEN + 16];
    (void)snprintf(filler, sizeof filler, "%s/filler", dir);
    uint64_t seed = 3;
    int refusals = 0;
    for (int round = 0; round < 300; round++) {
        struct hf_store_op ops[6];
        struct hf_store_update u = store_model_draw_update(&seed, ops);
        if (round % 60 == 20)
            fill(filler);
        int e = hf_store_commit(s, &u, 1, NULL, &err);
        if (e != 0) {
            cr_assert_eq(e, HF_ENOSPACE, "%s", err.text);
            cr_assert_eq(hf_store_commit(s, &u, 1, NULL, &err), HF_ENOSPACE);
            refusals++;
            cr_assert_eq(unlink(filler), 0);
            hf_store_tidy(s);
            cr_assert_eq(hf_store_commit(s, &u, 1, NULL, &err), 0, "%s", err.text);
        }
        store_model_apply(&model, &u);
    }
    cr_assert_gt(refusals, 0);
    hf_store_close(s);
    (void)unlink(filler);
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), 0, "%s", err.text);
    cr_assert_eq(store_model_read(s, &found, &err), 0, "%s", err.text);
    cr_assert(store_model_equal(&model, &found));
    store_model_done(&found);
    store_model_done(&model);
    hf_store_close(s);
    unmount_small();
}

FAULT_TEST(store_faults, a_read_only_file_system_is_reported_and_nothing_lost)
{
    if (!mount_small())
        return;
    struct hf_store *s = NULL;
    struct hf_store_error err = {0};
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), 0, "%s", err.text);
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, &err), 0, "%s",
                 err.text);
    hf_store_close(s);
    remount(MS_RDONLY);
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), HF_EREADONLY, "%s", err.text);
    cr_assert_not_null(strstr(err.text, dir), "%s", err.text);
    remount(0);
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), 0, "%s", err.text);
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, &err), 0, "%s", err.text);
    store_model_done(&found);
    hf_store_close(s);
    unmount_small();
}
