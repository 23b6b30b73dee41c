/* A set of collateral from a folder. */
#include "attest/collateral.h"
#include "attest/verify.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct folder {
    const char *path;
    bool early;     /* what is announced counts */
    bool has_early; /* there is something */
    size_t tcb_info_count;
    uint8_t fmspcs[HF_COLLATERAL_PLATFORMS_MAX][HF_FMSPC_LEN];
    struct hf_buf tcb_infos[HF_COLLATERAL_PLATFORMS_MAX];
    struct hf_buf single[7];
};

/* The files that are there once, in the order of `single`. */
static const char *const names[] = {
    "qe_identity.json",         "tcb_signing_chain.pem", "root_ca_crl.der",           "pck_crl.der",
    "pck_crl_issuer_chain.pem", "pck_crl_2.der",         "pck_crl_2_issuer_chain.pem"};

/* A file that is too large is read as far as shows that it is: verification will say so. */
static int read_file(const char *folder, const char *name, struct hf_buf *b)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    hf_buf_init(b, HF_COLLATERAL_DOCUMENT_MAX + 1);
    if (len < 0 || (size_t)len >= sizeof path)
        return HF_EINVAL;
    int r = hf_file_read_regular(path, b);
    if (r != HF_ETOOBIG)
        return r;
    for (size_t i = 0; i <= HF_COLLATERAL_DOCUMENT_MAX; i++)
        hf_buf_append_u8(b, 0);
    return b->error;
}

/* tcb_info_ and an FMSPC in either case and .json. */
static bool is_tcb_info(const char *before, const char *name,
                        uint8_t ret_fmspc[static HF_FMSPC_LEN])
{
    static const char after[] = ".json";
    char digits[2 * HF_FMSPC_LEN + 1];
    size_t len = strlen(before);
    if (strlen(name) != len + 2 * HF_FMSPC_LEN + sizeof after - 1 ||
        strncmp(name, before, len) != 0)
        return false;
    memcpy(digits, name + len, 2 * HF_FMSPC_LEN);
    digits[2 * HF_FMSPC_LEN] = '\0';
    return strcmp(name + len + 2 * HF_FMSPC_LEN, after) == 0 &&
           hf_hex_decode(digits, ret_fmspc, HF_FMSPC_LEN) == 0;
}

static bool has_platform(const struct folder *f, const uint8_t fmspc[static HF_FMSPC_LEN])
{
    for (size_t i = 0; i < f->tcb_info_count; i++)
        if (memcmp(f->fmspcs[i], fmspc, HF_FMSPC_LEN) == 0)
            return true;
    return false;
}

/* Those whose names begin like this. */
static int read_tcb_infos(struct folder *f, const char *before)
{
    struct dirent *entry;
    DIR *dir = opendir(f->path);
    if (dir == NULL)
        return hf_error_from_errno(errno);
    int r = 0;
    while (r == 0 && (entry = readdir(dir)) != NULL) {
        uint8_t fmspc[HF_FMSPC_LEN];
        if (!is_tcb_info(before, entry->d_name, fmspc) || (f->early && has_platform(f, fmspc)))
            continue;
        r = f->tcb_info_count < HF_COLLATERAL_PLATFORMS_MAX ? 0 : HF_ETOOBIG;
        if (r != 0)
            break;
        memcpy(f->fmspcs[f->tcb_info_count], fmspc, sizeof fmspc);
        r = read_file(f->path, entry->d_name, &f->tcb_infos[f->tcb_info_count++]);
    }
    closedir(dir);
    return r;
}

/* What is announced comes first, and keeps the rest from being read in its place. */
static int read_early(struct folder *f)
{
    int r = read_tcb_infos(f, "early_tcb_info_");
    f->has_early = f->tcb_info_count > 0;
    if (r == 0)
        r = read_file(f->path, "early_qe_identity.json", &f->single[0]);
    f->has_early = f->has_early || f->single[0].len > 0;
    return r == HF_ENOTFOUND ? 0 : r;
}

static int read_folder(struct folder *f)
{
    int r = f->early ? read_early(f) : 0;
    if (r == 0 && f->early && !f->has_early)
        return HF_ECOLLMISSING;
    if (r == 0)
        r = read_tcb_infos(f, "tcb_info_");
    for (size_t i = f->single[0].len > 0 ? 1 : 0; r == 0 && i < HF_ARRAY_LEN(names); i++) {
        r = read_file(f->path, names[i], &f->single[i]);
        if (r == HF_ENOTFOUND) /* a missing document, of which verification will speak */
            r = 0;
    }
    return r;
}

static int load(const char *folder, bool early, const struct hf_roots *roots,
                struct hf_collateral **ret)
{
    struct hf_bytes infos[HF_COLLATERAL_PLATFORMS_MAX];
    struct folder *f = calloc(1, sizeof *f);
    if (f == NULL)
        return HF_ENOMEM;
    f->path = folder;
    f->early = early;
    int r = read_folder(f);
    if (r == 0) {
        for (size_t i = 0; i < f->tcb_info_count; i++)
            infos[i] = hf_buf_bytes(&f->tcb_infos[i]);
        const struct hf_collateral_source source = {
            .qe_identity = hf_buf_bytes(&f->single[0]),
            .tcb_infos = infos,
            .tcb_info_count = f->tcb_info_count,
            .tcb_fmspcs = (const uint8_t(*)[HF_FMSPC_LEN])f->fmspcs,
            .tcb_signing_chain = hf_buf_bytes(&f->single[1]),
            .root_ca_crl = hf_buf_bytes(&f->single[2]),
            .pck_lists = {{hf_buf_bytes(&f->single[3]), hf_buf_bytes(&f->single[4])},
                          {hf_buf_bytes(&f->single[5]), hf_buf_bytes(&f->single[6])}},
        };
        r = hf_collateral_new(&source, roots, ret);
    }
    for (size_t i = 0; i < f->tcb_info_count; i++)
        hf_buf_done(&f->tcb_infos[i]);
    for (size_t i = 0; i < HF_ARRAY_LEN(f->single); i++)
        hf_buf_done(&f->single[i]);
    free(f);
    return r;
}

int hf_collateral_load(const char *folder, const struct hf_roots *roots, struct hf_collateral **ret)
{
    return load(folder, false, roots, ret);
}

int hf_collateral_load_early(const char *folder, const struct hf_roots *roots,
                             struct hf_collateral **ret)
{
    return load(folder, true, roots, ret);
}

int hf_quote_verify_by(const char *folder, struct hf_bytes quote, const struct hf_roots *roots,
                       uint64_t at_s, struct hf_verdict *ret)
{
    struct hf_collateral *collateral;
    int r = hf_collateral_load(folder, roots, &collateral);
    if (r != 0)
        return r;
    const struct hf_verify_params params = {
        .at_s = at_s, .roots = *roots, .collateral = collateral};
    r = hf_quote_verify(quote, &params, ret, NULL);
    hf_collateral_unref(collateral);
    return r;
}
