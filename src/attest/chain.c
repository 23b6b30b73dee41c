#include "chain.h"
#include "base/error.h"

#include <stdlib.h>

static int fail(struct hf__chain_fault *ret_fault, int cert, const char *expected)
{
    *ret_fault = (struct hf__chain_fault){.fault = {.expected = expected}, .cert = cert};
    return HF_EMALFORMED;
}

static int parse_certificates(struct hf_bytes pem, struct hf__chain *chain, size_t count,
                              struct hf__chain_fault *ret_fault)
{
    struct hf_bytes der[HF_CHAIN_CERTS_MAX];
    size_t found;
    int r = hf__pem_certificates(pem, chain->storage, der, &found, &ret_fault->fault);
    ret_fault->cert = -1;
    if (r != 0)
        return r;
    if (found != count)
        return fail(ret_fault, -1,
                    count == 3 ? "a chain of 3 certificates" : "a chain of 2 certificates");
    for (size_t i = 0; i < count; i++) {
        ret_fault->cert = (int)i;
        r = hf__cert_parse(der[i], &chain->cert[i], &ret_fault->fault);
        if (r != 0)
            return r;
    }
    chain->count = count;
    return 0;
}

static void swap(struct hf__cert *a, struct hf__cert *b)
{
    struct hf__cert t = *a;
    *a = *b;
    *b = t;
}

/* Puts the root last and each issuer behind what it issued. False where the names do not chain. */
static bool sort(struct hf__chain *chain)
{
    struct hf__cert *c = chain->cert;
    struct hf_bytes wanted = {0};
    for (size_t place = chain->count; place-- > 0;) {
        size_t i = place + 1;
        while (i-- > 0) {
            bool is_root = hf_bytes_equal(c[i].issuer, c[i].subject);
            if (place + 1 == chain->count ? is_root
                                          : !is_root && hf_bytes_equal(c[i].issuer, wanted))
                break;
        }
        if (i == SIZE_MAX)
            return false;
        swap(&c[i], &c[place]);
        wanted = c[place].subject;
    }
    return true;
}

static bool may_sign(const struct hf__cert *c, size_t below)
{
    return c->is_ca && (c->key_usage & HF_KEY_USAGE_CERT_SIGN) != 0 &&
           (!c->has_path_len || c->path_len >= below);
}

static int check_roles(const struct hf__chain *chain, bool leaf_is_ca,
                       struct hf__chain_fault *ret_fault)
{
    const struct hf__cert *leaf = &chain->cert[0];
    for (size_t i = 1; i < chain->count; i++)
        /* Below a CA's path length count only CAs: i - 1 of them, and the leaf when it is one. */
        if (!may_sign(&chain->cert[i], i - 1 + (leaf_is_ca ? 1 : 0)))
            return fail(ret_fault, (int)i, "a CA that may sign what is below it");
    if (leaf_is_ca && (!leaf->is_ca || (leaf->key_usage & HF_KEY_USAGE_CRL_SIGN) == 0))
        return fail(ret_fault, 0, "a CA that may sign revocation lists");
    if (!leaf_is_ca && (leaf->is_ca || (leaf->key_usage & HF_KEY_USAGE_SIGNATURE) == 0))
        return fail(ret_fault, 0, "a certificate for signatures that is no CA");
    return 0;
}

int hf__chain_parse(struct hf_bytes pem, size_t count, bool leaf_is_ca, struct hf__chain *ret,
                    struct hf__chain_fault *ret_fault)
{
    struct hf__chain chain = {0};
    hf_assert(count >= 2 && count <= HF_CHAIN_CERTS_MAX);
    if (pem.len > HF_COLLATERAL_CHAIN_MAX)
        return fail(ret_fault, -1, "a chain of at most 16384 bytes");
    chain.storage = malloc(pem.len / 4 * 3 + 3);
    if (chain.storage == NULL)
        return HF_ENOMEM;
    int r = parse_certificates(pem, &chain, count, ret_fault);
    if (r == 0 && !sort(&chain))
        r = fail(ret_fault, -1, "certificates of which each is issued by another, up to a root");
    if (r == 0)
        r = check_roles(&chain, leaf_is_ca, ret_fault);
    if (r != 0) {
        hf__chain_done(&chain);
        return r;
    }
    *ret = chain;
    return 0;
}

void hf__chain_done(struct hf__chain *chain)
{
    free(chain->storage);
    *chain = (struct hf__chain){0};
}

/* Whether cert is signed by issuer; decodes the issuer's key only where it must verify. */
static int verify_one(const struct hf__cert *cert, const struct hf__cert *issuer,
                      const struct hf__known *known)
{
    EVP_PKEY *key = NULL;
    if (known != NULL && known->knows(known->context, cert, issuer->key))
        return 0;
    if (known != NULL)
        key = known->key(known->context, issuer->key);
    int r = key != NULL ? 0 : hf__p256_key(issuer->key, &key);
    if (r == 0 && !hf__p256_verify_der(key, cert->tbs, cert->signature))
        r = HF_ESIGNATURE;
    hf__p256_free(key);
    return r == HF_EPOINT ? HF_ESIGNATURE : r;
}

int hf__chain_verify(const struct hf__chain *chain, const struct hf__known *known)
{
    for (size_t i = chain->count; i-- > 0;) {
        size_t issuer = i + 1 < chain->count ? i + 1 : i;
        int r = verify_one(&chain->cert[i], &chain->cert[issuer], known);
        if (r != 0)
            return r;
    }
    return 0;
}

void hf__chain_validity(const struct hf__chain *chain, uint64_t *ret_not_before_s,
                        uint64_t *ret_not_after_s)
{
    *ret_not_before_s = 0;
    *ret_not_after_s = UINT64_MAX;
    for (size_t i = 0; i < chain->count; i++) {
        if (chain->cert[i].not_before_s > *ret_not_before_s)
            *ret_not_before_s = chain->cert[i].not_before_s;
        if (chain->cert[i].not_after_s < *ret_not_after_s)
            *ret_not_after_s = chain->cert[i].not_after_s;
    }
}
