#include "tsm_report.h"
#include "attest/quote.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char prefix[] = "holdfast-";

enum { FOLDER_MAX = HF__TSM_PATH_MAX + 64, ATTRIBUTE_MAX = FOLDER_MAX + 16 };

/* ret: ATTRIBUTE_MAX bytes. */
static void attribute_path(const char *folder, const char *name, char *ret)
{
    snprintf(ret, ATTRIBUTE_MAX, "%.*s/%.14s", FOLDER_MAX - 1, folder, name);
}

static int attribute_read(const char *folder, const char *name, struct hf_buf *ret)
{
    char path[ATTRIBUTE_MAX];
    attribute_path(folder, name, path);
    return hf_file_read(path, ret);
}

/* The first line of a short attribute, terminated and without its newline. */
static int line_read(const char *folder, const char *name, char ret[static 64])
{
    struct hf_buf b;
    hf_buf_init(&b, 63);
    int r = attribute_read(folder, name, &b);
    if (r == 0) {
        memcpy(ret, b.data != NULL ? b.data : (const uint8_t *)"", b.len);
        ret[b.len] = '\0';
        ret[strcspn(ret, "\n")] = '\0';
    }
    hf_buf_done(&b);
    return r == HF_ETOOBIG ? HF_EIO : r;
}

static int provider_check(const char *folder)
{
    char provider[64];
    int r = line_read(folder, "provider", provider);
    if (r != 0)
        return r;
    return strcmp(provider, "tdx_guest") == 0 ? 0 : HF_EQUOTE_PROVIDER;
}

static int generation_read(const char *folder, uint64_t *ret)
{
    char line[64], *end;
    int r = line_read(folder, "generation", line);
    if (r != 0)
        return r;
    errno = 0;
    unsigned long long v = strtoull(line, &end, 10);
    if (errno != 0 || end == line || *end != '\0')
        return HF_EIO;
    *ret = v;
    return 0;
}

/*
 * The kernel takes the bytes when the file is closed, and reports no error of that: `generation`
 * and the report data in the quote show whether it took them.
 */
static int inblob_write(const char *folder, const uint8_t report_data[static 64])
{
    char path[ATTRIBUTE_MAX];
    attribute_path(folder, "inblob", path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return hf_error_from_errno(errno);
    ssize_t put = write(fd, report_data, 64);
    int r = put == 64 ? 0 : put < 0 ? hf_error_from_errno(errno) : HF_EIO;
    if (close(fd) != 0 && r == 0)
        r = hf_error_from_errno(errno);
    return r;
}

static int quote_check(const struct hf_buf *quote, const uint8_t report_data[static 64])
{
    struct hf_quote parsed;
    if (hf_quote_parse(hf_buf_bytes(quote), &parsed, NULL) != 0 ||
        memcmp(parsed.report_data, report_data, 64) != 0)
        return HF_EQUOTE_MADE;
    return 0;
}

static int report_in(const char *folder, const uint8_t report_data[static 64], struct hf_buf *quote)
{
    uint64_t before = 0, after = 0;
    int r = provider_check(folder);
    if (r == 0)
        r = generation_read(folder, &before);
    if (r == 0)
        r = inblob_write(folder, report_data);
    if (r != 0)
        return r;
    int read_rc = attribute_read(folder, "outblob", quote);
    r = generation_read(folder, &after);
    if (r != 0)
        return r;
    /* Our write raises the generation by one. A larger step: another program wrote in between.
     * No step: our write was lost. */
    if (after != before + 1)
        return HF_EQUOTE_INTERFERED;
    if (read_rc != 0)
        return read_rc == HF_ETOOBIG ? HF_EQUOTE_MADE : read_rc;
    return quote_check(quote, report_data);
}

int hf_tsm_report(const char *path, const uint8_t report_data[static 64], struct hf_buf *ret_quote)
{
    uint8_t random[16];
    char name[2 * sizeof random + 1], folder[FOLDER_MAX];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return HF_EINTERNAL;
    hf_hex_encode(random, sizeof random, name);
    snprintf(folder, sizeof folder, "%s/%s%s", path, prefix, name);
    if (mkdir(folder, 0700) != 0)
        return hf_error_from_errno(errno);
    int r = report_in(folder, report_data, ret_quote);
    if (r != 0)
        hf_buf_clear(ret_quote);
    (void)rmdir(folder); /* what cannot be removed now is swept at a later start */
    return r;
}

static bool is_leftover(const char *folder)
{
    struct stat st;
    return stat(folder, &st) == 0 && S_ISDIR(st.st_mode) &&
           time(NULL) - st.st_mtime > HF_TSM_LEFTOVER_S;
}

int hf_tsm_sweep(const char *path)
{
    char folder[HF__TSM_PATH_MAX + 300];
    DIR *dir = opendir(path);
    if (dir == NULL)
        return hf_error_from_errno(errno);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strncmp(e->d_name, prefix, sizeof prefix - 1) != 0)
            continue;
        snprintf(folder, sizeof folder, "%s/%s", path, e->d_name);
        if (is_leftover(folder))
            (void)rmdir(folder);
    }
    closedir(dir);
    return 0;
}
