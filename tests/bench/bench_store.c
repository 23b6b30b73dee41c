/*
 * Durable placements a second with group commit, beside SQLite's own commits a second in the same
 * run on the same disk. One line of JSON each. A placement is what a provider writes for a deposit:
 * 6 rows of 300 bytes.
 */
#include "store_model.h"
#include "store/writer.h"
#include "base/error.h"
#include "base/secret.h"

#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 6, ROW_LEN = 300, SECONDS = 2, WINDOW_MAX = 256 };

static char dir[STORE_MODEL_PATH_LEN];

static double now_s(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "bench_store: %s failed\n", what);
    exit(1);
}

/* One transaction of rows rows after the other, settings as the store's, no sealing. */
static void bare(int rows)
{
    char path[STORE_MODEL_PATH_LEN + 16];
    (void)snprintf(path, sizeof path, "%s/bare.db", dir);
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    static const uint8_t value[ROW_LEN];
    must(sqlite3_open(path, &db) == SQLITE_OK, "opening");
    must(sqlite3_exec(db,
                      "PRAGMA locking_mode=EXCLUSIVE;PRAGMA journal_mode=WAL;"
                      "PRAGMA synchronous=FULL;"
                      "CREATE TABLE IF NOT EXISTS t(seq INTEGER PRIMARY KEY, value BLOB)",
                      NULL, NULL, NULL) == SQLITE_OK,
         "setting up");
    must(sqlite3_prepare_v2(db, "INSERT INTO t(value) VALUES(?1)", -1, &st, NULL) == SQLITE_OK,
         "preparing");
    long commits = 0;
    double start = now_s(), took;
    do {
        must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK, "beginning");
        for (int i = 0; i < rows; i++) {
            sqlite3_bind_blob(st, 1, value, sizeof value, SQLITE_STATIC);
            must(sqlite3_step(st) == SQLITE_DONE, "inserting");
            sqlite3_reset(st);
        }
        must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "committing");
        commits++;
    } while ((took = now_s() - start) < SECONDS);
    sqlite3_finalize(st);
    sqlite3_close(db);
    (void)printf("{\"bench\":\"sqlite_bare_commits\",\"rows_per_commit\":%d,\"row_bytes\":%d,"
                 "\"per_second\":%.0f}\n",
                 rows, ROW_LEN, (double)commits / took);
}

static void wake(void *ctx)
{
    sem_post(ctx);
}

/* Keeps window updates under way, as so many peers that wait for their receipts would. */
static void placements(struct hf_store *s, uint64_t window)
{
    static uint8_t value[ROW_LEN];
    static uint64_t number;
    double submitted_s[WINDOW_MAX], worst_s = 0, start = now_s(), took = 0;
    sem_t woken;
    sem_init(&woken, 0, 0);
    struct hf_writer_options options = {.wake = wake, .wake_ctx = &woken};
    struct hf_writer *w = NULL;
    must(hf_writer_new(s, &options, &w) == 0, "starting the writer");
    uint64_t sent = 0, done = 0;
    while (took < SECONDS || done < sent) {
        for (; took < SECONDS && sent < done + window; sent++) {
            uint64_t keys[ROWS];
            struct hf_store_op ops[ROWS];
            for (int i = 0; i < ROWS; i++) {
                keys[i] = number++;
                ops[i] = (struct hf_store_op){HF_STORE_VAULT_PUT, 1, hf_bytes_of(&keys[i], 8),
                                              hf_bytes_of(value, sizeof value)};
            }
            struct hf_store_update u = {ops, ROWS};
            submitted_s[sent % WINDOW_MAX] = now_s();
            must(hf_writer_submit(w, &u, sent) == 0, "submitting");
        }
        sem_wait(&woken);
        struct hf_writer_done d;
        while (hf_writer_next(w, &d)) {
            must(d.code == 0 && d.token == done, "writing");
            double waited = now_s() - submitted_s[done++ % WINDOW_MAX];
            worst_s = waited > worst_s ? waited : worst_s;
        }
        took = now_s() - start;
    }
    struct hf_writer_status status;
    hf_writer_status(w, &status);
    hf_writer_free(w);
    sem_destroy(&woken);
    (void)printf("{\"bench\":\"durable_placements\",\"rows_per_update\":%d,\"row_bytes\":%d,"
                 "\"under_way\":%lu,\"per_second\":%.0f,\"groups_per_second\":%.0f,"
                 "\"worst_ms\":%.1f}\n",
                 ROWS, ROW_LEN, (unsigned long)window, (double)done / took,
                 (double)status.groups / took, worst_s * 1e3);
}

int main(void)
{
    must(hf_secret_init(4 * 1024 * 1024, false) == 0, "making memory for secrets");
    store_model_folder(dir);
    struct hf_store *s = NULL;
    double start = now_s();
    must(hf_store_open(dir, &hf_suite_real, &s, NULL) == 0, "making the store");
    double made = now_s();
    must(hf_store_vault_create(s, store_model_key, &store_model_header, NULL) == 0,
         "making the vault");
    bare(1);
    bare(ROWS);
    static const uint64_t windows[] = {1, 8, 64, 256};
    for (size_t i = 0; i < HF_ARRAY_LEN(windows); i++)
        placements(s, windows[i]);
    hf_store_close(s);
    double reopen = now_s();
    must(hf_store_open(dir, &hf_suite_real, &s, NULL) == 0, "opening the store");
    double opened = now_s();
    (void)printf("{\"bench\":\"store_open\",\"first_ms\":%.2f,\"again_ms\":%.2f}\n",
                 (made - start) * 1e3, (opened - reopen) * 1e3);
    hf_store_close(s);
    store_model_folder_remove(dir);
    return 0;
}
