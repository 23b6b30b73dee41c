/* A folder of an older format: read by a later release, which this program plays at will, and put
 * into its format whole or not at all. */
#include "faulty.h"
#include "store_model.h"
#include "base/error.h"
#include "base/secret.h"
#include "internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

enum { ROWS = 6, OLD = HF_VAULT_FORMAT, NEW = HF_VAULT_FORMAT + 2 };

static char dir[STORE_MODEL_PATH_LEN];
static bool later;

/* Two formats on: what was "value" is "value", behind it a letter for each step. */
static int add_a(uint8_t collection, struct hf_bytes key, uint8_t *value, size_t *len)
{
    (void)collection;
    if (hf_bytes_equal(key, hf_bytes_of("odd", 3)))
        return -1;
    value[(*len)++] = 'a';
    return 0;
}

static int shorten(uint8_t collection, struct hf_bytes key, uint8_t *value, size_t *len)
{
    (void)key;
    if (collection == 2)
        *len = 3;
    else
        value[(*len)++] = 'b';
    return 0;
}

const struct hf__formats *hf__formats(void)
{
    static int (*const steps[])(uint8_t, struct hf_bytes, uint8_t *, size_t *) = {add_a, shorten};
    static const struct hf__formats now = {.oldest = OLD, .newest = OLD};
    static const struct hf__formats then = {.oldest = OLD, .newest = NEW, .steps = steps};
    return later ? &then : &now;
}

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

static void must_put(struct hf_store *s, uint8_t type, uint8_t collection, const char *key)
{
    struct hf_store_op op = {type, collection, text(key), text("value")};
    struct hf_store_update u = {&op, 1};
    cr_assert_eq(hf_store_commit(s, &u, 1, NULL, NULL), 0);
}

/* A placed vault of the format before: k0 to k5 in collections 1 and 2, and a public row. */
static void make_old(void)
{
    later = false;
    struct hf_store *s = must_open();
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, NULL), 0);
    for (int i = 0; i < ROWS; i++) {
        char key[8];
        (void)snprintf(key, sizeof key, "k%d", i);
        must_put(s, HF_STORE_VAULT_PUT, (uint8_t)(1 + i % 2), key);
    }
    must_put(s, HF_STORE_PUBLIC_PUT, 0, "public");
    must_put(s, HF_STORE_SET_PLACED, 0, "-");
    hf_store_close(s);
}

static void setup(void)
{
    faulty_install();
    cr_assert_eq(hf_secret_init(1024 * 1024, true), 0);
    store_model_folder(dir);
    make_old();
}

static void teardown(void)
{
    cr_expect_eq(hf_secret_used(), 0);
    store_model_folder_remove(dir);
}

#define FORMATS_TEST(case) Test(store_formats, case, .init = setup, .fini = teardown)

struct found {
    int rows, old, new;
};

static int look(void *ctx, uint8_t collection, struct hf_bytes key, struct hf_bytes value)
{
    struct found *f = ctx;
    (void)key;
    f->rows++;
    f->old += hf_bytes_equal(value, text("value"));
    f->new += hf_bytes_equal(value, text(collection == 2 ? "val" : "valueab"));
    return 0;
}

static int unlock(struct hf_store *s, struct found *ret, struct hf_store_error *err)
{
    *ret = (struct found){0};
    return hf_store_vault_open(s, store_model_key, look, ret, err);
}

/* Opens the vault, and says whether all of it is of the format. */
static bool all_are(bool new)
{
    struct found f;
    struct hf_store_error err = {0};
    struct hf_store *s = must_open();
    struct hf_vault_header h;
    hf_store_header(s, &h);
    cr_assert_eq(unlock(s, &f, &err), 0, "%s", err.text);
    hf_store_close(s);
    cr_assert_eq(h.state, HF_VAULT_PLACED);
    cr_assert_eq(f.rows, ROWS);
    return (new ? f.new : f.old) == ROWS;
}

static bool is_there(const char *name)
{
    char path[2 * STORE_MODEL_PATH_LEN];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

FORMATS_TEST(an_older_folder_is_in_the_newest_format_when_its_vault_is_open)
{
    struct found f;
    later = true;
    struct hf_store *s = must_open();
    cr_assert_eq(hf_store_format(s), OLD);
    cr_assert_eq(hf_store_format_newest(), NEW);
    /* A locked node writes its public state without another format. */
    must_put(s, HF_STORE_PUBLIC_PUT, 0, "asked");
    cr_assert_eq(hf_store_settle(s, NULL), 0);
    cr_assert_eq(hf_store_kept(s), 0);
    cr_assert_eq(unlock(s, &f, NULL), 0);
    cr_assert_eq(f.new, ROWS);
    cr_assert_eq(hf_store_format(s), NEW);
    cr_assert_eq(hf_store_kept(s), OLD);
    must_put(s, HF_STORE_VAULT_PUT, 7, "more");
    hf_store_close(s);
    s = must_open();
    cr_assert_eq(hf_store_format(s), NEW);
    cr_assert_eq(unlock(s, &f, NULL), 0);
    cr_assert_eq(f.rows, ROWS + 1);
    cr_assert_eq(f.new, ROWS, "not put into it a second time");
    cr_assert_eq(hf_store_kept(s), OLD, "until somebody says that nothing depends on it");
    cr_assert_eq(hf_store_settle(s, NULL), 0);
    cr_assert_eq(hf_store_kept(s), 0);
    cr_assert(!is_there("vault.format-3.db"));
    hf_store_close(s);
}

FORMATS_TEST(the_release_before_refuses_it_by_name_and_reads_the_copy)
{
    char from[2 * STORE_MODEL_PATH_LEN], to[2 * STORE_MODEL_PATH_LEN];
    struct hf_store *s = NULL;
    struct hf_store_error err = {0};
    later = true;
    cr_assert(all_are(true));
    later = false;
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), HF_EVERSION);
    cr_assert_not_null(strstr(err.text, "vault.db has format 5, this release knows 3"), "%s",
                       err.text);
    (void)snprintf(from, sizeof from, "%s/vault.format-3.db", dir);
    (void)snprintf(to, sizeof to, "%s/vault.db", dir);
    cr_assert_eq(rename(from, to), 0);
    cr_assert(all_are(false), "the copy is whole, and has no log");
}

FORMATS_TEST(a_row_that_the_older_format_cannot_have_leaves_all_as_it_was)
{
    struct found f;
    struct hf_store_error err = {0};
    struct hf_store *s = must_open();
    cr_assert_eq(unlock(s, &f, NULL), 0);
    must_put(s, HF_STORE_VAULT_PUT, 9, "odd");
    hf_store_close(s);
    later = true;
    s = must_open();
    cr_assert_eq(unlock(s, &f, &err), HF_ECORRUPT);
    cr_assert_not_null(strstr(err.text, "row of collection 9 is not one of format 3"), "%s",
                       err.text);
    cr_assert_eq(hf_store_kept(s), 0);
    cr_assert(!hf_store_vault_is_open(s));
    hf_store_close(s);
    later = false;
    s = must_open();
    cr_assert_eq(unlock(s, &f, NULL), 0);
    cr_assert_eq(f.old, ROWS + 1);
    hf_store_close(s);
}

FORMATS_TEST(a_folder_whose_vault_was_never_placed_becomes_a_newer_one_by_the_next)
{
    store_model_folder_remove(dir);
    store_model_folder(dir);
    for (int made = 0; made < 2; made++) {
        struct found f;
        later = false;
        struct hf_store *s = must_open();
        if (made != 0)
            cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, NULL), 0);
        must_put(s, HF_STORE_PUBLIC_PUT, 0, "public");
        hf_store_close(s);
        later = true;
        s = must_open();
        cr_assert_eq(hf_store_format(s), OLD);
        cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, NULL), 0);
        cr_assert_eq(hf_store_format(s), NEW);
        hf_store_close(s);
        s = must_open();
        cr_assert_eq(unlock(s, &f, NULL), 0);
        cr_assert_eq(f.rows, 0);
        hf_store_close(s);
        store_model_folder_remove(dir);
        store_model_folder(dir);
    }
    make_old();
}

/* Opens as the later release until a call to the disk fails; the number of calls, if none did. */
static long migrate_until(enum faulty_kind kind, long at, bool persistent, int wanted)
{
    struct found f;
    struct hf_store *s = NULL;
    struct hf_store_error err = {0};
    later = true;
    faulty_set(kind, at, persistent);
    int r = hf_store_open(dir, &hf_suite_real, &s, &err);
    if (r == 0 && (r = unlock(s, &f, &err)) == 0)
        cr_assert_eq(f.new, ROWS);
    long calls = faulty_count();
    cr_assert(r == 0 || r == wanted, "%ld: %s", at, err.text);
    if (r != 0 && s != NULL && !persistent) {
        /* The same store goes on when the disk does. */
        cr_assert_eq(unlock(s, &f, &err), 0, "%ld: %s", at, err.text);
        cr_assert_eq(f.new, ROWS);
    }
    hf_store_close(s);
    return r == 0 && faulty_count() <= at ? calls : -1;
}

static void fail_everywhere(enum faulty_kind kind, bool persistent, int wanted)
{
    uint64_t seed = 5;
    long at = 0;
    for (bool done = false; !done; at++) {
        store_model_folder_remove(dir);
        store_model_folder(dir);
        faulty_set(FAULTY_NONE, -1, false);
        make_old();
        done = migrate_until(kind, at, persistent, wanted) >= 0;
        faulty_set(FAULTY_NONE, -1, false);
        if (kind == FAULTY_POWER_CUT)
            faulty_power_on(&seed);
        /* Whatever is there is whole, of one format or the other, and becomes the newest. */
        cr_assert(all_are(true), "at call %ld", at);
        cr_assert(is_there("vault.format-3.db"));
        cr_assert_lt(at, 1000);
    }
    cr_assert_gt(at, 20, "%ld", at);
}

FORMATS_TEST(a_disk_that_is_full_for_a_moment_loses_nothing)
{
    fail_everywhere(FAULTY_FULL, false, HF_ENOSPACE);
}

FORMATS_TEST(a_disk_that_fails_for_good_leaves_one_format_or_the_other)
{
    fail_everywhere(FAULTY_IO, true, HF_EIO);
}

FORMATS_TEST(a_power_cut_at_any_write_leaves_one_format_or_the_other)
{
    fail_everywhere(FAULTY_POWER_CUT, true, HF_EIO);
}
