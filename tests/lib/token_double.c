/*
 * A PKCS #11 module that is SoftHSM's but for what HF_TOKEN says, since SoftHSM never locks itself:
 * "locked", "last" (one try is left, and a wrong PIN takes it), "no-ecdh", "no-derive" (new keys
 * may sign only).
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdlib.h>
#include <string.h>

static CK_FUNCTION_LIST *real, list;

static int is(const char *what)
{
    const char *said = getenv("HF_TOKEN");
    return said != NULL && strcmp(said, what) == 0;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *ret)
{
    static int tried;
    CK_RV rv = real->C_GetTokenInfo(slot, ret);
    if (rv == CKR_OK && is("locked"))
        ret->flags |= CKF_USER_PIN_LOCKED;
    if (rv == CKR_OK && is("last"))
        ret->flags |= tried++ > 1 ? CKF_USER_PIN_LOCKED : CKF_USER_PIN_FINAL_TRY;
    return rv;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *ret)
{
    if (type == CKM_ECDH1_DERIVE && is("no-ecdh"))
        return CKR_MECHANISM_INVALID;
    return real->C_GetMechanismInfo(slot, type, ret);
}

static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                               CK_ATTRIBUTE *public_template, CK_ULONG public_count,
                               CK_ATTRIBUTE *private_template, CK_ULONG private_count,
                               CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    static CK_BBOOL no = CK_FALSE;
    for (CK_ULONG i = 0; i < private_count; i++)
        if (private_template[i].type == CKA_DERIVE && is("no-derive"))
            private_template[i].pValue = &no;
    return real->C_GenerateKeyPair(session, mechanism, public_template, public_count,
                                   private_template, private_count, ret_public, ret_private);
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ret)
{
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
    void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
    void *symbol = module != NULL ? dlsym(module, "C_GetFunctionList") : NULL;
    memcpy(&get, &symbol, sizeof get);
    if (get == NULL || get(&real) != CKR_OK)
        return CKR_GENERAL_ERROR;
    list = *real;
    list.C_GetFunctionList = C_GetFunctionList;
    list.C_GetTokenInfo = get_token_info;
    list.C_GetMechanismInfo = get_mechanism_info;
    list.C_GenerateKeyPair = generate_key_pair;
    *ret = &list;
    return CKR_OK;
}
