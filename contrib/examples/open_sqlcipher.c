/*
 * Opens an SQLCipher database with a key from this machine's Holdfast daemon, counts its own starts
 * in it, and says the number, with the fencing token under which the key came. Neither the key nor
 * anything that gives it away is ever on disk.
 *
 *   cc open_sqlcipher.c $(pkg-config --cflags --libs holdfast sqlcipher) -o open_sqlcipher
 *   ./open_sqlcipher /var/lib/example/starts.db
 */
#define SQLITE_HAS_CODEC 1 /* or the header does not declare sqlite3_key */

#include <holdfast/holdfast.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum {
    WAIT_MS = 60000,                         /* for a daemon that is starting or recovering */
    TEXT_LEN = 2 + 2 * HOLDFAST_KEY_LEN + 1, /* of x'…' */
};

/*
 * SQLCipher takes x'<64 digits>' as the key itself, and anything else as a passphrase that it would
 * stretch for a fraction of a second: the key has its 256 bits already.
 */
static int give_key(sqlite3 *db, const struct holdfast_key *key)
{
    static const char digits[] = "0123456789abcdef";
    char text[TEXT_LEN] = "x'";
    for (size_t i = 0; i < HOLDFAST_KEY_LEN; i++) {
        text[2 + 2 * i] = digits[key->bytes[i] >> 4];
        text[3 + 2 * i] = digits[key->bytes[i] & 15];
    }
    text[TEXT_LEN - 1] = '\'';
    int r = sqlite3_key(db, text, sizeof text);
    explicit_bzero(text, sizeof text);
    return r;
}

static int print_count(void *claim, int columns, char **values, char **names)
{
    (void)columns, (void)names;
    printf("started %s times; fencing token %llu\n", values[0], *(unsigned long long *)claim);
    return 0;
}

/*
 * The token is kept beside each start, and none is lower than the one before: a copy of this
 * validator that was left behind ends here, if both share the database. A service that both can
 * reach would keep the highest in the same way, and check it with every request.
 */
static int count_starts(sqlite3 *db, unsigned long long claim)
{
    char text[400];
    snprintf(text, sizeof text,
             "CREATE TABLE IF NOT EXISTS starts (at TEXT NOT NULL, claim INTEGER NOT NULL);"
             "CREATE TRIGGER IF NOT EXISTS fence BEFORE INSERT ON starts"
             " WHEN NEW.claim < (SELECT max(claim) FROM starts)"
             " BEGIN SELECT RAISE(ABORT, 'another instance took over'); END;"
             "INSERT INTO starts VALUES (datetime('now'), %llu);"
             "SELECT count(*) FROM starts;",
             claim);
    /* With another key the first statement already fails: the file is not a database then. */
    return sqlite3_exec(db, text, print_count, &claim, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: open_sqlcipher DATABASE\n");
        return 2;
    }
    struct holdfast_key key;
    int r = holdfast_key_get("example-db", WAIT_MS, &key);
    if (r != 0) {
        fprintf(stderr, "no key: %s\n", holdfast_error_text(r));
        return 1;
    }
    sqlite3 *db = NULL;
    r = sqlite3_open(argv[1], &db);
    if (r == SQLITE_OK)
        r = give_key(db, &key);
    uint64_t claim = key.claim;
    holdfast_key_wipe(&key);
    if (r == SQLITE_OK)
        r = count_starts(db, claim);
    if (r != SQLITE_OK)
        fprintf(stderr, "%s: %s\n", argv[1], sqlite3_errmsg(db));
    sqlite3_close(db);
    return r == SQLITE_OK ? 0 : 1;
}
