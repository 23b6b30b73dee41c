/*
 * The part of OpenSSL that TLS uses here. A context that offers all algorithms looks through all of
 * them for each public key that it reads, which is a quarter of a handshake; and what it does not
 * offer no peer can make it run.
 */
#include "base/error.h"
#include "tls.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdlib.h>

enum { OPERATIONS = OSSL_OP_STORE + 1, DISPATCH_MAX = 16 };

/* By OpenSSL's first name of each: what the suites, groups and signatures of context_new in
 * identity.c need, how keys are read and written, and where randomness comes from. */
static const struct {
    int operation;
    const char *name;
} used[] = {
    {OSSL_OP_DIGEST, "SHA2-256"},
    {OSSL_OP_DIGEST, "SHA2-384"},
    {OSSL_OP_CIPHER, "AES-128-GCM"},
    {OSSL_OP_CIPHER, "AES-256-GCM"},
    {OSSL_OP_CIPHER, "ChaCha20-Poly1305"},
    {OSSL_OP_MAC, "HMAC"},
    {OSSL_OP_KDF, "HKDF"},
    {OSSL_OP_KDF, "TLS13-KDF"},
    {OSSL_OP_RAND, "CTR-DRBG"},
    {OSSL_OP_RAND, "SEED-SRC"},
    {OSSL_OP_KEYMGMT, "EC"},
    {OSSL_OP_KEYMGMT, "X25519"},
    {OSSL_OP_KEYMGMT, "ED25519"},
    {OSSL_OP_KEYMGMT, "HMAC"}, /* the MAC of Finished is made as a signature */
    {OSSL_OP_KEYEXCH, "ECDH"},
    {OSSL_OP_KEYEXCH, "X25519"},
    {OSSL_OP_SIGNATURE, "ECDSA"},
    {OSSL_OP_SIGNATURE, "ED25519"},
    {OSSL_OP_SIGNATURE, "HMAC"},
    {OSSL_OP_ENCODER, "EC"},
    {OSSL_OP_DECODER, "EC"},
    {OSSL_OP_DECODER, "ED25519"},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *library;
static OSSL_PROVIDER *whole; /* OpenSSL's own, in the context that all share */
static OSSL_FUNC_provider_query_operation_fn *whole_query;
static OSSL_ALGORITHM *parts[OPERATIONS];
static OSSL_DISPATCH dispatch[DISPATCH_MAX];

static bool is_used(int operation, const OSSL_ALGORITHM *a)
{
    size_t len = strcspn(a->algorithm_names, ":");
    bool found = false;
    for (size_t i = 0; i < HF_ARRAY_LEN(used) && !found; i++)
        found = used[i].operation == operation && strlen(used[i].name) == len &&
                strncmp(used[i].name, a->algorithm_names, len) == 0;
    /* Keys travel in certificates alone. */
    if (found && (operation == OSSL_OP_ENCODER || operation == OSSL_OP_DECODER))
        found = strstr(a->property_definition, "put=der,structure=SubjectPublicKeyInfo") != NULL;
    return found;
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *ret_no_cache)
{
    if (operation < 0 || operation >= OPERATIONS)
        return NULL;
    const OSSL_ALGORITHM *all = whole_query(context, operation, ret_no_cache);
    if (all == NULL || parts[operation] != NULL)
        return parts[operation];
    size_t count = 0, kept = 0;
    while (all[count].algorithm_names != NULL)
        count++;
    OSSL_ALGORITHM *part = calloc(count + 1, sizeof *part);
    for (size_t i = 0; part != NULL && i < count; i++)
        if (is_used(operation, &all[i]))
            part[kept++] = all[i];
    parts[operation] = part;
    return part;
}

/* A provider whose algorithms are some of those of whole, which goes with the shared context. */
static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **ret, void **ret_context)
{
    (void)handle;
    (void)in;
    size_t count = 0;
    for (const OSSL_DISPATCH *d = OSSL_PROVIDER_get0_dispatch(whole); d->function_id != 0; d++) {
        if (d->function_id == OSSL_FUNC_PROVIDER_TEARDOWN)
            continue;
        if (count + 1 == DISPATCH_MAX)
            return 0;
        dispatch[count] = *d;
        if (d->function_id == OSSL_FUNC_PROVIDER_QUERY_OPERATION) {
            whole_query = OSSL_FUNC_provider_query_operation(d);
            dispatch[count].function = (void (*)(void))query;
        }
        count++;
    }
    *ret = dispatch;
    *ret_context = OSSL_PROVIDER_get0_provider_ctx(whole);
    return whole_query != NULL;
}

static void load(void)
{
    static const char name[] = "holdfast-tls";
    /* Neither the system's configuration nor its list of authorities has a say here; reading them
     * costs time. */
    if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
        return;
    library = OSSL_LIB_CTX_new();
    whole = OSSL_PROVIDER_load(NULL, "default");
    if (library != NULL && whole != NULL &&
        OSSL_PROVIDER_add_builtin(library, name, provider_init) == 1 &&
        OSSL_PROVIDER_load(library, name) != NULL)
        return;
    OSSL_LIB_CTX_free(library);
    library = NULL;
}

OSSL_LIB_CTX *hf__tls_library(void)
{
    pthread_once(&once, load);
    return library;
}
