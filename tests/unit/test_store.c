/* The folder, updates and their atomicity, and vaults made anew. Tampering is in
 * test_store_tamper.c. */
#include "store_model.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[STORE_MODEL_PATH_LEN];

static void setup(void)
{
    cr_assert_eq(hf_secret_init(1024 * 1024, true), 0);
    store_model_folder(dir);
}

static void teardown(void)
{
    cr_expect_eq(hf_secret_used(), 0);
    store_model_folder_remove(dir);
}

static struct hf_store *must_open(void)
{
    struct hf_store *s = NULL;
    struct hf_store_error err = {0};
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, &err), 0, "%s", err.text);
    return s;
}

static struct hf_store *must_create(void)
{
    struct hf_store *s = must_open();
    struct hf_store_error err = {0};
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, &err), 0, "%s",
                 err.text);
    return s;
}

static struct hf_bytes text(const char *t)
{
    return hf_bytes_of(t, strlen(t));
}

static int commit_op(struct hf_store *s, struct hf_store_op op)
{
    struct hf_store_update u = {.ops = &op, .ops_count = 1};
    return hf_store_commit(s, &u, 1, NULL, NULL);
}

static void path_in(const char *name, char *ret)
{
    (void)snprintf(ret, 128, "%s/%s", dir, name);
}

static int open_error(struct hf_store_error *err)
{
    struct hf_store *s = NULL;
    int e = hf_store_open(dir, &hf_suite_real, &s, err);
    cr_assert_null(s);
    return e;
}

#define STORE_TEST(suite, case) Test(suite, case, .init = setup, .fini = teardown)

STORE_TEST(hf_store_open, a_new_folder_is_private_and_holds_no_vault)
{
    struct hf_store *s = must_open();
    struct hf_vault_header h;
    hf_store_header(s, &h);
    cr_assert_eq(h.state, HF_VAULT_NONE);
    cr_assert_not(hf_store_vault_is_open(s));
    cr_assert_eq(commit_op(s, (struct hf_store_op){HF_STORE_PUBLIC_PUT, 0, text("a"), text("1")}),
                 0);
    struct stat st;
    cr_assert_eq(stat(dir, &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0700);
    static const char *const names[] = {"vault.db", "vault.db-wal", "lock"};
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++) {
        char path[128];
        path_in(names[i], path);
        cr_assert_eq(stat(path, &st), 0, "%s", names[i]);
        cr_assert_eq(st.st_mode & 07777, 0600, "%s", names[i]);
    }
    hf_store_close(s);
}

STORE_TEST(hf_store_open, a_second_process_is_refused_and_told_the_first)
{
    struct hf_store *s = must_open();
    char want[32];
    (void)snprintf(want, sizeof want, "process %d ", getpid());
    pid_t child = fork();
    if (child == 0) {
        struct hf_store_error err = {0};
        struct hf_store *other = NULL;
        int e = hf_store_open(dir, &hf_suite_real, &other, &err);
        _exit(e == HF_ESTOREHELD && strstr(err.text, want) != NULL ? 0 : 1);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    hf_store_close(s);
    hf_store_close(must_open());
}

STORE_TEST(hf_store_open, wrong_modes_are_refused_with_the_remedy)
{
    hf_store_close(must_open());
    struct hf_store_error err = {0};
    char path[128];
    cr_assert_eq(chmod(dir, 0750), 0);
    cr_assert_eq(open_error(&err), HF_EUNSAFE);
    cr_assert_not_null(strstr(err.text, "chmod 0700"), "%s", err.text);
    cr_assert_eq(chmod(dir, 0700), 0);
    path_in("vault.db", path);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(open_error(&err), HF_EUNSAFE);
    cr_assert_not_null(strstr(err.text, "chmod 0600"), "%s", err.text);
    cr_assert_eq(chmod(path, 0600), 0);
    if (geteuid() == 0) {
        cr_assert_eq(chown(path, 12345, 12345), 0);
        cr_assert_eq(open_error(&err), HF_EUNSAFE);
        cr_assert_not_null(strstr(err.text, "12345"), "%s", err.text);
        cr_assert_eq(chown(path, 0, 0), 0);
        cr_assert_eq(chown(dir, 12345, 12345), 0);
        cr_assert_eq(open_error(&err), HF_EUNSAFE);
        cr_assert_eq(chown(dir, 0, 0), 0);
    }
    hf_store_close(must_open());
}

STORE_TEST(hf_store_open, a_link_in_place_of_the_database_is_refused)
{
    hf_store_close(must_open());
    char path[128], other[128];
    path_in("vault.db", path);
    path_in("elsewhere", other);
    cr_assert_eq(rename(path, other), 0);
    cr_assert_eq(symlink("elsewhere", path), 0);
    struct hf_store_error err = {0};
    cr_assert_eq(open_error(&err), HF_EUNSAFE);
    cr_assert_not_null(strstr(err.text, "regular file"), "%s", err.text);
}

STORE_TEST(hf_store_open, an_emptied_database_is_no_fresh_start)
{
    hf_store_close(must_create());
    char path[128];
    path_in("vault.db", path);
    cr_assert_eq(truncate(path, 0), 0);
    struct hf_store_error err = {0};
    cr_assert_eq(open_error(&err), HF_ECORRUPT);
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_size, 0);
}

STORE_TEST(hf_store_open, a_log_without_its_database_is_no_fresh_start)
{
    hf_store_close(must_open());
    char path[128], log[128];
    path_in("vault.db", path);
    path_in("vault.db-wal", log);
    cr_assert_eq(rename(path, log), 0);
    struct hf_store_error err = {0};
    cr_assert_eq(open_error(&err), HF_ECORRUPT);
}

/* Copies a file of the folder into another folder. */
static void copy_file(const char *name, const char *to)
{
    char path[128];
    struct hf_buf b;
    hf_buf_init(&b, 64 << 20);
    path_in(name, path);
    cr_assert_eq(hf_file_read(path, &b), 0, "%s", path);
    (void)snprintf(path, sizeof path, "%s/%s", to, name);
    cr_assert_eq(hf_file_replace(path, hf_buf_bytes(&b), 0600), 0);
    hf_buf_done(&b);
}

/* What the database alone is to a store, copied while the store that has it open goes on. */
static int open_copy(bool with_log, enum hf_vault_state *ret_state)
{
    char other[HF_SCRATCH_PATH_LEN];
    struct hf_store *copy = NULL;
    struct hf_store_error err = {0};
    struct hf_vault_header h;
    hf_scratch_make(other);
    copy_file("vault.db", other);
    if (with_log)
        copy_file("vault.db-wal", other);
    int e = hf_store_open(other, &hf_suite_real, &copy, &err);
    if (e == 0) {
        hf_store_header(copy, &h);
        *ret_state = (enum hf_vault_state)h.state;
        hf_store_close(copy);
    } else {
        cr_assert_not_null(strstr(err.text, "vault.db-wal is missing"), "%s", err.text);
        /* Nor does having tried change it. */
        cr_assert_eq(hf_store_open(other, &hf_suite_real, &copy, &err), e);
        /* Told that nothing is missing, it still says what it is. */
        (void)snprintf(err.text, sizeof err.text, "%s/vault.db-wal", other);
        cr_assert_eq(hf_file_replace(err.text, (struct hf_bytes){0}, 0600), 0);
        cr_assert_eq(hf_store_open(other, &hf_suite_real, &copy, &err), 0, "%s", err.text);
        hf_store_header(copy, &h);
        *ret_state = (enum hf_vault_state)h.state;
        hf_store_close(copy);
    }
    hf_scratch_remove(other);
    return e;
}

STORE_TEST(hf_store_open, a_database_whose_log_was_lost_is_refused_and_never_a_fresh_start)
{
    enum hf_vault_state state = HF_VAULT_NONE;
    struct hf_store *s = must_create();
    cr_assert_eq(open_copy(true, &state), 0);
    cr_assert_eq(state, HF_VAULT_PLACING);
    cr_assert_eq(open_copy(false, &state), HF_ECORRUPT);
    cr_assert_eq(state, HF_VAULT_PLACING);
    cr_assert_eq(commit_op(s, (struct hf_store_op){.type = HF_STORE_SET_PLACED}), 0);
    cr_assert_eq(commit_op(s, (struct hf_store_op){HF_STORE_PUBLIC_PUT, 0, text("a"), text("1")}),
                 0);
    cr_assert_eq(open_copy(false, &state), HF_ECORRUPT);
    cr_assert_eq(state, HF_VAULT_PLACED);
    /* Closed, it is whole without a log. */
    hf_store_close(s);
    cr_assert_eq(open_copy(false, &state), 0);
    cr_assert_eq(state, HF_VAULT_PLACED);
}

STORE_TEST(hf_store_open, a_folder_that_cannot_be_written_is_named)
{
    if (geteuid() == 0) {
        /* Modes do not bind root: the folder is given to another user, who then opens it. */
        cr_assert_eq(mkdir(dir, 0700), 0);
        cr_assert_eq(chown(dir, 65534, 65534), 0);
        char outer[STORE_MODEL_PATH_LEN];
        (void)snprintf(outer, sizeof outer, "%s", dir);
        *strrchr(outer, '/') = '\0';
        cr_assert_eq(chown(outer, 65534, 65534), 0);
        cr_assert_eq(setresuid(65534, 65534, 65534), 0);
    }
    hf_store_close(must_open());
    /* The folder's mode must stay as it is, so the file is what cannot be written. */
    char path[128];
    path_in("lock", path);
    cr_assert_eq(chmod(path, 0400), 0);
    struct hf_store_error err = {0};
    cr_assert_eq(open_error(&err), HF_EREADONLY);
    cr_assert_not_null(strstr(err.text, "lock"), "%s", err.text);
    cr_assert_eq(chmod(path, 0600), 0);
    hf_store_close(must_open());
}

STORE_TEST(hf_store_commit, what_was_committed_is_there_after_reopening)
{
    struct hf_store *s = must_create();
    struct store_model model = {.state = HF_VAULT_PLACING};
    uint64_t seed = 42;
    for (int round = 0; round < 60; round++) {
        struct hf_store_op ops[6];
        struct hf_store_update u = store_model_draw_update(&seed, ops);
        struct hf_store_error err = {0};
        int result = -1;
        cr_assert_eq(hf_store_commit(s, &u, 1, &result, &err), 0, "%s", err.text);
        cr_assert_eq(result, 0);
        store_model_apply(&model, &u);
        if (round % 10 != 9)
            continue;
        hf_store_close(s);
        s = must_open();
        struct store_model found;
        cr_assert_eq(store_model_read(s, &found, &err), 0, "%s", err.text);
        cr_assert(store_model_equal(&model, &found));
        store_model_done(&found);
    }
    store_model_done(&model);
    hf_store_close(s);
}

STORE_TEST(hf_store_commit, a_refused_update_leaves_its_neighbours_alone)
{
    struct hf_store *s = must_open();
    char long_key[HF_STORE_KEY_MAX + 1];
    memset(long_key, 'k', sizeof long_key);
    struct hf_store_op good = {HF_STORE_PUBLIC_PUT, 0, text("a"), text("1")};
    struct hf_store_op locked[] = {{HF_STORE_PUBLIC_PUT, 0, text("c"), text("3")},
                                   {HF_STORE_VAULT_PUT, 1, text("b"), text("2")}};
    struct hf_store_op big = {HF_STORE_PUBLIC_PUT, 0, hf_bytes_of(long_key, sizeof long_key),
                              text("")};
    struct hf_store_op blank = {HF_STORE_PUBLIC_PUT, 0, text("a b"), text("")};
    struct hf_store_op after = {HF_STORE_PUBLIC_PUT, 0, text("d"), text("")};
    struct hf_store_update group[] = {{&good, 1},  {locked, 2}, {&big, 1},
                                      {&blank, 1}, {NULL, 0},   {&after, 1}};
    int results[6];
    cr_assert_eq(hf_store_commit(s, group, 6, results, NULL), 0);
    struct hf_store_error err = {0};
    cr_assert_eq(hf_store_commit(s, &group[2], 1, NULL, &err), HF_ETOOBIG);
    cr_assert_eq(err.code, HF_ETOOBIG);
    cr_assert_not_null(strstr(err.text, "refused"), "%s", err.text);
    static const int want[6] = {0, HF_EVAULTSTATE, HF_ETOOBIG, HF_EINVAL, 0, 0};
    for (int i = 0; i < 6; i++)
        cr_expect_eq(results[i], want[i], "%d", i);
    struct store_model found, model = {0};
    store_model_apply(&model, &group[0]);
    store_model_apply(&model, &group[5]);
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    cr_assert(store_model_equal(&model, &found));
    store_model_done(&model);
    store_model_done(&found);
    hf_store_close(s);
}

STORE_TEST(hf_store_commit, the_largest_values_fit_and_larger_ones_do_not)
{
    struct hf_store *s = must_create();
    uint8_t *big = calloc(1, HF_STORE_PUBLIC_MAX + 1);
    struct hf_store_op vault = {HF_STORE_VAULT_PUT, 255, text("k"),
                                hf_bytes_of(big, HF_STORE_VALUE_MAX)};
    struct hf_store_op public = {HF_STORE_PUBLIC_PUT, 0, text("k"),
                                 hf_bytes_of(big, HF_STORE_PUBLIC_MAX)};
    cr_assert_eq(commit_op(s, vault), 0);
    cr_assert_eq(commit_op(s, public), 0);
    vault.value.len++;
    public.value.len++;
    cr_assert_eq(commit_op(s, vault), HF_ETOOBIG);
    cr_assert_eq(commit_op(s, public), HF_ETOOBIG);
    free(big);
    hf_store_close(s);
    s = must_open();
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    cr_assert_eq(found.count, 2);
    cr_assert_eq(found.rows[0].len, HF_STORE_PUBLIC_MAX);
    cr_assert_eq(found.rows[1].len, HF_STORE_VALUE_MAX);
    store_model_done(&found);
    hf_store_close(s);
}

STORE_TEST(hf_store_vault_create, a_placing_vault_is_made_anew_beside_the_old_file)
{
    struct hf_store *s = must_create();
    cr_assert_eq(
        commit_op(s, (struct hf_store_op){HF_STORE_PUBLIC_PUT, 0, text("root"), text("R")}), 0);
    cr_assert_eq(commit_op(s, (struct hf_store_op){HF_STORE_VAULT_PUT, 1, text("old"), text("x")}),
                 0);
    for (int n = 1; n <= 3; n++) {
        hf_store_close(s);
        s = must_open();
        struct hf_store_error err = {0};
        cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, &err), 0, "%s",
                     err.text);
        char name[40], path[128];
        (void)snprintf(name, sizeof name, "vault.placing-%d.db", n);
        path_in(name, path);
        struct stat st;
        cr_assert_eq(stat(path, &st), 0);
        cr_assert_eq(st.st_nlink, 1);
        cr_assert_eq(st.st_mode & 07777, 0600);
    }
    cr_assert_eq(commit_op(s, (struct hf_store_op){HF_STORE_VAULT_PUT, 1, text("new"), text("y")}),
                 0);
    hf_store_close(s);
    s = must_open();
    struct store_model found;
    struct hf_store_error err = {0};
    cr_assert_eq(store_model_read(s, &found, &err), 0, "%s", err.text);
    cr_assert_eq(found.count, 2);
    cr_assert(hf_bytes_equal(hf_bytes_of(found.rows[0].value, found.rows[0].len), text("R")));
    cr_assert(hf_bytes_equal(hf_bytes_of(found.rows[1].value, found.rows[1].len), text("y")));
    store_model_done(&found);
    hf_store_close(s);
    /* The old vault is whole: put in place by hand, it opens. */
    char old[128], now[128];
    path_in("vault.placing-1.db", old);
    path_in("vault.db", now);
    cr_assert_eq(rename(old, now), 0);
    s = must_open();
    cr_assert_eq(store_model_read(s, &found, &err), 0, "%s", err.text);
    cr_assert_eq(found.count, 2);
    cr_assert(hf_bytes_equal(hf_bytes_of(found.rows[1].value, found.rows[1].len), text("x")));
    store_model_done(&found);
    hf_store_close(s);
}

STORE_TEST(hf_store_vault_create, a_placed_vault_is_never_replaced)
{
    struct hf_store *s = must_create();
    cr_assert_eq(commit_op(s, (struct hf_store_op){.type = HF_STORE_SET_PLACED}), 0);
    cr_assert_eq(commit_op(s, (struct hf_store_op){.type = HF_STORE_SET_PLACED}), 0);
    hf_store_close(s);
    char path[128];
    path_in("vault.db", path);
    struct stat before, after;
    cr_assert_eq(stat(path, &before), 0);
    s = must_open();
    struct hf_vault_header h;
    hf_store_header(s, &h);
    cr_assert_eq(h.state, HF_VAULT_PLACED);
    cr_assert_eq(h.key_version, 7);
    cr_assert_arr_eq(h.account.bytes, store_model_header.account.bytes, HF_KEY_LEN);
    cr_assert_arr_eq(h.network.bytes, store_model_header.network.bytes, HF_HASH_LEN);
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, NULL),
                 HF_EVAULTSTATE);
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, NULL),
                 HF_EVAULTSTATE);
    hf_store_close(s);
    cr_assert_eq(stat(path, &after), 0);
    cr_assert_eq(before.st_ino, after.st_ino);
    path_in("vault.placing-1.db", path);
    cr_assert_neq(access(path, F_OK), 0);
}

STORE_TEST(hf_store_vault_create, a_second_name_left_by_a_crash_is_dropped)
{
    hf_store_close(must_create());
    char path[128], second[128];
    path_in("vault.db", path);
    path_in("vault.placing-3.db", second);
    cr_assert_eq(link(path, second), 0);
    hf_store_close(must_open());
    cr_assert_neq(access(second, F_OK), 0);
    cr_assert_eq(access(path, F_OK), 0);
}

static int refuse_row(void *ctx, uint8_t collection, struct hf_bytes key, struct hf_bytes value)
{
    (void)ctx, (void)collection, (void)key, (void)value;
    return HF_ENOMEM;
}

STORE_TEST(hf_store_vault_open, a_reader_that_refuses_leaves_the_vault_locked)
{
    struct hf_store *s = must_create();
    cr_assert_eq(commit_op(s, (struct hf_store_op){HF_STORE_VAULT_PUT, 1, text("k"), text("v")}),
                 0);
    hf_store_vault_lock(s);
    cr_assert_eq(hf_store_vault_open(s, store_model_key, refuse_row, NULL, NULL), HF_ENOMEM);
    cr_assert_not(hf_store_vault_is_open(s));
    cr_assert_eq(commit_op(s, (struct hf_store_op){HF_STORE_VAULT_PUT, 1, text("k"), text("w")}),
                 HF_EVAULTSTATE);
    struct store_model found;
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    cr_assert_eq(found.count, 1);
    store_model_done(&found);
    hf_store_close(s);
}
