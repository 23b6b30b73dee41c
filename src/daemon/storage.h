/*
 * The daemon's side of the store: rows as the engine has them on one end, the thread that writes on
 * the other. Updates and vault work wait in one queue, in the order in which they were given, so
 * that a bound of the writer never changes that order.
 */
#ifndef HF_DAEMON_STORAGE_H
#define HF_DAEMON_STORAGE_H

#include "core/engine.h"
#include "store/store.h"

struct hf__storage;

/* Rows as they were read. They own their keys, and hold a reference to each value. */
struct hf__storage_rows {
    struct hf_row_in *rows;
    size_t count, cap;
};

/* Gives back every row. */
void hf__storage_rows_done(struct hf__storage_rows *rows);

/* What the folder says before its vault is opened. */
struct hf__storage_start {
    enum hf_vault_state vault;
    struct hf__storage_rows public_rows;
};

/* Formats of the data folder. */
struct hf__storage_formats {
    int folder; /* its own: older than the newest until its vault is opened */
    int kept;   /* of which a copy lies beside it; 0: none */
};

struct hf__storage_hooks {
    void *user;
    void (*wake)(void *user); /* on the writer's thread: call hf__storage_poll soon */
    /* The rest from inside hf__storage_poll. */
    void (*durable)(void *user, uint64_t seq);
    void (*vault)(void *user, int error, const struct hf__storage_rows *rows);
    void (*health)(void *user, int error, const char *text); /* writing fails, or works again (0) */
    /* The vault is in the newest format now, or what was kept of it before is gone, or stays. */
    void (*format)(void *user, int error);
};

/*
 * Opens the folder, reads what is public and starts the writer. ret_text: for a person, terminated,
 * "" on success. Errors: those of hf_store_open and hf_store_public_each.
 */
HF_MUST_USE int hf__storage_open(const char *dir, const struct hf_network_id *network,
                                 const struct hf_suite *suite,
                                 const struct hf__storage_hooks *hooks, struct hf__storage **ret,
                                 struct hf__storage_start *ret_start,
                                 char ret_text[static HF_STORE_TEXT_LEN]);
/* Waits up to wait_ms for what is queued, then closes. NULL is legal. */
void hf__storage_close(struct hf__storage *s, uint32_t wait_ms);

/* Queues the transaction of an update, if it has one: keys are copied, values are taken by
 * reference. Its write_seq is told when it is durable. */
void hf__storage_write(struct hf__storage *s, const struct hf_update *update);
/* Queues the making or opening of the vault; key is copied and wiped. */
void hf__storage_vault(struct hf__storage *s, bool create, const uint8_t key[static HF_KEY_LEN],
                       const struct hf_account *account, uint32_t version);
/* Queues the removal of what was kept of older formats, where there is any. */
void hf__storage_settle(struct hf__storage *s);
/* Copies what is known of the folder's formats. */
void hf__storage_formats(const struct hf__storage *s, struct hf__storage_formats *ret);
/* Queues the wiping of the vault's keys, after all that was queued before is durable. */
void hf__storage_lock(struct hf__storage *s);
/* Whether so much waits that nothing more should be taken on that has to be written. */
bool hf__storage_crowded(const struct hf__storage *s);
/* Takes what is done, calls the hooks, and hands on what waits. On the loop's thread. */
void hf__storage_poll(struct hf__storage *s);

/* Groups and updates written so far, and what waits. */
struct hf__storage_stats {
    uint64_t groups, updates;
    size_t waiting;
};
/* Copies the storage's counters. */
void hf__storage_stats(struct hf__storage *s, struct hf__storage_stats *ret);

#endif
