#include "dev_pki.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <sys/stat.h>

enum { DOCUMENT_MAX = 1 << 20 };

static void levels_set(struct hf_dev_levels *levels, uint16_t current, uint16_t old,
                       const struct hf_dev_tcb_level *like)
{
    levels->count = 2;
    levels->level[0] = (struct hf_dev_svn_level){.isvsvn = current, .text = like[0].text};
    levels->level[1] = (struct hf_dev_svn_level){.isvsvn = old, .text = like[1].text};
}

void hf_dev_collateral_spec_init(struct hf_dev_collateral_spec *ret, uint64_t now_s,
                                 uint64_t valid_s)
{
    struct hf_dev_window window = {.from_s = now_s, .to_s = now_s + valid_s};
    const struct hf_dev_level_text good = {.status = "UpToDate", .date_s = 1710288000};
    const struct hf_dev_level_text old = {
        .status = "OutOfDate", .date_s = 1676419200, .advisories = {"HOLDFAST-DEV-00001"}};
    *ret = (struct hf_dev_collateral_spec){
        .fmspc = {0xde, 0x70, 0, 0, 0, 0},
        .ca = HF_DEV_CA_PLATFORM,
        .tcb_info = window,
        .qe_identity = window,
        .pck_crl = window,
        .root_crl = window,
        .evaluation_number = 17,
        .tcb_level_count = 2,
        .tcb_level =
            {{.sgx = {6, 6, 2, 2, 3, 1, 0, 3}, .tdx = {5, 0, 6}, .pcesvn = 11, .text = good},
             {.sgx = {5, 5, 2, 2, 3, 1, 0, 3}, .tdx = {3, 0, 5}, .pcesvn = 5, .text = old}},
        .module_version = 1,
        .qe = {.attributes = {0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7},
               .isvprodid = 2,
               .isvsvn = 4,
               .auth_data_len = 32},
    };
    SHA256((const uint8_t *)"holdfast dev qe", 15, ret->qe.mrenclave);
    SHA256((const uint8_t *)"holdfast dev qe signer", 22, ret->qe.mrsigner);
    levels_set(&ret->module, 5, 2, ret->tcb_level);
    levels_set(&ret->qe_levels, 4, 3, ret->tcb_level);
}

/* --- JSON, without white space: signatures cover the very bytes --- */

static void put_hex(struct hf_buf *out, const char *name, const uint8_t *data, size_t len)
{
    hf_buf_printf(out, "\"%s\":\"", name);
    for (size_t i = 0; i < len; i++)
        hf_buf_printf(out, "%02X", data[i]);
    hf_buf_printf(out, "\"");
}

static void put_date(struct hf_buf *out, const char *name, uint64_t at_s)
{
    char text[HF_DATE_TEXT];
    hf_buf_printf(out, "\"%s\":\"%s\"", name, hf_date_text(at_s, HF_DATE_ISO, text));
}

/* "version" to "nextUpdate", which both documents have. */
static void put_dates(struct hf_buf *out, const char *id, int version, struct hf_dev_window window)
{
    hf_buf_printf(out, "{\"id\":\"%s\",\"version\":%d,", id, version);
    put_date(out, "issueDate", window.from_s);
    hf_buf_printf(out, ",");
    put_date(out, "nextUpdate", window.to_s);
    hf_buf_printf(out, ",");
}

static void put_level_text(struct hf_buf *out, const struct hf_dev_level_text *text)
{
    hf_buf_printf(out, ",");
    put_date(out, "tcbDate", text->date_s);
    hf_buf_printf(out, ",\"tcbStatus\":\"%s\"", text->status);
    for (size_t i = 0; i < HF_DEV_ADVISORIES_MAX && text->advisories[i] != NULL; i++)
        hf_buf_printf(out, "%s\"%s\"", i == 0 ? ",\"advisoryIDs\":[" : ",", text->advisories[i]);
    hf_buf_printf(out, text->advisories[0] != NULL ? "]}" : "}");
}

static void put_svn_levels(struct hf_buf *out, const struct hf_dev_levels *levels)
{
    hf_buf_printf(out, "\"tcbLevels\":[");
    for (size_t i = 0; i < levels->count; i++) {
        hf_buf_printf(out, "%s{\"tcb\":{\"isvsvn\":%u}", i == 0 ? "" : ",",
                      levels->level[i].isvsvn);
        put_level_text(out, &levels->level[i].text);
    }
    hf_buf_printf(out, "]");
}

static void put_components(struct hf_buf *out, const char *name, const uint8_t svns[static 16])
{
    hf_buf_printf(out, "\"%s\":[", name);
    for (int i = 0; i < 16; i++)
        hf_buf_printf(out, "%s{\"svn\":%u}", i == 0 ? "" : ",", svns[i]);
    hf_buf_printf(out, "]");
}

static void put_modules(struct hf_buf *out, const struct hf_dev_collateral_spec *spec)
{
    static const char masks[] =
        "\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\"";
    hf_buf_printf(out, "\"tdxModule\":{");
    put_hex(out, "mrsigner", spec->module_mrsigner, sizeof spec->module_mrsigner);
    hf_buf_printf(out, ",%s},\"tdxModuleIdentities\":[{\"id\":\"TDX_%02X\",", masks,
                  spec->module_version);
    put_hex(out, "mrsigner", spec->module_mrsigner, sizeof spec->module_mrsigner);
    hf_buf_printf(out, ",%s,", masks);
    put_svn_levels(out, &spec->module);
    hf_buf_printf(out, "}],");
}

static void put_tcb_info(struct hf_buf *out, const struct hf_dev_collateral_spec *spec)
{
    put_dates(out, "TDX", 3, spec->tcb_info);
    put_hex(out, "fmspc", spec->fmspc, sizeof spec->fmspc);
    hf_buf_printf(out, ",");
    put_hex(out, "pceId", spec->pceid, sizeof spec->pceid);
    hf_buf_printf(out, ",\"tcbType\":0,\"tcbEvaluationDataNumber\":%u,", spec->evaluation_number);
    put_modules(out, spec);
    hf_buf_printf(out, "\"tcbLevels\":[");
    for (size_t i = 0; i < spec->tcb_level_count; i++) {
        const struct hf_dev_tcb_level *level = &spec->tcb_level[i];
        hf_buf_printf(out, "%s{\"tcb\":{", i == 0 ? "" : ",");
        put_components(out, "sgxtcbcomponents", level->sgx);
        hf_buf_printf(out, ",\"pcesvn\":%u,", level->pcesvn);
        put_components(out, "tdxtcbcomponents", level->tdx);
        hf_buf_printf(out, "}");
        put_level_text(out, &level->text);
    }
    hf_buf_printf(out, "]}");
}

static void put_qe_identity(struct hf_buf *out, const struct hf_dev_collateral_spec *spec)
{
    put_dates(out, "TD_QE", 2, spec->qe_identity);
    hf_buf_printf(out, "\"tcbEvaluationDataNumber\":%u,\"miscselect\":\"%08X\",",
                  spec->evaluation_number, spec->qe.miscselect);
    hf_buf_printf(out, "\"miscselectMask\":\"FFFFFFFF\",");
    /* The mask leaves out the bit that says that the enclave is initialised in 64-bit mode, and
     * XFRM. */
    uint8_t attributes[16] = {0};
    attributes[0] = spec->qe.attributes[0] & 0xfb;
    memcpy(attributes + 1, spec->qe.attributes + 1, 7);
    put_hex(out, "attributes", attributes, sizeof attributes);
    hf_buf_printf(out, ",\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",");
    put_hex(out, "mrsigner", spec->qe.mrsigner, sizeof spec->qe.mrsigner);
    hf_buf_printf(out, ",\"isvprodid\":%u,", spec->qe.isvprodid);
    put_svn_levels(out, &spec->qe_levels);
    hf_buf_printf(out, "}");
}

/* {"<name>":<body>,"signature":"<r and s>"} */
static int sign_document(EVP_PKEY *key, const char *name, struct hf_buf *body, struct hf_buf *ret)
{
    uint8_t signature[HF__DEV_SIGNATURE_LEN];
    int r = body->error;
    if (r == 0)
        r = hf__dev_sign(key, hf_buf_bytes(body), signature);
    if (r == 0) {
        hf_buf_printf(ret, "{\"%s\":", name);
        hf_buf_append(ret, body->data, body->len);
        hf_buf_printf(ret, ",");
        put_hex(ret, "signature", signature, sizeof signature);
        hf_buf_printf(ret, "}");
        r = ret->error;
    }
    hf_buf_done(body);
    return r;
}

static bool tcb_spec_ok(const struct hf_dev_collateral_spec *spec)
{
    return spec->tcb_level_count <= HF_DEV_LEVELS_MAX && spec->module.count <= HF_DEV_LEVELS_MAX &&
           hf__dev_window_ok(spec->tcb_info);
}

int hf_dev_tcb_info_make(const struct hf_dev_authority *a,
                         const struct hf_dev_collateral_spec *spec, struct hf_buf *ret)
{
    struct hf_buf body;
    if (!tcb_spec_ok(spec))
        return HF_EINVAL;
    hf_buf_init(&body, DOCUMENT_MAX);
    put_tcb_info(&body, spec);
    return sign_document(a->signer_key, "tcbInfo", &body, ret);
}

static int make_documents(const struct hf_dev_authority *a,
                          const struct hf_dev_collateral_spec *spec, struct hf_dev_collateral *c)
{
    struct hf_buf body;
    int r = hf_dev_tcb_info_make(a, spec, &c->tcb_info);
    if (r != 0)
        return r;
    hf_buf_init(&body, DOCUMENT_MAX);
    put_qe_identity(&body, spec);
    r = sign_document(a->signer_key, "enclaveIdentity", &body, &c->qe_identity);
    if (r == 0)
        r = hf__dev_pem_cert(a->signer, &c->tcb_signing_chain);
    return r != 0 ? r : hf__dev_pem_cert(a->root, &c->tcb_signing_chain);
}

static int make_lists(const struct hf_dev_authority *a, const struct hf_dev_collateral_spec *spec,
                      struct hf_dev_collateral *c)
{
    const struct hf__dev_crl_spec pck = {.issuer = a->ca[spec->ca],
                                         .issuer_key = a->ca_key[spec->ca],
                                         .window = spec->pck_crl,
                                         .revoked = spec->pck_revoked,
                                         .revoked_count = spec->pck_revoked_count};
    const struct hf__dev_crl_spec root = {.issuer = a->root,
                                          .issuer_key = a->root_key,
                                          .window = spec->root_crl,
                                          .revoked = spec->root_revoked,
                                          .revoked_count = spec->root_revoked_count};
    int r = hf__dev_crl_make(&pck, &c->pck_crl);
    if (r == 0)
        r = hf__dev_crl_make(&root, &c->root_ca_crl);
    if (r == 0)
        r = hf__dev_pem_cert(a->ca[spec->ca], &c->pck_crl_issuer_chain);
    return r != 0 ? r : hf__dev_pem_cert(a->root, &c->pck_crl_issuer_chain);
}

static bool spec_ok(const struct hf_dev_collateral_spec *spec)
{
    return tcb_spec_ok(spec) && spec->qe_levels.count <= HF_DEV_LEVELS_MAX &&
           spec->root_revoked_count <= HF_DEV_REVOKED_MAX && hf__dev_window_ok(spec->qe_identity);
}

int hf_dev_collateral_make(const struct hf_dev_authority *a,
                           const struct hf_dev_collateral_spec *spec, struct hf_dev_collateral *ret)
{
    if (!spec_ok(spec))
        return HF_EINVAL;
    struct hf_dev_collateral c;
    for (size_t i = 0; i < sizeof spec->fmspc; i++)
        snprintf(c.fmspc + 2 * i, 3, "%02x", spec->fmspc[i]);
    struct hf_buf *const parts[] = {&c.tcb_info, &c.qe_identity, &c.tcb_signing_chain,
                                    &c.pck_crl,  &c.root_ca_crl, &c.pck_crl_issuer_chain};
    for (size_t i = 0; i < HF_ARRAY_LEN(parts); i++)
        hf_buf_init(parts[i], DOCUMENT_MAX);
    int r = make_documents(a, spec, &c);
    if (r == 0)
        r = make_lists(a, spec, &c);
    if (r != 0) {
        hf_dev_collateral_done(&c);
        return r;
    }
    *ret = c;
    return 0;
}

void hf_dev_collateral_done(struct hf_dev_collateral *c)
{
    hf_buf_done(&c->tcb_info);
    hf_buf_done(&c->qe_identity);
    hf_buf_done(&c->tcb_signing_chain);
    hf_buf_done(&c->pck_crl);
    hf_buf_done(&c->pck_crl_issuer_chain);
    hf_buf_done(&c->root_ca_crl);
}

int hf_dev_collateral_write(const struct hf_dev_collateral *c, const char *folder)
{
    char tcb_info[64];
    snprintf(tcb_info, sizeof tcb_info, "tcb_info_%s.json", c->fmspc);
    const struct {
        const char *file;
        const struct hf_buf *content;
    } parts[] = {{tcb_info, &c->tcb_info},
                 {"qe_identity.json", &c->qe_identity},
                 {"tcb_signing_chain.pem", &c->tcb_signing_chain},
                 {"pck_crl.der", &c->pck_crl},
                 {"pck_crl_issuer_chain.pem", &c->pck_crl_issuer_chain},
                 {"root_ca_crl.der", &c->root_ca_crl}};
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return hf_error_from_errno(errno);
    for (size_t i = 0; i < HF_ARRAY_LEN(parts); i++) {
        char path[PATH_MAX];
        int r = hf__dev_path(folder, parts[i].file, path);
        if (r == 0)
            r = hf_file_replace(path, hf_buf_bytes(parts[i].content), 0644);
        if (r != 0)
            return r;
    }
    return 0;
}
