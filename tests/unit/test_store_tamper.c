/* A host that edits the database by hand: whatever it does to the vault is noticed, named, and
 * never a fresh start. */
#include "store_model.h"
#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 8 };

static char dir[STORE_MODEL_PATH_LEN];
static char path[STORE_MODEL_PATH_LEN + 16];

static struct hf_bytes text(const char *t)
{
    return hf_bytes_of(t, strlen(t));
}

static struct hf_store *must_open(void)
{
    struct hf_store *s = NULL;
    struct hf_store_error err = {0};
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), 0, "%s", err.text);
    return s;
}

static void put(struct hf_store *s, uint8_t collection, const char *key, const char *value)
{
    struct hf_store_op op = {HF_STORE_VAULT_PUT, collection, text(key), text(value)};
    struct hf_store_update u = {&op, 1};
    cr_assert_eq(hf_store_commit(s, &u, 1, NULL, NULL), 0);
}

/* Runs SQL on the closed database as the host would. */
static void host(const char *sql)
{
    sqlite3 *db = NULL;
    char *why = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &why), SQLITE_OK, "%s: %s", sql, why);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

/* A placing vault: sequences 1 to ROWS, collection 3, keys k1, k2, … */
static void setup(void)
{
    cr_assert_eq(hf_secret_init(1024 * 1024, true), 0);
    store_model_folder(dir);
    (void)snprintf(path, sizeof path, "%s/vault.db", dir);
    struct hf_store *s = must_open();
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, NULL), 0);
    for (int i = 1; i <= ROWS; i++) {
        char key[8];
        (void)snprintf(key, sizeof key, "k%d", i);
        put(s, 3, key, "value");
    }
    hf_store_close(s);
}

static void teardown(void)
{
    cr_expect_eq(hf_secret_used(), 0);
    store_model_folder_remove(dir);
}

#define TAMPER_TEST(case) Test(store_tamper, case, .init = setup, .fini = teardown)

/* Opening folder and vault fails with code and a text that has part in it, twice alike; the file
 * stays. */
static void expect(int code, const char *part)
{
    for (int i = 0; i < 2; i++) {
        struct hf_store *s = NULL;
        struct hf_store_error err = {0};
        struct store_model found;
        int e = hf_store_open(dir, &hf_suite_real, &s, &err);
        if (e == 0) {
            e = store_model_read(s, &found, &err);
            cr_assert_not(hf_store_vault_is_open(s));
        }
        cr_assert_eq(e, code, "%s: %s", hf_error_name(e), err.text);
        cr_assert_not_null(strstr(err.text, part), "%s", err.text);
        cr_assert_not(hf_error_transient(e));
        hf_store_close(s);
    }
    cr_assert_eq(access(path, F_OK), 0);
}

TAMPER_TEST(untouched_it_opens)
{
    struct hf_store *s = must_open();
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    cr_assert_eq(found.count, ROWS);
    store_model_done(&found);
    hf_store_close(s);
}

TAMPER_TEST(a_rolled_back_row_is_named)
{
    /* The host keeps its copies elsewhere. */
    char copy[STORE_MODEL_PATH_LEN + 16], sql[256];
    (void)snprintf(copy, sizeof copy, "%s/kept", dir);
    (void)snprintf(sql, sizeof sql,
                   "ATTACH '%s' AS c; CREATE TABLE c.kept AS SELECT * FROM vault_row WHERE seq = 5",
                   copy);
    host(sql);
    struct hf_store *s = must_open();
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    store_model_done(&found);
    put(s, 3, "k5", "newer");
    put(s, 3, "k6", "newer");
    hf_store_close(s);
    (void)snprintf(sql, sizeof sql,
                   "ATTACH '%s' AS c; DELETE FROM vault_row WHERE seq = 9;"
                   "INSERT INTO vault_row SELECT * FROM c.kept",
                   copy);
    host(sql);
    expect(HF_EROLLBACK, "collection 3, sequence 5 was rolled back: the head holds its sequence 9");
    /* With another row gone, it is no longer one alone, and no less noticed. */
    host("DELETE FROM vault_row WHERE seq = 10");
    expect(HF_EROLLBACK, "more than one differs");
}

TAMPER_TEST(an_older_write_beside_the_newer_is_named)
{
    char copy[STORE_MODEL_PATH_LEN + 16], sql[256];
    (void)snprintf(copy, sizeof copy, "%s/kept", dir);
    (void)snprintf(sql, sizeof sql,
                   "ATTACH '%s' AS c; CREATE TABLE c.kept AS SELECT * FROM vault_row WHERE seq = 2",
                   copy);
    host(sql);
    struct hf_store *s = must_open();
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    store_model_done(&found);
    put(s, 3, "k2", "newer");
    struct hf_store_op del = {.type = HF_STORE_VAULT_DEL, .collection = 3, .key = text("k2")};
    struct hf_store_update u = {&del, 1};
    (void)snprintf(sql, sizeof sql, "ATTACH '%s' AS c; INSERT INTO vault_row SELECT * FROM c.kept",
                   copy);
    hf_store_close(s);
    host(sql);
    expect(HF_EROLLBACK, "collection 3, sequence 2 has the key of sequence 9");
    /* A row that was deleted, planted again. */
    host("DELETE FROM vault_row WHERE seq = 2");
    s = must_open();
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    store_model_done(&found);
    cr_assert_eq(hf_store_commit(s, &u, 1, NULL, NULL), 0);
    hf_store_close(s);
    host(sql);
    expect(HF_EROLLBACK, "collection 3, sequence 2 was planted");
}

TAMPER_TEST(a_removed_row_is_named)
{
    host("DELETE FROM vault_row WHERE seq = 7");
    expect(HF_EROLLBACK, "collection 3, sequence 7 was removed");
    host("DELETE FROM vault_row WHERE seq = 8");
    expect(HF_EROLLBACK, "more than one differs");
    host("DELETE FROM vault_row");
    expect(HF_EROLLBACK, "it holds 8, there are 0");
}

TAMPER_TEST(swapped_rows_are_named)
{
    host("UPDATE vault_row SET seq = 100 WHERE seq = 2; UPDATE vault_row SET seq = 2 WHERE seq = 4;"
         "UPDATE vault_row SET seq = 4 WHERE seq = 100");
    expect(HF_ECORRUPT, "collection 3, sequence 2 does not open");
}

TAMPER_TEST(a_doubled_row_is_named)
{
    host("INSERT INTO vault_row SELECT 50, collection, sealed FROM vault_row WHERE seq = 1");
    expect(HF_ECORRUPT, "collection 3, sequence 50 does not open");
}

TAMPER_TEST(a_row_moved_to_another_collection_is_named)
{
    host("UPDATE vault_row SET collection = 4 WHERE seq = 3");
    expect(HF_ECORRUPT, "collection 4, sequence 3 does not open");
    host("UPDATE vault_row SET collection = 'x' WHERE seq = 3");
    expect(HF_ECORRUPT, "sequence 3");
}

TAMPER_TEST(a_row_of_another_vault_is_named)
{
    char copy[STORE_MODEL_PATH_LEN + 16], sql[256];
    (void)snprintf(copy, sizeof copy, "%s/kept", dir);
    (void)snprintf(sql, sizeof sql,
                   "ATTACH '%s' AS c; CREATE TABLE c.kept AS SELECT * FROM vault_row WHERE seq = 1",
                   copy);
    host(sql);
    struct hf_store *s = must_open();
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, NULL), 0);
    hf_store_close(s);
    (void)snprintf(sql, sizeof sql, "ATTACH '%s' AS c; INSERT INTO vault_row SELECT * FROM c.kept",
                   copy);
    host(sql);
    expect(HF_ECORRUPT, "collection 3, sequence 1 does not open");
}

static void flip(const char *table, const char *column, const char *where, int byte)
{
    char sql[512];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    uint8_t data[1024];
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    (void)snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE %s", column, table, where);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(st), SQLITE_ROW);
    int len = sqlite3_column_bytes(st, 0);
    cr_assert(len > 0 && len <= (int)sizeof data);
    memcpy(data, sqlite3_column_blob(st, 0), (size_t)len);
    sqlite3_finalize(st);
    data[byte % len] ^= (uint8_t)(1 << byte % 8);
    (void)snprintf(sql, sizeof sql, "UPDATE %s SET %s = ?1 WHERE %s", table, column, where);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_blob(st, 1, data, len, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(st), SQLITE_DONE);
    sqlite3_finalize(st);
    sqlite3_close(db);
}

TAMPER_TEST(a_flipped_bit_anywhere_in_a_row_is_named)
{
    for (int byte = 0; byte < 48; byte++) {
        flip("vault_row", "sealed", "seq = 6", byte);
        expect(HF_ECORRUPT, "collection 3, sequence 6 does not open");
        flip("vault_row", "sealed", "seq = 6", byte);
    }
    struct hf_store *s = must_open();
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    store_model_done(&found);
    hf_store_close(s);
}

TAMPER_TEST(a_flipped_bit_in_the_head_is_named)
{
    for (int byte = 0; byte < 192; byte += 5) {
        flip("vault_head", "sealed", "one = 1", byte);
        expect(HF_ECORRUPT, "head does not open");
        flip("vault_head", "sealed", "one = 1", byte);
    }
}

TAMPER_TEST(an_altered_header_is_named_by_its_field)
{
    flip("vault_header", "network", "one = 1", 3);
    expect(HF_ECORRUPT, "network");
    flip("vault_header", "network", "one = 1", 3);
    flip("vault_header", "account", "one = 1", 3);
    expect(HF_ECORRUPT, "account");
    flip("vault_header", "account", "one = 1", 3);
    host("UPDATE vault_header SET key_version = 9");
    expect(HF_ECORRUPT, "key version");
    host("UPDATE vault_header SET key_version = 7");
    host("UPDATE vault_header SET state = 'placed'");
    expect(HF_ECORRUPT, "says placed, the sealed head placing");
    host("UPDATE vault_header SET state = 'gone'");
    expect(HF_ECORRUPT, "header");
    host("UPDATE vault_header SET state = 'placing', format = 1");
    expect(HF_EVERSION, "format 1");
    host("UPDATE vault_header SET format = 3");
    flip("vault_header", "vault_id", "one = 1", 9);
    expect(HF_EVAULTKEY, "key");
}

TAMPER_TEST(a_placed_vault_that_is_made_to_say_placing_does_not_open)
{
    struct hf_store *s = must_open();
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    store_model_done(&found);
    struct hf_store_op op = {.type = HF_STORE_SET_PLACED};
    struct hf_store_update u = {&op, 1};
    cr_assert_eq(hf_store_commit(s, &u, 1, NULL, NULL), 0);
    hf_store_close(s);
    host("UPDATE vault_header SET state = 'placing'");
    expect(HF_ECORRUPT, "says placing, the sealed head placed");
}

TAMPER_TEST(an_older_head_over_newer_rows_is_noticed)
{
    char copy[STORE_MODEL_PATH_LEN + 16], sql[256];
    (void)snprintf(copy, sizeof copy, "%s/kept", dir);
    (void)snprintf(sql, sizeof sql,
                   "ATTACH '%s' AS c; CREATE TABLE c.kept AS SELECT * FROM vault_head", copy);
    host(sql);
    struct hf_store *s = must_open();
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    store_model_done(&found);
    put(s, 9, "new", "value");
    hf_store_close(s);
    (void)snprintf(sql, sizeof sql,
                   "ATTACH '%s' AS c; UPDATE vault_head SET sealed = (SELECT sealed FROM c.kept)",
                   copy);
    host(sql);
    expect(HF_EROLLBACK, "collection 9, sequence 9 is newer than the head");
}

TAMPER_TEST(missing_parts_are_no_fresh_start)
{
    host("CREATE TABLE h AS SELECT * FROM vault_head; DELETE FROM vault_head");
    expect(HF_ECORRUPT, "more than its tables");
    host("INSERT INTO vault_head SELECT * FROM h; DROP TABLE h");
    host("DELETE FROM vault_header");
    expect(HF_ECORRUPT, "header is missing");
    host("DROP TABLE vault_header");
    expect(HF_ECORRUPT, "");
}

TAMPER_TEST(a_planted_trigger_or_view_is_refused)
{
    host("CREATE TRIGGER t AFTER INSERT ON vault_row BEGIN DELETE FROM public_state; END");
    expect(HF_ECORRUPT, "more than its tables");
    host("DROP TRIGGER t; ALTER TABLE public_state RENAME TO p;"
         "CREATE VIEW public_state AS SELECT * FROM p");
    expect(HF_ECORRUPT, "");
}

TAMPER_TEST(the_wrong_key_is_told_from_damage)
{
    struct hf_store *s = must_open();
    uint8_t wrong[HF_KEY_LEN] = {9};
    struct hf_store_error err = {0};
    cr_assert_eq(hf_store_vault_open(s, wrong, NULL, NULL, &err), HF_EVAULTKEY);
    cr_assert_not_null(strstr(err.text, "not that of the vault"), "%s", err.text);
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    store_model_done(&found);
    hf_store_close(s);
}

TAMPER_TEST(damaged_pages_are_errors_that_do_not_pass)
{
    /* Every page in turn becomes noise: opening may fail in many ways, none of them passing or
     * fresh. */
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    uint8_t page[4096], noise[4096];
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)store_model_draw(&seed, 256);
    for (off_t at = 0; at < st.st_size; at += (off_t)sizeof page) {
        int fd = open(path, O_RDWR);
        cr_assert_eq(pread(fd, page, sizeof page, at), (ssize_t)sizeof page);
        cr_assert_eq(pwrite(fd, noise, sizeof noise, at), (ssize_t)sizeof noise);
        close(fd);
        struct hf_store *s = NULL;
        struct hf_store_error err = {0};
        struct store_model found = {0};
        int e = hf_store_open(dir, &hf_suite_real, &s, &err);
        if (e == 0)
            e = store_model_read(s, &found, &err);
        /* The page of the public state is not ours to authenticate; all others must be missed. */
        if (e == 0)
            cr_assert_eq(found.count, ROWS);
        else
            cr_assert(e == HF_ECORRUPT || e == HF_EROLLBACK, "%s: %s", hf_error_name(e), err.text);
        store_model_done(&found);
        hf_store_close(s);
        fd = open(path, O_RDWR);
        cr_assert_eq(pwrite(fd, page, sizeof page, at), (ssize_t)sizeof page);
        close(fd);
    }
}
