/*
 * Issuing a document: what is signed has been read. A pending one must be of the command's kind, of
 * this network, the next version and not of a time to come; it must be what the own form gives,
 * unless told; and what it changes is shown and confirmed before any key is used.
 */
#include "authority.h"

#include "ask.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DIGEST_LEN = 2 * 32 + 1 };

static const char *const kinds[] = {"no document",     "a root",      "a policy",
                                    "a validator set", "a share set", "a proposal"};

static int refuse(const struct hf__issue_job *job, const char *why)
{
    fprintf(stderr, "holdfast %s: not signed: %s\n", job->name, why);
    return HF_EDOCUMENT;
}

/* What lies there is not what may be signed next: both by their digests. now: NULL: none is in
 * force. */
static int refuse_document(const struct hf__issue_job *job, const char *why,
                           const struct hf_document *d, const struct hf_document *now)
{
    char theirs[DIGEST_LEN], ours[DIGEST_LEN] = "none";
    hf_hex_encode(d->body_hash.bytes, HF_HASH_LEN, theirs);
    if (now != NULL)
        hf_hex_encode(now->body_hash.bytes, HF_HASH_LEN, ours);
    fprintf(stderr, "holdfast %s: not signed: %s; its digest is %s, of the one in force: %s\n",
            job->name, why, theirs, ours);
    return HF_EDOCUMENT;
}

static const struct hf_document *in_force(const struct hf__authority *a, uint8_t kind)
{
    switch (kind) {
    case HF_DOCUMENT_ROOT:
        return a->root;
    case HF_DOCUMENT_POLICY:
        return a->policy;
    case HF_DOCUMENT_SET:
        return a->set;
    default: /* a proposal is of the next share set */
        return a->shares;
    }
}

/* Whether every signature is one of this network's authority over this very document. */
static bool signers_good(const struct hf__authority *a, const struct hf_document *d)
{
    struct hf_authority_key keys[HF__SIGNERS_MAX];
    struct hf_root may = {.keys = keys};
    may.keys_count = hf__signers(a, d, keys);
    return hf_document_signers(d, hf__signed_network(a, d), &may) == d->signatures.signatures_count;
}

/* Kind, network, version and dates, whatever it says. */
static int check(const struct hf__authority *a, const struct hf__issue_job *job,
                 const struct hf_document *d)
{
    char text[HF__PATH_LEN + 64];
    const struct hf_document *now = in_force(a, job->kind);
    uint32_t next = now != NULL ? hf_document_version(now) + 1 : 1;
    if (d->kind != job->kind) {
        snprintf(text, sizeof text, "%s is %s, not %s", job->pending, kinds[d->kind],
                 kinds[job->kind]);
        return refuse_document(job, text, d, now);
    }
    if (hf_document_version(d) != next) {
        snprintf(text, sizeof text, "it has the version %u, and the next one is %u",
                 hf_document_version(d), next);
        return refuse_document(job, text, d, now);
    }
    if (hf_document_issued_s(d) > (uint64_t)time(NULL))
        return refuse_document(job, "its issue date lies beyond the clock of this machine", d, now);
    if (now != NULL && hf_document_issued_s(d) < hf_document_issued_s(now))
        return refuse_document(job, "its issue date lies before that of the one in force", d, now);
    if (!signers_good(a, d))
        return refuse_document(job, "a signature on it is not of this network's authority", d, now);
    return 0;
}

static int read_pending(const struct hf__authority *a, const char *path, struct hf_document **ret)
{
    struct hf_buf b;
    hf_buf_init(&b, HF__DOCUMENT_MAX);
    int r = hf_file_read(path, &b);
    if (r == 0)
        r = hf_document_read(a->pool, hf_buf_bytes(&b), ret);
    hf_buf_done(&b);
    return r;
}

/* The document that the own form gives; like: dates and what was drawn are taken from it. */
static int make(struct hf__authority *a, const struct hf__issue_job *job,
                const struct hf_document *like, struct hf_document **ret)
{
    struct hf_buf body, envelope;
    hf_buf_init(&body, HF__DOCUMENT_MAX);
    hf_buf_init(&envelope, HF__DOCUMENT_MAX);
    int r = job->make(a, job->ctx, like, &body);
    if (r == 0)
        r = hf_document_wrap(job->kind, hf_buf_bytes(&body), &envelope);
    if (r == 0)
        r = hf_document_read(a->pool, hf_buf_bytes(&envelope), ret);
    if (r == HF_EDOCUMENT)
        r = refuse(job, hf_error_sentence(r));
    hf_buf_done(&body);
    hf_buf_done(&envelope);
    return r;
}

static bool same_body(const struct hf_document *x, const struct hf_document *y)
{
    return hf_hash_equal(&x->body_hash, &y->body_hash);
}

/* What lies there to be signed, held against the own form. ret: NULL: it is to be made anew. */
static int take_pending(struct hf__authority *a, const struct hf__issue_job *job,
                        struct hf_document **ret)
{
    char theirs[DIGEST_LEN], ours[DIGEST_LEN];
    struct hf_document *d = NULL, *own = NULL;
    int r = read_pending(a, job->pending, &d);
    if (r == HF_ENOTFOUND)
        return 0;
    if (r != 0)
        return r;
    const struct hf_document *now = in_force(a, job->kind);
    if (now != NULL && now->kind == d->kind && same_body(d, now)) {
        /* It is in force, and this machine stopped before it was taken away. */
        unlink(job->pending);
        hf_document_unref(d);
        return 0;
    }
    r = check(a, job, d);
    if (r == 0 && !job->consent.foreign && job->make == NULL)
        r = refuse(job, "there is no form of one's own to hold it against: --foreign signs it");
    if (r == 0 && !job->consent.foreign)
        r = make(a, job, d, &own);
    if (r == 0 && own != NULL && !same_body(d, own)) {
        /* A draft without signatures: the form was changed since it was made. */
        bool draft = d->signatures.signatures_count == 0;
        if (!draft) {
            hf_hex_encode(d->body_hash.bytes, 32, theirs);
            hf_hex_encode(own->body_hash.bytes, 32, ours);
            printf("what %s changes against the own form:\n", job->pending);
            (void)!hf__difference_print(own, d);
            fprintf(stderr,
                    "holdfast %s: not signed: %s is not what the form gives: %s, not %s; "
                    "--foreign signs it all the same\n",
                    job->name, job->pending, theirs, ours);
            r = HF_EDOCUMENT;
        }
        hf_document_unref(d);
        d = NULL;
    }
    hf_document_unref(own);
    if (r != 0)
        hf_document_unref(d);
    else
        *ret = d;
    return r;
}

/* What may lock validators out is signed only when told. */
static int check_risk(const struct hf__authority *a, const struct hf__issue_job *job,
                      const struct hf_document *d)
{
    char why[512];
    if (job->risk == NULL || !job->risk(a, d, why, sizeof why))
        return 0;
    fprintf(stderr, "holdfast %s: %s: %s%s\n", job->name,
            job->consent.force ? "signed all the same" : "not signed", why,
            job->consent.force ? "" : "; --force signs it all the same");
    return job->consent.force ? 0 : HF_EDOCUMENT;
}

/* The document that is replaced stays where it can be looked up. */
static void keep_old(const struct hf__authority *a, const struct hf__issue_job *job)
{
    char folder[HF__PATH_LEN], path[HF__PATH_LEN], name[64];
    const struct hf_document *old = in_force(a, job->kind);
    if (old == NULL || job->kind == HF_DOCUMENT_ROOT || job->kind == HF_DOCUMENT_PROPOSAL)
        return;
    snprintf(name, sizeof name, "old/%s-%u.doc", job->name, hf_document_version(old));
    if (!hf__path(folder, a->folder, "old") || !hf__path(path, a->folder, name))
        return;
    (void)mkdir(folder, 0755); /* it may be there */
    int r = hf_file_replace(path, hf_blob_bytes(old->envelope), 0644);
    if (r != 0)
        fprintf(stderr, "holdfast %s: %s: %s\n", job->name, path, hf_error_sentence(r));
}

/* Shows what is to be signed, and has it confirmed. HF_EDOCUMENT: it is another one than was
 * confirmed. HF_ECANCELED: it was not confirmed. */
static int confirm(const struct hf__authority *a, const struct hf__issue_job *job,
                   const struct hf_document *d)
{
    char digest[DIGEST_LEN], answer[8], until[HF_DATE_TEXT];
    hf_hex_encode(d->body_hash.bytes, 32, digest);
    if (job->consent.own)
        return 0;
    printf("%s %u, %s:\n", job->name, hf_document_version(d),
           in_force(a, job->kind) == NULL ? "the first" : "against the one in force");
    int r = hf__difference_print(in_force(a, job->kind), d);
    if (r != 0)
        return r;
    if (job->kind != HF_DOCUMENT_ROOT)
        printf("good until %s, and to be signed anew before\n",
               hf_date_text(hf_document_expires_s(d), HF_DATE_MINUTE, until));
    if (job->show != NULL)
        job->show(a, d);
    printf("digest: %s\n", digest);
    fflush(stdout);
    if (job->consent.digest != NULL) {
        if (strcmp(job->consent.digest, digest) == 0)
            return 0;
        fprintf(stderr, "holdfast %s: not signed: --yes says %s, and it is %s\n", job->name,
                job->consent.digest, digest);
        return HF_EDOCUMENT;
    }
    if (isatty(STDIN_FILENO) == 1) {
        fprintf(stderr, "sign it? [yes/no] ");
        if (fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0)
            return 0;
    }
    fprintf(stderr, "holdfast %s: not signed; after reading it: --yes %s\n", job->name, digest);
    return HF_ECANCELED;
}

/* Where the next signer is another person, on another machine: what goes there, and what is typed
 * there. */
static void print_next(FILE *out, const struct hf__authority *a, const struct hf__issue_job *job)
{
    static const struct {
        uint8_t kind;
        const char *command, *foreign, *beside; /* what goes there beside documents */
    } commands[] = {{HF_DOCUMENT_ROOT, "authority root", " --foreign", ""},
                    {HF_DOCUMENT_POLICY, "policy", " --foreign", ""},
                    {HF_DOCUMENT_SET, "set", " --foreign", ""},
                    {HF_DOCUMENT_PROPOSAL, "quorum", "", ""},
                    {HF_DOCUMENT_SHARES, "quorum", "", ", proposal.doc, ceremony, collateral"}};
    for (size_t i = 0; i < HF_ARRAY_LEN(commands); i++)
        if (commands[i].kind == job->kind)
            fprintf(out,
                    "on another machine: copy %s/documents%s and %s there, and after reading sign "
                    "with\n"
                    "  holdfast %s sign --authority %s%s --key FILE\n"
                    "then bring both back\n",
                    a->folder, commands[i].beside, job->pending, commands[i].command, a->folder,
                    commands[i].foreign);
}

static int finish(struct hf__authority *a, const struct hf__issue_job *job,
                  const struct hf_buf *envelope, bool *ret_issued)
{
    char path[HF__PATH_LEN], relative[64];
    struct hf_document *d;
    int r = hf_document_read(a->pool, hf_buf_bytes(envelope), &d);
    if (r != 0)
        return r;
    if (job->kind == HF_DOCUMENT_ROOT)
        snprintf(relative, sizeof relative, "documents/root-%u.doc", hf_document_version(d));
    else if (job->kind == HF_DOCUMENT_PROPOSAL)
        snprintf(relative, sizeof relative, "%s.doc", job->name); /* it is for no node */
    else
        snprintf(relative, sizeof relative, "documents/%s.doc", job->name);
    if (!hf__path(path, a->folder, relative))
        r = HF_ETOOBIG;
    size_t have = d->signatures.signatures_count;
    FILE *out = job->consent.own ? stderr : stdout; /* `network init` prints the id alone */
    if (r == 0 && a->root == NULL)
        r = hf_network_id(d, &a->network); /* the first root says which network it is */
    if (r == 0)
        r = hf_document_verify(d, &a->network, a->root);
    *ret_issued = r == 0;
    if (r == 0) {
        keep_old(a, job);
        r = hf_file_replace(path, hf_buf_bytes(envelope), 0644);
        if (r == 0) {
            unlink(job->pending);
            fprintf(out, "%s %u signed by %zu keys%s: %s\n", job->name, hf_document_version(d),
                    have, job->kind == HF_DOCUMENT_PROPOSAL ? "" : ", in force", path);
        }
    } else if (r == HF_EDOCUMENT_SIGNATURE) {
        r = hf_file_replace(job->pending, hf_buf_bytes(envelope), 0644);
        fprintf(out, "%s %u has %zu signatures and needs more: sign %s further\n", job->name,
                hf_document_version(d), have, job->pending);
        print_next(out, a, job);
        r = r == 0 ? HF_EDOCUMENT_SIGNATURE : r;
    }
    hf_document_unref(d);
    return r;
}

int hf__issue(struct hf__authority *a, struct hf__issue_job *job, bool *ret_issued)
{
    char relative[64];
    struct hf_document *d = NULL;
    struct hf_buf envelope;
    size_t signatures = 0;
    *ret_issued = false;
    snprintf(relative, sizeof relative, "pending-%s.doc", job->name);
    if (!hf__path(job->pending, a->folder, relative))
        return HF_ETOOBIG;
    int r = take_pending(a, job, &d);
    if (r == 0 && d == NULL) {
        r = job->make != NULL ? make(a, job, NULL, &d) : HF_ENOTFOUND;
        if (r == 0)
            r = check(a, job, d);
    }
    if (r == 0)
        r = check_risk(a, job, d);
    if (r == 0)
        r = confirm(a, job, d);
    hf_buf_init(&envelope, HF__DOCUMENT_MAX);
    if (d != NULL)
        hf_buf_append(&envelope, d->envelope->data, d->envelope->len);
    if (r == HF_ECANCELED && hf_file_replace(job->pending, hf_buf_bytes(&envelope), 0644) != 0)
        r = HF_EIO;
    if (r == 0)
        r = hf__sign_all(a, job->key_file, d, &envelope, &signatures);
    if (r == 0)
        r = finish(a, job, &envelope, ret_issued);
    hf_buf_done(&envelope);
    hf_document_unref(d);
    return r;
}

int hf__issued(const char *command, const char *what, int error)
{
    if (error == 0)
        return HF_CLI_OK;
    if (error == HF_EDOCUMENT_SIGNATURE || error == HF_ECANCELED)
        return HF_CLI_NOT_READY;
    return error == HF_EDOCUMENT ? HF_CLI_ERROR : hf__say(command, what, error);
}

int hf__show(const char *command, const struct hf_document *d, hf__print_fn *print)
{
    char digest[DIGEST_LEN];
    hf_hex_encode(d->body_hash.bytes, 32, digest);
    int r = print(d);
    if (r == 0 && fflush(stdout) != 0)
        r = HF_EIO;
    if (r != 0)
        return hf__say(command, "standard output", r);
    fprintf(stderr, "digest: %s; %zu signatures\n", digest, d->signatures.signatures_count);
    return HF_CLI_OK;
}

int hf__show_file(const char *command, const char *path, uint8_t kind, hf__print_fn *print)
{
    struct hf__authority a;
    struct hf_document *d = NULL;
    int r = hf__authority_open_new("", &a);
    if (r != 0)
        return hf__say(command, path, r);
    r = read_pending(&a, path, &d);
    int status = HF_CLI_ERROR;
    if (r != 0)
        status = hf__say(command, path, r);
    else if (d->kind != kind)
        fprintf(stderr, "holdfast %s: %s is %s, not %s\n", command, path, kinds[d->kind],
                kinds[kind]);
    else
        status = hf__show(command, d, print);
    hf_document_unref(d);
    hf__authority_close(&a);
    return status;
}
