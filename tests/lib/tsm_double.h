/*
 * A double of the kernel's report interface (configfs-tsm): a FUSE file system in a process of its
 * own, that serves quotes of a simulated machine and can be told to misbehave. It keeps the
 * kernel's habits: all of it belongs to who started it (root), with the modes of configfs; what is
 * written to `inblob` takes effect when the file is closed, each such write counts `generation` up
 * by one, and reading `outblob` makes the quote. Beside the folders stands `rtmr3:sha384`, a double
 * of the kernel's file of that name: it shows the register, and extends it by what is written.
 */
#ifndef HF_TESTS_TSM_DOUBLE_H
#define HF_TESTS_TSM_DOUBLE_H

#include "attest/dev.h"

#include <stdatomic.h>
#include <sys/types.h>

/* Shared between the test and the double. What counts down does so once for each time it takes
 * effect. */
struct tsm_double_knobs {
    atomic_int wrong_provider;   /* `provider` says sev_guest */
    atomic_int interferences;    /* down: another writer's write lands with ours */
    atomic_int lost_writes;      /* down: an inblob write is dropped without an error */
    atomic_int outblob_errno;    /* reading outblob fails with it ... */
    atomic_int outblob_failures; /* ... this many times, down */
    atomic_int mkdir_errno;      /* making a folder fails with it */
    atomic_int inblob_errno;     /* writing inblob fails with it */
    atomic_int outblob_len;      /* -1: all of it; shorter: cut, longer: padded with zeros */
    atomic_int other_data;       /* the quote holds other report data */
    atomic_int gate_closed;      /* reading outblob waits while it is set */
    atomic_int folders;          /* report folders there now */
    atomic_int folders_made;     /* ... ever */
    atomic_int folder_age_s;     /* how old folders look */
};

struct tsm_double {
    struct tsm_double_knobs *knobs;
    char path[64]; /* where it is mounted */
    pid_t pid;
};

/*
 * Mounts it. machine and td: of the quotes; used by the child only.
 * HF_EUNSUPPORTED: FUSE cannot be used here; ret is then untouched.
 */
HF_MUST_USE int tsm_double_start(const struct hf_dev_machine *machine, const struct hf_dev_td *td,
                                 struct tsm_double *ret);
/* Unmounts it and removes its folder. */
void tsm_double_stop(struct tsm_double *d);

/* A machine of an authority of its own that runs "image", and its double. */
struct tsm_machine {
    struct hf_dev_authority *authority;
    struct hf_dev_machine *machine;
    struct tsm_double kernel;
};

/* Makes and mounts it; the test is skipped where FUSE cannot be used. */
void tsm_machine_start(struct tsm_machine *ret);
/* Ends what tsm_machine_start has made, all of it or a part. */
void tsm_machine_stop(struct tsm_machine *m);

#endif
