/*
 * Verification against a generated PKI: documents that were damaged or come from elsewhere, and the
 * single components of a TCB level. Each test begins with a world in which everything is good and
 * names the code that must come of what it spoils.
 */
#include "attest/judge.h"
#include "base/error.h"
#include "dev_world.h"

#include <criterion/criterion.h>

static struct dev_world w;
static struct hf_verdict verdict;

static void set_up(void)
{
    dev_world_init(&w);
}

static void tear_down(void)
{
    dev_world_done(&w);
}

TestSuite(hf_quote_verify_documents, .init = set_up, .fini = tear_down);
TestSuite(hf_quote_verify_tcb, .init = set_up);
TestSuite(hf_quote_verify_order, .init = set_up);

/* With the documents as they are now. */
static int verify(void)
{
    dev_world_prepare(&w);
    verdict = dev_world_verify(&w, NULL, NULL);
    return verdict.error;
}

static void make_documents_again(void)
{
    hf_dev_collateral_done(&w.documents);
    cr_assert_eq(hf_dev_collateral_make(w.authority, &w.collateral_spec, &w.documents), 0);
}

enum { DOCUMENTS = 6, TCB_INFO = 0, SIGNING_CHAIN = 2, CRL_CHAIN = 4 };

static void list_documents(struct hf_dev_collateral *c, struct hf_buf *ret[static DOCUMENTS])
{
    ret[TCB_INFO] = &c->tcb_info;
    ret[1] = &c->qe_identity;
    ret[SIGNING_CHAIN] = &c->tcb_signing_chain;
    ret[3] = &c->pck_crl;
    ret[CRL_CHAIN] = &c->pck_crl_issuer_chain;
    ret[5] = &c->root_ca_crl;
}

Test(hf_quote_verify_documents, flipped_bits_and_missing_ends_are_refused)
{
    struct hf_buf *document[DOCUMENTS];
    dev_world_make(&w);
    list_documents(&w.documents, document);
    for (size_t i = 0; i < DOCUMENTS; i++) {
        for (size_t at = 0; at < document[i]->len; at += 11) {
            document[i]->data[at] ^= 4;
            int error = verify();
            /* A TCB info whose FMSPC cannot be read is one that is not there. */
            cr_assert(error == HF_ECOLLATERAL || error == HF_ECOLLSIG || error == HF_ECOLLMISSING,
                      "document %zu, byte %zu: %s", i, at, hf_error_name(error));
            document[i]->data[at] ^= 4;
        }
        document[i]->len--;
        int error = verify();
        bool is_text = i == SIGNING_CHAIN || i == CRL_CHAIN; /* whose last byte is a newline */
        cr_assert(is_text || error == HF_ECOLLATERAL || (i == TCB_INFO && error == HF_ECOLLMISSING),
                  "document %zu: %s", i, hf_error_name(error));
        document[i]->len++;
    }
    cr_assert_eq(verify(), 0);
}

Test(hf_quote_verify_documents, each_document_of_another_authority_is_wrongly_signed)
{
    struct dev_world other;
    struct hf_buf *ours[DOCUMENTS], *theirs[DOCUMENTS];
    dev_world_init(&other);
    other.authority_spec.seed = NULL;
    dev_world_make(&other);
    dev_world_make(&w);
    list_documents(&w.documents, ours);
    list_documents(&other.documents, theirs);
    for (size_t i = 0; i < DOCUMENTS; i++) {
        struct hf_buf kept = *ours[i];
        *ours[i] = *theirs[i];
        int error = verify();
        cr_assert(error == HF_ECOLLSIG || (i == CRL_CHAIN && error == HF_ECOLLATERAL),
                  "document %zu: %s", i, hf_error_name(error));
        *ours[i] = kept;
    }
    struct hf_dev_collateral kept = w.documents;
    w.documents = other.documents;
    cr_assert_eq(verify(), HF_ECOLLSIG, "a whole set of another authority");
    w.documents = kept;
    dev_world_done(&other);
}

Test(hf_quote_verify_documents, signer_on_the_roots_revocation_list_signs_nothing)
{
    dev_world_make(&w);
    w.collateral_spec.root_revoked_count = 1;
    hf_dev_authority_ca_serial(w.authority, HF_DEV_CA_PROCESSOR, w.collateral_spec.root_revoked[0]);
    make_documents_again();
    cr_assert_eq(verify(), 0, "a CA that has no part in this");
    hf_dev_authority_signer_serial(w.authority, w.collateral_spec.root_revoked[0]);
    make_documents_again();
    cr_assert_eq(verify(), HF_ECOLLSIG);
}

/* A key that the root lets sign something else signs no collateral. */
Test(hf_quote_verify_documents, signer_that_is_not_named_for_it_signs_nothing)
{
    w.authority_spec.signer_name = "Holdfast Development Something Else";
    dev_world_make(&w);
    cr_assert_eq(verify(), HF_ECOLLATERAL);
}

/* The roots have one key and two names: what one issued is not the other's. */
Test(hf_quote_verify_documents, list_in_another_name_is_not_the_roots)
{
    static const uint8_t seed[HF_DEV_SEED_LEN] = {7};
    struct dev_world other;
    dev_world_init(&other);
    w.authority_spec.seed = other.authority_spec.seed = seed;
    other.authority_spec.root_name = "Holdfast Development Root CB";
    dev_world_make(&w);
    dev_world_make(&other);
    cr_assert_eq(verify(), 0);
    struct hf_buf kept = w.documents.root_ca_crl;
    w.documents.root_ca_crl = other.documents.root_ca_crl;
    cr_assert_eq(verify(), HF_ECOLLMISSING);
    w.documents.root_ca_crl = kept;
    dev_world_done(&other);
}

Test(hf_quote_verify_order, first_failing_check_names_the_error)
{
    w.collateral_spec.tcb_info.to_s = w.now_s - 1;
    w.collateral_spec.qe.mrsigner[0] ^= 1;
    cr_assert_eq(dev_world_error(&w), HF_ECOLLEXPIRED);
    w.machine_spec.pck.to_s = w.now_s - 1;
    cr_assert_eq(dev_world_error(&w), HF_EPCKEXPIRED);
    w.machine_spec.qe.binds_other_key = true;
    cr_assert_eq(dev_world_error(&w), HF_EKEYBINDING);
}

/* A chain of one's own is easily made: it costs a comparison, and no signature. */
Test(hf_quote_verify_order, the_root_is_compared_before_any_signature)
{
    enum { REPORT_DATA_AT = 48 + 520 };
    dev_world_make(&w);
    w.quote.data[REPORT_DATA_AT] ^= 1;
    cr_assert_eq(verify(), HF_EQUOTESIG, "%s", hf_error_name(verdict.error));
    w.root_key[0] ^= 1;
    cr_assert_eq(verify(), HF_EDEVQUOTE, "%s", hf_error_name(verdict.error));
    dev_world_done(&w);
}

Test(hf_quote_verify_documents, processor_ca_is_as_good_as_platform_ca)
{
    w.machine_spec.ca = HF_DEV_CA_PROCESSOR;
    w.collateral_spec.ca = HF_DEV_CA_PROCESSOR;
    dev_world_make(&w);
    cr_assert_eq(verify(), 0, "%s", hf_error_name(verdict.error));
}

Test(hf_quote_verify_tcb, each_component_counts)
{
    for (int i = 0; i < 16; i++) {
        dev_world_init(&w);
        w.collateral_spec.tcb_level[0].sgx[i] = w.collateral_spec.tcb_level[1].sgx[i] = 9;
        cr_assert_eq(dev_world_error(&w), HF_ETCB, "SGX component %d", i);
    }
    /* Components 0 and 1 are the module's, which has levels of its own. */
    for (int i = 0; i < 16; i++) {
        dev_world_init(&w);
        w.collateral_spec.tcb_level[0].tdx[i] = w.collateral_spec.tcb_level[1].tdx[i] = 9;
        cr_assert_eq(dev_world_error(&w), i < 2 ? 0 : HF_ETCB, "TDX component %d", i);
    }
    dev_world_init(&w);
    w.machine_spec.platform.pcesvn = w.collateral_spec.tcb_level[1].pcesvn - 1;
    cr_assert_eq(dev_world_error(&w), HF_ETCB, "PCESVN");
}

Test(hf_quote_verify_tcb, qe_identity_is_compared_under_its_masks)
{
    struct hf_dev_qe *qe = &w.machine_spec.qe;
    dev_world_init(&w);
    qe->miscselect = 0x80000000;
    cr_assert_eq(dev_world_error(&w), HF_EQEIDENTITY, "MISCSELECT");
    dev_world_init(&w);
    qe->attributes[0] |= 2;
    cr_assert_eq(dev_world_error(&w), HF_EQEIDENTITY, "a debug enclave");
    dev_world_init(&w);
    qe->attributes[0] ^= 4;
    qe->attributes[8] ^= 1;
    qe->mrenclave[0] ^= 1;
    cr_assert_eq(dev_world_error(&w), 0, "what the mask leaves out, and a new build");
}

Test(hf_quote_verify_documents, policy_accepts_a_dev_quote_and_never_its_debug)
{
    struct hf_judge_measurement measurement = {.name = "1.0", .rank = 3};
    struct hf_judge_policy policy = {.trust = HF_TRUST_DEV,
                                     .tcb_accepted = HF_TCB_BIT(HF_TCB_UP_TO_DATE),
                                     .measurements = &measurement,
                                     .measurement_count = 1};
    const struct hf_judge_request request = {.at_s = w.now_s, .report_data = w.report_data};
    hf_dev_td_bind_network(&w.td, hf_bytes_of("network", 7));
    hf_dev_td_measurement(&w.td, measurement.digest);
    dev_world_make(&w);
    cr_assert_eq(verify(), 0);
    cr_assert_eq(hf_judge(&verdict, &policy, &request, NULL), 0);
    policy.trust = HF_TRUST_INTEL;
    cr_assert_eq(hf_judge(&verdict, &policy, &request, NULL), HF_EDEVQUOTE);
    policy.trust = HF_TRUST_DEV;
    w.td.td_attributes |= HF_DEV_TD_DEBUG;
    hf_buf_clear(&w.quote);
    cr_assert_eq(hf_dev_quote_make(w.machine, &w.td, w.format, w.report_data, &w.quote), 0);
    cr_assert_eq(verify(), 0);
    cr_assert_eq(hf_judge(&verdict, &policy, &request, NULL), HF_EDEBUGTD);
}
