#include "attest/dev.h"
#include "base/error.h"
#include "base/hex.h"

#include "scratch.h"

#include <criterion/criterion.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The dev platform seen from outside, with OpenSSL's own verification of chains and signatures:
 * what it makes must be real for a verifier that knows nothing of it. That the project's verifier
 * agrees is test_verify's. */

enum { NOW_S = 1760000000, AUTH = 1218 };

static struct hf_dev_authority *authority;
static struct hf_dev_machine *machine;
static char folder[HF_SCRATCH_PATH_LEN];

static void set_up(void)
{
    struct hf_dev_authority_spec spec;
    struct hf_dev_machine_spec machine_spec;
    hf_dev_authority_spec_init(&spec, NOW_S);
    cr_assert_eq(hf_dev_authority_new(&spec, &authority), 0);
    hf_dev_machine_spec_init(&machine_spec, hf_bytes_of("node-1", 6), NOW_S);
    cr_assert_eq(hf_dev_machine_new(authority, &machine_spec, &machine), 0);
    hf_scratch_make(folder);
}

static void tear_down(void)
{
    hf_dev_machine_free(machine);
    hf_dev_authority_free(authority);
    hf_scratch_remove(folder);
}

TestSuite(hf_dev_quote_make, .init = set_up, .fini = tear_down);
TestSuite(hf_dev_authority, .init = set_up, .fini = tear_down);
TestSuite(hf_dev_machine, .init = set_up, .fini = tear_down);
TestSuite(hf_dev_collateral, .init = set_up, .fini = tear_down);
TestSuite(hf_dev_producer, .init = set_up, .fini = tear_down);

static uint32_t le(const uint8_t *p, size_t len)
{
    uint32_t v = 0;
    for (size_t i = 0; i < len; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

static EVP_PKEY *key_of_point(const uint8_t xy[static 64])
{
    uint8_t point[65] = {4};
    char group[] = "prime256v1";
    memcpy(point + 1, xy, 64);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    cr_assert_eq(EVP_PKEY_fromdata_init(ctx), 1);
    cr_assert_eq(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static bool signature_fits(EVP_PKEY *key, struct hf_bytes message, const uint8_t raw[static 64])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    cr_assert_eq(ECDSA_SIG_set0(sig, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL)), 1);
    unsigned char *der = NULL;
    int len = i2d_ECDSA_SIG(sig, &der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    cr_assert_eq(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    bool fits = EVP_DigestVerify(ctx, der, (size_t)len, message.data, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return fits;
}

static void read_chain(struct hf_bytes pem, X509 *ret[static 3], int count)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    for (int i = 0; i < count; i++) {
        ret[i] = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        cr_assert_not_null(ret[i]);
    }
    cr_assert_null(PEM_read_bio_X509(bio, NULL, NULL, NULL));
    BIO_free(bio);
}

/* OpenSSL's verdict on a chain of three with both revocation lists: X509_V_OK or its error. */
static int chain_verdict(X509 *chain[static 3], const struct hf_dev_collateral *c, time_t at)
{
    const unsigned char *p = c->pck_crl.data, *q = c->root_ca_crl.data;
    X509_CRL *pck = d2i_X509_CRL(NULL, &p, (long)c->pck_crl.len);
    X509_CRL *root = d2i_X509_CRL(NULL, &q, (long)c->root_ca_crl.len);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_add_cert(store, chain[2]);
    X509_STORE_add_crl(store, pck);
    X509_STORE_add_crl(store, root);
    STACK_OF(X509) *between = sk_X509_new_null();
    sk_X509_push(between, chain[1]);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_STORE_CTX_init(ctx, store, chain[0], between);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, at);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
                                           X509_V_FLAG_X509_STRICT);
    (void)X509_verify_cert(ctx);
    int verdict = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    sk_X509_free(between);
    X509_STORE_free(store);
    X509_CRL_free(pck);
    X509_CRL_free(root);
    return verdict;
}

static void make_quote(enum hf_dev_format format, struct hf_buf *ret)
{
    struct hf_dev_td td;
    uint8_t report_data[64];
    hf_dev_td_init(&td, "image");
    memset(report_data, 0xab, sizeof report_data);
    hf_buf_init(ret, HF_QUOTE_MAX);
    cr_assert_eq(hf_dev_quote_make(machine, &td, format, report_data, ret), 0);
}

/* Signatures, binding and lengths of a quote whose body begins at 48 + descriptor. */
static void check_quote(const struct hf_buf *quote, size_t signed_len)
{
    const uint8_t *q = quote->data;
    const uint8_t *s = q + signed_len + 4;
    cr_assert_eq(le(q + signed_len, 4), quote->len - signed_len - 4);
    EVP_PKEY *key = key_of_point(s + 64);
    cr_assert(signature_fits(key, hf_bytes_of(q, signed_len), s));
    EVP_PKEY_free(key);

    const uint8_t *qe = s + 128 + 6;
    size_t auth_len = le(qe + 448, 2);
    uint8_t input[128], digest[32];
    memcpy(input, s + 64, 64);
    memcpy(input + 64, qe + 450, auth_len);
    SHA256(input, 64 + auth_len, digest);
    cr_assert_arr_eq(digest, qe + 320, 32);

    const uint8_t *pem = qe + 450 + auth_len;
    cr_assert_eq(le(pem, 2), 5);
    size_t pem_len = le(pem + 2, 4);
    cr_assert_eq((size_t)(pem + 6 - q) + pem_len, quote->len);
    X509 *chain[3];
    read_chain(hf_bytes_of(pem + 6, pem_len), chain, 3);
    cr_assert(signature_fits(X509_get0_pubkey(chain[0]), hf_bytes_of(qe, 384), qe + 384));
    for (int i = 0; i < 3; i++)
        X509_free(chain[i]);
}

Test(hf_dev_quote_make, signatures_and_bindings_are_real_in_all_formats)
{
    static const size_t signed_len[] = {48 + 584, 48 + 6 + 584, 48 + 6 + 648};
    static const uint16_t version[] = {4, 5, 5};
    for (int f = HF_DEV_QUOTE_V4; f <= HF_DEV_QUOTE_V5_TDX15; f++) {
        struct hf_buf quote;
        make_quote((enum hf_dev_format)f, &quote);
        cr_assert_eq(le(quote.data, 2), version[f]);
        cr_assert_eq(quote.data[signed_len[f] - (f == HF_DEV_QUOTE_V5_TDX15 ? 65 : 1)], 0xab);
        check_quote(&quote, signed_len[f]);
        hf_buf_done(&quote);
    }
}

Test(hf_dev_quote_make, registers_follow_from_image_and_network)
{
    struct hf_dev_td a, b;
    uint8_t ma[HF_MEASUREMENT_LEN], mb[HF_MEASUREMENT_LEN];
    uint8_t input[96] = {0}, expected[48];
    hf_dev_td_init(&a, "image");
    hf_dev_td_init(&b, "image");
    hf_dev_td_bind_network(&a, hf_bytes_of("network", 7));
    SHA384((const uint8_t *)"network", 7, input + 48);
    SHA384(input, sizeof input, expected);
    cr_assert_arr_eq(a.rtmr[3], expected, 48);
    hf_dev_td_measurement(&a, ma);
    hf_dev_td_measurement(&b, mb);
    cr_assert_neq(memcmp(ma, mb, sizeof ma), 0);
    hf_dev_td_bind_network(&b, hf_bytes_of("network", 7));
    hf_dev_td_measurement(&b, mb);
    cr_assert_arr_eq(ma, mb, sizeof ma);
}

Test(hf_dev_quote_make, a_full_buffer_is_told)
{
    struct hf_dev_td td;
    struct hf_buf small;
    uint8_t report_data[64] = {0};
    hf_dev_td_init(&td, "image");
    hf_buf_init(&small, 1000);
    cr_assert_eq(hf_dev_quote_make(machine, &td, HF_DEV_QUOTE_V4, report_data, &small), HF_ETOOBIG);
    hf_buf_done(&small);
}

/* The PCK chain of the machine's quotes. */
static void machine_chain(X509 *ret[static 3])
{
    struct hf_buf quote;
    make_quote(HF_DEV_QUOTE_V4, &quote);
    size_t pem = AUTH + 2 + 32;
    read_chain(hf_bytes_of(quote.data + pem + 6, le(quote.data + pem + 2, 4)), ret, 3);
    hf_buf_done(&quote);
}

Test(hf_dev_machine, chain_is_valid_within_its_dates_only)
{
    struct hf_dev_collateral_spec spec;
    struct hf_dev_collateral c;
    X509 *chain[3];
    machine_chain(chain);
    hf_dev_collateral_spec_init(&spec, NOW_S, 1000 * 86400);
    spec.pck_crl.from_s = spec.root_crl.from_s = NOW_S - 1000;
    cr_assert_eq(hf_dev_collateral_make(authority, &spec, &c), 0);
    cr_assert_eq(chain_verdict(chain, &c, NOW_S + 100), X509_V_OK);
    cr_assert_eq(chain_verdict(chain, &c, NOW_S - 100), X509_V_ERR_CERT_NOT_YET_VALID);
    hf_dev_collateral_done(&c);
    spec.pck_crl.to_s = spec.root_crl.to_s = NOW_S + (uint64_t)9 * 365 * 86400;
    cr_assert_eq(hf_dev_collateral_make(authority, &spec, &c), 0);
    cr_assert_eq(chain_verdict(chain, &c, NOW_S + (time_t)8 * 365 * 86400),
                 X509_V_ERR_CERT_HAS_EXPIRED);
    hf_dev_collateral_done(&c);
    for (int i = 0; i < 3; i++)
        X509_free(chain[i]);
}

Test(hf_dev_machine, revoked_serials_are_on_the_lists)
{
    struct hf_dev_collateral_spec spec;
    struct hf_dev_collateral c;
    X509 *chain[3];
    uint8_t serial[1][HF_DEV_SERIAL_LEN];
    machine_chain(chain);
    hf_dev_collateral_spec_init(&spec, NOW_S, 86400);
    hf_dev_machine_serial(machine, serial[0]);
    spec.pck_revoked = (const uint8_t(*)[HF_DEV_SERIAL_LEN])serial;
    spec.pck_revoked_count = 1;
    cr_assert_eq(hf_dev_collateral_make(authority, &spec, &c), 0);
    cr_assert_eq(chain_verdict(chain, &c, NOW_S + 1), X509_V_ERR_CERT_REVOKED);
    hf_dev_collateral_done(&c);
    spec.pck_revoked_count = 0;
    spec.root_revoked_count = 1;
    hf_dev_authority_ca_serial(authority, HF_DEV_CA_PLATFORM, spec.root_revoked[0]);
    cr_assert_eq(hf_dev_collateral_make(authority, &spec, &c), 0);
    cr_assert_eq(chain_verdict(chain, &c, NOW_S + 1), X509_V_ERR_CERT_REVOKED);
    hf_dev_collateral_done(&c);
    for (int i = 0; i < 3; i++)
        X509_free(chain[i]);
}

/* The value of an entry: the bytes after its object identifier's last arcs, a tag and a length. */
static const uint8_t *entry(const ASN1_OCTET_STRING *ext, uint8_t a, uint8_t b, uint8_t tag)
{
    uint8_t needle[16] = {0x06, 0, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, a, b};
    size_t len = b == 0 ? 12 : 13;
    needle[1] = (uint8_t)(len - 2);
    needle[len++] = tag;
    const uint8_t *data = ASN1_STRING_get0_data(ext);
    const uint8_t *found = memmem(data, (size_t)ASN1_STRING_length(ext), needle, len);
    cr_assert_not_null(found, "%u.%u", a, b);
    return found + len;
}

Test(hf_dev_machine, pck_extension_is_der_and_holds_the_platform)
{
    struct hf_dev_machine_spec spec;
    struct hf_dev_machine *other;
    hf_dev_machine_spec_init(&spec, hf_bytes_of("node-2", 6), NOW_S);
    spec.platform.tcb_svns[15] = 200;
    spec.platform.pcesvn = 0x8001;
    cr_assert_eq(hf_dev_machine_new(authority, &spec, &other), 0);
    hf_dev_machine_free(machine);
    machine = other;
    X509 *chain[3];
    machine_chain(chain);
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
    int at = X509_get_ext_by_OBJ(chain[0], oid, -1);
    ASN1_OBJECT_free(oid);
    cr_assert_geq(at, 0);
    ASN1_OCTET_STRING *ext = X509_EXTENSION_get_data(X509_get_ext(chain[0], at));
    const uint8_t *der = ASN1_STRING_get0_data(ext);
    BIO *nowhere = BIO_new(BIO_s_null());
    cr_assert_eq(ASN1_parse(nowhere, der, ASN1_STRING_length(ext), 0), 1);
    BIO_free(nowhere);

    uint8_t ppid[HF_PPID_LEN];
    hf_dev_ppid(hf_bytes_of("node-2", 6), ppid);
    cr_assert_arr_eq(entry(ext, 1, 0, 0x04) + 1, ppid, sizeof ppid);
    cr_assert_arr_eq(entry(ext, 2, 1, 0x02), ((uint8_t[]){1, 6}), 2);
    cr_assert_arr_eq(entry(ext, 2, 16, 0x02), ((uint8_t[]){2, 0, 200}), 3);
    cr_assert_arr_eq(entry(ext, 2, 17, 0x02), ((uint8_t[]){3, 0, 0x80, 1}), 4);
    cr_assert_arr_eq(entry(ext, 2, 18, 0x04) + 1, spec.platform.cpusvn, 16);
    cr_assert_arr_eq(entry(ext, 4, 0, 0x04) + 1, spec.platform.fmspc, 6);
    for (int i = 0; i < 3; i++)
        X509_free(chain[i]);
}

Test(hf_dev_machine, is_made_once_and_then_loaded_from_its_file)
{
    char file[128], missing[128];
    struct hf_dev_machine *first, *second;
    uint8_t a[HF_DEV_SERIAL_LEN], b[HF_DEV_SERIAL_LEN];
    struct hf_bytes id = hf_bytes_of("node-7", 6);
    snprintf(file, sizeof file, "%s/machine.pem", folder);
    snprintf(missing, sizeof missing, "%s/no-authority", folder);
    cr_assert_eq(hf_dev_machine_open(file, missing, id, NOW_S, &first), HF_ENOTFOUND);
    cr_assert_eq(hf_dev_authority_save(authority, folder), 0);
    cr_assert_eq(hf_dev_machine_open(file, folder, id, NOW_S, &first), 0);
    cr_assert_eq(hf_dev_machine_open(file, missing, id, NOW_S, &second), 0);
    hf_dev_machine_serial(first, a);
    hf_dev_machine_serial(second, b);
    cr_assert_arr_eq(a, b, sizeof a);
    struct stat st;
    cr_assert_eq(stat(file, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);

    hf_dev_machine_free(machine);
    machine = second;
    struct hf_buf quote;
    make_quote(HF_DEV_QUOTE_V4, &quote);
    check_quote(&quote, 48 + 584);
    hf_buf_done(&quote);
    hf_dev_machine_free(first);
}

Test(hf_dev_machine, damaged_file_is_refused_and_never_replaced)
{
    char file[128];
    struct hf_dev_machine *m = NULL;
    snprintf(file, sizeof file, "%s/machine.pem", folder);
    cr_assert_eq(hf_dev_authority_save(authority, folder), 0);
    cr_assert_eq(hf_dev_machine_save(machine, file), 0);
    cr_assert_eq(truncate(file, 1500), 0);
    cr_assert_eq(hf_dev_machine_open(file, folder, hf_bytes_of("x", 1), NOW_S, &m), HF_EMALFORMED);
    struct stat st;
    cr_assert_eq(stat(file, &st), 0);
    cr_assert_eq(st.st_size, 1500);
    cr_assert_null(m);
}

Test(hf_dev_authority, is_saved_and_loaded_whole)
{
    struct hf_dev_authority *loaded;
    uint8_t a[HF_DEV_ROOT_KEY_LEN], b[HF_DEV_ROOT_KEY_LEN];
    cr_assert_eq(hf_dev_authority_load(folder, &loaded), HF_ENOTFOUND);
    cr_assert_eq(hf_dev_authority_save(authority, folder), 0);
    cr_assert_eq(hf_dev_authority_load(folder, &loaded), 0);
    hf_dev_authority_root_key(authority, a);
    hf_dev_authority_root_key(loaded, b);
    cr_assert_arr_eq(a, b, sizeof a);
    hf_dev_authority_free(loaded);

    char from[128], to[128];
    snprintf(from, sizeof from, "%s/platform-ca.key.pem", folder);
    snprintf(to, sizeof to, "%s/processor-ca.key.pem", folder);
    cr_assert_eq(rename(from, to), 0);
    cr_assert_eq(hf_dev_authority_load(folder, &loaded), HF_ENOTFOUND);
    snprintf(from, sizeof from, "%s/root.key.pem", folder);
    snprintf(to, sizeof to, "%s/platform-ca.key.pem", folder);
    cr_assert_eq(link(from, to), 0);
    cr_assert_eq(hf_dev_authority_load(folder, &loaded), HF_EMALFORMED);
}

Test(hf_dev_authority, keys_follow_from_a_seed)
{
    static const uint8_t seed[HF_DEV_SEED_LEN] = {7};
    struct hf_dev_authority_spec spec;
    struct hf_dev_authority *a, *b;
    uint8_t ka[HF_DEV_ROOT_KEY_LEN], kb[HF_DEV_ROOT_KEY_LEN];
    hf_dev_authority_spec_init(&spec, NOW_S);
    spec.seed = seed;
    cr_assert_eq(hf_dev_authority_new(&spec, &a), 0);
    spec.root.to_s++;
    cr_assert_eq(hf_dev_authority_new(&spec, &b), 0);
    hf_dev_authority_root_key(a, ka);
    hf_dev_authority_root_key(b, kb);
    cr_assert_arr_eq(ka, kb, sizeof ka);
    hf_dev_authority_root_key(authority, kb);
    cr_assert_neq(memcmp(ka, kb, sizeof ka), 0);
    hf_dev_authority_free(a);
    hf_dev_authority_free(b);
}

Test(hf_dev_authority, impossible_dates_are_refused)
{
    struct hf_dev_authority_spec spec;
    struct hf_dev_authority *a = NULL;
    hf_dev_authority_spec_init(&spec, NOW_S);
    spec.ca.to_s = spec.ca.from_s - 1;
    cr_assert_eq(hf_dev_authority_new(&spec, &a), HF_EINVAL);
    hf_dev_authority_spec_init(&spec, NOW_S);
    spec.signer.to_s = UINT64_MAX;
    cr_assert_eq(hf_dev_authority_new(&spec, &a), HF_EINVAL);
    cr_assert_null(a);
}

/* Checks {"<name>":<body>,"signature":"<hex>"} under the first certificate of the signing chain. */
static void check_document(const struct hf_buf *document, const char *name, X509 *signer)
{
    char head[64];
    const char tail[] = ",\"signature\":\"";
    int head_len = snprintf(head, sizeof head, "{\"%s\":", name);
    cr_assert_arr_eq(document->data, head, (size_t)head_len);
    size_t tail_at = document->len - 2 - 128 - (sizeof tail - 1);
    cr_assert_arr_eq(document->data + tail_at, tail, sizeof tail - 1);
    char hex[129];
    uint8_t signature[64];
    memcpy(hex, document->data + document->len - 130, 128);
    hex[128] = '\0';
    cr_assert_eq(hf_hex_decode(hex, signature, sizeof signature), 0);
    struct hf_bytes body = {document->data + head_len, tail_at - (size_t)head_len};
    cr_assert(signature_fits(X509_get0_pubkey(signer), body, signature));
}

Test(hf_dev_collateral, documents_are_signed_over_their_bytes)
{
    struct hf_dev_collateral_spec spec;
    struct hf_dev_collateral c;
    X509 *chain[3] = {NULL};
    hf_dev_collateral_spec_init(&spec, NOW_S, 86400);
    cr_assert_eq(hf_dev_collateral_make(authority, &spec, &c), 0);
    read_chain(hf_buf_bytes(&c.tcb_signing_chain), chain, 2);
    check_document(&c.tcb_info, "tcbInfo", chain[0]);
    check_document(&c.qe_identity, "enclaveIdentity", chain[0]);
    hf_dev_collateral_done(&c);
    X509_free(chain[0]);
    X509_free(chain[1]);
}

Test(hf_dev_collateral, is_written_as_six_named_files)
{
    static const char *const names[] = {"tcb_info_de7000000000.json", "qe_identity.json",
                                        "tcb_signing_chain.pem",      "pck_crl.der",
                                        "pck_crl_issuer_chain.pem",   "root_ca_crl.der"};
    struct hf_dev_collateral_spec spec;
    struct hf_dev_collateral c;
    hf_dev_collateral_spec_init(&spec, NOW_S, 86400);
    cr_assert_eq(hf_dev_collateral_make(authority, &spec, &c), 0);
    cr_assert_eq(hf_dev_collateral_write(&c, folder), 0);
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++) {
        char path[128];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        cr_assert_eq(stat(path, &st), 0, "%s", path);
        cr_assert_gt(st.st_size, 100);
    }
    hf_dev_collateral_done(&c);
    spec.tcb_level_count = HF_DEV_LEVELS_MAX + 1;
    cr_assert_eq(hf_dev_collateral_make(authority, &spec, &c), HF_EINVAL);
}

Test(hf_dev_producer, makes_quotes_and_tells_how_many)
{
    struct hf_dev_td td;
    struct hf_producer *p;
    struct hf_producer_facts facts;
    uint8_t report_data[64] = {1, 2, 3};
    hf_dev_td_init(&td, "image");
    cr_assert_eq(hf_dev_producer_new_takes(machine, &td, &p), 0);
    machine = NULL;
    cr_assert_str_eq(hf_producer_platform(p), "dev");
    for (int i = 0; i < 3; i++) {
        struct hf_buf quote;
        hf_buf_init(&quote, HF_QUOTE_MAX);
        cr_assert_eq(hf_producer_make(p, report_data, UINT64_MAX, &quote), 0);
        cr_assert_arr_eq(quote.data + 48 + 520, report_data, sizeof report_data);
        check_quote(&quote, 48 + 584);
        hf_buf_done(&quote);
    }
    struct hf_buf small;
    hf_buf_init(&small, 100);
    cr_assert_eq(hf_producer_make(p, report_data, UINT64_MAX, &small), HF_ETOOBIG);
    cr_assert_eq(small.len, 0);
    hf_buf_done(&small);
    hf_producer_facts(p, &facts);
    cr_assert_eq(facts.made, 3);
    cr_assert_eq(facts.failed, 1);
    cr_assert_eq(facts.last_error, HF_ETOOBIG);
    hf_producer_free(p);
}
