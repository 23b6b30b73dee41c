/* Sets of collateral: what they say of their documents, and that the newer of each wins. */
#include "base/error.h"
#include "base/file.h"
#include "dev_world.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* A world whose set is as bend makes it. */
static void make(struct dev_world *w, void (*bend)(struct hf_dev_collateral_spec *c))
{
    dev_world_init(w);
    if (bend != NULL)
        bend(&w->collateral_spec);
    dev_world_make(w);
}

static void expired_tcb_info(struct hf_dev_collateral_spec *c)
{
    c->tcb_info.from_s -= 1000000;
    c->tcb_info.to_s = c->tcb_info.from_s + 1000;
}

/* The platform of the world's collateral, three times. */
static const uint8_t *fmspcs_of(const struct dev_world *w)
{
    static uint8_t three[3][HF_FMSPC_LEN];
    for (size_t i = 0; i < 3; i++)
        memcpy(three[i], w->collateral_spec.fmspc, HF_FMSPC_LEN);
    return three[0];
}

static uint64_t number_of(const struct hf_collateral *c, enum hf_collateral_kind kind,
                          const uint8_t *fmspc, uint64_t *ret_issue_s)
{
    struct hf_document_info info;
    cr_assert_eq(hf_collateral_info(c, kind, fmspc, &info), 0);
    cr_assert_eq(info.error, 0, "%s", hf_error_name(info.error));
    *ret_issue_s = info.issue_date_s;
    return info.evaluation_number;
}

Test(hf_collateral_info, tells_dates_and_numbers)
{
    struct dev_world w;
    struct hf_document_info info;
    make(&w, NULL);
    const uint8_t *fmspc = w.collateral_spec.fmspc;
    cr_assert_eq(hf_collateral_info(w.collateral, HF_DOCUMENT_TCB_INFO, fmspc, &info), 0);
    cr_assert_eq(info.error, 0);
    cr_assert_eq(info.evaluation_number, 17);
    cr_assert_eq(info.issue_date_s, w.now_s - 1000);
    cr_assert_eq(info.not_after_s, w.now_s + 99000);
    cr_assert_eq(hf_collateral_expiry_s(w.collateral), w.now_s + 99000);
    cr_assert_eq(hf_collateral_issue_date_s(w.collateral), w.now_s - 1000);
    static const uint8_t other[HF_FMSPC_LEN] = {1};
    cr_assert_eq(hf_collateral_info(w.collateral, HF_DOCUMENT_TCB_INFO, other, &info),
                 HF_ECOLLMISSING);
    dev_world_done(&w);
}

/* A folder in whatever order: names that differ in letter case are of one platform. */
Test(hf_collateral_new, of_two_tcb_infos_of_one_platform_the_newer_stays)
{
    struct dev_world w, expired;
    uint64_t issue_s;
    make(&w, NULL);
    make(&expired, expired_tcb_info);
    struct hf_buf old = {0};
    hf_buf_init(&old, 1 << 16);
    cr_assert_eq(hf_dev_tcb_info_make(w.authority, &expired.collateral_spec, &old), 0);
    for (int order = 0; order < 3; order++) {
        struct hf_bytes new = hf_buf_bytes(&w.documents.tcb_info), was = hf_buf_bytes(&old);
        struct hf_bytes broken = hf_bytes_of(new.data, new.len - 1);
        struct hf_bytes infos[] = {order == 1 ? new : was, order == 0 ? new : was,
                                   order == 1 ? was : new};
        if (order == 2)
            infos[0] = broken;
        const uint8_t(*asked)[HF_FMSPC_LEN] = (const uint8_t(*)[HF_FMSPC_LEN])fmspcs_of(&w);
        const struct hf_collateral_source source = {
            .qe_identity = hf_buf_bytes(&w.documents.qe_identity),
            .tcb_infos = infos,
            .tcb_info_count = 3,
            .tcb_fmspcs = asked,
            .tcb_signing_chain = hf_buf_bytes(&w.documents.tcb_signing_chain),
            .pck_lists = {{hf_buf_bytes(&w.documents.pck_crl),
                           hf_buf_bytes(&w.documents.pck_crl_issuer_chain)}},
            .root_ca_crl = hf_buf_bytes(&w.documents.root_ca_crl)};
        const struct hf_roots roots = {.trust = HF_TRUST_DEV, .dev_key = w.root_key};
        struct hf_collateral *c;
        cr_assert_eq(hf_collateral_new(&source, &roots, &c), 0);
        number_of(c, HF_DOCUMENT_TCB_INFO, w.collateral_spec.fmspc, &issue_s);
        cr_assert_eq(issue_s, w.now_s - 1000, "%d", order);
        cr_assert_eq(hf_collateral_check(c, w.now_s, NULL), 0, "%d", order);
        hf_collateral_unref(c);
    }
    hf_buf_done(&old);
    dev_world_done(&w);
    dev_world_done(&expired);
}

Test(hf_collateral_check, names_the_first_document_that_is_not_fit)
{
    struct dev_world w;
    enum hf_collateral_kind kind;
    make(&w, NULL);
    cr_assert_eq(hf_collateral_check(w.collateral, w.now_s, NULL), 0);
    cr_assert_eq(hf_collateral_check(w.collateral, w.now_s + 99001, &kind), HF_ECOLLEXPIRED);
    cr_assert_eq(hf_collateral_check(w.collateral, w.now_s - 1001, &kind), HF_ECOLLEARLY);
    hf_buf_clear(&w.documents.root_ca_crl);
    dev_world_prepare(&w);
    cr_assert_eq(hf_collateral_check(w.collateral, w.now_s, &kind), HF_ECOLLMISSING);
    cr_assert_eq(kind, HF_DOCUMENT_ROOT_CRL);
    w.documents.tcb_info.data[w.documents.tcb_info.len / 2] ^= 1;
    hf_buf_clear(&w.documents.qe_identity);
    dev_world_prepare(&w);
    cr_assert_eq(hf_collateral_check(w.collateral, w.now_s, &kind), HF_ECOLLMISSING);
    cr_assert_eq(kind, HF_DOCUMENT_QE_IDENTITY);
    dev_world_done(&w);
}

static void newer_evaluation(struct hf_dev_collateral_spec *c)
{
    c->evaluation_number++;
    c->tcb_info.from_s -= 10; /* though issued earlier */
    c->pck_crl.from_s -= 10;
    c->root_crl.from_s += 10;
}

Test(hf_collateral_merge, takes_the_newer_of_each_document)
{
    struct dev_world held, offered;
    struct hf_collateral *merged;
    size_t older;
    uint64_t issue_s;
    make(&held, NULL);
    make(&offered, newer_evaluation);
    const uint8_t *fmspc = held.collateral_spec.fmspc;
    cr_assert_eq(
        hf_collateral_merge(held.collateral, offered.collateral, held.now_s, &merged, &older), 0);
    cr_assert_eq(older, 1);
    cr_assert_eq(number_of(merged, HF_DOCUMENT_TCB_INFO, fmspc, &issue_s), 18);
    cr_assert_eq(issue_s, held.now_s - 1010);
    cr_assert_eq(number_of(merged, HF_DOCUMENT_QE_IDENTITY, NULL, &issue_s), 18);
    number_of(merged, HF_DOCUMENT_PCK_CRL, NULL, &issue_s);
    cr_assert_eq(issue_s, held.now_s - 1000);
    number_of(merged, HF_DOCUMENT_ROOT_CRL, NULL, &issue_s);
    cr_assert_eq(issue_s, held.now_s - 990);
    hf_collateral_unref(merged);
    /* The other way round, the older is offered and left out. */
    cr_assert_eq(
        hf_collateral_merge(offered.collateral, held.collateral, held.now_s, &merged, &older), 0);
    cr_assert_eq(older, 3);
    cr_assert_eq(number_of(merged, HF_DOCUMENT_TCB_INFO, fmspc, &issue_s), 18);
    hf_collateral_unref(merged);
    dev_world_done(&held);
    dev_world_done(&offered);
}

static void of_the_future(struct hf_dev_collateral_spec *c)
{
    c->evaluation_number++;
    c->tcb_info.from_s += 5000;
}

Test(hf_collateral_merge, what_cannot_be_used_replaces_nothing)
{
    struct dev_world held, offered;
    struct hf_collateral *merged;
    uint64_t issue_s;
    make(&held, NULL);
    make(&offered, of_the_future);
    const uint8_t *fmspc = held.collateral_spec.fmspc;
    offered.documents.qe_identity.data[offered.documents.qe_identity.len - 5] ^= 1;
    dev_world_prepare(&offered);
    cr_assert_eq(
        hf_collateral_merge(held.collateral, offered.collateral, held.now_s, &merged, NULL), 0);
    cr_assert_eq(number_of(merged, HF_DOCUMENT_TCB_INFO, fmspc, &issue_s), 17);
    cr_assert_eq(number_of(merged, HF_DOCUMENT_QE_IDENTITY, NULL, &issue_s), 17);
    hf_collateral_unref(merged);
    dev_world_done(&held);
    dev_world_done(&offered);
}

static void of_another_platform(struct hf_dev_collateral_spec *c)
{
    c->fmspc[0] = 0x11;
}

Test(hf_collateral_merge, keeps_every_platform)
{
    struct dev_world held, offered;
    struct hf_collateral *merged;
    uint64_t issue_s;
    make(&held, NULL);
    make(&offered, of_another_platform);
    cr_assert_eq(hf_collateral_merge(NULL, held.collateral, 0, &merged, NULL), 0);
    hf_collateral_unref(merged);
    cr_assert_eq(
        hf_collateral_merge(held.collateral, offered.collateral, held.now_s, &merged, NULL), 0);
    number_of(merged, HF_DOCUMENT_TCB_INFO, held.collateral_spec.fmspc, &issue_s);
    number_of(merged, HF_DOCUMENT_TCB_INFO, offered.collateral_spec.fmspc, &issue_s);
    hf_collateral_unref(merged);
    offered.root_key[0] ^= 1;
    dev_world_prepare(&offered);
    cr_assert_eq(
        hf_collateral_merge(held.collateral, offered.collateral, held.now_s, &merged, NULL),
        HF_EINVAL);
    dev_world_done(&held);
    dev_world_done(&offered);
}

/* Two worlds of one authority, whose machines and lists are of either CA; with both lists. */
struct fleet {
    struct dev_world platform, processor;
    struct hf_collateral *both;
};

static struct hf_collateral *set_of(const struct dev_world *w, const struct dev_world *first,
                                    const struct dev_world *second)
{
    const struct hf_bytes info = hf_buf_bytes(&w->documents.tcb_info);
    struct hf_collateral_source source = {.qe_identity = hf_buf_bytes(&w->documents.qe_identity),
                                          .tcb_infos = &info,
                                          .tcb_info_count = 1,
                                          .tcb_signing_chain =
                                              hf_buf_bytes(&w->documents.tcb_signing_chain),
                                          .root_ca_crl = hf_buf_bytes(&w->documents.root_ca_crl)};
    const struct dev_world *of[] = {first, second};
    const struct hf_roots roots = {.trust = HF_TRUST_DEV, .dev_key = w->root_key};
    struct hf_collateral *c;
    for (size_t i = 0; i < HF_PCK_CAS_MAX; i++)
        if (of[i] != NULL)
            source.pck_lists[i] =
                (struct hf_pck_list_source){hf_buf_bytes(&of[i]->documents.pck_crl),
                                            hf_buf_bytes(&of[i]->documents.pck_crl_issuer_chain)};
    cr_assert_eq(hf_collateral_new(&source, &roots, &c), 0);
    return c;
}

static void fleet_make(struct fleet *f, bool revoked)
{
    static uint8_t serial[1][HF_DEV_SERIAL_LEN];
    make(&f->platform, NULL);
    dev_world_init(&f->processor);
    f->processor.machine_spec.ca = f->processor.collateral_spec.ca = HF_DEV_CA_PROCESSOR;
    dev_world_make(&f->processor);
    if (revoked) {
        struct dev_world *w = &f->processor;
        hf_dev_machine_serial(w->machine, serial[0]);
        w->collateral_spec.pck_revoked = serial;
        w->collateral_spec.pck_revoked_count = 1;
        hf_dev_collateral_done(&w->documents);
        cr_assert_eq(hf_dev_collateral_make(w->authority, &w->collateral_spec, &w->documents), 0);
        dev_world_prepare(w);
    }
    f->both = set_of(&f->platform, &f->platform, &f->processor);
}

static void fleet_done(struct fleet *f)
{
    hf_collateral_unref(f->both);
    dev_world_done(&f->platform);
    dev_world_done(&f->processor);
}

static int error_by(struct dev_world *w, struct hf_collateral *c)
{
    struct hf_collateral *own = w->collateral;
    w->collateral = c;
    int error = dev_world_verify(w, NULL, NULL).error;
    w->collateral = own;
    return error;
}

Test(hf_collateral_new, of_both_pck_cas_judges_the_machines_of_both)
{
    struct fleet f;
    fleet_make(&f, false);
    cr_assert_eq(error_by(&f.platform, f.both), 0);
    cr_assert_eq(error_by(&f.processor, f.both), 0);
    cr_assert_eq(error_by(&f.processor, f.platform.collateral), HF_ECOLLMISSING, "with one alone");
    cr_assert_eq(hf_collateral_check(f.both, f.platform.now_s, NULL), 0);
    struct hf_collateral *turned = set_of(&f.platform, &f.processor, &f.platform);
    cr_assert_eq(error_by(&f.platform, turned), 0, "in whichever order");
    cr_assert_eq(error_by(&f.processor, turned), 0);
    hf_collateral_unref(turned);
    fleet_done(&f);
    fleet_make(&f, true);
    cr_assert_eq(error_by(&f.platform, f.both), 0, "one CA's list revokes nothing of the other's");
    cr_assert_eq(error_by(&f.processor, f.both), HF_EPCKREVOKED);
    fleet_done(&f);
}

Test(hf_collateral_merge, lists_of_different_pck_cas_stand_beside_each_other)
{
    struct fleet f;
    struct hf_collateral *merged, *other, *again;
    size_t older = 9;
    fleet_make(&f, false);
    uint64_t now_s = f.platform.now_s;
    other = set_of(&f.platform, &f.processor, NULL);
    cr_assert_eq(hf_collateral_merge(f.platform.collateral, other, now_s, &merged, &older), 0);
    cr_assert_eq(older, 0);
    cr_assert_eq(error_by(&f.platform, merged), 0);
    cr_assert_eq(error_by(&f.processor, merged), 0);
    /* One that is offered alone leaves the other where it is. */
    cr_assert_eq(hf_collateral_merge(merged, other, now_s, &again, &older), 0);
    cr_assert_eq(older, 0);
    cr_assert_eq(error_by(&f.platform, again), 0);
    hf_collateral_unref(again);
    /* Nor does one that is broken take any's place. */
    f.processor.documents.pck_crl.data[f.processor.documents.pck_crl.len - 1] ^= 1;
    struct hf_collateral *broken = set_of(&f.platform, &f.processor, NULL);
    cr_assert_eq(hf_collateral_merge(merged, broken, now_s, &again, NULL), 0);
    cr_assert_eq(error_by(&f.platform, again), 0);
    cr_assert_eq(error_by(&f.processor, again), 0);
    hf_collateral_unref(again);
    /* And what is held broken gives way to any that is good. */
    cr_assert_eq(hf_collateral_merge(broken, other, now_s, &again, NULL), 0);
    cr_assert_eq(error_by(&f.processor, again), 0);
    hf_collateral_unref(again);
    hf_collateral_unref(broken);
    hf_collateral_unref(merged);
    hf_collateral_unref(other);
    fleet_done(&f);
}

Test(hf_collateral_load, reads_the_list_of_a_second_pck_ca)
{
    char folder[HF_SCRATCH_PATH_LEN], path[256];
    struct fleet f;
    fleet_make(&f, false);
    hf_scratch_make(folder);
    cr_assert_eq(hf_dev_collateral_write(&f.platform.documents, folder), 0);
    const struct {
        const char *name;
        const struct hf_buf *content;
    } more[] = {{"pck_crl_2.der", &f.processor.documents.pck_crl},
                {"pck_crl_2_issuer_chain.pem", &f.processor.documents.pck_crl_issuer_chain}};
    for (size_t i = 0; i < HF_ARRAY_LEN(more); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, more[i].name);
        cr_assert_eq(hf_file_replace(path, hf_buf_bytes(more[i].content), 0600), 0);
    }
    const struct hf_roots roots = {.trust = HF_TRUST_DEV, .dev_key = f.platform.root_key};
    hf_collateral_unref(f.both);
    cr_assert_eq(hf_collateral_load(folder, &roots, &f.both), 0);
    cr_assert_eq(error_by(&f.platform, f.both), 0);
    cr_assert_eq(error_by(&f.processor, f.both), 0);
    hf_scratch_remove(folder);
    fleet_done(&f);
}

Test(hf_collateral_load, reads_the_folder_that_the_dev_platform_writes)
{
    char folder[HF_SCRATCH_PATH_LEN];
    struct dev_world w;
    make(&w, NULL);
    hf_scratch_make(folder);
    cr_assert_eq(hf_dev_collateral_write(&w.documents, folder), 0);
    hf_collateral_unref(w.collateral);
    const struct hf_roots roots = {.trust = HF_TRUST_DEV, .dev_key = w.root_key};
    cr_assert_eq(hf_collateral_load(folder, &roots, &w.collateral), 0);
    cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, 0);
    cr_assert_eq(hf_collateral_check(w.collateral, w.now_s, NULL), 0);
    hf_scratch_remove(folder);
    struct hf_collateral *none;
    cr_assert_eq(hf_collateral_load(folder, &roots, &none), HF_ENOTFOUND);
    dev_world_done(&w);
}

Test(hf_collateral_load, file_that_is_too_large_is_malformed)
{
    char folder[HF_SCRATCH_PATH_LEN], path[256];
    static uint8_t zeros[HF_COLLATERAL_DOCUMENT_MAX + 1];
    struct dev_world w;
    make(&w, NULL);
    hf_scratch_make(folder);
    cr_assert_eq(hf_dev_collateral_write(&w.documents, folder), 0);
    snprintf(path, sizeof path, "%s/qe_identity.json", folder);
    cr_assert_eq(hf_file_replace(path, hf_bytes_of(zeros, sizeof zeros), 0600), 0);
    hf_collateral_unref(w.collateral);
    const struct hf_roots roots = {.trust = HF_TRUST_DEV, .dev_key = w.root_key};
    cr_assert_eq(hf_collateral_load(folder, &roots, &w.collateral), 0);
    cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, HF_ECOLLATERAL);
    struct hf_document_info info;
    cr_assert_eq(hf_collateral_info(w.collateral, HF_DOCUMENT_QE_IDENTITY, NULL, &info), 0);
    cr_assert_str_eq(info.fault.expected, "a document of at most 1 MiB");
    hf_scratch_remove(folder);
    dev_world_done(&w);
}

static void next_evaluation(struct hf_dev_collateral_spec *c)
{
    c->evaluation_number++;
    for (size_t i = 0; i < c->tcb_level_count; i++)
        c->tcb_level[i].text.status = "OutOfDate";
}

Test(hf_collateral_load_early, takes_what_is_announced_in_the_place_of_what_counts)
{
    char folder[HF_SCRATCH_PATH_LEN], path[256];
    struct dev_world w, next;
    struct hf_collateral *early;
    uint64_t issue_s;
    make(&w, NULL);
    make(&next, next_evaluation);
    hf_scratch_make(folder);
    cr_assert_eq(hf_dev_collateral_write(&w.documents, folder), 0);
    const struct hf_roots roots = {.trust = HF_TRUST_DEV, .dev_key = w.root_key};
    cr_assert_eq(hf_collateral_load_early(folder, &roots, &early), HF_ECOLLMISSING);
    snprintf(path, sizeof path, "%s/early_tcb_info_%s.json", folder, w.documents.fmspc);
    cr_assert_eq(hf_file_replace(path, hf_buf_bytes(&next.documents.tcb_info), 0600), 0);
    cr_assert_eq(hf_collateral_load_early(folder, &roots, &early), 0);
    const uint8_t *fmspc = w.collateral_spec.fmspc;
    cr_assert_eq(number_of(early, HF_DOCUMENT_TCB_INFO, fmspc, &issue_s), 18);
    cr_assert_eq(number_of(early, HF_DOCUMENT_QE_IDENTITY, NULL, &issue_s), 17,
                 "none is announced");
    struct hf_collateral *own = w.collateral;
    w.collateral = early;
    cr_assert_eq(dev_world_verify(&w, NULL, NULL).tcb_status, HF_TCB_OUT_OF_DATE);
    w.collateral = own;
    hf_collateral_unref(early);
    /* What counts is not touched by it. */
    cr_assert_eq(hf_collateral_load(folder, &roots, &early), 0);
    cr_assert_eq(number_of(early, HF_DOCUMENT_TCB_INFO, fmspc, &issue_s), 17);
    hf_collateral_unref(early);
    hf_scratch_remove(folder);
    dev_world_done(&w);
    dev_world_done(&next);
}
