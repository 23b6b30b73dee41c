/*
 * holdfast set add: the account is taken from an identity, and what it is from the daemon itself,
 * asked over a nonce at the address that the set will have. So an entry is of a node that runs now,
 * can be reached there, and is attested now. --offline goes by the identity's own quote.
 */
#include "set_add.h"

#include "answer.h"
#include "ask.h"
#include "attest.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "set_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { IDENTITY_MAX = 64 << 10, FRESH_MS = 10000, FRESH_POLL_MS = 50 };

static bool is_fresh(void)
{
    json_t *root;
    if (hf__ask(json_pack("{s:s}", "request", "status"), true, &root) != 0)
        return false;
    bool fresh = strcmp(text_of(root, "state"), "fresh") == 0;
    json_decref(root);
    return fresh;
}

/* A node that was started just now makes its vault and its first quote: it is waited for. */
static json_t *ask_identity(void)
{
    const struct timespec pause = {.tv_nsec = FRESH_POLL_MS * 1000000L};
    json_t *root = NULL;
    for (int i = 0; i < FRESH_MS / FRESH_POLL_MS; i++) {
        if (hf__ask(json_pack("{s:s}", "request", "identity"), true, &root) == 0)
            return root;
        if (!is_fresh())
            break;
        nanosleep(&pause, NULL);
    }
    return hf__ask(json_pack("{s:s}", "request", "identity"), false, &root) == 0 ? root : NULL;
}

static json_t *read_identity(const struct hf__set_add *o)
{
    json_t *root = NULL;
    json_error_t error;
    struct hf_buf text;
    if (o->file == NULL)
        return ask_identity();
    hf_buf_init(&text, IDENTITY_MAX);
    int r = hf_file_read(o->file, &text);
    if (r == 0)
        root = json_loadb((const char *)text.data, text.len, 0, &error);
    hf_buf_done(&text);
    if (root == NULL)
        hf__say("set", o->file, r != 0 ? r : HF_EMALFORMED);
    return root;
}

/* ret: initialised by the caller. */
static int identity_bytes(const json_t *root, struct hf_buf *ret)
{
    const char *hex = json_string_value(json_object_get(root, "identity"));
    size_t len = hex != NULL ? strlen(hex) / 2 : 0;
    uint8_t *identity = len > 0 ? malloc(len) : NULL;
    if (identity == NULL)
        return len > 0 ? HF_ENOMEM : HF_EMALFORMED;
    int r = hf_hex_decode(hex, identity, len);
    hf_buf_append(ret, identity, r == 0 ? len : 0);
    free(identity);
    return r != 0 ? r : ret->error;
}

/* Asks at the address. What is wrong is said. */
static int ask(const struct hf__attesting *how, struct hf_bytes identity, const char *address,
               struct hf__admitted *ret)
{
    struct hf_account account;
    struct hf__attested m = {.address = address, .account = &account};
    int r = hf__identity_account(identity, &account);
    if (r == 0)
        r = hf__attest(how, &m, 1);
    if (r != 0)
        return r;
    *ret = m.admitted;
    if (m.as == HF__SILENT)
        fprintf(stderr,
                "holdfast: the daemon at %s has not said what it is now: %s; --offline goes by the "
                "identity's own quote instead\n",
                address, m.reason);
    if (m.error == HF_EMEASUREMENT)
        hf__admit_advise(m.measurement);
    return m.error;
}

static int admit(const struct hf__set_add *o, const struct hf__authority *a, const json_t *root,
                 const char *address, struct hf__admitted *ret)
{
    char own[HF__PATH_LEN];
    struct hf__attesting how;
    struct hf_buf identity;
    if (!hf__path(own, a->folder, "collateral"))
        return HF_ETOOBIG;
    int r = hf__attesting_init(&how, a, o->key_file, o->collateral != NULL ? o->collateral : own);
    if (r != 0)
        return r;
    hf_buf_init(&identity, IDENTITY_MAX);
    r = identity_bytes(root, &identity);
    if (r == 0)
        r = o->offline ? hf__admit(&how.by, hf_buf_bytes(&identity), ret)
                       : ask(&how, hf_buf_bytes(&identity), address, ret);
    hf_buf_done(&identity);
    return r;
}

static int save(const struct hf__set_add *o, struct hf__member *m, const struct hf__member *fresh,
                const struct hf__authority *a, struct hf__member_list *members)
{
    m->account = fresh->account;
    snprintf(m->address, sizeof m->address, "%s", fresh->address);
    snprintf(m->operator_name, sizeof m->operator_name, "%s", fresh->operator_name);
    snprintf(m->zone, sizeof m->zone, "%s", o->zone != NULL ? o->zone : "");
    return hf__members_save(a->folder, members);
}

static int enter(const struct hf__set_add *o, const struct hf__authority *a,
                 const struct hf__admitted *admitted, const char *address)
{
    struct hf__member_list members;
    char account[65], made[HF_DATE_TEXT];
    int r = hf__members_load(a->folder, &members);
    if (r != 0)
        return r;
    struct hf__member fresh = {0};
    fresh.account = admitted->account;
    snprintf(fresh.address, sizeof fresh.address, "%s", address);
    snprintf(fresh.operator_name, sizeof fresh.operator_name, "%s", o->operator_name);
    r = hf__set_make_room(&members, &fresh, o->replace, o->also);
    struct hf__member *m = hf__members_find(&members, &admitted->account);
    bool known = m != NULL;
    /* What was decided about it stays decided. */
    if (r == 0 && m == NULL)
        r = hf__set_recall_floor(a, &fresh);
    if (r == 0 && m == NULL)
        m = hf__members_add(&members);
    if (r == 0 && m == NULL)
        r = HF_ENOMEM;
    if (r == 0 && fresh.floor != NULL) {
        m->floor = fresh.floor;
        fresh.floor = NULL;
    }
    free(fresh.floor);
    if (r == 0)
        r = save(o, m, &fresh, a, &members);
    hf__members_done(&members);
    if (r != 0)
        return r;
    hf_hex_encode(admitted->account.bytes, sizeof admitted->account, account);
    if (admitted->quoted_s == 0)
        snprintf(made, sizeof made, "now, at that address");
    else
        hf_date_text(admitted->quoted_s, HF_DATE_MINUTE, made);
    printf("%s %s at %s: quote verified, made %s, release %s; in force after `holdfast set sign`\n",
           account, known ? "updated" : "added", address, made, admitted->release);
    return 0;
}

int hf__set_add(const struct hf__authority *a, const struct hf__set_add *o)
{
    struct hf__admitted admitted;
    if (o->operator_name == NULL || !hf__name_valid(o->operator_name) ||
        (o->zone != NULL && !hf__name_valid(o->zone)))
        return hf__say("set", "--operator (and --zone): 1 to 64 plain characters", 0);
    json_t *root = read_identity(o);
    if (root == NULL)
        return HF_CLI_ERROR;
    const char *address =
        o->address != NULL ? o->address : json_string_value(json_object_get(root, "address"));
    if (address != NULL && hf_config_address_unspecified(address)) {
        json_decref(root);
        return hf__say("set", "not added: its address is of no machine; give --address", 0);
    }
    int r = address != NULL && hf_config_address_valid(address)
                ? admit(o, a, root, address, &admitted)
                : HF_EADDRESS;
    if (r == 0)
        r = enter(o, a, &admitted, address);
    json_decref(root);
    if (r == HF_ECANCELED) /* said why */
        return HF_CLI_NOT_READY;
    return r == 0 ? HF_CLI_OK : hf__say("set", "not added", r);
}
