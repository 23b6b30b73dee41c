/* What the authority takes for an answer over its nonce: everything that the statement says, and
 * the quote below it. */
#include "admit.h"

#include "base/error.h"
#include "crypto/suite.h"
#include "dev_world.h"
#include "document/document.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct dev_world w;
static char folder[HF_SCRATCH_PATH_LEN];
static uint8_t spki[HF_DEV_ROOT_SPKI_LEN];
static struct hf_network_id network = {"a network"};
static struct hf_account account = {"an account"};
static struct hf_measurement measurement;
static struct hf_policy policy;
static struct hf_attest_statement statement;
static struct hf__asked asked;

static void set_up(void)
{
    hf_scratch_make(folder);
    dev_world_init(&w);
    dev_world_make(&w);
    cr_assert_eq(hf_dev_collateral_write(&w.documents, folder), 0);
    hf_dev_authority_root_spki(w.authority, spki);
    hf_dev_td_measurement(&w.td, measurement.digest);
    measurement.name = hf_bytes_of("first", 5);
    policy = (struct hf_policy){.trust = HF_TRUST_DEV,
                                .dev_root = hf_bytes_of(spki, sizeof spki),
                                .measurements = &measurement,
                                .measurements_count = 1,
                                .quote_age_max_s = 3600};
    statement = (struct hf_attest_statement){.network = network,
                                             .account = account,
                                             .tls_key = {"a TLS key"},
                                             .nonce = "a nonce",
                                             .claim = 7};
    asked = (struct hf__asked){
        .nonce = "a nonce", .account = &account, .proven = &account, .tls_key = {"a TLS key"}};
}

static void tear_down(void)
{
    dev_world_done(&w);
    hf_scratch_remove(folder);
}

TestSuite(hf__admit_answer, .init = set_up, .fini = tear_down);

/* The verdict on an answer with this statement, under a quote over it by this label. */
static int answer(const char *label, struct hf__admitted *ret)
{
    struct hf_buf said, quote, response;
    uint8_t report_data[HF_REPORT_DATA_LEN], seen[HF_MEASUREMENT_LEN];
    const struct hf__admission by = {
        .network = &network, .policy = &policy, .collateral = folder, .now_s = w.now_s};
    hf_buf_init(&said, 1024);
    hf_buf_init(&quote, HF_QUOTE_MAX);
    hf_buf_init(&response, 2 * HF_QUOTE_MAX);
    cr_assert_eq(hf_wire_encode(&hf_wire_attest_statement, &statement, &said), 0);
    hf_suite_real.report_data(label, hf_buf_bytes(&said), report_data);
    cr_assert_eq(hf_dev_quote_make(w.machine, &w.td, w.format, report_data, &quote), 0);
    struct hf_attest_response m = {.statement = hf_buf_bytes(&said), .quote = hf_buf_bytes(&quote)};
    cr_assert_eq(hf_wire_encode(&hf_wire_attest_response, &m, &response), 0);
    int r = hf__admit_answer(&by, &asked, hf_buf_bytes(&response), ret, seen);
    hf_buf_done(&said);
    hf_buf_done(&quote);
    hf_buf_done(&response);
    return r;
}

static int attested(void)
{
    struct hf__admitted ignored;
    return answer("holdfast/v1/attest", &ignored);
}

Test(hf__admit_answer, of_accepted_software_over_the_nonce_tells_release_and_platform)
{
    struct hf__admitted is = {0};
    cr_assert_eq(answer("holdfast/v1/attest", &is), 0);
    cr_assert(hf_account_equal(&is.account, &account));
    cr_assert_str_eq(is.release, "first");
    cr_assert_eq(is.quoted_s, 0);
    uint8_t ppid[HF_PPID_LEN];
    hf_dev_ppid(hf_bytes_of("machine", 7), ppid);
    cr_assert_arr_eq(is.ppid, ppid, sizeof ppid);
    asked.account = NULL; /* any that answers */
    cr_assert_eq(attested(), 0);
}

Test(hf__admit_answer, over_another_nonce_network_account_or_purpose_is_refused)
{
    struct hf__admitted ignored;
    struct hf_account other = {"another"};
    statement.nonce[0] ^= 1;
    cr_assert_eq(attested(), HF_ENONCE);
    statement.nonce[0] ^= 1;
    statement.network.bytes[0] ^= 1;
    cr_assert_eq(attested(), HF_EDOCUMENT_NETWORK);
    statement.network.bytes[0] ^= 1;
    asked.account = &other;
    cr_assert_eq(attested(), HF_EPEER_ACCOUNT);
    asked.account = &account;
    asked.proven = &other; /* the connection is another's */
    cr_assert_eq(attested(), HF_EPEER_ACCOUNT);
    asked.proven = NULL;
    cr_assert_eq(attested(), HF_EPEER_ACCOUNT);
    asked.proven = &account;
    cr_assert_eq(answer("holdfast/v1/identity", &ignored), HF_EREPORTDATA);
    cr_assert_eq(attested(), 0);
}

Test(hf__admit_answer, that_came_over_a_connection_of_another_key_is_refused)
{
    statement.tls_key.bytes[31] ^= 1;
    cr_assert_eq(attested(), HF_EOTHERKEY);
}

Test(hf__admit_answer, of_other_software_or_a_debug_domain_is_refused)
{
    measurement.digest[0] ^= 1;
    cr_assert_eq(attested(), HF_EMEASUREMENT);
    measurement.digest[0] ^= 1;
    w.td.td_attributes |= HF_DEV_TD_DEBUG;
    cr_assert_eq(attested(), HF_EDEBUGTD);
}

Test(hf__admit_answer, that_is_no_message_is_refused)
{
    struct hf__admitted ignored;
    uint8_t seen[HF_MEASUREMENT_LEN];
    const struct hf__admission by = {
        .network = &network, .policy = &policy, .collateral = folder, .now_s = w.now_s};
    cr_assert_eq(hf__admit_answer(&by, &asked, hf_bytes_of("\x81", 1), &ignored, seen),
                 HF_EMALFORMED);
    cr_assert_eq(hf__admit_answer(&by, &asked, hf_bytes_of("\x80", 1), &ignored, seen),
                 HF_EMISSING);
}
