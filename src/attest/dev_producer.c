#include "dev_machine.h"
#include "base/error.h"
#include "base/hex.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct dev_producer {
    struct hf_producer base;
    struct hf_dev_machine *machine;
    struct hf_dev_td td;
    atomic_uint_fast64_t made;
    atomic_uint_fast64_t failed;
    atomic_int last_error;
};

static int make(struct hf_producer *p, const uint8_t report_data[static 64], uint64_t deadline_ms,
                struct hf_buf *ret_quote)
{
    struct dev_producer *dev = (struct dev_producer *)p;
    (void)deadline_ms; /* one signature takes tens of microseconds */
    int r = hf_dev_quote_make(dev->machine, &dev->td, HF_DEV_QUOTE_V4, report_data, ret_quote);
    if (r != 0)
        hf_buf_clear(ret_quote);
    atomic_fetch_add(r == 0 ? &dev->made : &dev->failed, 1);
    atomic_store(&dev->last_error, r);
    return r;
}

static void facts(struct hf_producer *p, struct hf_producer_facts *ret)
{
    struct dev_producer *dev = (struct dev_producer *)p;
    char ppid[2 * HF_PPID_LEN + 1];
    hf_hex_encode(dev->machine->ppid, HF_PPID_LEN, ppid);
    *ret = (struct hf_producer_facts){.made = atomic_load(&dev->made),
                                      .failed = atomic_load(&dev->failed),
                                      .last_error = atomic_load(&dev->last_error)};
    snprintf(ret->where, sizeof ret->where, "simulated machine %s", ppid);
}

static void release(struct hf_producer *p)
{
    struct dev_producer *dev = (struct dev_producer *)p;
    hf_dev_machine_free(dev->machine);
    free(dev);
}

static const struct hf_producer_ops dev_ops = {
    .platform = "dev",
    .trust = HF_TRUST_DEV,
    .make = make,
    .facts = facts,
    .free = release,
};

int hf_dev_producer_new_takes(struct hf_dev_machine *machine, const struct hf_dev_td *td,
                              struct hf_producer **ret)
{
    struct dev_producer *dev = calloc(1, sizeof *dev);
    if (dev == NULL)
        return HF_ENOMEM;
    dev->base.ops = &dev_ops;
    dev->machine = machine;
    dev->td = *td;
    *ret = &dev->base;
    return 0;
}
