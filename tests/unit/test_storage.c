/* What the engine writes comes back as it was: through the queue, the writer
 * and a closed folder. */
#include "scratch.h"
#include "storage.h"

#include "base/secret.h"

#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

static char parent[HF_SCRATCH_PATH_LEN], dir[HF_SCRATCH_PATH_LEN + 8];
static const struct hf_network_id network = {{1}};
static const struct hf_account account = {{2}};
static const uint8_t key[32] = {3};

struct heard {
    sem_t woken;
    uint64_t durable;
    bool vault;
    int vault_error, health;
    char text[4096]; /* of the rows of the vault, one after the other */
};

static void on_wake(void *user)
{
    struct heard *h = user;
    sem_post(&h->woken);
}

static void on_durable(void *user, uint64_t seq)
{
    struct heard *h = user;
    cr_assert_eq(seq, h->durable + 1, "in order, each once");
    h->durable = seq;
}

static void describe(const struct hf__storage_rows *rows, char *text, size_t len)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < rows->count; i++) {
        const struct hf_row_in *row = &rows->rows[i];
        struct hf_bytes value = hf_blob_bytes(row->value);
        at += (size_t)snprintf(text + at, len - at, "%u/%.*s=%.*s ", row->collection,
                               (int)row->key.len, (const char *)row->key.data, (int)value.len,
                               (const char *)value.data);
    }
}

static void on_vault(void *user, int error, const struct hf__storage_rows *rows)
{
    struct heard *h = user;
    h->vault = true;
    h->vault_error = error;
    describe(rows, h->text, sizeof h->text);
}

static void on_health(void *user, int error, const char *text)
{
    struct heard *h = user;
    (void)text;
    h->health = error;
}

static struct hf__storage *open_storage(struct heard *h, struct hf__storage_start *ret_start)
{
    const struct hf__storage_hooks hooks = {
        .user = h, .wake = on_wake, .durable = on_durable, .vault = on_vault, .health = on_health};
    struct hf__storage *s = NULL;
    char text[HF_STORE_TEXT_LEN];
    *h = (struct heard){.durable = 0};
    sem_init(&h->woken, 0, 0);
    int r = hf__storage_open(dir, &network, &hf_suite_real, &hooks, &s, ret_start, text);
    cr_assert_eq(r, 0, "%s", text);
    return s;
}

static int vault_error(struct hf__storage *s, struct heard *h)
{
    while (!h->vault) {
        sem_wait(&h->woken);
        hf__storage_poll(s);
    }
    return h->vault_error;
}

static void wait_for_vault(struct hf__storage *s, struct heard *h)
{
    cr_assert_eq(vault_error(s, h), 0);
}

static struct hf_write write_of(uint8_t collection, const char *name, struct hf_blob *value)
{
    struct hf_write w = {
        .collection = collection, .key_len = (uint8_t)strlen(name), .value = value};
    memcpy(w.key, name, w.key_len);
    return w;
}

/* Writes rows of both kinds into a vault just made, and deletes one of them again. */
static void fill(struct hf__storage *s, struct heard *h)
{
    struct hf_blob *value = hf_blob_new(hf_bytes_of("value", 5));
    const struct hf_write first[] = {
        write_of(HF_ROW_PUBLIC, "hint", value), write_of(HF_ROW_ACCOUNT, "", value),
        write_of(HF_ROW_BINDING, "gone", value), write_of(HF_ROW_BINDING, "stays", value)};
    const struct hf_write second[] = {write_of(HF_ROW_BINDING, "gone", NULL)};
    const struct hf_update updates[] = {
        {.writes = first, .writes_count = HF_ARRAY_LEN(first), .write_seq = 1},
        {.writes = second,
         .writes_count = HF_ARRAY_LEN(second),
         .vault_state = HF_VAULT_PLACED,
         .write_seq = 2},
        {.writes_count = 0}, /* not a transaction */
    };
    hf__storage_vault(s, true, key, &account, 1);
    for (size_t i = 0; i < HF_ARRAY_LEN(updates); i++)
        hf__storage_write(s, &updates[i]);
    hf_blob_unref(value);
    wait_for_vault(s, h);
    while (h->durable < 2) {
        sem_wait(&h->woken);
        hf__storage_poll(s);
    }
}

Test(hf__storage, rows_come_back_as_they_were_written)
{
    struct heard h;
    struct hf__storage_start start;
    char text[512];
    cr_assert_eq(hf_secret_init(1024 * 1024, true), 0);
    hf_scratch_make(parent);
    snprintf(dir, sizeof dir, "%s/data", parent);

    struct hf__storage *s = open_storage(&h, &start);
    cr_assert_eq(start.vault, HF_VAULT_NONE);
    cr_assert_eq(start.public_rows.count, 0);
    fill(s, &h);
    hf__storage_close(s, 1000);

    s = open_storage(&h, &start);
    cr_assert_eq(start.vault, HF_VAULT_PLACED);
    describe(&start.public_rows, text, sizeof text);
    cr_assert_str_eq(text, "16/hint=value ");
    hf__storage_rows_done(&start.public_rows);
    hf__storage_vault(s, false, key, &account, 1);
    wait_for_vault(s, &h);
    cr_assert_str_eq(h.text, "1/=value 4/stays=value ");
    cr_assert_eq(h.health, 0);
    hf__storage_close(s, 1000);
    hf_scratch_remove(parent);
}

Test(hf__storage, a_vault_opens_under_the_whole_key_alone)
{
    struct heard h;
    struct hf__storage_start start;
    uint8_t other[HF_KEY_LEN];
    cr_assert_eq(hf_secret_init(1024 * 1024, true), 0);
    hf_scratch_make(parent);
    snprintf(dir, sizeof dir, "%s/data", parent);
    struct hf__storage *s = open_storage(&h, &start);
    fill(s, &h);
    hf__storage_close(s, 1000);
    for (size_t i = 0; i < sizeof other; i += sizeof other - 1) {
        memcpy(other, key, sizeof other);
        other[i] ^= 1;
        s = open_storage(&h, &start);
        hf__storage_rows_done(&start.public_rows);
        hf__storage_vault(s, false, other, &account, 1);
        cr_assert_neq(vault_error(s, &h), 0, "byte %zu", i);
        hf__storage_close(s, 1000);
    }
    hf_scratch_remove(parent);
}

/* However many rows wait, and however long: keys have memory of their own, peers are told in time,
 * and all is written in the end. */
Test(hf__storage, rows_that_wait_take_nothing_from_keys)
{
    enum { UPDATES = 600, ROW_LEN = 4096 };
    struct heard h;
    struct hf__storage_start start;
    cr_assert_eq(hf_secret_init(8 * 1024, true), 0);
    cr_assert_eq(hf_secret_init_rows(256 * 1024, true), 0);
    hf_scratch_make(parent);
    snprintf(dir, sizeof dir, "%s/data", parent);
    struct hf__storage *s = open_storage(&h, &start);
    hf__storage_vault(s, true, key, &account, 1);
    wait_for_vault(s, &h);
    cr_assert_not(hf__storage_crowded(s));
    uint8_t *bytes = calloc(1, ROW_LEN);
    struct hf_blob *value = hf_blob_new(hf_bytes_of(bytes, ROW_LEN));
    const struct hf_write row = write_of(HF_ROW_BINDING, "row", value);
    for (uint64_t seq = 1; seq <= UPDATES; seq++) {
        const struct hf_update update = {.writes = &row, .writes_count = 1, .write_seq = seq};
        hf__storage_write(s, &update);
        void *secret = hf_secret_alloc(2048);
        cr_assert_not_null(secret, "after %llu rows", (unsigned long long)seq);
        hf_secret_free(secret);
    }
    cr_assert(hf__storage_crowded(s));
    while (h.durable < UPDATES) {
        sem_wait(&h.woken);
        hf__storage_poll(s);
    }
    cr_assert_not(hf__storage_crowded(s));
    hf_blob_unref(value);
    free(bytes);
    hf__storage_close(s, 1000);
    hf_scratch_remove(parent);
}

/* What was inherited is read back when it is durable; what has been given up is locked. */
Test(hf__storage, a_vault_is_read_back_after_what_was_written_and_takes_nothing_once_it_is_locked)
{
    struct heard h;
    struct hf__storage_start start;
    struct hf_blob *value = hf_blob_new(hf_bytes_of("value", 5));
    cr_assert_eq(hf_secret_init(1024 * 1024, true), 0);
    hf_scratch_make(parent);
    snprintf(dir, sizeof dir, "%s/data", parent);

    struct hf__storage *s = open_storage(&h, &start);
    fill(s, &h);
    const struct hf_write more[] = {write_of(HF_ROW_BINDING, "more", value)};
    struct hf_update update = {.writes = more, .writes_count = 1, .write_seq = 3};
    hf__storage_write(s, &update);
    h.vault = false;
    hf__storage_vault(s, false, key, &account, 1);
    wait_for_vault(s, &h);
    cr_assert_eq(h.durable, 3);
    cr_assert_str_eq(h.text, "1/=value 4/stays=value 4/more=value ");

    hf__storage_lock(s);
    update.write_seq = 4;
    hf__storage_write(s, &update);
    struct hf__storage_stats stats;
    do {
        sem_wait(&h.woken);
        hf__storage_poll(s);
        hf__storage_stats(s, &stats);
    } while (stats.waiting > 0);
    cr_assert_eq(h.durable, 3);
    hf__storage_close(s, 0);
    hf__storage_rows_done(&start.public_rows);
    hf_blob_unref(value);
    hf_scratch_remove(parent);
}
