/* holdfast quorum: who shares the quorum key (proto/QUORUM.md, 3). */
#include "ask.h"
#include "authority.h"
#include "base/error.h"
#include "base/options.h"
#include "command.h"
#include "document/request.h"
#include "policy.h"
#include "quorum_ceremony.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DAY_S = 86400, DAYS_DEFAULT = 365, DAYS_MAX = 3650 };

static const char usage[] =
    "usage: holdfast quorum propose --threshold M --name KEY... --holder ALIAS=KEY...\n"
    "                               [--days N] [--yes DIGEST] [--key FILE]\n"
    "       holdfast quorum reshard, with the options of propose\n"
    "       holdfast quorum sign [--yes DIGEST] [--key FILE] [--collateral DIR]\n"
    "       holdfast quorum deal OUTPUT [--collateral DIR]\n"
    "       holdfast quorum ack FILE...\n"
    "       holdfast quorum drill [FILE...]\n"
    "       holdfast quorum show\n"
    "\n"
    "propose says who shares which quorum keys: of the holders, M together open what\n"
    "validators sealed. KEY of a holder is its public key, as `holdfast-share key show`\n"
    "prints it; each who signs reads the six words of its fingerprint to the holder.\n"
    "reshard proposes the same keys, by their names, for other holders or another\n"
    "threshold; the holders of now give the ceremony their shares.\n"
    "The signed proposal.doc goes into a ceremony; deal verifies what came out of it;\n"
    "ack takes the holders' acknowledgements; when all are there, sign makes the share\n"
    "set. sign goes on with whatever waits for signatures. drill begins a drill, and\n"
    "with FILEs takes the holders' proofs: whether every one still has a share.\n"
    "\n"
    "  --authority DIR      the authority's folder; default authority\n"
    "  --collateral DIR     default: collateral in the authority's folder\n"
    "  --days N             how long the share set is good; default 365\n"
    "  --key FILE           a key that is not in the folder's keys\n"
    "  --yes DIGEST         confirms the document of this digest, for scripts\n"
    "exit status: 0 done, 1 error, 2 signatures or acknowledgements are missing, 18\n"
    "a ceremony's output of another network, 19 an acknowledgement of another\n"
    "ceremony, 20 a wrong acknowledgement\n";

struct options {
    const char *folder, *collateral, *key_file, *digest;
    uint64_t threshold, days;
    struct hf_share_holder holders[HF_SHARES_MAX];
    uint8_t holder_keys[HF_SHARES_MAX][HF_HOLDER_KEY_MAX];
    struct hf_quorum_key keys[HF_SHARES_MAX];
    size_t holders_count, keys_count;
    bool reshard;
    char **words;
    int words_count;
};

static bool take_holder(void *options, const char *text)
{
    struct options *o = options;
    const char *key = strchr(text, '=');
    if (key == NULL || key == text || o->holders_count == HF_SHARES_MAX)
        return false;
    struct hf_share_holder *h = &o->holders[o->holders_count++];
    *h = (struct hf_share_holder){.alias = hf_bytes_of(text, (size_t)(key - text))};
    return hf__holder_key(key + 1, o->holder_keys[o->holders_count - 1], h);
}

static bool take_name(void *options, const char *text)
{
    struct options *o = options;
    if (o->keys_count == HF_SHARES_MAX)
        return false;
    o->keys[o->keys_count++].name = hf_bytes_of(text, strlen(text));
    return true;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct hf_option table[] = {
        HF_TEXT_OF("authority", struct options, folder),
        HF_TEXT_OF("collateral", struct options, collateral),
        HF_TEXT_OF("key", struct options, key_file),
        HF_TEXT_OF("yes", struct options, digest),
        HF_NUMBER_OF("threshold", struct options, threshold, 1, HF_SHARES_MAX),
        HF_NUMBER_OF("days", struct options, days, 1, DAYS_MAX),
        HF_TAKE_BY("holder", take_holder),
        HF_TAKE_BY("name", take_name),
    };
    *o = (struct options){.folder = HF__AUTHORITY_DEFAULT, .days = DAYS_DEFAULT};
    return hf__options(argc, argv, table, HF_ARRAY_LEN(table), o, &o->words, &o->words_count) &&
           o->words_count >= 1;
}

/* The proposal as the options have it. */
static int make_proposal(const struct hf__authority *a, void *ctx, const struct hf_document *like,
                         struct hf_buf *ret_body)
{
    const struct options *o = ctx;
    struct hf_share_set set = {.version =
                                   a->shares != NULL ? hf_document_version(a->shares) + 1u : 1u,
                               .threshold = o->threshold,
                               .holders = (struct hf_share_holder *)(uintptr_t)o->holders,
                               .holders_count = o->holders_count,
                               .keys = (struct hf_quorum_key *)(uintptr_t)o->keys,
                               .keys_count = o->keys_count};
    if (o->reshard) {
        set.has_reshards = true;
        set.reshards = a->shares->body_hash;
    }
    set.issued_s = like != NULL ? hf_document_issued_s(like) : (uint64_t)time(NULL);
    set.expires_s = like != NULL ? hf_document_expires_s(like) : set.issued_s + o->days * DAY_S;
    return hf_wire_encode(&hf_wire_share_set, &set, ret_body);
}

static int issue(struct hf__authority *a, const struct options *o, struct hf__issue_job *job)
{
    bool issued;
    job->key_file = o->key_file;
    job->consent.digest = o->digest;
    int status = hf__issued("quorum", job->name, hf__issue(a, job, &issued));
    if (issued)
        hf__quorum_next(a->folder);
    return status;
}

/* What each signer of a proposal reads to the holders, and what resharding does not do. */
static void show_proposal(const struct hf__authority *a, const struct hf_document *d)
{
    const struct hf_share_set *set = &d->u.shares;
    puts("read each of these aloud to its holder, and sign when all have the same:");
    hf__holders_print(set->holders, set->holders_count);
    if (set->has_reshards && a->shares != NULL)
        printf(
            "The same keys, shared anew. This takes nothing from anybody: whoever keeps %llu "
            "shares "
            "of now\ncan still open what was sealed to these keys. Who is to lose that needs a new "
            "key: propose.\n",
            (unsigned long long)a->shares->u.shares.threshold);
}

static int propose(struct hf__authority *a, struct options *o)
{
    struct hf__issue_job job = {.kind = HF_DOCUMENT_PROPOSAL,
                                .name = "proposal",
                                .make = make_proposal,
                                .show = show_proposal,
                                .ctx = o};
    if (o->threshold == 0 || o->holders_count == 0 || o->keys_count == 0)
        return hf__say("quorum", "propose needs --threshold, --name and --holder", 0);
    if (o->reshard && a->shares == NULL)
        return hf__say("quorum", "there is no share set yet: propose one", 0);
    return issue(a, o, &job);
}

/* Of a new key in the place of one that nodes have sealed to: what it leaves open, for a while. */
static void show_shares(const struct hf__authority *a, const struct hf_document *d)
{
    const struct hf_share_set *set = &d->u.shares;
    if (a->shares == NULL)
        return;
    for (size_t i = 0; i < a->shares->u.shares.keys_count; i++) {
        const struct hf_quorum_key *old = &a->shares->u.shares.keys[i];
        if (hf_share_set_key_of(set, old->commitments.data) == NULL)
            printf(
                "NOT in it is the key %.*s of now: a validator that has not sealed anew when all "
                "lose\ntheir power cannot be opened by people. Sign while all are ready; what is "
                "not sealed\nanew says so itself. Let the holders of now keep their shares until "
                "then.\n",
                (int)old->name.len, (const char *)old->name.data);
    }
}

/* The share set that follows from the output, once it is sure that a ceremony made it. */
static int sign_shares(struct hf__authority *a, const struct options *o,
                       struct hf__ceremony_state *state)
{
    struct hf__issue_job job = {.kind = HF_DOCUMENT_SHARES,
                                .name = "share-set",
                                .make = hf__ceremony_share_set,
                                .show = show_shares,
                                .ctx = state};
    int r = hf__ceremony_judge(a, o->collateral, state);
    if (r != 0)
        return hf__say("quorum", "not signed: the ceremony's output", r);
    if (state->acks_count < state->c.set.holders_count) {
        hf__ceremony_print(state);
        return HF_CLI_NOT_READY;
    }
    return issue(a, o, &job);
}

/* What waits: a proposal that others began, or the share set that a ceremony has dealt. */
static int sign(struct hf__authority *a, const struct options *o)
{
    struct hf__issue_job proposal = {.kind = HF_DOCUMENT_PROPOSAL,
                                     .name = "proposal",
                                     .show = show_proposal,
                                     .consent.foreign = true};
    struct hf__ceremony_state state = {0};
    if (hf__pending(a, "proposal"))
        return issue(a, o, &proposal);
    int r = hf__ceremony_open(a, &state);
    int status =
        r == 0 ? sign_shares(a, o, &state) : hf__say("quorum", "nothing waits for a signature", r);
    hf__ceremony_close(&state);
    return status;
}

static int run(struct hf__authority *a, struct options *o)
{
    const char *verb = o->words[0];
    if (strcmp(verb, "propose") == 0 && o->words_count == 1)
        return propose(a, o);
    if (strcmp(verb, "reshard") == 0 && o->words_count == 1) {
        o->reshard = true;
        return propose(a, o);
    }
    if (strcmp(verb, "sign") == 0 && o->words_count == 1)
        return sign(a, o);
    if (strcmp(verb, "deal") == 0 && o->words_count == 2)
        return hf__ceremony_deal(a, o->words[1], o->collateral);
    if (strcmp(verb, "ack") == 0 && o->words_count >= 2)
        return hf__ceremony_ack(a, false, o->words_count - 1, o->words + 1);
    if (strcmp(verb, "drill") == 0 && o->words_count == 1)
        return hf__ceremony_drill(a);
    if (strcmp(verb, "drill") == 0)
        return hf__ceremony_ack(a, true, o->words_count - 1, o->words + 1);
    if (strcmp(verb, "show") == 0 && o->words_count == 1)
        return hf__ceremony_show(a);
    return hf__usage(usage);
}

int hf_cli_quorum(int argc, char **argv)
{
    struct hf__authority a;
    struct options o;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!read_options(argc, argv, &o))
        return hf__usage(usage);
    if (hf__authority_open(o.folder, &a) != 0)
        return HF_CLI_ERROR;
    int status = run(&a, &o);
    hf__authority_close(&a);
    return status;
}
