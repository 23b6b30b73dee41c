#include "outside.h"

#include "ask.h"
#include "authority.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"
#include "client/frame.h"
#include "command.h"
#include "net/once.h"

#include <stdio.h>

#define OPERATOR_LABEL "holdfast/v1/operator"

enum { SECRETS_LEN = 1 << 16 };

struct hf__outside hf__outside;

bool hf__outside_wanted(void)
{
    return hf__outside.address != NULL;
}

bool hf__outside_valid(void)
{
    struct hf_account account;
    const struct hf__outside *o = &hf__outside;
    const char *wrong = NULL;
    if ((o->address == NULL) != (o->key_file == NULL))
        wrong = "--operator ADDRESS and --key FILE go together";
    else if (o->account != NULL && o->address == NULL)
        wrong = "--account ACCOUNT is for --operator ADDRESS";
    else if (o->account != NULL && (strlen(o->account) != 2 * sizeof account.bytes ||
                                    hf_hex_decode(o->account, account.bytes, sizeof account) != 0))
        wrong = "--account: all 64 digits of an account";
    if (wrong != NULL)
        fprintf(stderr, "holdfast: %s\n", wrong);
    return wrong == NULL;
}

static int verify(const struct hf_account *account, const char *label, struct hf_bytes data,
                  const uint8_t signature[static HF_NET_SIGNATURE_LEN])
{
    return hf_suite_real.verify(account->bytes, label, data, signature);
}

static int sign(void *user, struct hf_bytes spki, struct hf_account *ret_account,
                uint8_t ret_signature[static HF_NET_SIGNATURE_LEN])
{
    const struct hf__outside *o = user;
    int r =
        hf__operator_key_sign(o->key_file, OPERATOR_LABEL, spki, ret_account->bytes, ret_signature);
    if (r != 0)
        fprintf(stderr, "holdfast: %s: %s; `holdfast node key FILE` makes an operator's key\n",
                o->key_file, hf_error_sentence(r));
    return r;
}

static void say(int error, const char *reason)
{
    const struct hf__outside *o = &hf__outside;
    if (error == HF_EPERMISSION)
        fprintf(stderr,
                "holdfast: the daemon at %s does not know this key: the set names it for a "
                "validator by `holdfast set operator-key`, the configuration by `operator: key`\n",
                o->address);
    else
        fprintf(stderr, "holdfast: the daemon at %s does not answer: %s\n", o->address,
                reason[0] != '\0' ? reason : hf_error_sentence(error));
}

int hf__outside_ask(struct hf_bytes request, uint32_t timeout_ms, bool quiet,
                    struct hf_buf *ret_answer)
{
    char reason[HF_NET_REASON_MAX];
    struct hf_account account;
    struct hf__outside *o = &hf__outside;
    int status = 0, r = hf_secret_init(SECRETS_LEN, false);
    if (r != 0)
        return r;
    if (o->account != NULL && hf_hex_decode(o->account, account.bytes, sizeof account) != 0)
        return HF_EINVAL;
    const struct hf_net_call call = {.address = o->address,
                                     .account = o->account != NULL ? &account : NULL,
                                     .flags = HF_NET_VSOCK_OK |
                                              (o->account != NULL ? 0u : HF_NET_LOCKED_OK),
                                     .method = HF_NET_POST,
                                     .path = "/v1/operator",
                                     .body = request,
                                     .deadline_ms = timeout_ms,
                                     .answer_bytes_max = HF_FRAME_MAX};
    const struct hf_net_hooks hooks = {.verify = verify, .own_label = OPERATOR_LABEL};
    const struct hf_net_once once = {.call = &call, .hooks = &hooks, .sign = sign, .user = o};
    r = hf_net_once(&once, &status, ret_answer, reason);
    bool own = r == HF_ENOTFOUND || r == HF_EMALFORMED; /* of the key's file, which sign has said */
    if (r == 0 && status != 200)
        r = status == 403 ? HF_EPERMISSION : HF_EBUSY;
    if (r != 0 && !own && !quiet)
        say(r, reason);
    return r;
}
