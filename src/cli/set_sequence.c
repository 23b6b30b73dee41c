/*
 * A vault that was put back, and whose newer one is lost. The person says that it is; how far it
 * had come, and how far holders have seen it, are words of the validator's own account, which its
 * host can neither raise nor lower.
 */
#include "set_sequence.h"

#include "answer.h"
#include "ask.h"
#include "base/error.h"
#include "base/hex.h"
#include "command.h"
#include "crypto/suite.h"
#include "set_change.h"
#include "set_form.h"
#include "wire/messages.h"

#include <stdio.h>

enum { STATEMENT_MAX = 256 };

static int refuse(const char *why)
{
    return hf__say("set", why, 0);
}

/* One signed word for how far a vault had come. */
static int word_of(const struct hf__authority *a, const struct hf_account *account,
                   const json_t *of, struct hf_sequence_point *ret)
{
    uint8_t signature[64];
    struct hf_buf statement;
    const json_t *claim = json_object_get(of, "claim"), *number = json_object_get(of, "number");
    const char *hex = json_string_value(json_object_get(of, "signature"));
    if (!json_is_integer(claim) || !json_is_integer(number) || json_integer_value(claim) < 0 ||
        json_integer_value(number) < 0 || hex == NULL ||
        hf_hex_decode(hex, signature, sizeof signature) != 0)
        return HF_EMALFORMED;
    *ret = (struct hf_sequence_point){.claim = (uint64_t)json_integer_value(claim),
                                      .number = (uint64_t)json_integer_value(number)};
    struct hf_sequence_statement s = {.at = *ret};
    s.network = a->network;
    s.owner = *account;
    hf_buf_init(&statement, STATEMENT_MAX);
    int r = hf_wire_encode(&hf_wire_sequence_statement, &s, &statement);
    if (r == 0)
        r = hf_suite_real.verify(account->bytes, "holdfast/v1/sequence", hf_buf_bytes(&statement),
                                 signature);
    hf_buf_done(&statement);
    return r;
}

static int read_words(const struct hf__authority *a, const char *path,
                      const struct hf_account *account, struct hf_sequence_floor *ret)
{
    json_t *root;
    int r = hf__set_read_record(path, &root);
    const json_t *of = json_object_get(root, "vault_behind");
    if (r == 0 && !json_is_object(of))
        r = HF_EMISSING;
    if (r == 0)
        r = word_of(a, account, json_object_get(of, "seen"), &ret->seen);
    if (r == 0)
        r = word_of(a, account, json_object_get(of, "had"), &ret->vault);
    json_decref(root);
    return r;
}

static bool confirmed(const struct hf_sequence_floor *f, const struct hf__floor_options *o)
{
    printf("its vault is of claim %llu, change %llu; holders have seen claim %llu, change %llu\n",
           (unsigned long long)f->vault.claim, (unsigned long long)f->vault.number,
           (unsigned long long)f->seen.claim, (unsigned long long)f->seen.number);
    printf(
        "what lies between is forgotten: promises to other validators, shares kept for them, and\n"
        "to which version of its root secret the names of keys are bound that were released\n"
        "since. It counts as one of those that may have forgotten (proto/CLAIMS.md, 1).\n"
        "\nThis cannot be taken back. If another machine runs this validator now, or the newer\n"
        "vault is put back later, that one can do nothing any more.\n");
    fflush(stdout);
    if (o->only_instance ||
        hf__asked("is it sure that the newer vault is lost, and that no other machine runs it?"))
        return true;
    fprintf(stderr, "holdfast set: nothing is decided; when it is sure that the newer vault is "
                    "lost, and that no other machine runs this validator: --only-instance\n");
    return false;
}

static int decide(const struct hf__authority *a, const struct hf__floor_options *o,
                  struct hf__member_list *members, struct hf__member *m)
{
    struct hf_sequence_floor f = {0};
    int r = read_words(a, o->record_file, &m->account, &f);
    if (r == HF_EMISSING)
        return refuse("the file names no vault that is behind: it must be what `holdfast status "
                      "--json` prints at the validator while that is blocked with vault_behind");
    if (r != 0)
        return hf__say("set", o->record_file, r);
    if (hf_sequence_compare(&f.seen, &f.vault) <= 0)
        return refuse("the vault is not behind what its holders have seen");
    if (!confirmed(&f, o))
        return HF_CLI_NOT_READY;
    m->has_sequence_floor = true;
    m->sequence_floor = f;
    r = hf__members_save(a->folder, members);
    if (r != 0)
        return hf__say("set", a->folder, r);
    printf("noted in set.yaml; it comes into force with `holdfast set sign`, and at the validator "
           "when its daemon is started again\n");
    return HF_CLI_OK;
}

int hf__set_sequence(const struct hf__authority *a, const struct hf__floor_options *o)
{
    struct hf__member_list members;
    if (o->record_file == NULL)
        return refuse("--record FILE: what `holdfast status --json` prints at the validator");
    int r = hf__members_load(a->folder, &members);
    if (r != 0)
        return hf__say("set", a->folder, r);
    struct hf__member *m = hf__set_named(&members, o->account, "of set.yaml");
    int status = m != NULL ? decide(a, o, &members, m) : HF_CLI_ERROR;
    hf__members_done(&members);
    return status;
}
