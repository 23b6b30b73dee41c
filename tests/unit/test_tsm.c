#include "attest/tsm.h"
#include "attest/quote.h"
#include "base/error.h"
#include "fail_alloc.h"
#include "tsm_double.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct tsm_machine m;
static struct hf_producer *producer;

static uint64_t in_ms(uint64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 + ms;
}

static void set_up(void)
{
    tsm_machine_start(&m);
    cr_assert_eq(hf_tsm_producer_new(m.kernel.path, &producer), 0);
}

static void tear_down(void)
{
    hf_producer_free(producer);
    tsm_machine_stop(&m);
}

TestSuite(hf_tsm, .init = set_up, .fini = tear_down, .timeout = 60);

/* One request with time enough; checks the quote on success, and that nothing is left over. */
static int make(void)
{
    uint8_t report_data[64];
    struct hf_buf quote;
    struct hf_quote parsed;
    memset(report_data, 0x5a, sizeof report_data);
    hf_buf_init(&quote, HF_QUOTE_MAX);
    int rc = hf_producer_make(producer, report_data, in_ms(30000), &quote);
    if (rc == 0) {
        cr_assert_eq(hf_quote_parse(hf_buf_bytes(&quote), &parsed, NULL), 0);
        cr_assert_arr_eq(parsed.report_data, report_data, sizeof report_data);
    } else {
        cr_assert_eq(quote.len, 0);
    }
    hf_buf_done(&quote);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders), 0);
    return rc;
}

Test(hf_tsm, makes_a_quote_and_removes_its_folder)
{
    struct hf_producer_facts facts;
    cr_assert_eq(make(), 0);
    cr_assert_eq(make(), 0);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), 2);
    hf_producer_facts(producer, &facts);
    cr_assert_eq(facts.made, 2);
    cr_assert_eq(facts.failed, 0);
    cr_assert_str_eq(facts.where, m.kernel.path);
    cr_assert_str_eq(hf_producer_platform(producer), "tdx");
}

Test(hf_tsm, no_deadline_is_a_deadline_far_away)
{
    uint8_t report_data[64] = {0};
    struct hf_buf quote;
    hf_buf_init(&quote, HF_QUOTE_MAX);
    cr_assert_eq(hf_producer_make(producer, report_data, UINT64_MAX, &quote), 0);
    hf_buf_done(&quote);
}

Test(hf_tsm, another_provider_is_refused_at_once)
{
    atomic_store(&m.kernel.knobs->wrong_provider, 1);
    cr_assert_eq(make(), HF_EQUOTE_PROVIDER);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), 1);
}

Test(hf_tsm, interference_is_repeated_in_a_new_folder)
{
    atomic_store(&m.kernel.knobs->interferences, 2);
    cr_assert_eq(make(), 0);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), 3);
}

Test(hf_tsm, interference_without_end_is_given_up)
{
    atomic_store(&m.kernel.knobs->interferences, 1000);
    cr_assert_eq(make(), HF_EQUOTE_INTERFERED);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), HF_TSM_ATTEMPTS_MAX);
}

Test(hf_tsm, write_that_the_kernel_lost_is_repeated)
{
    atomic_store(&m.kernel.knobs->lost_writes, 1);
    cr_assert_eq(make(), 0);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), 2);
}

Test(hf_tsm, busy_is_tried_again_and_then_told)
{
    atomic_store(&m.kernel.knobs->outblob_errno, EBUSY);
    atomic_store(&m.kernel.knobs->outblob_failures, 2);
    cr_assert_eq(make(), 0);
    atomic_store(&m.kernel.knobs->outblob_failures, 1000);
    cr_assert_eq(make(), HF_EBUSY);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), 3 + HF_TSM_ATTEMPTS_MAX);
}

Test(hf_tsm, errors_of_each_step_are_told_and_leave_nothing)
{
    struct hf_producer_facts facts;
    atomic_store(&m.kernel.knobs->outblob_errno, EIO);
    atomic_store(&m.kernel.knobs->outblob_failures, 1);
    cr_assert_eq(make(), HF_EIO);
    atomic_store(&m.kernel.knobs->inblob_errno, EACCES);
    cr_assert_eq(make(), HF_EPERMISSION);
    atomic_store(&m.kernel.knobs->mkdir_errno, ENOSPC);
    cr_assert_eq(make(), HF_ENOSPACE);
    hf_producer_facts(producer, &facts);
    cr_assert_eq(facts.failed, 3);
    cr_assert_eq(facts.last_error, HF_ENOSPACE);
}

Test(hf_tsm, what_is_not_a_quote_over_our_data_is_refused)
{
    atomic_store(&m.kernel.knobs->other_data, 1);
    cr_assert_eq(make(), HF_EQUOTE_MADE);
    atomic_store(&m.kernel.knobs->other_data, 0);
    static const int lens[] = {0, 1, 47, 632, 4000, HF_QUOTE_MAX + 1};
    for (size_t i = 0; i < HF_ARRAY_LEN(lens); i++) {
        atomic_store(&m.kernel.knobs->outblob_len, lens[i]);
        cr_assert_eq(make(), HF_EQUOTE_MADE, "%d bytes", lens[i]);
    }
    atomic_store(&m.kernel.knobs->outblob_len, HF_QUOTE_MAX);
    cr_assert_eq(make(), 0, "zeros after the quote are ignored");
}

/* Waits until the kernel's threads have gone. */
static void await_stuck(uint32_t count)
{
    struct hf_producer_facts facts;
    for (int i = 0; i < 10000; i++) {
        hf_producer_facts(producer, &facts);
        if (facts.stuck == count && atomic_load(&m.kernel.knobs->folders) == (int)count)
            return;
        usleep(1000);
    }
    cr_assert_fail("%u still stuck", facts.stuck);
}

Test(hf_tsm, deadline_passes_while_the_kernel_waits_and_the_folder_goes_later)
{
    uint8_t report_data[64] = {0};
    struct hf_buf quote;
    hf_buf_init(&quote, HF_QUOTE_MAX);
    atomic_store(&m.kernel.knobs->gate_closed, 1);
    for (int i = 0; i < HF_TSM_STUCK_MAX; i++)
        cr_assert_eq(hf_producer_make(producer, report_data, in_ms(5), &quote), HF_ETIMEOUT);
    cr_assert_eq(hf_producer_make(producer, report_data, in_ms(60000), &quote), HF_EBUSY);
    atomic_store(&m.kernel.knobs->gate_closed, 0);
    await_stuck(0);
    cr_assert_eq(hf_producer_make(producer, report_data, in_ms(60000), &quote), 0);
    hf_buf_done(&quote);
}

Test(hf_tsm, producer_may_be_freed_while_a_request_is_stuck)
{
    uint8_t report_data[64] = {0};
    struct hf_buf quote;
    hf_buf_init(&quote, HF_QUOTE_MAX);
    atomic_store(&m.kernel.knobs->gate_closed, 1);
    cr_assert_eq(hf_producer_make(producer, report_data, in_ms(50), &quote), HF_ETIMEOUT);
    hf_producer_free(producer);
    producer = NULL;
    atomic_store(&m.kernel.knobs->gate_closed, 0);
    for (int i = 0; i < 10000 && atomic_load(&m.kernel.knobs->folders) > 0; i++)
        usleep(1000);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders), 0);
    hf_buf_done(&quote);
}

static void *make_many(void *arg)
{
    uint8_t report_data[64];
    struct hf_buf quote;
    memset(report_data, *(int *)arg, sizeof report_data);
    hf_buf_init(&quote, HF_QUOTE_MAX);
    for (int i = 0; i < 20; i++) {
        struct hf_quote parsed;
        hf_buf_clear(&quote);
        cr_assert_eq(hf_producer_make(producer, report_data, in_ms(60000), &quote), 0);
        cr_assert_eq(hf_quote_parse(hf_buf_bytes(&quote), &parsed, NULL), 0);
        cr_assert_arr_eq(parsed.report_data, report_data, sizeof report_data);
    }
    hf_buf_done(&quote);
    return NULL;
}

Test(hf_tsm, several_threads_do_not_disturb_each_other)
{
    pthread_t thread[4];
    int which[4] = {1, 2, 3, 4};
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, make_many, &which[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders), 0);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), 80);
}

Test(hf_tsm, old_folders_of_ours_are_swept_and_no_others)
{
    char ours[128], other[128];
    struct hf_producer *p;
    snprintf(ours, sizeof ours, "%s/holdfast-0123", m.kernel.path);
    snprintf(other, sizeof other, "%s/somebody", m.kernel.path);
    cr_assert_eq(mkdir(ours, 0700), 0);
    cr_assert_eq(mkdir(other, 0700), 0);
    cr_assert_eq(hf_tsm_producer_new(m.kernel.path, &p), 0);
    hf_producer_free(p);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders), 2, "a fresh one may be in use");
    atomic_store(&m.kernel.knobs->folder_age_s, HF_TSM_LEFTOVER_S + 5);
    cr_assert_eq(hf_tsm_producer_new(m.kernel.path, &p), 0);
    hf_producer_free(p);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders), 1);
}

Test(hf_tsm, failed_allocation_is_told_and_leaves_nothing)
{
    uint8_t report_data[64] = {0};
    for (int persistent = 0; persistent < 2; persistent++) {
        bool failed = true;
        for (size_t index = 0; failed; index++) {
            struct hf_buf quote;
            hf_buf_init(&quote, HF_QUOTE_MAX);
            hf_fail_alloc_at(index, persistent);
            int rc = hf_producer_make(producer, report_data, in_ms(30000), &quote);
            failed = hf_fail_alloc_off();
            cr_assert_eq(rc, failed ? HF_ENOMEM : 0, "allocation %zu: %s", index,
                         hf_error_name(rc));
            cr_assert_eq(quote.len == 0, failed);
            cr_assert_eq(atomic_load(&m.kernel.knobs->folders), 0);
            hf_buf_done(&quote);
        }
    }
}

Test(hf_tsm_producer_new, without_memory_there_is_none)
{
    struct hf_producer *p = NULL;
    hf_fail_alloc_at(0, false);
    cr_assert_eq(hf_tsm_producer_new("/tmp", &p), HF_ENOMEM);
    cr_assert(hf_fail_alloc_off());
    cr_assert_null(p);
}

Test(hf_tsm_producer_new, without_the_kernels_folder_there_is_none)
{
    char path[1000];
    struct hf_producer *p = NULL;
    cr_assert_eq(hf_tsm_producer_new("/tmp/hf-no-such-folder", &p), HF_ENOTFOUND);
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    cr_assert_eq(hf_tsm_producer_new(path, &p), HF_ETOOBIG);
    cr_assert_null(p);
}

/* Root's alone, as the kernel has it: what a daemon without a privilege meets. */
Test(hf_tsm, nobody_but_root_makes_a_report)
{
    int status = -1;
    if (geteuid() != 0)
        cr_skip_test("skipped: becoming somebody else needs root");
    pid_t child = fork();
    if (child == 0) {
        struct hf_producer *p = NULL;
        struct hf_buf quote;
        uint8_t report_data[64] = {1};
        hf_buf_init(&quote, HF_QUOTE_MAX);
        if (setresuid(65534, 65534, 65534) != 0 || hf_tsm_producer_new(m.kernel.path, &p) != 0)
            _exit(1);
        int r = hf_producer_make(p, report_data, in_ms(10000), &quote);
        _exit(r == HF_EPERMISSION ? 0 : 2);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
}
