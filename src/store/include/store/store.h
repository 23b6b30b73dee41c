/*
 * What a daemon keeps on its disk: the public state, that a locked node must know, and the vault,
 * sealed. The engine keeps everything in memory; this room makes it durable, and gives it back when
 * the vault is opened.
 *
 * One folder (0700) with one SQLite database, `vault.db` (0600, WAL, synchronous FULL), and a lock
 * file. Public state and vault share the file, because an update of the engine may touch both in
 * one durable step, and SQLite commits atomically across several files only as long as the power
 * stays on. Four tables:
 *
 *   public_state  key, value               plain, unauthenticated: a hint, never an authority
 *   vault_header  one row, plain           what a locked node must know; vault_head repeats it
 *   vault_head    one row, sealed          the header, the highest sequence, the number of rows,
 *                                          and the hash over all rows
 *   vault_row     seq, collection, sealed  one row for each vault row; sealed holds its key and
 *                                          its value
 *
 * A row is sealed by the suite's wrap; its associated data are the vault's id, the collection and
 * the write sequence. Its key is sealed with its value rather than listed beside it: it is
 * authenticated just the same, so that no value can be moved to another key, and the file does not
 * say whose shares it holds. The write sequence rises with every put and is never used twice by one
 * process, also when a commit fails. The hash over all rows is the sum, modulo 2^256, of a keyed
 * 256-bit MAC over each sealed row; the head holds it sealed, so no row can be rolled back,
 * removed, planted or doubled without the next opening noticing and naming it. Once the vault is
 * open the store works from what it keeps in memory (64 bytes a row, and some 64 KiB of the memory
 * for secrets) and never believes the disk again. That the whole file is an older one cannot be
 * told from the file alone.
 *
 * A vault that says `placing` may be made anew: the new database, with the public state carried
 * over, takes the name by rename, and the old one stays beside it as `vault.placing-N.db`. One that
 * says `placed` is never renamed, removed or overwritten; no error of any kind leads to an empty
 * vault.
 *
 * From the first commit until a clean close the database itself says that its log belongs to it, so
 * that one whose log was lost is refused; and that there is a vault, and that it is placed, stands
 * in the database itself, so that no loss of a log makes a vault look as if it had never been.
 *
 * A folder of an older format, where this release reads that, stays as it is until its vault is
 * opened: then a copy is kept as `vault.format-N.db`, and one transaction writes every row anew.
 * From then on no older release reads it. A newer format is refused unread. Public rows have one
 * form in all formats.
 *
 * Every call blocks, on the disk too; one thread at a time. The daemon's calls go through
 * store/writer.h.
 */
#ifndef HF_STORE_STORE_H
#define HF_STORE_STORE_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"
#include "base/vault.h"
#include "crypto/suite.h"

enum {
    HF_STORE_KEY_MAX = 64, /* bytes of a vault row's key, characters of a public row's key */
    HF_STORE_VALUE_MAX = 64 * 1024,    /* bytes of a vault row's value */
    HF_STORE_PUBLIC_MAX = 1024 * 1024, /* bytes of a public row's value */
    HF_STORE_OPS_MAX = 4096,           /* operations of one update */
    HF_STORE_SECRETS_MAX = 1024,       /* bytes of the slab for keys, at most, in four pieces */
    HF_STORE_TEXT_LEN = 384,           /* of an error's text, terminator included */
    /* Of the tables and of what the engine keeps in them: the one that is written. */
    HF_VAULT_FORMAT = 3,
    HF_VAULT_FORMAT_OLDEST = 3, /* that is migrated */
};

struct hf_store;

/* What went wrong, for a person. Filled by every call that fails and is given one; NULL where
 * the caller does not ask. */
struct hf_store_error {
    int code;        /* the code that the call returned */
    int sqlite_code; /* SQLite's extended code, 0 where SQLite was not involved */
    /* Terminated: what failed, where, and what to do; never a secret. */
    char text[HF_STORE_TEXT_LEN];
};

/* The plain header: what the disk says about its vault before the vault is opened. */
struct hf_vault_header {
    struct hf_network_id network; /* network id */
    struct hf_account account;
    uint32_t key_version;
    uint8_t state; /* enum hf_vault_state; all other fields are zero where it is HF_VAULT_NONE */
};

/*
 * Opens the folder, makes it where it is missing (its parent must exist), locks it and opens the
 * database, which finishes what a crash left. suite and dir are borrowed for the call (suite for as
 * long as the store is open). Needs hf_secret_init. The caller closes *ret with hf_store_close.
 * HF_ESTOREHELD: another process holds the folder; the text has its number. HF_EUNSAFE: owner, type
 * or mode of the folder or a file in it is wrong; the text says what to do. HF_EREADONLY,
 * HF_ENOSPACE, HF_EIO: the disk. HF_ECORRUPT: the database is damaged, or its tables are not ours,
 * or half of a vault or the log is missing. HF_EVERSION: a newer format, or one below
 * HF_VAULT_FORMAT_OLDEST. HF_EINVAL: the path is too long. HF_ENOMEM.
 */
HF_MUST_USE int hf_store_open(const char *dir, const struct hf_suite *suite, struct hf_store **ret,
                              struct hf_store_error *err);
/* Locks the vault, folds the log into the database, gives the folder back. NULL is legal. */
void hf_store_close(struct hf_store *s);

/* The plain header as last read or written. Unauthenticated until the vault is open. */
void hf_store_header(const struct hf_store *s, struct hf_vault_header *ret);
/* Whether the vault is open. */
bool hf_store_vault_is_open(const struct hf_store *s);

/* The format of the folder: hf_store_format_newest, or an older one until its vault is opened. */
int hf_store_format(const struct hf_store *s);
/* The format that this release writes: HF_VAULT_FORMAT but where a test plays a later release. */
int hf_store_format_newest(void);
/* The newest older format of which a copy is kept; 0: none. Asks the disk. */
int hf_store_kept(const struct hf_store *s);
/*
 * Removes the copies of older formats, where the folder is in the newest: when nothing depends on
 * them any more. HF_EIO, HF_EREADONLY.
 */
HF_MUST_USE int hf_store_settle(struct hf_store *s, struct hf_store_error *err);

/* Receives a public row. key is terminated; both are borrowed for the call. A
 * code other than 0 ends the walk. */
typedef int hf_store_public_fn(void *ctx, const char *key, struct hf_bytes value);
/*
 * Walks over the public rows in order of their keys. Returns what fn returned if not 0;
 * HF_ECORRUPT, HF_EIO, HF_ENOMEM.
 */
HF_MUST_USE int hf_store_public_each(struct hf_store *s, hf_store_public_fn *fn, void *ctx,
                                     struct hf_store_error *err);

/*
 * Makes an empty vault under key, state `placing`, and leaves it open. header->state is not looked
 * at. Where there is none yet, it is made in place; where there is one that says `placing`, a new
 * database takes its place and the old one is kept beside it (see above). After a failure or a
 * crash at any moment the folder holds either the old vault or the new one, and the public state.
 * HF_EVAULTSTATE: there is one that says `placed`, or one is open. HF_ENOSPACE, HF_EREADONLY,
 * HF_EIO, HF_ENOMEM.
 */
HF_MUST_USE int hf_store_vault_create(struct hf_store *s, const uint8_t key[static HF_KEY_LEN],
                                      const struct hf_vault_header *header,
                                      struct hf_store_error *err);

/*
 * Receives a vault row. key and value are borrowed for the call; value is secret, and wiped after
 * it. A code other than 0 ends the walk.
 */
typedef int hf_store_vault_fn(void *ctx, uint8_t collection, struct hf_bytes key,
                              struct hf_bytes value);
/*
 * Opens the vault: checks the key, reads and opens every row in the order in which they were
 * written, checks the whole against the head. Rows are handed out before the whole is judged, in
 * one pass, because a second reading could show other bytes: use none of them before this returns
 * 0. On failure the vault stays locked. HF_EVAULTKEY: not the key of this vault. HF_ECORRUPT: a row
 * or the head does not open, or the database is damaged. HF_EROLLBACK: rows and head are genuine,
 * and not of one moment. The text names collection and sequence of the row. HF_EVAULTSTATE: there
 * is no vault, or it is open. HF_EIO; HF_ENOSPACE; HF_ENOMEM; or what fn returned. One of an older
 * format is in the newest when this returns 0, and as it was else; fn receives rows as the newest
 * has them.
 */
HF_MUST_USE int hf_store_vault_open(struct hf_store *s, const uint8_t key[static HF_KEY_LEN],
                                    hf_store_vault_fn *fn, void *ctx, struct hf_store_error *err);
/* Wipes the keys that opening derived. The rows handed out are the caller's. */
void hf_store_vault_lock(struct hf_store *s);

enum hf_store_op_type {
    HF_STORE_VAULT_PUT = 1, /* collection, key, value */
    HF_STORE_VAULT_DEL,     /* collection, key; no such row is no error */
    HF_STORE_PUBLIC_PUT,    /* key (text without terminator), value */
    HF_STORE_PUBLIC_DEL,    /* key; no such row is no error */
    /* Moves the header from `placing` to `placed`; no error where it says so already. */
    HF_STORE_SET_PLACED,
    /*
     * Puts the vault under another key (value: HF_KEY_LEN bytes, secret) of a version (key: 4
     * bytes, big-endian), which the header says from then on: every row is sealed anew, those of
     * the operations before it too. HF_ECORRUPT: the disk has another row than was written.
     */
    HF_STORE_REKEY,
};

struct hf_store_op {
    uint8_t type;        /* enum hf_store_op_type */
    uint8_t collection;  /* of a vault row */
    struct hf_bytes key; /* 1..HF_STORE_KEY_MAX bytes; of a public row printable ASCII */
    /* Of a put, or a rekey; at most HF_STORE_VALUE_MAX or HF_STORE_PUBLIC_MAX bytes. */
    struct hf_bytes value;
};

/* Operations that become durable together or not at all, applied in order.
 * Everything is borrowed. */
struct hf_store_update {
    const struct hf_store_op *ops;
    size_t ops_count; /* <= HF_STORE_OPS_MAX; 0 is legal, and durable when what came before it is */
};

/*
 * Whether an update is within its bounds. HF_EINVAL: an unknown operation, an empty key, a public
 * key that is no printable ASCII, too many operations. HF_ETOOBIG: key or value above its bound.
 */
HF_MUST_USE int hf_store_update_check(const struct hf_store_update *u);

/*
 * Commits updates in order, in one transaction: when this returns 0, every update whose result is 0
 * is durable. ret_results[count]: 0, or why this update alone was left out: as
 * hf_store_update_check, or HF_EVAULTSTATE, because it touches the vault while that is locked. Its
 * neighbours are not affected. NULL is legal for count 1, whose result is then returned.
 * On failure nothing of the group is applied, ret_results is untouched, and the same group may be
 * given again. A crash that follows a failure may still show the group as committed, whole.
 * HF_ENOSPACE, HF_EREADONLY, HF_EIO, HF_ENOMEM: the same call succeeds once the cause has passed.
 * HF_ECORRUPT: permanent.
 */
HF_MUST_USE int hf_store_commit(struct hf_store *s, const struct hf_store_update *updates,
                                size_t count, int *ret_results, struct hf_store_error *err);

/*
 * Folds the log into the database when it has grown; after a commit, when there is time. A failure
 * costs nothing but a longer log, and is tried again by the next call.
 */
void hf_store_tidy(struct hf_store *s);

#endif
