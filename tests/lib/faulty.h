/*
 * A disk and a memory that fail on command, under SQLite: a VFS over the usual one that counts the
 * calls that change something and fails the ones asked for, or loses what was not synced, as a
 * power cut does. Calls to sync are counted and not made: only the test's order of events matters,
 * not the real disk.
 */
#ifndef HF_TEST_FAULTY_H
#define HF_TEST_FAULTY_H

#include <stdbool.h>
#include <stdint.h>

enum faulty_kind {
    FAULTY_NONE = 0,
    FAULTY_FULL,      /* ENOSPC; a sync or an unlink still works */
    FAULTY_IO,        /* EIO */
    FAULTY_READONLY,  /* EROFS */
    FAULTY_POWER_CUT, /* EIO for ever, until faulty_power_on */
};

/* Becomes SQLite's default VFS. Once a process, before anything else uses SQLite. */
void faulty_install(void);
/*
 * From now on counts from 0 and fails call number at, and all later ones where persistent. at < 0:
 * none. May be called from any thread.
 */
void faulty_set(enum faulty_kind kind, long at, bool persistent);
/* Calls that were counted since. */
long faulty_count(void);
/*
 * After a power cut, with everything closed: of each file, every write that was not synced is kept,
 * lost or cut off at a sector by chance, as the seed decides.
 */
void faulty_power_on(uint64_t *seed);

/* The same for SQLite's allocations. */
void faulty_memory_set(long at, bool persistent);
long faulty_memory_count(void);

#endif
