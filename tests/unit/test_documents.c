/* TCB info and QE identity: keys in any order, bounds, and what is malformed. */
#include "base/buf.h"
#include "base/error.h"
#include "tcb.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* A TCB info with one level, in an order of keys that is not the service's. */
#define COMPONENTS                                                                                 \
    "[{\"svn\":1},{\"svn\":2},{\"svn\":3},{\"svn\":4},{\"svn\":5},{\"svn\":6},{\"svn\":7},"        \
    "{\"svn\":8},{\"svn\":9},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},"         \
    "{\"svn\":0},{\"svn\":255}]"
#define ZEROS_96                                                                                   \
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"   \
    "000000"
#define LEVEL(pcesvn, status)                                                                      \
    "{\"tcbStatus\":\"" status "\",\"tcb\":{\"tdxtcbcomponents\":" COMPONENTS                      \
    ",\"pcesvn\":" pcesvn ",\"sgxtcbcomponents\":" COMPONENTS                                      \
    "},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"advisoryIDs\":[\"B\",\"A\"]}"
#define INFO(levels)                                                                               \
    "{\"tcbLevels\":[" levels "],\"fmspc\":\"00aBcD000001\",\"unknown\":{\"x\":[1]},"              \
    "\"tdxModule\":{\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"attributes\":"                       \
    "\"0000000000000000\",\"mrsigner\":\"" ZEROS_96 "\"},\"pceId\":\"0100\",\"version\":3,"        \
    "\"nextUpdate\":\"2026-07-08T11:32:35Z\",\"id\":\"TDX\",\"tcbType\":0,"                        \
    "\"issueDate\":\"2026-06-08T11:32:35Z\",\"tcbEvaluationDataNumber\":19}"

static int parse_info(const char *text, struct hf_fault *fault)
{
    static struct hf__tcb_info info;
    int r = hf__tcb_info_parse(hf_bytes_of(text, strlen(text)), &info, fault);
    if (r == 0) {
        cr_assert_eq(info.fmspc[1], 0xab);
        cr_assert_eq(info.dates.evaluation_number, 19);
        cr_assert_eq(info.levels[0].sgx[15], 255);
        cr_assert_eq(info.levels[0].level.advisory_count, 2);
        for (size_t i = 1; i < info.level_count; i++)
            cr_assert_geq(info.levels[i - 1].pcesvn, info.levels[i].pcesvn);
    }
    return r;
}

Test(hf__tcb_info_parse, takes_keys_and_levels_in_any_order)
{
    struct hf_fault fault;
    cr_assert_eq(parse_info(INFO(LEVEL("5", "UpToDate")), &fault), 0);
    cr_assert_eq(parse_info(INFO(LEVEL("5", "OutOfDate") "," LEVEL("11", "UpToDate") "," LEVEL(
                                "7", "NewStatus")),
                            &fault),
                 0);
    cr_assert_eq(parse_info(INFO(""), &fault), HF_EMALFORMED);
}

/* A TCB info with one module identity of this id, and one advisory of many characters. */
#define WITH_MODULE(id)                                                                            \
    "{\"tcbLevels\":[" LEVEL(                                                                      \
        "5", "UpToDate") "],\"fmspc\":\"00aBcD000001\","                                           \
                         "\"tdxModule\":{\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"attributes\":"  \
                         "\"0000000000000000\",\"mrsigner\":\"" ZEROS_96                           \
                         "\"},\"pceId\":\"0100\",\"version\":3,"                                   \
                         "\"tdxModuleIdentities\":[{\"id\":\"" id                                  \
                         "\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\","                             \
                         "\"attributes\":\"0000000000000000\",\"mrsigner\":\"" ZEROS_96            \
                         "\",\"tcbLevels\":[{\"tcb\":"                                             \
                         "{\"isvsvn\":2},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":"      \
                         "\"UpToDate\","                                                           \
                         "\"advisoryIDs\":[\"INTEL-SA-01234-OF-MORE-THAN-31-CHARACTERS\"]}]}],"    \
                         "\"nextUpdate\":\"2026-07-08T11:32:35Z\",\"id\":\"TDX\",\"tcbType\":0,"   \
                         "\"issueDate\":\"2026-06-08T11:32:35Z\",\"tcbEvaluationDataNumber\":19}"

Test(hf__tcb_info_parse, an_unfamiliar_module_does_not_take_the_others_with_it)
{
    static const struct {
        const char *text;
        bool known;
        uint8_t version;
    } rows[] = {{WITH_MODULE("TDX_01"), true, 1},  {WITH_MODULE("tdx_0A"), true, 10},
                {WITH_MODULE("TDX_1"), false, 0},  {WITH_MODULE("TDX_1A_EX"), false, 0},
                {WITH_MODULE("TDX_0g"), false, 0}, {WITH_MODULE("SEAM01"), false, 0}};
    static struct hf__tcb_info info;
    struct hf_fault fault;
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        struct hf_bytes text = hf_bytes_of(rows[i].text, strlen(rows[i].text));
        cr_assert_eq(hf__tcb_info_parse(text, &info, &fault), 0, "%zu: %s", i, fault.expected);
        cr_assert_eq(info.module_count, 1);
        cr_assert_eq(info.modules[0].known, rows[i].known, "%zu", i);
        if (rows[i].known)
            cr_assert_eq(info.modules[0].version, rows[i].version, "%zu", i);
        cr_assert_eq(info.advisories.item[info.svn_levels[0].level.advisory_first].len, 41);
    }
}

Test(hf__tcb_info_parse, every_missing_or_broken_key_is_told_with_its_place)
{
    static const char whole[] = INFO(LEVEL("5", "UpToDate"));
    static const char *const keys[] = {"tcbLevels", "fmspc",           "tdxModule", "mrsigner",
                                       "pceId",     "nextUpdate",      "version",   "issueDate",
                                       "tcbType",   "tcbDate",         "tcbStatus", "svn",
                                       "pcesvn",    "sgxtcbcomponents"};
    char text[sizeof whole];
    for (size_t i = 0; i < HF_ARRAY_LEN(keys); i++) {
        struct hf_fault fault = {0};
        memcpy(text, whole, sizeof whole);
        char *at = strstr(text, keys[i]);
        cr_assert_not_null(at);
        *at = 'X'; /* another key, which is skipped: this one is missing */
        cr_assert_eq(parse_info(text, &fault), HF_EMALFORMED, "%s", keys[i]);
        cr_assert_not_null(fault.expected);
        cr_assert_lt(fault.offset, sizeof whole);
        memcpy(text, whole, sizeof whole);
        at = strstr(text, keys[i]);
        at[strlen(keys[i]) + 2] = '!'; /* the value's first character */
        cr_assert_eq(parse_info(text, &fault), HF_EMALFORMED, "%s", keys[i]);
    }
    struct hf_fault fault = {0};
    cr_assert_eq(parse_info("{\"id\":\"TDX\",\"id\":\"TDX\"}", &fault), HF_EMALFORMED);
    cr_assert_str_eq(fault.expected, "each key once");
    cr_assert_eq(parse_info("{\"id\":\"SGX\"}", &fault), HF_EMALFORMED);
    cr_assert_eq(fault.offset, 6);
    cr_assert_eq(parse_info(INFO(LEVEL("65536", "UpToDate")), &fault), HF_EMALFORMED);
    cr_assert_eq(parse_info(INFO(LEVEL("5.0", "UpToDate")), &fault), HF_EMALFORMED);
    cr_assert_eq(parse_info(INFO(LEVEL("-1", "UpToDate")), &fault), HF_EMALFORMED);
}

Test(hf__tcb_info_parse, more_than_its_bounds_is_refused)
{
    struct hf_buf text;
    struct hf_fault fault = {0};
    static struct hf__tcb_info info;
    hf_buf_init(&text, 1 << 20);
    hf_buf_printf(&text, "{\"tcbLevels\":[");
    for (int i = 0; i < HF_TCB_LEVELS_MAX + 1; i++)
        hf_buf_printf(&text, "%s%s", i > 0 ? "," : "", LEVEL("5", "UpToDate"));
    hf_buf_printf(&text, "]}");
    cr_assert_eq(hf__tcb_info_parse(hf_buf_bytes(&text), &info, &fault), HF_EMALFORMED);
    cr_assert_str_eq(fault.expected, "fewer elements");
    hf_buf_done(&text);
}

#define QE_IDENTITY(id)                                                                            \
    "{\"id\":\"" id "\",\"version\":2,\"issueDate\":\"2026-06-30T08:12:19Z\",\"nextUpdate\":"      \
    "\"2026-07-30T08:12:19Z\",\"tcbEvaluationDataNumber\":19,\"miscselect\":\"00000000\","         \
    "\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"11000000000000000000000000000000\","         \
    "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":"                        \
    "\"0000000000000000000000000000000000000000000000000000000000000000\",\"isvprodid\":2,"        \
    "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":2},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":"   \
    "\"OutOfDate\"},{\"tcb\":{\"isvsvn\":4},\"tcbDate\":\"2025-05-14T00:00:00Z\",\"tcbStatus\":"   \
    "\"UpToDate\"}]}"

/* SGX's quoting enclave has an identity of the same form, by the same signer. */
Test(hf__qe_identity_parse, tells_the_enclaves_apart_and_sorts_levels)
{
    static const char td[] = QE_IDENTITY("TD_QE"), sgx[] = QE_IDENTITY("QE");
    static struct hf__qe_identity id;
    struct hf_fault fault;
    uint8_t report[HF_QE_REPORT_LEN] = {0};
    report[48] = 0x11; /* ATTRIBUTES */
    report[256] = 2;   /* ISVPRODID */
    cr_assert_eq(hf__qe_identity_parse(hf_bytes_of(td, strlen(td)), &id, &fault), 0);
    cr_assert_eq(id.svn_levels[0].isvsvn, 4);
    cr_assert_eq(id.svn_levels[1].isvsvn, 2);
    cr_assert_null(hf__qe_identity_differs(&id, report));
    report[48] = 0x15; /* a bit that the mask leaves open */
    cr_assert_null(hf__qe_identity_differs(&id, report));
    report[48] = 0x13;
    cr_assert_str_eq(hf__qe_identity_differs(&id, report), "ATTRIBUTES");
    report[48] = 0x11;
    cr_assert_eq(hf__qe_identity_parse(hf_bytes_of(sgx, strlen(sgx)), &id, &fault), 0);
    cr_assert_str_eq(hf__qe_identity_differs(&id, report), "kind");
}

Test(hf__document_split, finds_body_and_signature_in_either_order)
{
    char text[512];
    char digits[129];
    struct hf_bytes body;
    uint8_t signature[HF_TCB_SIGNATURE_LEN];
    struct hf_fault fault;
    memset(digits, 'a', 128);
    digits[128] = '\0';
    snprintf(text, sizeof text, "{\"signature\":\"%s\", \"tcbInfo\": {\"a\" : 1} }\n", digits);
    cr_assert_eq(
        hf__document_split(hf_bytes_of(text, strlen(text)), "tcbInfo", &body, signature, &fault),
        0);
    cr_assert(hf_bytes_equal(body, hf_bytes_of("{\"a\" : 1}", 9)));
    cr_assert_eq(signature[63], 0xaa);
    digits[127] = '\0';
    snprintf(text, sizeof text, "{\"tcbInfo\":{},\"signature\":\"%s\"}", digits);
    cr_assert_eq(
        hf__document_split(hf_bytes_of(text, strlen(text)), "tcbInfo", &body, signature, &fault),
        HF_EMALFORMED);
}
