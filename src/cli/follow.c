/*
 * holdfast authority follow: the validator set follows a chain, with no person in the loop
 * (proto/FOLLOW.md). One round: look at the chain, ask whom it is time to ask, put in force what
 * enough set signers have signed, sign what another proposes, or propose. Nothing is signed that is
 * not remembered first.
 */
#include "follow.h"

#include "ask.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    EVERY_S = 60, /* between rounds */
    TURN_S = 60,  /* each signer waits so long for the one before it to propose */
    REATTEST_S = 3600,
    REATTEST_MAX_S = 86400,
    BAD_SAID_MAX = 8, /* entries of the chain that are named in one round */
};

static const char usage[] =
    "usage: holdfast authority follow --chain HASH [--every S] [--turn S]\n"
    "                                 [--reattest S] [--exchange DIR] [--key FILE]\n"
    "                                 [--collateral DIR] [--once] -- ADAPTOR ...\n"
    "\n"
    "Run by a set signer that the root names, beside its own node of the chain: the\n"
    "validator set follows the one that ADAPTOR prints (proto/FOLLOW.md). New\n"
    "accounts are asked for an attestation, and all again in each epoch; only sets\n"
    "are signed whose every change the chain has made.\n"
    "\n"
    "  --authority DIR  the folder with the network's documents; default authority\n"
    "  --chain HASH     of the chain's first block, 64 hexadecimal digits\n"
    "  --every S        seconds between rounds; default 60\n"
    "  --turn S         how long to wait for the signer before; default 60\n"
    "  --reattest S     how long an attestation is good; default 3600\n"
    "  --exchange DIR   a folder that the signers share; default proposals in the\n"
    "                   authority's folder\n"
    "  --key FILE       the set signer's key, where it is not in the folder's keys\n"
    "  --once           one round\n"
    "\n"
    "exit status: 0 the set says what the chain says, 1 error, 2 something is waited for\n";

void hf__follow_say_time(uint64_t now_s)
{
    char text[HF_DATE_TEXT];
    printf("%s: ", hf_date_text(now_s, HF_DATE_MINUTE, text));
}

int hf__follow_remember(struct hf__round *r)
{
    if (r->chain != NULL)
        hf__follow_keep(&r->state, r->a.set, hf__chain_view(r->chain));
    return hf__follow_save(r->a.folder, &r->o->chain, &r->state);
}

static int begin(struct hf__round *r)
{
    const char *exchange = r->o->exchange;
    if (r->a.policy == NULL || r->a.set == NULL)
        return HF_ENODOCUMENTS;
    if (r->a.root->u.root.set_threshold == 0) {
        fprintf(stderr, "holdfast authority: the root names no set signer: `holdfast authority "
                        "root sign --set-signer`\n");
        return HF_ENOTFOUND;
    }
    if (exchange != NULL)
        snprintf(r->exchange, sizeof r->exchange, "%s", exchange);
    else if (!hf__path(r->exchange, r->a.folder, "proposals"))
        return HF_ETOOBIG;
    if (mkdir(r->exchange, 0755) != 0 && errno != EEXIST)
        return hf_error_from_errno(errno);
    int error = hf__sign_following(&r->a, r->o->key_file, (struct hf_bytes){0}, r->key, NULL);
    const struct hf_root *root = &r->a.root->u.root;
    while (error == 0 && r->own < root->set_signers_count &&
           memcmp(root->set_signers[r->own].key, r->key, sizeof r->key) != 0)
        r->own++;
    if (error == 0)
        error = hf__follow_load(r->a.folder, &r->o->chain, &r->state);
    if (error == 0)
        hf__follow_clock_set_back(&r->state, r->now_s);
    return error != 0 ? error : hf__follow_take_up(r);
}

/* Which entries are not gone by: their validators stay as they are. */
static void say_bad(const struct hf__round *r, const struct hf__chain_view *view)
{
    char account[2 * sizeof(struct hf_account) + 1];
    size_t bad = 0;
    for (size_t i = 0; i < view->count; i++) {
        if (!view->list[i].bad || bad++ >= BAD_SAID_MAX)
            continue;
        hf_hex_encode(view->list[i].account.bytes, sizeof view->list[i].account, account);
        hf__follow_say_time(r->now_s);
        printf("%.8s has two entries on the chain, or one without an address or operator that can "
               "be: it stays as it is\n",
               account);
    }
    if (bad > BAD_SAID_MAX || view->unnamed > 0) {
        hf__follow_say_time(r->now_s);
        printf("%zu entries on the chain are no good, and %zu name no account%s\n", bad,
               view->unnamed, view->unnamed > 0 ? ": nobody leaves for not being there" : "");
    }
}

/* What the chain says, where it may be gone by. */
static int look(struct hf__round *r)
{
    struct hf__chain *chain;
    int error = hf__chain_look(r->o->adaptor, &r->state.seen, &chain);
    if (error != 0)
        return error;
    const struct hf__chain_view *view = hf__chain_view(chain);
    error = hf__chain_check(view, &r->o->chain, &r->state.seen, r->now_s);
    if (error != 0) {
        hf__follow_say_time(r->now_s);
        printf("nothing is signed: block %llu: %s\n", (unsigned long long)view->block.number,
               hf_error_sentence(error));
        hf__chain_free(chain);
        return error;
    }
    say_bad(r, view);
    r->chain = chain;
    r->state.seen = view->block;
    return hf__follow_remember(r); /* a block that was gone by is never another again */
}

/* The exit status of --once. */
static int run_round(const struct hf__follow_options *o)
{
    struct hf__round r = {.o = o, .now_s = (uint64_t)time(NULL)};
    bool waits = true;
    int error = hf__authority_open(o->folder, &r.a), looked = 0;
    if (error != 0)
        return hf__say("authority", o->folder, error);
    error = begin(&r);
    if (error == 0)
        looked = look(&r);
    if (error == 0 && looked == 0)
        error = hf__follow_ask(&r);
    /* What enough others have signed is put in force, though one's own node fails. */
    if (error == 0)
        error = hf__follow_act(&r, &waits);
    if (error == 0)
        error = hf__follow_remember(&r);
    hf__chain_free(r.chain);
    hf_document_unref(r.base);
    hf__follow_forget(&r.state);
    hf__authority_close(&r.a);
    fflush(stdout);
    if (error == 0)
        error = looked;
    if (error != 0)
        return hf_error_transient(error) ? (hf__say("authority", "follow", error), HF_CLI_NOT_READY)
                                         : hf__say("authority", "follow", error);
    return waits ? HF_CLI_NOT_READY : HF_CLI_OK;
}

static bool read_options(int argc, char **argv, struct hf__follow_options *o)
{
    static const struct hf_option table[] = {
        HF_TEXT_OF("authority", struct hf__follow_options, folder),
        HF_TEXT_OF("collateral", struct hf__follow_options, collateral),
        HF_TEXT_OF("key", struct hf__follow_options, key_file),
        HF_TEXT_OF("exchange", struct hf__follow_options, exchange),
        HF_TEXT_OF("chain", struct hf__follow_options, chain_text),
        HF_NUMBER_OF("every", struct hf__follow_options, every_s, 1, 86400),
        HF_NUMBER_OF("turn", struct hf__follow_options, turn_s, 1, 86400),
        HF_NUMBER_OF("reattest", struct hf__follow_options, reattest_s, 1, REATTEST_MAX_S),
        HF_FLAG_OF("once", struct hf__follow_options, once)};
    char **words;
    int count;
    *o = (struct hf__follow_options){.folder = HF__AUTHORITY_DEFAULT,
                                     .every_s = EVERY_S,
                                     .turn_s = TURN_S,
                                     .reattest_s = REATTEST_S};
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), o, &words, &count) || count < 1)
        return false;
    o->adaptor = words;
    return o->chain_text != NULL &&
           hf_hex_decode(o->chain_text, o->chain.bytes, sizeof o->chain) == 0;
}

int hf_cli_follow(int argc, char **argv)
{
    struct hf__follow_options o;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!read_options(argc, argv, &o))
        return hf__usage(usage);
    for (;;) {
        int status = run_round(&o);
        if (o.once)
            return status;
        sleep((unsigned)o.every_s);
    }
}
