#include "attest/dev.h"
#include "base/error.h"
#include "fail_alloc.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

enum { NOW_S = 1760000000 };

/* One of each, as a network's tool and a daemon's start make them; frees what was made. */
static int make_everything(const char *where)
{
    char file[128];
    struct hf_dev_authority_spec spec;
    struct hf_dev_collateral_spec collateral_spec;
    struct hf_dev_authority *a = NULL;
    struct hf_dev_machine *m = NULL;
    struct hf_dev_collateral c;
    struct hf_producer *p = NULL;
    struct hf_dev_td td;
    hf_dev_authority_spec_init(&spec, NOW_S);
    hf_dev_collateral_spec_init(&collateral_spec, NOW_S, 86400);
    hf_dev_td_init(&td, "image");
    snprintf(file, sizeof file, "%s/machine.pem", where);
    int rc = hf_dev_authority_new(&spec, &a);
    if (rc == 0)
        rc = hf_dev_authority_save(a, where);
    if (rc == 0)
        rc = hf_dev_collateral_make(a, &collateral_spec, &c);
    hf_dev_authority_free(a);
    if (rc == 0)
        hf_dev_collateral_done(&c);
    if (rc == 0)
        rc = hf_dev_machine_open(file, where, hf_bytes_of("x", 1), NOW_S, &m);
    if (rc == 0)
        rc = hf_dev_producer_new_takes(m, &td, &p);
    if (rc == 0)
        hf_producer_free(p);
    else
        hf_dev_machine_free(m);
    return rc;
}

Test(hf_dev_producer, failed_allocation_anywhere_is_told, .timeout = 60)
{
    char folder[HF_SCRATCH_PATH_LEN];
    bool failed = true;
    hf_scratch_make(folder);
    for (size_t index = 0; failed; index++) {
        char file[128];
        snprintf(file, sizeof file, "%s/machine.pem", folder);
        (void)unlink(file);
        hf_fail_alloc_at(index, index % 2 == 0);
        int rc = make_everything(folder);
        failed = hf_fail_alloc_off();
        cr_assert_eq(rc, failed ? HF_ENOMEM : 0, "allocation %zu: %s", index, hf_error_name(rc));
    }
    hf_scratch_remove(folder);
}
