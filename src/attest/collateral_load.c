/* A set of collateral from a folder. */
#include "attest/collateral.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct folder {
    const char *path;
    size_t tcb_info_count;
    struct hf_buf tcb_infos[HF_COLLATERAL_PLATFORMS_MAX];
    struct hf_buf single[5];
};

/* The files that are there once, in the order of `single`. */
static const char *const names[] = {"qe_identity.json", "tcb_signing_chain.pem", "pck_crl.der",
                                    "pck_crl_issuer_chain.pem", "root_ca_crl.der"};

static int read_file(const char *folder, const char *name, struct hf_buf *b)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    hf_buf_init(b, HF_COLLATERAL_DOCUMENT_MAX);
    return len > 0 && (size_t)len < sizeof path ? hf_file_read(path, b) : HF_EINVAL;
}

/* tcb_info_ and an FMSPC in either case and .json. */
static bool is_tcb_info(const char *name)
{
    static const char before[] = "tcb_info_", after[] = ".json";
    size_t fmspc = 2 * HF_FMSPC_LEN;
    if (strncmp(name, before, sizeof before - 1) != 0)
        return false;
    name += sizeof before - 1;
    return strspn(name, "0123456789abcdefABCDEF") == fmspc && strcmp(name + fmspc, after) == 0;
}

static int read_tcb_infos(struct folder *f)
{
    struct dirent *entry;
    DIR *dir = opendir(f->path);
    if (dir == NULL)
        return hf_error_from_errno(errno);
    int r = 0;
    while (r == 0 && (entry = readdir(dir)) != NULL) {
        if (!is_tcb_info(entry->d_name))
            continue;
        r = f->tcb_info_count < HF_COLLATERAL_PLATFORMS_MAX ? 0 : HF_ETOOBIG;
        if (r == 0)
            r = read_file(f->path, entry->d_name, &f->tcb_infos[f->tcb_info_count++]);
    }
    closedir(dir);
    return r;
}

static int read_folder(struct folder *f)
{
    int r = read_tcb_infos(f);
    for (size_t i = 0; r == 0 && i < HF_ARRAY_LEN(names); i++) {
        r = read_file(f->path, names[i], &f->single[i]);
        if (r == HF_ENOTFOUND) /* a missing document, of which verification will speak */
            r = 0;
    }
    return r;
}

int hf_collateral_load(const char *folder, const struct hf_roots *roots, struct hf_collateral **ret)
{
    struct hf_bytes infos[HF_COLLATERAL_PLATFORMS_MAX];
    struct folder *f = calloc(1, sizeof *f);
    if (f == NULL)
        return HF_ENOMEM;
    f->path = folder;
    int r = read_folder(f);
    if (r == 0) {
        for (size_t i = 0; i < f->tcb_info_count; i++)
            infos[i] = hf_buf_bytes(&f->tcb_infos[i]);
        const struct hf_collateral_source source = {
            .qe_identity = hf_buf_bytes(&f->single[0]),
            .tcb_infos = infos,
            .tcb_info_count = f->tcb_info_count,
            .tcb_signing_chain = hf_buf_bytes(&f->single[1]),
            .pck_crl = hf_buf_bytes(&f->single[2]),
            .pck_crl_issuer_chain = hf_buf_bytes(&f->single[3]),
            .root_ca_crl = hf_buf_bytes(&f->single[4]),
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
