#include "base/error.h"
#include "set.h"

#include <stdlib.h>

struct hf__root hf__root_of(const struct hf_roots *roots)
{
    /*
     * The public key of the Intel SGX Root CA (certificate of 2018-05-21, common name "Intel SGX
     * Root CA"), under which every PCK and every document of Intel's service lies.
     */
    static const uint8_t intel[HF_ROOT_KEY_LEN] = {
        0x0b, 0xa9, 0xc4, 0xc0, 0xc0, 0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23, 0xd6, 0xb0,
        0x2c, 0xda, 0x10, 0xa8, 0xbb, 0xd4, 0xe8, 0x8e, 0x48, 0xb4, 0x45, 0x85, 0x61,
        0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5, 0x67, 0x91, 0x8e, 0x2e, 0xdc, 0x88, 0xe4,
        0x0d, 0x86, 0x0b, 0xd0, 0xcc, 0x4e, 0xe2, 0x6a, 0xac, 0xc9, 0x88, 0xe5, 0x05,
        0xa9, 0x53, 0x55, 0x8c, 0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94};
    struct hf__root root = {0};
    if (roots->trust == HF_TRUST_INTEL) {
        memcpy(root.key, intel, sizeof root.key);
        root.trusted = true;
    }
#ifndef HF_PRODUCTION
    if (roots->trust == HF_TRUST_DEV && roots->dev_key != NULL) {
        memcpy(root.key, roots->dev_key, sizeof root.key);
        root.trusted = true;
    }
#endif
    return root;
}

int hf_root_key_from_spki(struct hf_bytes spki, uint8_t ret[static HF_ROOT_KEY_LEN])
{
    struct hf_fault fault = {0};
    struct hf_der r = hf__der_of(spki, &fault);
    const uint8_t *key;
    EVP_PKEY *decoded;
    if (!hf__spki_read(&r, &key) || !hf__der_done(&r, "the end of a public key"))
        return HF_EMALFORMED;
    int error = hf__p256_key(key, &decoded);
    if (error != 0)
        return error == HF_EPOINT ? HF_EMALFORMED : error;
    hf__p256_free(decoded);
    memcpy(ret, key, HF_ROOT_KEY_LEN);
    return 0;
}

/* A copy of borrowed bytes, at least one byte long; NULL when out of memory. */
static uint8_t *copy(struct hf_bytes bytes)
{
    uint8_t *p = malloc(bytes.len + 1);
    if (p != NULL && bytes.len > 0)
        memcpy(p, bytes.data, bytes.len);
    return p;
}

int hf__issuer_new(struct hf_bytes pem, bool is_ca, const struct hf__root *root,
                   struct hf__issuer **ret)
{
    struct hf__issuer *issuer = calloc(1, sizeof *issuer);
    uint8_t *text = copy(pem);
    if (issuer == NULL || text == NULL) {
        free(issuer);
        free(text);
        return HF_ENOMEM;
    }
    atomic_init(&issuer->refs, 1);
    hf_assert(pthread_mutex_init(&issuer->lock, NULL) == 0);
    issuer->root = *root;
    issuer->is_ca = is_ca;
    issuer->text = text;
    issuer->len = pem.len;
    *ret = issuer;
    return 0;
}

struct hf__issuer *hf__issuer_ref(struct hf__issuer *issuer)
{
    atomic_fetch_add(&issuer->refs, 1);
    return issuer;
}

void hf__issuer_unref(struct hf__issuer *issuer)
{
    if (issuer == NULL || atomic_fetch_sub(&issuer->refs, 1) != 1)
        return;
    hf__chain_done(&issuer->chain);
    hf__p256_free(issuer->key);
    hf_assert(pthread_mutex_destroy(&issuer->lock) == 0);
    free(issuer->text);
    free(issuer);
}

static bool contains(struct hf_bytes text, const char *words)
{
    return text.len > 0 && memmem(text.data, text.len, words, strlen(words)) != NULL;
}

static int make_ready(struct hf__issuer *issuer, const struct hf__known *known)
{
    struct hf__chain_fault fault;
    if (issuer->len == 0)
        return HF_ECOLLMISSING;
    int r = hf__chain_parse(hf_bytes_of(issuer->text, issuer->len), 2, issuer->is_ca,
                            &issuer->chain, &fault);
    if (r == HF_EMALFORMED) {
        issuer->fault = fault.fault;
        return HF_ECOLLATERAL;
    }
    if (r != 0)
        return r;
    const struct hf__cert *leaf = &issuer->chain.cert[0];
    /* A PCK signs for one platform; it must never pass for a signer of what is said of all. */
    if (leaf->sgx.len != 0) {
        issuer->fault = (struct hf_fault){.expected = "a signer that is no PCK"};
        return HF_ECOLLATERAL;
    }
    /* Nor any other leaf that the root may have issued for something else. */
    if (!issuer->is_ca && !contains(leaf->common_name, "TCB Signing")) {
        issuer->fault = (struct hf_fault){.expected = "a signer named for TCB Signing"};
        return HF_ECOLLATERAL;
    }
    const struct hf__cert *root = hf__chain_root(&issuer->chain);
    if (!hf__root_is(&issuer->root, root->key))
        return HF_ECOLLSIG;
    r = hf__chain_verify(&issuer->chain, known);
    if (r == 0)
        r = hf__p256_key(leaf->key, &issuer->key);
    if (r == HF_ESIGNATURE || r == HF_EPOINT)
        return HF_ECOLLSIG;
    hf__chain_validity(&issuer->chain, &issuer->not_before_s, &issuer->not_after_s);
    return r;
}

int hf__issuer_ready(struct hf__issuer *issuer, const struct hf__known *known)
{
    if (atomic_load(&issuer->ready))
        return issuer->error;
    hf_assert(pthread_mutex_lock(&issuer->lock) == 0);
    int error = issuer->error;
    if (!atomic_load(&issuer->ready)) {
        error = make_ready(issuer, known);
        issuer->error = error;
        if (error != HF_ENOMEM)
            atomic_store(&issuer->ready, true);
        else
            hf__chain_done(&issuer->chain);
    }
    hf_assert(pthread_mutex_unlock(&issuer->lock) == 0);
    return error;
}
