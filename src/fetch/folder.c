#include "folder.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 64, OUTPUT_MAX = PATH_MAX - 2 * NAME_MAX_LEN };

struct work {
    const struct hf__fetch_options *options;
    const struct hf__service_set *set;
    char *reason;
    char fresh[PATH_MAX]; /* the folder that the new set is written to */
    int lock;
};

static int refuse(const struct work *w, int error, const char *what)
{
    snprintf(w->reason, HF__FETCH_REASON_MAX, "%.300s: %.200s", w->options->output, what);
    return error;
}

static int refuse_errno(const struct work *w, int error_number)
{
    int r = hf_error_from_errno(error_number);
    return refuse(w, r, hf_error_sentence(r));
}

/* A file of a set, or what a fetch that was killed left half written of one (hf_file_replace). */
static bool is_ours(const char *name)
{
    static const char *const names[] = {"qe_identity.json", "tcb_signing_chain.pem",
                                        "pck_crl.der",      "pck_crl_issuer_chain.pem",
                                        "pck_crl_2.der",    "pck_crl_2_issuer_chain.pem",
                                        "root_ca_crl.der",  "early_qe_identity.json"};
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]);
        if (strncmp(name, names[i], len) == 0 &&
            (name[len] == '\0' || (name[len] == '.' && strlen(name + len) == HF_FILE_PART_LEN)))
            return true;
    }
    return (strncmp(name, "tcb_info_", 9) == 0 || strncmp(name, "early_tcb_info_", 15) == 0) &&
           strlen(name) < NAME_MAX_LEN;
}

/* Whether the folder holds only files of ours; if not, the name of one that is not. */
static bool holds_only_ours(const char *folder, char ret_foreign[static NAME_MAX_LEN])
{
    bool only = true;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return true;
    for (struct dirent *e; only && (e = readdir(dir)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && !is_ours(e->d_name)) {
            snprintf(ret_foreign, NAME_MAX_LEN, "%.60s", e->d_name);
            only = false;
        }
    closedir(dir);
    return only;
}

/* Files of ours, then the folder: never anything else. */
static void folder_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return;
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (is_ours(e->d_name))
            (void)unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
    (void)rmdir(folder);
}

/* One fetch at a time. The lock goes with the process; the empty file stays. */
static int lock_take(struct work *w)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s.lock", OUTPUT_MAX, w->options->output);
    w->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (w->lock < 0)
        return refuse_errno(w, errno);
    if (flock(w->lock, LOCK_EX | LOCK_NB) != 0)
        return refuse(w, HF_EBUSY, "another fetch is under way");
    return 0;
}

static int put(const struct work *w, const char *name, const struct hf_buf *content)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/%.*s", PATH_MAX - NAME_MAX_LEN - 2, w->fresh, NAME_MAX_LEN,
             name);
    int r = hf_file_replace(path, hf_buf_bytes(content), 0644);
    return r == 0 ? 0 : refuse(w, r, hf_error_sentence(r));
}

static int put_all(struct work *w)
{
    /* Left from a fetch that was killed; the lock shows that no fetch uses it. */
    folder_remove(w->fresh);
    if (mkdir(w->fresh, 0755) != 0)
        return refuse_errno(w, errno);
    const struct {
        const char *name;
        const struct hf_buf *content;
    } parts[] = {{"qe_identity.json", &w->set->qe_identity},
                 {"root_ca_crl.der", &w->set->root_ca_crl},
                 {"pck_crl.der", &w->set->pck[0].list},
                 {"pck_crl_issuer_chain.pem", &w->set->pck[0].issuer_chain},
                 {"pck_crl_2.der", &w->set->pck[1].list},
                 {"pck_crl_2_issuer_chain.pem", &w->set->pck[1].issuer_chain}};
    size_t count = HF_ARRAY_LEN(parts) - 2 * (HF_PCK_CAS_MAX - w->options->ca_count);
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++)
        r = put(w, parts[i].name, parts[i].content);
    for (size_t i = 0; i < w->set->platform_count && r == 0; i++) {
        char name[NAME_MAX_LEN], hex[2 * HF_FMSPC_LEN + 1];
        hf_hex_encode(w->set->platform[i].fmspc, HF_FMSPC_LEN, hex);
        snprintf(name, sizeof name, "tcb_info_%s.json", hex);
        r = put(w, name, &w->set->platform[i].tcb_info);
        snprintf(name, sizeof name, "early_tcb_info_%s.json", hex);
        if (r == 0 && w->set->platform[i].early.len > 0)
            r = put(w, name, &w->set->platform[i].early);
    }
    if (r == 0 && w->set->early_qe_identity.len > 0)
        r = put(w, "early_qe_identity.json", &w->set->early_qe_identity);
    return r;
}

static uint64_t judged_at_s(const struct work *w)
{
    return w->options->at_s != 0 ? w->options->at_s : (uint64_t)time(NULL);
}

/* Loads what was written and checks it; a reference of the caller's. */
static int check(const struct work *w, struct hf_collateral **ret)
{
    static const char *const words[] = {
        [HF_DOCUMENT_QE_IDENTITY] = "QE identity",
        [HF_DOCUMENT_TCB_INFO] = "TCB info",
        [HF_DOCUMENT_PCK_CRL] = "PCK revocation list",
        [HF_DOCUMENT_ROOT_CRL] = "root revocation list",
    };
    struct hf_collateral *c = NULL;
    enum hf_collateral_kind which = HF_DOCUMENT_QE_IDENTITY;
    int r = hf_collateral_load(w->fresh, &w->options->roots, &c);
    if (r != 0)
        return refuse(w, r, hf_error_sentence(r));
    r = hf_collateral_check(c, judged_at_s(w), &which);
    if (r != 0) {
        char what[160];
        snprintf(what, sizeof what, "the %s that was offered: %s", words[which],
                 hf_error_sentence(r));
        hf_collateral_unref(c);
        return refuse(w, r, what);
    }
    *ret = c;
    return 0;
}

/* The set passes with at least one of the signing chains that came with it. */
static int check_with_chains(const struct work *w, struct hf_collateral **ret)
{
    int r = HF_ECOLLSIG;
    for (size_t i = 0; i < w->set->chain_count && r == HF_ECOLLSIG; i++) {
        r = put(w, "tcb_signing_chain.pem", &w->set->tcb_signing_chain[i]);
        if (r == 0)
            r = check(w, ret);
    }
    return r;
}

/* What is held may be damaged or for another root: then anything good is better. */
static int check_not_older(const struct work *w, const struct hf_collateral *offered)
{
    struct hf_collateral *held = NULL, *merged = NULL;
    size_t older = 0;
    if (hf_collateral_load(w->options->output, &w->options->roots, &held) != 0)
        return 0;
    int r = hf_collateral_merge(held, offered, judged_at_s(w), &merged, &older);
    hf_collateral_unref(held);
    if (r != 0)
        return refuse(w, r, hf_error_sentence(r));
    hf_collateral_unref(merged);
    return older == 0 ? 0
                      : refuse(w, HF_ECOLLOLDER, "what is there is newer than what was offered");
}

/* The folder that holds the output, for its sync. */
static int parent_sync(const struct work *w)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(w->options->output, '/');
    int len = slash == NULL ? 0 : (int)(slash - w->options->output) + 1;
    snprintf(parent, sizeof parent, "%.*s.", len, w->options->output);
    int r = hf_folder_sync(parent);
    return r == 0 ? 0 : refuse(w, r, hf_error_sentence(r));
}

static int exchange(const struct work *w)
{
    const char *output = w->options->output;
    char foreign[NAME_MAX_LEN], what[2 * NAME_MAX_LEN];
    struct stat st;
    /* A link would be exchanged itself, and what it names emptied. */
    if (lstat(output, &st) == 0 && !S_ISDIR(st.st_mode))
        return refuse(w, HF_EEXIST, "is there, and is not a folder");
    if (!holds_only_ours(output, foreign)) {
        snprintf(what, sizeof what, "holds %s, which is not collateral", foreign);
        return refuse(w, HF_EEXIST, what);
    }
    if (renameat2(AT_FDCWD, w->fresh, AT_FDCWD, output, RENAME_NOREPLACE) == 0)
        return parent_sync(w);
    if (errno == EEXIST && renameat2(AT_FDCWD, w->fresh, AT_FDCWD, output, RENAME_EXCHANGE) == 0)
        return parent_sync(w);
    if (errno == EINVAL)
        return refuse(w, HF_EUNSUPPORTED, "this file system cannot exchange two folders");
    return refuse_errno(w, errno);
}

static int replace(struct work *w, uint64_t *ret_expires_s)
{
    struct hf_collateral *offered = NULL;
    int r = put_all(w);
    if (r == 0)
        r = check_with_chains(w, &offered);
    if (r != 0)
        return r;
    uint64_t expires_s = hf_collateral_expiry_s(offered);
    r = check_not_older(w, offered);
    hf_collateral_unref(offered);
    if (r == 0)
        r = exchange(w);
    if (r == 0)
        *ret_expires_s = expires_s;
    return r;
}

int hf__folder_replace(const struct hf__fetch_options *options, const struct hf__service_set *set,
                       uint64_t *ret_expires_s, char *ret_reason)
{
    struct work w = {.options = options, .set = set, .reason = ret_reason, .lock = -1};
    if (strlen(options->output) > OUTPUT_MAX || options->output[strlen(options->output) - 1] == '/')
        return refuse(&w, HF_EINVAL, "too long, or ends in a slash");
    snprintf(w.fresh, sizeof w.fresh, "%.*s.new", OUTPUT_MAX, options->output);
    int r = lock_take(&w);
    if (r == 0) {
        r = replace(&w, ret_expires_s);
        folder_remove(w.fresh); /* the refused set, or the one that was replaced */
    }
    if (w.lock >= 0)
        close(w.lock);
    return r;
}
