/*
 * Memory for secrets: one slab per process, two in a daemon, between guard pages, locked, left out
 * of core dumps, wiped when a piece is given back. libsodium's own allocator costs four mappings a
 * secret and stops locking silently past RLIMIT_MEMLOCK; one slab costs four mappings in all, and
 * its locking is checked.
 */
#ifndef HF_BASE_SECRET_H
#define HF_BASE_SECRET_H

#include "base/bytes.h"
#include "base/check.h"

/* Bytes of a slab that a piece of len takes. */
#define HF_SECRET_ROOM(len) (((size_t)(len) + 15) / 16 * 16 + 32)

/*
 * Makes the process's slab. len: bytes, rounded up to pages. must_lock: fail when it cannot be
 * locked (a daemon), or go on unlocked (a simulator with a million nodes). Also starts libsodium. A
 * second call is a no-op that succeeds. HF_ENOMEM: no address space. HF_ELOCKED_MEMORY: must_lock
 * and mlock failed (see RLIMIT_MEMLOCK).
 */
HF_MUST_USE int hf_secret_init(size_t len, bool must_lock);
/*
 * Makes a second slab, for rows on their way to a disk: how many of them there are is up to others
 * and to the disk, and they must not take the room that keys need. Parameters and errors as above.
 */
HF_MUST_USE int hf_secret_init_rows(size_t len, bool must_lock);
/* len bytes, zeroed, 16-byte aligned; NULL when the slab is full. Thread-safe. */
HF_MUST_USE void *hf_secret_alloc(size_t len);
/* The same, out of the slab for rows, or out of the only one where there is none. */
HF_MUST_USE void *hf_secret_alloc_rows(size_t len);
/* Wipes and gives back; freeing NULL is legal. A damaged canary aborts: something wrote past a
 * secret. */
void hf_secret_free(void *p);
/* Bytes of the slabs in use, for status and tests. */
size_t hf_secret_used(void);
/* Overwrites data[0..len) in a way that the compiler keeps. */
void hf_wipe(void *data, size_t len);
/* Whether a[0..len) and b[0..len) are equal, in time that depends on len alone. */
HF_MUST_USE bool hf_secret_equal(const void *a, const void *b, size_t len);

#endif
