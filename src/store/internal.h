/* What the files of the store share. See store/store.h for the whole. */
#ifndef HF_STORE_INTERNAL_H
#define HF_STORE_INTERNAL_H

#include "store/store.h"
#include "base/error.h"

#include <sqlite3.h>

enum {
    HF__ID_LEN = HF_MAC_LEN,
    HF__SUM_LEN = 32,
    HF__ROW_PLAIN_MAX = 1 + HF_STORE_KEY_MAX + HF_STORE_VALUE_MAX,
    HF__ROW_SEALED_MAX = HF__ROW_PLAIN_MAX + HF_WRAP_OVERHEAD,
    HF__ROW_SEALED_MIN = 1 + 1 + HF_WRAP_OVERHEAD,
    HF__ROW_PREFIX_LEN = 10,      /* what the MAC of a row covers before its sealed bytes */
    HF__FOLDER_PATH_MAX = 440,    /* SQLite's own bound is 512 for the longest name in the folder */
    HF__WAL_PAGES_MAX = 1000,     /* of the log, before hf_store_tidy folds it into the database */
    HF__WAL_PAGES_CROWDED = 4000, /* before a commit does it itself */
};

/* Where the file format of SQLite has the user version, big-endian. */
enum { HF__DB_VERSION_AT = 60 };

#define HF__DB_NAME     "vault.db"
#define HF__DB_NEW_NAME "vault.new.db"

/* A row of the vault, as the store remembers it. seq 0: an empty slot of the index. */
struct hf__entry {
    uint8_t id[HF__ID_LEN];       /* keyed MAC of collection and key */
    uint8_t element[HF__SUM_LEN]; /* keyed MAC of the sealed row: what it adds to the head's sum */
    uint64_t seq;
    uint8_t collection;
};

/* formats.c: what this release reads. */
struct hf__formats {
    int oldest, newest;
    /*
     * From each older format to the next, for a vault row. value: HF_STORE_VALUE_MAX bytes of room,
     * of which *len are used. Not 0: it is no row of that format.
     */
    int (*const *steps)(uint8_t collection, struct hf_bytes key, uint8_t *value, size_t *len);
};
const struct hf__formats *hf__formats(void);

/* Every row by its id: open addressing, linear probing. */
struct hf__index {
    struct hf__entry *slots;
    size_t cap; /* 0 or a power of two */
    size_t count;
};

/*
 * The head, less the header. sum alone proves the rows; the three fields below it let an opening
 * that fails name the row, when it is only one.
 */
struct hf__head {
    uint64_t seq_max; /* the highest write sequence given out when it was written */
    uint64_t count;
    uint8_t sum[HF__SUM_LEN]; /* of all elements, modulo 2^256, least significant byte first */
    uint64_t seq_sum;         /* of all sequences */
    uint64_t seq_cross;       /* of all sequences, each times 64 bits of its row's id */
    uint8_t collections;      /* of all collections, by exclusive or */
};

/* Secret; derived from the vault's key and its id. */
struct hf__keys {
    uint8_t seal[HF_KEY_LEN];
    uint8_t element[HF_KEY_LEN];
    uint8_t id[HF_KEY_LEN];
    uint8_t check[HF_MAC_LEN]; /* not secret: stands in the header, tells a wrong key from damage */
    struct hf_rng rng;         /* for nonces, started anew from the kernel at every opening */
};

/* A row of vault_header. */
struct hf__plain {
    int format;
    struct hf_vault_header header;
    uint8_t vault_id[HF_HASH_LEN];
    uint8_t key_check[HF_MAC_LEN];
};

enum hf__stmt {
    HF__BEGIN,
    HF__COMMIT,
    HF__ROW_INSERT,
    HF__ROW_DELETE,
    HF__HEAD_PUT,
    HF__HEADER_PLACED,
    HF__ROW_SELECT,
    HF__ROW_REPLACE,
    HF__PUBLIC_PUT,
    HF__PUBLIC_DELETE,
    HF__STMT_COUNT,
};

struct hf_store {
    const struct hf_suite *suite;
    char dir[HF__FOLDER_PATH_MAX + 1]; /* absolute */
    int dir_fd;
    int lock_fd;
    sqlite3 *db; /* NULL after an interrupted change of databases: the next call connects again */
    sqlite3_stmt *stmt[HF__STMT_COUNT]; /* prepared when first used */
    int wal_pages;
    int format;    /* of the database: the newest, or an older one until its vault is opened */
    bool in_use;   /* the database itself says that it has a log */
    bool fold_due; /* the database itself does not say yet that there is a vault, or a placed one */
    struct hf__plain plain;

    /* While the vault is open. */
    struct hf__keys *keys; /* in memory for secrets; NULL while the vault is locked */
    /*
     * HF__ROW_PLAIN_MAX bytes in memory for secrets: one open row. Taken once and kept, because a
     * queue that fills that memory must not keep the writer from emptying the queue.
     */
    uint8_t *secret_row;
    uint8_t *scratch; /* HF__ROW_PREFIX_LEN + HF__ROW_SEALED_MAX bytes: one sealed row */
    struct hf__index index;
    struct hf__head head;
    uint64_t seq_next; /* rises even when a commit fails, so no sequence is used twice */
};

/* error.c: fills err, if there is one, and returns code. */
HF_PRINTF(3, 4) int hf__fail(struct hf_store_error *err, int code, const char *fmt, ...);
/* The same with errno's name behind the text. */
HF_PRINTF(3, 4)
int hf__fail_errno(struct hf_store_error *err, int errno_code, const char *fmt, ...);
/* Translates what SQLite said about its last call, keeping its message. what: "writing a row". */
int hf__fail_sqlite(struct hf_store_error *err, sqlite3 *db, int rc, const char *what);

/* folder.c: the folder's path, owner, modes and lock; s->dir, dir_fd, lock_fd. */
HF_MUST_USE int hf__folder_open(struct hf_store *s, const char *dir, struct hf_store_error *err);
/* Releases the lock and closes the folder. No-op when it is not open. */
void hf__folder_close(struct hf_store *s);
/* Whether a file of ours is a regular file of this user that no other user may touch.
 * HF_ENOTFOUND: none there. */
HF_MUST_USE int hf__folder_check_file(struct hf_store *s, const char *name,
                                      struct hf_store_error *err);
/* Makes names in the folder durable. HF_EIO. */
HF_MUST_USE int hf__folder_sync(struct hf_store *s, struct hf_store_error *err);
/* Makes an empty file, 0600, instead of any left over of that name. */
HF_MUST_USE int hf__folder_make_file(struct hf_store *s, const char *name,
                                     struct hf_store_error *err);
/* Gives the complete new database the database's name; an old one keeps a name beside it. */
HF_MUST_USE int hf__folder_install(struct hf_store *s, bool keep_old, struct hf_store_error *err);

/* database.c */
HF_MUST_USE int hf__db_connect(struct hf_store *s, struct hf_store_error *err);
/* Before every other use: connects, or rolls back, where a failure could not. Sets errno to 0. */
HF_MUST_USE int hf__db_ready(struct hf_store *s, struct hf_store_error *err);
/* Folds the whole log into the database, durably, and leaves it empty. */
HF_MUST_USE int hf__db_fold(struct hf_store *s, struct hf_store_error *err);
/*
 * Says in the database itself, durably, whether its log belongs to it: from before the first commit
 * until a clean close. A database that is found so without its log is one whose newest writes are
 * lost.
 */
HF_MUST_USE int hf__db_mark(struct hf_store *s, bool in_use, struct hf_store_error *err);
/* Folds the whole log into the database, closes it, and sees to it that no log is left. */
HF_MUST_USE int hf__db_retire(struct hf_store *s, struct hf_store_error *err);
/* Closes the database and its statements. No-op when it is closed. */
void hf__db_close(struct hf_store *s);
/*
 * Makes a complete database under HF__DB_NEW_NAME: the public state of the present one, if there is
 * one, and a vault without rows, if plain is given.
 */
HF_MUST_USE int hf__db_build(struct hf_store *s, const struct hf__plain *plain,
                             struct hf_bytes sealed_head, struct hf_store_error *err);
/* A statement, reset and without bindings; NULL and err filled on failure (*ret_code). */
sqlite3_stmt *hf__db_stmt(struct hf_store *s, enum hf__stmt which, int *ret_code,
                          struct hf_store_error *err);
/* Runs a statement that yields no row, and resets it. */
HF_MUST_USE int hf__db_run(struct hf_store *s, sqlite3_stmt *st, const char *what,
                           struct hf_store_error *err);
/* Ends the transaction, if one is open, without its changes. */
void hf__db_rollback(struct hf_store *s);

/* schema.c */
/* Settings that every connection has. */
HF_MUST_USE int hf__schema_settings(sqlite3 *db, const char *journal_mode,
                                    struct hf_store_error *err);
/* HF_ECORRUPT: the tables are not exactly ours. HF_EVERSION. ret_marked: see hf__schema_mark. */
HF_MUST_USE int hf__schema_check(sqlite3 *db, int *ret_format, bool *ret_marked,
                                 struct hf_store_error *err);
/* Writes the format, and whether the database has a log, in a transaction of its own where there is
 * none. */
HF_MUST_USE int hf__schema_mark(sqlite3 *db, int format, bool marked, struct hf_store_error *err);
/* The mark in SQLite's user version, as its four bytes stand at HF__DB_VERSION_AT in the file. */
bool hf__schema_marked(const uint8_t version[static 4]);
/* Makes the four tables in an empty database. */
HF_MUST_USE int hf__schema_make(sqlite3 *db, struct hf_store_error *err);
/* *ret_plain is zeroed where there is no vault. HF_ECORRUPT: half of one. */
HF_MUST_USE int hf__schema_load_plain(sqlite3 *db, struct hf__plain *ret,
                                      struct hf_store_error *err);
/* Writes the plain header in place of the one before. */
HF_MUST_USE int hf__schema_put_plain(sqlite3 *db, const struct hf__plain *plain,
                                     struct hf_store_error *err);
/* Writes the sealed head in place of the one before. */
HF_MUST_USE int hf__schema_put_head(sqlite3 *db, struct hf_bytes sealed,
                                    struct hf_store_error *err);
/* Copies every row of the public state. */
HF_MUST_USE int hf__schema_copy_public(sqlite3 *from, sqlite3 *to, struct hf_store_error *err);

/* seal.c */
HF_MUST_USE int hf__keys_new(const struct hf_suite *suite, const uint8_t key[static HF_KEY_LEN],
                             const uint8_t vault_id[static HF_HASH_LEN], struct hf__keys **ret,
                             struct hf_store_error *err);
/* The id of a row, by which it is found in the index. key: at most HF_STORE_KEY_MAX bytes. */
void hf__row_id(const struct hf_store *s, uint8_t collection, struct hf_bytes key,
                uint8_t ret[static HF__ID_LEN]);
/*
 * Seals a row into s->scratch, where its sealed bytes follow the prefix, and fills element of *e.
 * e: collection and seq are set.
 */
void hf__row_seal(struct hf_store *s, struct hf__entry *e, const struct hf_store_op *op,
                  struct hf_bytes *ret_sealed);
/*
 * Opens a row: fills id and element of *e. key and value point into s->secret_row, which the caller
 * wipes with hf__row_wipe. HF_ECORRUPT.
 */
HF_MUST_USE int hf__row_open(struct hf_store *s, struct hf__entry *e, struct hf_bytes sealed,
                             struct hf_bytes *ret_key, struct hf_bytes *ret_value,
                             struct hf_store_error *err);
/* Wipes what hf__row_open handed out; value is the one that it gave. */
void hf__row_wipe(struct hf_store *s, struct hf_bytes value);

/* Seals the row that hf__row_open has left in s->secret_row, value being what it gave, under the
 * present keys and e->seq, and wipes it: fills id and element of *e. */
void hf__row_reseal(struct hf_store *s, struct hf__entry *e, struct hf_bytes key,
                    struct hf_bytes value, struct hf_bytes *ret_sealed);

/* rekey.c */
/* What a vault was before it went under another key, for when the transaction fails. */
struct hf__before {
    struct hf__keys *keys; /* NULL: it did not */
    struct hf__index index;
    struct hf__plain plain;
};
/* Puts every row under another key, and the header; the head is the caller's. On failure all is as
 * it was but the database, in whose transaction this happens. *ret: to be given back by one of the
 * two below. */
HF_MUST_USE int hf__rekey(struct hf_store *s, const uint8_t key[static HF_KEY_LEN],
                          uint32_t version, struct hf__before *ret, struct hf_store_error *err);
/* The transaction is durable, or has failed. No-ops where nothing was put under another key. */
void hf__rekey_done(struct hf__before *before);
void hf__rekey_undo(struct hf_store *s, struct hf__before *before);

/* migrate.c */
/* HF_EVERSION: this release does not read it. what: "the vault". */
HF_MUST_USE int hf__format_check(int64_t format, const char *what, struct hf_store_error *err);
/* Makes the value that hf__row_open gave one of the newest format, in its place. HF_ECORRUPT. */
HF_MUST_USE int hf__format_row(struct hf_store *s, uint8_t collection, struct hf_bytes key,
                               struct hf_bytes *value, struct hf_store_error *err);
/* Keeps a copy of the database, and puts the open vault into the newest format, all or nothing. */
HF_MUST_USE int hf__migrate(struct hf_store *s, const uint8_t key[static HF_KEY_LEN],
                            struct hf_store_error *err);

/* head.c */
enum { HF__HEAD_LEN = 1 + 2 * HF_ID_LEN + 4 + 1 + 8 + 8 + HF__SUM_LEN + 8 + 8 + 1 };
enum { HF__HEAD_SEALED_LEN = HF__HEAD_LEN + HF_WRAP_OVERHEAD };
/* Adds a row to what the head counts and sums. */
void hf__head_add(struct hf__head *h, const struct hf__entry *e);
/* Takes a row, which was added, out of it. */
void hf__head_remove(struct hf__head *h, const struct hf__entry *e);
/* Seals the head, with the plain header in it. */
void hf__head_seal(const struct hf_suite *suite, struct hf__keys *keys,
                   const struct hf__plain *plain, const struct hf__head *h,
                   uint8_t ret[static HF__HEAD_SEALED_LEN]);
/* Opens the head and holds the plain header against the one inside. HF_ECORRUPT, HF_EROLLBACK,
 * HF_EVERSION. */
HF_MUST_USE int hf__head_open(const struct hf_suite *suite, const struct hf__keys *keys,
                              const struct hf__plain *plain, struct hf_bytes sealed,
                              struct hf__head *ret, struct hf_store_error *err);
/* Whether the rows found make up the head; if not, names the row. index holds the rows found. */
HF_MUST_USE int hf__head_judge(const struct hf__head *head, const struct hf__head *found,
                               const struct hf__index *index, struct hf_store_error *err);

/* index.c */
/* Room for count more entries, so that setting them cannot fail. HF_ENOMEM. */
HF_MUST_USE int hf__index_reserve(struct hf__index *x, size_t count);
/* NULL: not there. Valid until the index changes. */
struct hf__entry *hf__index_find(const struct hf__index *x, const uint8_t id[static HF__ID_LEN]);
/* Adds or replaces. */
void hf__index_set(struct hf__index *x, const struct hf__entry *e);
/* Removes an entry. No-op when there is none. */
void hf__index_remove(struct hf__index *x, const uint8_t id[static HF__ID_LEN]);
/* Frees the index. */
void hf__index_done(struct hf__index *x);

#endif
