#include "dev_world.h"

#include <criterion/criterion.h>

void dev_world_init(struct dev_world *w)
{
    static const uint8_t seed[HF_DEV_SEED_LEN] = {7};
    *w = (struct dev_world){.now_s = UINT64_C(1782907200), .trust = HF_TRUST_DEV};
    hf_dev_authority_spec_init(&w->authority_spec, w->now_s - 1000);
    w->authority_spec.seed = seed;
    hf_dev_machine_spec_init(&w->machine_spec, hf_bytes_of("machine", 7), w->now_s - 1000);
    hf_dev_td_init(&w->td, "image");
    hf_dev_collateral_spec_init(&w->collateral_spec, w->now_s - 1000, 100000);
    memset(w->report_data, 0x5a, sizeof w->report_data);
}

void dev_world_prepare(struct dev_world *w)
{
    const struct hf_bytes info = hf_buf_bytes(&w->documents.tcb_info);
    const struct hf_collateral_source source = {
        .qe_identity = hf_buf_bytes(&w->documents.qe_identity),
        .tcb_infos = &info,
        .tcb_info_count = 1,
        .tcb_signing_chain = hf_buf_bytes(&w->documents.tcb_signing_chain),
        .pck_lists = {{hf_buf_bytes(&w->documents.pck_crl),
                       hf_buf_bytes(&w->documents.pck_crl_issuer_chain)}},
        .root_ca_crl = hf_buf_bytes(&w->documents.root_ca_crl),
    };
    const struct hf_roots roots = {.trust = HF_TRUST_DEV, .dev_key = w->root_key};
    hf_collateral_unref(w->collateral);
    cr_assert_eq(hf_collateral_new(&source, &roots, &w->collateral), 0);
}

void dev_world_make(struct dev_world *w)
{
    cr_assert_eq(hf_dev_authority_new(&w->authority_spec, &w->authority), 0);
    cr_assert_eq(hf_dev_machine_new(w->authority, &w->machine_spec, &w->machine), 0);
    hf_buf_init(&w->quote, HF_QUOTE_MAX);
    cr_assert_eq(hf_dev_quote_make(w->machine, &w->td, w->format, w->report_data, &w->quote), 0);
    cr_assert_eq(hf_dev_collateral_make(w->authority, &w->collateral_spec, &w->documents), 0);
    hf_dev_authority_root_key(w->authority, w->root_key);
    dev_world_prepare(w);
}

struct hf_verdict dev_world_verify(const struct dev_world *w, struct hf_verify_cache *cache,
                                   struct hf_verify_report *report)
{
    struct hf_verdict v;
    const struct hf_verify_params params = {
        .at_s = w->now_s,
        .roots = {.trust = w->trust, .dev_key = w->root_key},
        .collateral = w->collateral,
        .cache = cache,
    };
    cr_assert_eq(hf_quote_verify(hf_buf_bytes(&w->quote), &params, &v, report), 0);
    return v;
}

int dev_world_error(struct dev_world *w)
{
    dev_world_make(w);
    int error = dev_world_verify(w, NULL, NULL).error;
    dev_world_done(w);
    return error;
}

void dev_world_done(struct dev_world *w)
{
    hf_collateral_unref(w->collateral);
    hf_dev_collateral_done(&w->documents);
    hf_buf_done(&w->quote);
    hf_dev_machine_free(w->machine);
    hf_dev_authority_free(w->authority);
    w->collateral = NULL;
}
