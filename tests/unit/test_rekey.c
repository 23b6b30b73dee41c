/* A vault that is put under another key: all of it, in the transaction, or nothing. */
#include "store_model.h"
#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { ROWS = 40 };

static char dir[STORE_MODEL_PATH_LEN];
static struct hf_store *s;

static struct hf_store_op put_op(char key[static 8], int number, const char *value)
{
    (void)snprintf(key, 8, "k%d", number);
    return (struct hf_store_op){.type = HF_STORE_VAULT_PUT,
                                .collection = (uint8_t)(1 + number % 3),
                                .key = hf_bytes_of(key, strlen(key)),
                                .value = hf_bytes_of(value, strlen(value))};
}

static uint8_t versions[2][4];

static int commit(const struct hf_store_op *ops, size_t count)
{
    struct hf_store_update u = {.ops = ops, .ops_count = count};
    return hf_store_commit(s, &u, 1, NULL, NULL);
}

static void set_up(void)
{
    char key[8];
    cr_assert_eq(hf_secret_init(1024 * 1024, true), 0);
    store_model_folder(dir);
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, NULL), 0);
    cr_assert_eq(hf_store_vault_create(s, store_model_key, &store_model_header, NULL), 0);
    for (int i = 0; i < ROWS; i++) {
        struct hf_store_op op = put_op(key, i, "before");
        cr_assert_eq(commit(&op, 1), 0);
    }
}

static void tear_down(void)
{
    hf_store_close(s);
    cr_expect_eq(hf_secret_used(), 0);
    store_model_folder_remove(dir);
}

TestSuite(hf_store_rekey, .init = set_up, .fini = tear_down);

static void close_and_open(void)
{
    hf_store_close(s);
    s = NULL;
    cr_assert_eq(hf_store_open(dir, &hf_suite_real, &s, NULL), 0);
}

static int ignore_row(void *ctx, uint8_t collection, struct hf_bytes key, struct hf_bytes value)
{
    (void)ctx, (void)collection, (void)key, (void)value;
    return 0;
}

/* Opens the vault under the key of a version; returns how many rows it has. */
static size_t opens_under(uint32_t version)
{
    struct hf_vault_header h;
    struct store_model found;
    hf_store_header(s, &h);
    cr_assert_eq(h.key_version, version);
    cr_assert_eq(hf_store_vault_open(s, store_model_key_of(version + 1), ignore_row, NULL, NULL),
                 HF_EVAULTKEY);
    cr_assert_eq(store_model_read(s, &found, NULL), 0);
    size_t count = found.count;
    store_model_done(&found);
    return count;
}

Test(hf_store_rekey, takes_every_row_along_with_what_is_written_in_the_same_transaction)
{
    char first[8], second[8];
    struct hf_store_op ops[] = {put_op(first, ROWS, "with it"), store_model_rekey(8, versions[0]),
                                put_op(second, 0, "after it")};
    cr_assert_eq(commit(ops, 3), 0);
    ops[0] = put_op(first, ROWS + 1, "later");
    cr_assert_eq(commit(ops, 1), 0);
    close_and_open();
    cr_assert_eq(opens_under(8), ROWS + 2);
}

Test(hf_store_rekey, twice_in_one_transaction_is_the_second)
{
    struct hf_store_op ops[] = {store_model_rekey(8, versions[0]),
                                store_model_rekey(9, versions[1])};
    cr_assert_eq(commit(ops, 2), 0);
    close_and_open();
    cr_assert_eq(opens_under(9), ROWS);
}

Test(hf_store_rekey, refuses_a_key_of_another_length_and_a_vault_that_is_locked)
{
    struct hf_store_op op = store_model_rekey(8, versions[0]);
    op.value.len--;
    cr_assert_eq(commit(&op, 1), HF_EINVAL);
    op = store_model_rekey(8, versions[0]);
    close_and_open();
    cr_assert_eq(commit(&op, 1), HF_EVAULTSTATE);
    cr_assert_eq(opens_under(7), ROWS);
}
