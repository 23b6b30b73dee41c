#include "share.h"
#include "token.h"

#include "base/error.h"
#include "base/secret.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SLOTS_MAX = 64, KEYS_MAX = 16, ID_LEN = 16, LABEL_LEN = 32, PIN_MAX = HF__PASSPHRASE_MAX };

/* OBJECT IDENTIFIER prime256v1, as CKA_EC_PARAMS has it. */
static const uint8_t prime256v1[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

struct hf__token {
    P11KitUri *uri;
    CK_FUNCTION_LIST **modules; /* ended with NULL; those of the system, or one */
    bool one;
    CK_FUNCTION_LIST *module; /* of the token */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* 0: none */
    CK_OBJECT_HANDLE key;
    CK_TOKEN_INFO info;
    uint8_t public_key[HF_P256_POINT_LEN];
    bool made;
};

static int failed(const char *what, CK_RV rv)
{
    fprintf(stderr, "holdfast-share: the token: %s: %s\n", what, p11_kit_strerror(rv));
    return HF_ETOKEN;
}

static int said(const char *sentence, int error)
{
    fprintf(stderr, "holdfast-share: %s\n", sentence);
    return error;
}

void hf__token_close(struct hf__token *t)
{
    if (t == NULL)
        return;
    if (t->session != 0) {
        (void)t->module->C_Logout(t->session);
        (void)t->module->C_CloseSession(t->session);
    }
    if (t->one) {
        (void)p11_kit_module_finalize(t->modules[0]);
        p11_kit_module_release(t->modules[0]);
        free(t->modules);
    } else if (t->modules != NULL) {
        p11_kit_modules_finalize_and_release(t->modules);
    }
    p11_kit_uri_free(t->uri);
    free(t);
}

const uint8_t *hf__token_public(const struct hf__token *t)
{
    return t->public_key;
}

bool hf__token_made(const struct hf__token *t)
{
    return t->made;
}

static int read_uri(struct hf__token *t, const char *text)
{
    t->uri = p11_kit_uri_new();
    if (t->uri == NULL)
        return HF_ENOMEM;
    if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, t->uri) != P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(t->uri))
        return said("that is no URI of a token (RFC 7512)", HF_EINVAL);
    if (p11_kit_uri_get_pin_value(t->uri) != NULL || p11_kit_uri_get_pin_source(t->uri) != NULL)
        return said("a PIN has no place in a URI: it is asked for", HF_EINVAL);
    return 0;
}

/* Every module of the system or, where the URI has a module-path, that one. */
static int load(struct hf__token *t)
{
    const char *path = p11_kit_uri_get_module_path(t->uri);
    p11_kit_be_quiet();
    if (path == NULL) {
        t->modules = p11_kit_modules_load_and_initialize(0);
        return t->modules != NULL ? 0 : said("no module for tokens can be loaded", HF_ETOKEN);
    }
    t->modules = calloc(2, sizeof *t->modules);
    if (t->modules == NULL)
        return HF_ENOMEM;
    CK_FUNCTION_LIST *module = p11_kit_module_load(path, 0);
    if (module == NULL || p11_kit_module_initialize(module) != CKR_OK) {
        if (module != NULL)
            p11_kit_module_release(module);
        free(t->modules);
        t->modules = NULL;
        fprintf(stderr, "holdfast-share: %s: the module cannot be loaded\n", path);
        return HF_ETOKEN;
    }
    t->one = true;
    t->modules[0] = module;
    return 0;
}

/* Counts the tokens that fit the URI; the last of them is kept. */
static unsigned find_in(struct hf__token *t, CK_FUNCTION_LIST *module)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    CK_TOKEN_INFO info;
    unsigned found = 0;
    CK_RV rv = module->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv == CKR_BUFFER_TOO_SMALL) {
        fprintf(stderr,
                "holdfast-share: a module has more than %d tokens, and is left out: name "
                "another by module-path\n",
                SLOTS_MAX);
        return 0;
    }
    if (rv != CKR_OK)
        return 0;
    for (CK_ULONG i = 0; i < count; i++) {
        if (module->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
            (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
            p11_kit_uri_match_token_info(t->uri, &info) != 1)
            continue;
        t->module = module;
        t->slot = slots[i];
        t->info = info;
        found++;
    }
    return found;
}

static int find_token(struct hf__token *t)
{
    unsigned found = 0;
    for (size_t i = 0; t->modules[i] != NULL; i++)
        found += find_in(t, t->modules[i]);
    if (found == 0)
        return said("no token that fits the URI is plugged in", HF_ETOKENABSENT);
    if (found > 1)
        return said("several tokens fit the URI: name one by its serial", HF_EINVAL);
    CK_MECHANISM_INFO mechanism;
    CK_RV rv = t->module->C_GetMechanismInfo(t->slot, CKM_ECDH1_DERIVE, &mechanism);
    if (rv != CKR_OK || (mechanism.flags & CKF_DERIVE) == 0)
        return said("the token has no ECDH", HF_ETOKENDERIVE);
    return 0;
}

/* What a token tells of how many tries are left: no number, but whether it is the last. */
static void say_tries(const CK_TOKEN_INFO *info)
{
    if ((info->flags & CKF_USER_PIN_FINAL_TRY) != 0)
        fputs("holdfast-share: one try is left before the token locks itself\n", stderr);
    else if ((info->flags & CKF_USER_PIN_COUNT_LOW) != 0)
        fputs("holdfast-share: a wrong PIN was given since the last right one: few tries are left; "
              "the token does not say how many\n",
              stderr);
}

static int logged_in(struct hf__token *t, CK_RV rv)
{
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
        return 0;
    (void)t->module->C_GetTokenInfo(t->slot, &t->info);
    if (rv == CKR_PIN_LOCKED || (t->info.flags & CKF_USER_PIN_LOCKED) != 0)
        return HF_ETOKENLOCKED;
    if (rv != CKR_PIN_INCORRECT && rv != CKR_PIN_LEN_RANGE && rv != CKR_PIN_INVALID)
        return failed("its PIN", rv);
    say_tries(&t->info);
    return HF_EPIN;
}

static int log_in(struct hf__token *t, int pin_fd)
{
    char prompt[sizeof "PIN of the token : " + LABEL_LEN], label[LABEL_LEN + 1];
    if ((t->info.flags & CKF_USER_PIN_LOCKED) != 0)
        return HF_ETOKENLOCKED;
    if ((t->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0) {
        fputs("holdfast-share: type the PIN at the token\n", stderr);
        return logged_in(t, t->module->C_Login(t->session, CKU_USER, NULL, 0));
    }
    say_tries(&t->info);
    int len = LABEL_LEN;
    while (len > 0 && t->info.label[len - 1] == ' ')
        len--;
    for (int i = 0; i < len; i++) /* what the token says goes to a terminal */
        label[i] =
            (char)(t->info.label[i] >= ' ' && t->info.label[i] <= '~' ? t->info.label[i] : '?');
    label[len] = '\0';
    snprintf(prompt, sizeof prompt, "PIN of the token %s: ", label);
    char *pin = hf_secret_alloc(PIN_MAX);
    if (pin == NULL)
        return HF_ENOMEM;
    int r = hf__ask_secret(prompt, pin_fd, pin);
    if (r == 0)
        r = logged_in(
            t, t->module->C_Login(t->session, CKU_USER, (CK_UTF8CHAR *)pin, (CK_ULONG)strlen(pin)));
    hf_secret_free(pin);
    return r;
}

/* The objects of a class that the URI fits, without its own word on the class. */
static int find_keys(struct hf__token *t, CK_OBJECT_CLASS class, const CK_ATTRIBUTE *id,
                     CK_OBJECT_HANDLE ret[static KEYS_MAX], CK_ULONG *ret_count)
{
    CK_KEY_TYPE type = CKK_EC;
    CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(t->uri, CKA_LABEL),
                 *said_id = p11_kit_uri_get_attribute(t->uri, CKA_ID);
    CK_ATTRIBUTE template[5] = {{CKA_CLASS, &class, sizeof class},
                                {CKA_KEY_TYPE, &type, sizeof type}};
    CK_ULONG n = 2;
    if (id != NULL)
        template[n++] = *id;
    else if (said_id != NULL)
        template[n++] = *said_id;
    if (id == NULL && label != NULL)
        template[n++] = *label;
    CK_RV rv = t->module->C_FindObjectsInit(t->session, template, n);
    if (rv == CKR_OK) {
        rv = t->module->C_FindObjects(t->session, ret, KEYS_MAX, ret_count);
        (void)t->module->C_FindObjectsFinal(t->session);
    }
    return rv == CKR_OK ? 0 : failed("its objects", rv);
}

/* CKA_EC_POINT: an octet string of DER or, with some, the point itself. */
static int read_point(struct hf__token *t, CK_OBJECT_HANDLE object, uint8_t *ret)
{
    uint8_t params[sizeof prime256v1], point[2 + HF_P256_POINT_LEN];
    CK_ATTRIBUTE wanted[] = {{CKA_EC_PARAMS, params, sizeof params},
                             {CKA_EC_POINT, point, sizeof point}};
    if (t->module->C_GetAttributeValue(t->session, object, wanted, HF_ARRAY_LEN(wanted)) !=
            CKR_OK ||
        wanted[0].ulValueLen != sizeof prime256v1 ||
        memcmp(params, prime256v1, sizeof prime256v1) != 0)
        return HF_ETOKENABSENT;
    size_t len = wanted[1].ulValueLen;
    bool der = len == sizeof point && point[0] == 0x04 && point[1] == HF_P256_POINT_LEN;
    if (!der && len != HF_P256_POINT_LEN)
        return HF_ETOKENABSENT;
    memcpy(ret, point + (der ? 2 : 0), HF_P256_POINT_LEN);
    return hf_p256_check(ret) == 0 ? 0 : HF_ETOKENABSENT;
}

/* The public key of a private one: of the object with the same id, or in the object itself. */
static int public_of(struct hf__token *t, CK_OBJECT_HANDLE key, uint8_t *ret)
{
    CK_OBJECT_HANDLE objects[KEYS_MAX];
    CK_ULONG count = 0;
    uint8_t bytes[256];
    CK_ATTRIBUTE id = {CKA_ID, bytes, sizeof bytes};
    if (t->module->C_GetAttributeValue(t->session, key, &id, 1) == CKR_OK && id.ulValueLen > 0 &&
        find_keys(t, CKO_PUBLIC_KEY, &id, objects, &count) == 0 && count > 0)
        return read_point(t, objects[0], ret);
    return read_point(t, key, ret);
}

static int check_derives(struct hf__token *t)
{
    CK_BBOOL derives = CK_FALSE;
    CK_ATTRIBUTE wanted = {CKA_DERIVE, &derives, sizeof derives};
    if (t->module->C_GetAttributeValue(t->session, t->key, &wanted, 1) != CKR_OK ||
        derives != CK_TRUE)
        return said("the key may sign, but not derive", HF_ETOKENDERIVE);
    return 0;
}

/* known: NULL: whichever there is. HF_ENOTFOUND: there is none. */
static int find_key(struct hf__token *t, const uint8_t *known)
{
    CK_OBJECT_HANDLE keys[KEYS_MAX];
    CK_ULONG count = 0, found = 0;
    int r = find_keys(t, CKO_PRIVATE_KEY, NULL, keys, &count);
    if (r == 0 && count == KEYS_MAX)
        return said("the token has 16 keys that fit the URI, or more: name one by its id or object",
                    HF_EINVAL);
    for (CK_ULONG i = 0; i < count && r == 0; i++) {
        uint8_t point[HF_P256_POINT_LEN];
        if (public_of(t, keys[i], point) != 0 ||
            (known != NULL && memcmp(known, point, sizeof point) != 0))
            continue;
        t->key = keys[i];
        memcpy(t->public_key, point, sizeof point);
        found++;
    }
    if (r != 0 || found == 0)
        return r != 0 ? r : HF_ENOTFOUND;
    if (found > 1 && known == NULL)
        return said("several keys fit the URI: name one by its id or object", HF_EINVAL);
    return check_derives(t);
}

/* A key pair that stays on the token. */
static int make_key(struct hf__token *t)
{
    static char holdfast[] = "holdfast";
    uint8_t id[ID_LEN], params[sizeof prime256v1];
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(t->uri, CKA_LABEL),
                 *said_id = p11_kit_uri_get_attribute(t->uri, CKA_ID);
    CK_ATTRIBUTE named = {CKA_LABEL, holdfast, sizeof holdfast - 1}, drawn = {CKA_ID, id, ID_LEN};
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    memcpy(params, prime256v1, sizeof params);
    if (getrandom(id, sizeof id, 0) != sizeof id)
        return HF_EINTERNAL;
    if (label != NULL)
        named = *label;
    if (said_id != NULL)
        drawn = *said_id;
    CK_ATTRIBUTE public_template[] = {
        {CKA_TOKEN, &yes, sizeof yes}, {CKA_EC_PARAMS, params, sizeof params}, named, drawn};
    CK_ATTRIBUTE private_template[] = {{CKA_TOKEN, &yes, sizeof yes},
                                       {CKA_PRIVATE, &yes, sizeof yes},
                                       {CKA_SENSITIVE, &yes, sizeof yes},
                                       {CKA_EXTRACTABLE, &no, sizeof no},
                                       {CKA_DERIVE, &yes, sizeof yes},
                                       named,
                                       drawn};
    CK_OBJECT_HANDLE public_key;
    CK_RV rv = t->module->C_GenerateKeyPair(t->session, &mechanism, public_template,
                                            HF_ARRAY_LEN(public_template), private_template,
                                            HF_ARRAY_LEN(private_template), &public_key, &t->key);
    if (rv != CKR_OK)
        return failed("it makes no key of P-256", rv);
    t->made = true;
    if (read_point(t, public_key, t->public_key) != 0)
        return said("the token does not say what the public key is", HF_ETOKEN);
    return check_derives(t);
}

static int open_key(struct hf__token *t, const char *uri, const uint8_t *known, int pin_fd)
{
    int r = read_uri(t, uri);
    if (r == 0)
        r = load(t);
    if (r == 0)
        r = find_token(t);
    if (r != 0)
        return r;
    CK_FLAGS flags = CKF_SERIAL_SESSION | (known == NULL ? CKF_RW_SESSION : 0);
    CK_RV rv = t->module->C_OpenSession(t->slot, flags, NULL, NULL, &t->session);
    if (rv != CKR_OK)
        return failed("no session", rv);
    r = log_in(t, pin_fd);
    if (r == 0)
        r = find_key(t, known);
    if (r == HF_ENOTFOUND)
        r = known == NULL ? make_key(t) : said("the key is not on this token", HF_ETOKENABSENT);
    return r;
}

int hf__token_open(const char *uri, const uint8_t *known, int pin_fd, struct hf__token **ret)
{
    struct hf__token *t = calloc(1, sizeof *t);
    if (t == NULL)
        return HF_ENOMEM;
    int r = open_key(t, uri, known, pin_fd);
    if (r == 0)
        *ret = t;
    else
        hf__token_close(t);
    return r;
}

static CK_RV derive(struct hf__token *t, struct hf_bytes point, uint8_t *ret)
{
    CK_ECDH1_DERIVE_PARAMS params = {.kdf = CKD_NULL,
                                     .public_data = (CK_BYTE *)(uintptr_t)point.data,
                                     .public_data_len = point.len};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof params};
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ULONG len = HF_P256_SCALAR_LEN;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},   {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},         {CKA_SENSITIVE, &no, sizeof no},
        {CKA_EXTRACTABLE, &yes, sizeof yes}, {CKA_VALUE_LEN, &len, sizeof len}};
    CK_ATTRIBUTE value = {CKA_VALUE, ret, HF_P256_SCALAR_LEN};
    CK_OBJECT_HANDLE secret;
    CK_RV rv = t->module->C_DeriveKey(t->session, &mechanism, t->key, template,
                                      HF_ARRAY_LEN(template), &secret);
    if (rv != CKR_OK)
        return rv;
    rv = t->module->C_GetAttributeValue(t->session, secret, &value, 1);
    (void)t->module->C_DestroyObject(t->session, secret);
    return rv == CKR_OK && value.ulValueLen != HF_P256_SCALAR_LEN ? CKR_FUNCTION_FAILED : rv;
}

int hf__token_dh(struct hf__token *t, const uint8_t point[static HF_P256_POINT_LEN],
                 uint8_t ret[static HF_P256_SCALAR_LEN])
{
    uint8_t der[2 + HF_P256_POINT_LEN] = {0x04, HF_P256_POINT_LEN};
    int r = hf_p256_check(point); /* whatever the token makes of one that is none */
    if (r != 0)
        return r;
    memcpy(der + 2, point, HF_P256_POINT_LEN);
    /* PKCS #11 wants the point itself; some tokens want it as an octet string of DER. */
    CK_RV rv = derive(t, hf_bytes_of(point, HF_P256_POINT_LEN), ret);
    if (rv != CKR_OK)
        rv = derive(t, hf_bytes_of(der, sizeof der), ret);
    return rv == CKR_OK ? 0 : failed("it derives nothing", rv);
}
