/* Commits: several updates in one transaction, and memory that follows the disk whether it succeeds
 * or not. */
#include "internal.h"

#include <stdlib.h>

/* What a commit changes in memory, so that a failure can take it back in reverse. */
struct undo {
    struct hf__entry entry; /* as it was; seq 0: it was not there */
    uint8_t id[HF__ID_LEN];
};

struct commit {
    struct hf_store *s;
    struct hf_store_error *err;
    struct undo *undo;
    size_t undo_count;
    struct hf__head head_before;
    uint8_t state_before;
    struct hf__before before; /* the vault as it was before it went under another key */
    size_t undo_before;       /* changes before that: of the index that it had then */
    bool vault_changed;
    bool placed; /* the header says so from this commit on */
};

static bool touches_vault(const struct hf_store_update *u)
{
    for (size_t i = 0; i < u->ops_count; i++)
        if (u->ops[i].type == HF_STORE_VAULT_PUT || u->ops[i].type == HF_STORE_VAULT_DEL ||
            u->ops[i].type == HF_STORE_SET_PLACED || u->ops[i].type == HF_STORE_REKEY)
            return true;
    return false;
}

static int check_op(const struct hf_store_op *op)
{
    if (op->type == HF_STORE_SET_PLACED)
        return 0;
    if (op->type == HF_STORE_REKEY)
        return op->value.len == HF_KEY_LEN && op->key.len == 4 ? 0 : HF_EINVAL;
    bool public = op->type == HF_STORE_PUBLIC_PUT || op->type == HF_STORE_PUBLIC_DEL;
    if (!public && op->type != HF_STORE_VAULT_PUT && op->type != HF_STORE_VAULT_DEL)
        return HF_EINVAL;
    if (op->key.len == 0)
        return HF_EINVAL;
    if (op->key.len > HF_STORE_KEY_MAX)
        return HF_ETOOBIG;
    for (size_t i = 0; public && i < op->key.len; i++)
        if (op->key.data[i] <= ' ' || op->key.data[i] > '~')
            return HF_EINVAL;
    size_t max = op->type == HF_STORE_PUBLIC_PUT  ? HF_STORE_PUBLIC_MAX
                 : op->type == HF_STORE_VAULT_PUT ? HF_STORE_VALUE_MAX
                                                  : SIZE_MAX;
    return op->value.len > max ? HF_ETOOBIG : 0;
}

int hf_store_update_check(const struct hf_store_update *u)
{
    if (u->ops_count > HF_STORE_OPS_MAX)
        return HF_EINVAL;
    for (size_t i = 0; i < u->ops_count; i++) {
        int r = check_op(&u->ops[i]);
        if (r != 0)
            return r;
    }
    return 0;
}

/* Asked before and after the transaction; nothing that it looks at changes in between. */
static int verdict(const struct hf_store *s, const struct hf_store_update *u)
{
    int r = hf_store_update_check(u);
    return r == 0 && s->keys == NULL && touches_vault(u) ? HF_EVAULTSTATE : r;
}

static void remember(struct commit *c, const uint8_t *id, const struct hf__entry *before)
{
    struct undo *u = &c->undo[c->undo_count++];
    *u = (struct undo){0};
    memcpy(u->id, id, HF__ID_LEN);
    if (before != NULL)
        u->entry = *before;
    c->vault_changed = true;
}

static void take_back(struct commit *c)
{
    struct hf_store *s = c->s;
    if (c->before.keys != NULL)
        c->undo_count = c->undo_before;
    hf__rekey_undo(s, &c->before);
    while (c->undo_count > 0) {
        const struct undo *u = &c->undo[--c->undo_count];
        if (u->entry.seq != 0)
            hf__index_set(&s->index, &u->entry);
        else
            hf__index_remove(&s->index, u->id);
    }
    s->head = c->head_before;
    s->plain.header.state = c->state_before;
}

static int bind(struct hf_store *s, int rc, struct hf_store_error *err)
{
    return rc == SQLITE_OK ? 0 : hf__fail_sqlite(err, s->db, rc, "binding a value");
}

static int bind_bytes(struct hf_store *s, sqlite3_stmt *st, int at, struct hf_bytes b,
                      struct hf_store_error *err)
{
    /* A NULL pointer would bind NULL, and an empty value is a value. */
    int rc = b.len == 0 ? sqlite3_bind_zeroblob(st, at, 0)
                        : sqlite3_bind_blob(st, at, b.data, (int)b.len, SQLITE_STATIC);
    return bind(s, rc, err);
}

/* Takes a row's present write out of the database. Memory says that it is there. */
static int delete_write(struct commit *c, const struct hf__entry *old)
{
    struct hf_store *s = c->s;
    int r = 0;
    sqlite3_stmt *st = hf__db_stmt(s, HF__ROW_DELETE, &r, c->err);
    if (st == NULL || (r = bind(s, sqlite3_bind_int64(st, 1, (int64_t)old->seq), c->err)) != 0 ||
        (r = hf__db_run(s, st, "replacing a row of the vault", c->err)) != 0)
        return r;
    if (sqlite3_changes(s->db) != 1)
        return hf__fail(c->err, HF_ECORRUPT,
                        "row of collection %u, sequence %llu vanished while the vault was open",
                        old->collection, (unsigned long long)old->seq);
    return 0;
}

static int vault_put(struct commit *c, const struct hf_store_op *op)
{
    struct hf_store *s = c->s;
    struct hf__entry e = {.seq = s->seq_next, .collection = op->collection};
    hf_assert(e.seq < INT64_MAX);
    s->seq_next++;
    hf__row_id(s, op->collection, op->key, e.id);
    struct hf_bytes sealed;
    hf__row_seal(s, &e, op, &sealed);
    int code = 0;
    const struct hf__entry *old = hf__index_find(&s->index, e.id);
    if (old != NULL)
        code = delete_write(c, old);
    if (code != 0)
        return code;
    sqlite3_stmt *st = hf__db_stmt(s, HF__ROW_INSERT, &code, c->err);
    if (st == NULL || (code = bind(s, sqlite3_bind_int64(st, 1, (int64_t)e.seq), c->err)) != 0 ||
        (code = bind(s, sqlite3_bind_int(st, 2, e.collection), c->err)) != 0 ||
        (code = bind_bytes(s, st, 3, sealed, c->err)) != 0 ||
        (code = hf__db_run(s, st, "writing a row of the vault", c->err)) != 0)
        return code;
    remember(c, e.id, old);
    if (old != NULL)
        hf__head_remove(&s->head, old);
    hf__head_add(&s->head, &e);
    hf__index_set(&s->index, &e);
    return 0;
}

static int vault_delete(struct commit *c, const struct hf_store_op *op)
{
    struct hf_store *s = c->s;
    uint8_t id[HF__ID_LEN];
    hf__row_id(s, op->collection, op->key, id);
    const struct hf__entry *old = hf__index_find(&s->index, id);
    if (old == NULL)
        return 0;
    int r = delete_write(c, old);
    if (r != 0)
        return r;
    remember(c, id, old);
    hf__head_remove(&s->head, old);
    hf__index_remove(&s->index, id);
    return 0;
}

static int public_op(struct commit *c, const struct hf_store_op *op)
{
    struct hf_store *s = c->s;
    bool put = op->type == HF_STORE_PUBLIC_PUT;
    int r = 0;
    sqlite3_stmt *st = hf__db_stmt(s, put ? HF__PUBLIC_PUT : HF__PUBLIC_DELETE, &r, c->err);
    if (st == NULL)
        return r;
    int rc = sqlite3_bind_text(st, 1, (const char *)op->key.data, (int)op->key.len, SQLITE_STATIC);
    if ((r = bind(s, rc, c->err)) == 0 && put)
        r = bind_bytes(s, st, 2, op->value, c->err);
    return r != 0 ? r : hf__db_run(s, st, "writing the public state", c->err);
}

static int set_placed(struct commit *c)
{
    struct hf_store *s = c->s;
    if (s->plain.header.state == HF_VAULT_PLACED)
        return 0;
    int r = 0;
    sqlite3_stmt *st = hf__db_stmt(s, HF__HEADER_PLACED, &r, c->err);
    if (st == NULL || (r = hf__db_run(s, st, "writing the vault's header", c->err)) != 0)
        return r;
    if (sqlite3_changes(s->db) != 1)
        return hf__fail(c->err, HF_ECORRUPT, "the header vanished while the vault was open");
    s->plain.header.state = HF_VAULT_PLACED;
    c->vault_changed = true;
    c->placed = true;
    return 0;
}

static int rekey(struct commit *c, const struct hf_store_op *op)
{
    struct hf__before before = {0};
    uint32_t version = 0;
    for (size_t i = 0; i < op->key.len; i++)
        version = version << 8 | op->key.data[i];
    int r = hf__rekey(c->s, op->value.data, version, &before, c->err);
    if (r != 0)
        return r;
    c->vault_changed = true;
    if (c->before.keys != NULL) {
        hf__rekey_done(&before); /* twice in one transaction: what it was at first counts */
        return 0;
    }
    c->before = before;
    c->undo_before = c->undo_count;
    return 0;
}

static int apply(struct commit *c, const struct hf_store_update *u)
{
    int r = 0;
    for (size_t i = 0; i < u->ops_count && r == 0; i++) {
        switch (u->ops[i].type) {
        case HF_STORE_VAULT_PUT:
            r = vault_put(c, &u->ops[i]);
            break;
        case HF_STORE_VAULT_DEL:
            r = vault_delete(c, &u->ops[i]);
            break;
        case HF_STORE_SET_PLACED:
            r = set_placed(c);
            break;
        case HF_STORE_REKEY:
            r = rekey(c, &u->ops[i]);
            break;
        default:
            r = public_op(c, &u->ops[i]);
            break;
        }
    }
    return r;
}

static int write_head(struct commit *c)
{
    struct hf_store *s = c->s;
    uint8_t sealed[HF__HEAD_SEALED_LEN];
    s->head.seq_max = s->seq_next - 1;
    hf__head_seal(s->suite, s->keys, &s->plain, &s->head, sealed);
    int r = 0;
    sqlite3_stmt *st = hf__db_stmt(s, HF__HEAD_PUT, &r, c->err);
    if (st == NULL || (r = bind_bytes(s, st, 1, hf_bytes_of(sealed, sizeof sealed), c->err)) != 0 ||
        (r = hf__db_run(s, st, "writing the vault's head", c->err)) != 0)
        return r;
    return sqlite3_changes(s->db) == 1
               ? 0
               : hf__fail(c->err, HF_ECORRUPT, "the head vanished while the vault was open");
}

static int step(struct hf_store *s, enum hf__stmt which, const char *what,
                struct hf_store_error *err)
{
    int r = 0;
    sqlite3_stmt *st = hf__db_stmt(s, which, &r, err);
    return st != NULL ? hf__db_run(s, st, what, err) : r;
}

static int transact(struct commit *c, const struct hf_store_update *updates, size_t count)
{
    int r = step(c->s, HF__BEGIN, "beginning a commit", c->err);
    if (r != 0)
        return r;
    for (size_t i = 0; i < count && r == 0; i++)
        if (verdict(c->s, &updates[i]) == 0)
            r = apply(c, &updates[i]);
    if (r == 0 && c->vault_changed)
        r = write_head(c);
    if (r == 0)
        r = step(c->s, HF__COMMIT, "making a commit durable", c->err);
    if (r != 0) {
        hf__db_rollback(c->s);
        take_back(c);
        return r;
    }
    hf__rekey_done(&c->before);
    c->s->fold_due = c->s->fold_due || c->placed;
    return 0;
}

int hf_store_commit(struct hf_store *s, const struct hf_store_update *updates, size_t count,
                    int *ret_results, struct hf_store_error *err)
{
    struct commit c = {
        .s = s, .err = err, .head_before = s->head, .state_before = s->plain.header.state};
    hf_assert(ret_results != NULL || count == 1);
    int r = hf__db_ready(s, err);
    if (r != 0)
        return r;
    size_t ops = 0;
    for (size_t i = 0; i < count; i++)
        if (verdict(s, &updates[i]) == 0)
            ops += updates[i].ops_count;
    if (ops > 0) {
        if (s->wal_pages >= HF__WAL_PAGES_CROWDED)
            hf_store_tidy(s);
        /* Whatever memory takes is taken first: once the disk has changed, following it cannot
         * fail. */
        c.undo = calloc(ops, sizeof *c.undo);
        if (c.undo == NULL || (s->keys != NULL && hf__index_reserve(&s->index, ops) != 0))
            r = hf__fail(err, HF_ENOMEM, "no memory for a commit of %zu operations", ops);
        else if ((r = hf__db_mark(s, true, err)) == 0)
            r = transact(&c, updates, count);
        free(c.undo);
    }
    /* A log that is lost takes nothing with it but writes: never the word that a vault is placed.
     * Where this fails the group is given again, and changes nothing the second time. */
    if (r == 0 && s->fold_due)
        r = hf__db_fold(s, err);
    if (r != 0)
        return r;
    if (ret_results == NULL) {
        r = verdict(s, &updates[0]);
        return r != 0 ? hf__fail(err, r, "the update was refused: %s", hf_error_sentence(r)) : 0;
    }
    for (size_t i = 0; i < count; i++)
        ret_results[i] = verdict(s, &updates[i]);
    return 0;
}
