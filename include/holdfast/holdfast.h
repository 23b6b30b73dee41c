/*
 * libholdfast: an application's key from the Holdfast daemon of this machine, and a quote over a
 * public key of the application's own.
 *
 *     struct holdfast_key key;
 *     int r = holdfast_key_get("tss-db", 30000, &key);
 *     if (r != 0) {
 *         fprintf(stderr, "%s\n", holdfast_error_text(r));
 *         ...
 *     }
 *     ... use key.bytes ...
 *     holdfast_key_wipe(&key);
 *
 * A host can copy a disk and start the validator twice. Then one of the two speaks for the account,
 * and the other is told to stop as soon as it hears of it; what it was given before, it has. So
 * every key comes with a fencing token. Whatever the application writes to or signs with, if both
 * can reach it, remembers the highest token that it has seen and refuses a lower one.
 *
 * The first release of a name needs a daemon in the state ready; later ones need only that it has
 * recovered. The same name always gives the same key, on this validator and on no other.
 *
 * Every function may be called from any thread; none keeps state between calls.
 */
#ifndef HOLDFAST_HOLDFAST_H
#define HOLDFAST_HOLDFAST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HOLDFAST_KEY_LEN = 32,
    HOLDFAST_NETWORK_LEN = 32,
    HOLDFAST_NAME_MAX = 64, /* characters of a key's name */
    HOLDFAST_BYTES_LEN = 64,
    HOLDFAST_NONCE_LEN = 32,
    HOLDFAST_QUOTE_MAX = 17408,
};

/* Where the daemon listens when neither the caller nor HOLDFAST_SOCKET in the environment says. */
#define HOLDFAST_SOCKET "/run/holdfast/socket"

/* What a call returns: 0, or one of these. Those marked + may pass by themselves. */
enum holdfast_error {
    HOLDFAST_OK = 0,
    HOLDFAST_NO_DAEMON = -1,     /* + no daemon listens on the socket */
    HOLDFAST_DENIED = -2,        /* the socket or the daemon belongs to another user */
    HOLDFAST_NOT_READY = -3,     /* + locked, recovering, or not ready for the first release */
    HOLDFAST_NAME = -4,          /* not a key's name: 1 to 64 characters of a-z 0-9 - _ . */
    HOLDFAST_REFUSED = -5,       /* only a person can help: see the daemon's status */
    HOLDFAST_PROTOCOL = -6,      /* the daemon's answer makes no sense to this library */
    HOLDFAST_MEMORY = -7,        /* + out of memory */
    HOLDFAST_OTHER_NETWORK = -8, /* the daemon's network is another than the one expected */
    HOLDFAST_NEWEST = -9,        /* the key is of the newest version: there is no other to go to */
    HOLDFAST_VERSION = -10,      /* the key does not move to this version */
};

/* A key. Secret: wipe it with holdfast_key_wipe. */
struct holdfast_key {
    uint8_t bytes[HOLDFAST_KEY_LEN];
    uint8_t network[HOLDFAST_NETWORK_LEN]; /* id of the network whose validators keep its shares */
    uint32_t version;                      /* of the root secret from which it comes */
    /* Fencing token, above 0: the claim under which the validator speaks. Of two instances of one
     * validator the one that took over has the higher; a restart of the daemon raises it. Not
     * secret. */
    uint64_t claim;
};

/* Both keys of a name that moves to a newer version. Secret: wipe both. */
struct holdfast_keys {
    struct holdfast_key key;  /* what was encrypted with so far */
    struct holdfast_key next; /* what to encrypt with from now on */
};

/* A quote, as a file that `holdfast quote verify --application` reads. Not secret. */
struct holdfast_quote {
    uint8_t bytes[HOLDFAST_QUOTE_MAX];
    size_t len;
};

/* How holdfast_key_get_with and holdfast_quote_make_with ask. Zeroed fields stand for what is said
 * beside them. */
struct holdfast_options {
    /* Path; NULL: HOLDFAST_SOCKET in the environment, then the macro. Several paths, divided by
     * colons, are asked in turn until one does not refuse for now: an old release hands over to a
     * new one beside it, and the application does not notice. */
    const char *socket;
    uint32_t wait_ms;       /* how long to wait for what may pass by itself; 0: not at all */
    const uint8_t *network; /* HOLDFAST_NETWORK_LEN bytes that the network's id must be; NULL: any.
                               A host that plants another network's configuration is found out */
};

/*
 * Gets the key of a name. name: terminated. wait_ms: milliseconds to wait for a daemon that is
 * starting or recovering; 0: not at all. ret_key: untouched on failure. Returns 0 or an enum
 * holdfast_error.
 */
int holdfast_key_get(const char *name, uint32_t wait_ms, struct holdfast_key *ret_key)
    __attribute__((warn_unused_result));

/* The same with options. */
int holdfast_key_get_with(const char *name, const struct holdfast_options *options,
                          struct holdfast_key *ret_key) __attribute__((warn_unused_result));

/*
 * Moves the key of a name to the newest version of the root secret, and gets both keys. The
 * caller encrypts anew what the older protects, and then confirms the newer version; until then
 * holdfast_key_get goes on giving the older, and this call gives the same two again, also after a
 * crash. HOLDFAST_NEWEST: it is of the newest already, and nothing is to be done. name, wait_ms and
 * errors as above; ret_keys: untouched on failure.
 */
int holdfast_key_rotate(const char *name, uint32_t wait_ms, struct holdfast_keys *ret_keys)
    __attribute__((warn_unused_result));

/* The same with options. */
int holdfast_key_rotate_with(const char *name, const struct holdfast_options *options,
                             struct holdfast_keys *ret_keys) __attribute__((warn_unused_result));

/*
 * Says that nothing needs a key of this name any more but that of version, which is next.version of
 * a call above. To confirm twice is the same as once. HOLDFAST_VERSION: the name is of another
 * version, and does not move to this one. Errors as above.
 */
int holdfast_key_confirm(const char *name, uint32_t version, uint32_t wait_ms)
    __attribute__((warn_unused_result));

/* The same with options. */
int holdfast_key_confirm_with(const char *name, uint32_t version,
                              const struct holdfast_options *options)
    __attribute__((warn_unused_result));

/*
 * Asks the daemon for a quote that shows others whose public key this is: one of software on this
 * validator's machine, attested now. bytes: HOLDFAST_BYTES_LEN, the public key or a hash of it.
 * nonce: HOLDFAST_NONCE_LEN, drawn by the party that is to be shown the quote, or it could be an
 * old one. Which application asked is not in it. wait_ms, ret_quote and errors as above.
 */
int holdfast_quote_make(const uint8_t *bytes, const uint8_t *nonce, uint32_t wait_ms,
                        struct holdfast_quote *ret_quote) __attribute__((warn_unused_result));

/* The same with options. */
int holdfast_quote_make_with(const uint8_t *bytes, const uint8_t *nonce,
                             const struct holdfast_options *options,
                             struct holdfast_quote *ret_quote) __attribute__((warn_unused_result));

/* Overwrites a key in a way that the compiler keeps. */
void holdfast_key_wipe(struct holdfast_key *key);

/* A sentence for a person; a static string, without a full stop. */
const char *holdfast_error_text(int error);

/* "0.1.0": of the library that runs. */
const char *holdfast_version(void);

#ifdef __cplusplus
}
#endif

#endif
