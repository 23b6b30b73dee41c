/* The thread that writes: order, bounds, failures that pass and failures that do not. */
#include "faulty.h"
#include "store_model.h"
#include "store/writer.h"
#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdlib.h>

static char dir[STORE_MODEL_PATH_LEN];
static struct hf_store *store;
static sem_t woken;

static void wake(void *ctx)
{
    sem_post(ctx);
}

static struct hf_writer *start(size_t items_max, size_t bytes_max)
{
    struct hf_writer_options o = {.items_max = items_max,
                                  .bytes_max = bytes_max,
                                  .retry_ms_min = 1,
                                  .retry_ms_max = 4,
                                  .wake = wake,
                                  .wake_ctx = &woken};
    struct hf_writer *w = NULL;
    cr_assert_eq(hf_writer_new(store, &o, &w), 0);
    return w;
}

static void setup(void)
{
    faulty_install();
    cr_assert_eq(hf_secret_init(1024 * 1024, true), 0);
    store_model_folder(dir);
    sem_init(&woken, 0, 0);
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &store, NULL), 0);
    cr_assert_eq(hf_store_vault_create(store, store_model_key, &store_model_header, NULL), 0);
}

static void teardown(void)
{
    hf_store_close(store);
    cr_expect_eq(hf_secret_used(), 0);
    store_model_folder_remove(dir);
}

#define WRITER_TEST(case) Test(hf_writer, case, .init = setup, .fini = teardown, .timeout = 60)

/* Takes the next completion, and waits for it. */
static struct hf_writer_done take(struct hf_writer *w)
{
    struct hf_writer_done d;
    while (!hf_writer_next(w, &d))
        sem_wait(&woken);
    return d;
}

static int submit_text(struct hf_writer *w, uint8_t type, const char *key, const char *value,
                       uint64_t token)
{
    struct hf_store_op op = {type, 1, hf_bytes_of(key, strlen(key)),
                             hf_bytes_of(value, strlen(value))};
    struct hf_store_update u = {&op, 1};
    return hf_writer_submit(w, &u, token);
}

static void expect_stored(const struct store_model *model)
{
    struct store_model found;
    struct hf_store_error err = {0};
    hf_store_close(store);
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &store, &err), 0, "%s", err.text);
    cr_assert_eq(store_model_read(store, &found, &err), 0, "%s", err.text);
    cr_assert(store_model_equal(model, &found));
    store_model_done(&found);
}

WRITER_TEST(updates_complete_in_order_and_are_stored)
{
    struct hf_writer *w = start(0, 0);
    struct store_model model = {.state = HF_VAULT_PLACING};
    uint64_t seed = 8, taken = 0;
    for (uint64_t token = 0; token < 500; token++) {
        struct hf_store_op ops[6];
        struct hf_store_update u = store_model_draw_update(&seed, ops);
        store_model_apply(&model, &u);
        int e;
        while ((e = hf_writer_submit(w, &u, token)) == HF_EBUSY) {
            struct hf_writer_done d = take(w);
            cr_assert_eq(d.token, taken++);
            cr_assert_eq(d.code, 0);
        }
        cr_assert_eq(e, 0);
    }
    hf_writer_stop(w, 10000);
    struct hf_writer_done d;
    while (hf_writer_next(w, &d)) {
        cr_assert_eq(d.token, taken++);
        cr_assert_eq(d.code, 0);
    }
    cr_assert_eq(taken, 500);
    struct hf_writer_status status;
    hf_writer_status(w, &status);
    cr_assert_eq(status.updates, 500);
    cr_assert_eq(status.items, 0);
    cr_assert_eq(status.bytes, 0);
    cr_assert_eq(status.code, 0);
    hf_writer_free(w);
    expect_stored(&model);
    store_model_done(&model);
}

WRITER_TEST(a_full_disk_is_reported_and_nothing_is_lost)
{
    struct hf_writer *w = start(0, 0);
    struct store_model model = {.state = HF_VAULT_PLACING};
    uint64_t seed = 9;
    faulty_set(FAULTY_FULL, 0, true);
    for (uint64_t token = 0; token < 40; token++) {
        struct hf_store_op ops[6];
        struct hf_store_update u = store_model_draw_update(&seed, ops);
        store_model_apply(&model, &u);
        cr_assert_eq(hf_writer_submit(w, &u, token), 0);
    }
    struct hf_writer_status status;
    do {
        sem_wait(&woken);
        hf_writer_status(w, &status);
    } while (status.tries < 5);
    cr_assert_eq(status.code, HF_ENOSPACE);
    cr_assert_eq(status.error.code, HF_ENOSPACE);
    cr_assert_not(status.halted);
    cr_assert_eq(status.items, 40);
    cr_assert_gt(strlen(status.error.text), 10);
    struct hf_writer_done d;
    cr_assert_not(hf_writer_next(w, &d));
    faulty_set(FAULTY_NONE, -1, false);
    for (uint64_t token = 0; token < 40; token++) {
        d = take(w);
        cr_assert_eq(d.token, token);
        cr_assert_eq(d.code, 0);
    }
    hf_writer_status(w, &status);
    cr_assert_eq(status.code, 0);
    cr_assert_eq(status.tries, 0);
    cr_assert_eq(status.failing_ms, 0);
    hf_writer_free(w);
    expect_stored(&model);
    store_model_done(&model);
}

WRITER_TEST(what_a_stopped_writer_could_not_write_is_canceled_in_order)
{
    struct hf_writer *w = start(0, 0);
    faulty_set(FAULTY_IO, 0, true);
    for (uint64_t token = 0; token < 10; token++)
        cr_assert_eq(submit_text(w, HF_STORE_VAULT_PUT, "key", "value", token), 0);
    hf_writer_stop(w, 20);
    cr_assert_eq(submit_text(w, HF_STORE_VAULT_PUT, "key", "value", 10), HF_ECANCELED);
    struct hf_writer_done d;
    for (uint64_t token = 0; token < 10; token++) {
        cr_assert(hf_writer_next(w, &d));
        cr_assert_eq(d.token, token);
        cr_assert_eq(d.code, HF_ECANCELED);
    }
    cr_assert_not(hf_writer_next(w, &d));
    faulty_set(FAULTY_NONE, -1, false);
    hf_writer_free(w);
    struct store_model model = {.state = HF_VAULT_PLACING};
    expect_stored(&model);
}

/* Keeps the thread busy until it is let go, so that what is queued stays queued. */
static int hold(struct hf_store *s, void *ctx)
{
    (void)s;
    sem_wait(ctx);
    return 7;
}

WRITER_TEST(bounds_refuse_for_now_and_jobs_keep_their_place)
{
    struct hf_writer *w = start(4, 100);
    sem_t go;
    sem_init(&go, 0, 0);
    cr_assert_eq(submit_text(w, HF_STORE_PUBLIC_PUT, "first", "1", 1), 0);
    cr_assert_eq(hf_writer_run(w, hold, &go, 2), 0);
    cr_assert_eq(submit_text(w, HF_STORE_PUBLIC_PUT, "second", "2", 3), 0);
    char long_text[96] = {0};
    memset(long_text, 'x', sizeof long_text - 1);
    cr_assert_eq(submit_text(w, HF_STORE_PUBLIC_PUT, "long", long_text, 4), HF_EBUSY);
    cr_assert_eq(submit_text(w, HF_STORE_PUBLIC_PUT, "third", "3", 4), 0);
    cr_assert_eq(submit_text(w, HF_STORE_PUBLIC_PUT, "fourth", "4", 5), HF_EBUSY);
    sem_post(&go);
    static const int codes[] = {0, 7, 0, 0};
    for (uint64_t i = 0; i < 4; i++) {
        struct hf_writer_done d = take(w);
        cr_assert_eq(d.token, i + 1);
        cr_assert_eq(d.code, codes[i]);
    }
    cr_assert_eq(submit_text(w, HF_STORE_PUBLIC_PUT, "long", long_text, 6), 0);
    cr_assert_eq(take(w).token, 6);
    hf_writer_free(w);
}

WRITER_TEST(memory_for_secrets_that_is_used_up_refuses_for_now)
{
    struct hf_writer *w = start(0, 0);
    sem_t go;
    sem_init(&go, 0, 0);
    cr_assert_eq(hf_writer_run(w, hold, &go, 0), 0);
    uint8_t *big = calloc(1, HF_STORE_VALUE_MAX);
    struct hf_store_op op = {HF_STORE_VAULT_PUT, 1, hf_bytes_of("k", 1),
                             hf_bytes_of(big, HF_STORE_VALUE_MAX)};
    struct hf_store_update u = {&op, 1};
    uint64_t queued = 0;
    int e;
    while ((e = hf_writer_submit(w, &u, queued + 1)) == 0)
        queued++;
    cr_assert_eq(e, HF_EBUSY);
    cr_assert_gt(queued, 10);
    sem_post(&go);
    cr_assert_eq(take(w).code, 7);
    for (uint64_t i = 1; i <= queued; i++) {
        struct hf_writer_done d = take(w);
        cr_assert_eq(d.token, i);
        cr_assert_eq(d.code, 0);
    }
    cr_assert_eq(hf_writer_submit(w, &u, 1), 0);
    cr_assert_eq(take(w).code, 0);
    hf_writer_free(w);
    free(big);
}

WRITER_TEST(an_update_that_is_refused_alone_does_not_hold_up_others)
{
    hf_store_vault_lock(store);
    struct hf_writer *w = start(0, 0);
    cr_assert_eq(submit_text(w, HF_STORE_VAULT_PUT, "key", "value", 1), 0);
    cr_assert_eq(submit_text(w, HF_STORE_PUBLIC_PUT, "key", "value", 2), 0);
    cr_assert_eq(submit_text(w, HF_STORE_PUBLIC_PUT, "", "value", 3), HF_EINVAL);
    cr_assert_eq(take(w).code, HF_EVAULTSTATE);
    cr_assert_eq(take(w).code, 0);
    hf_writer_free(w);
}
