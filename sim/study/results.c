#include "study/results.h"

#include "base/error.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LEN_MAX = 1 << 30, PATH_LEN_MAX = 4096, SAYS_LEN_MAX = 1024 };

static bool fail(struct hf__results *r, const char *name, const char *text)
{
    snprintf(r->why, sizeof r->why, "%.300s/%s: %s", r->folder, name, text);
    return false;
}

static bool fail_errno(struct hf__results *r, const char *name)
{
    return fail(r, name, hf_error_sentence(hf_error_from_errno(errno)));
}

static void path_of(const struct hf__results *r, const char *name, char ret[static PATH_LEN_MAX])
{
    snprintf(ret, PATH_LEN_MAX, "%s/%s", r->folder, name);
}

static void part_name(const struct hf__results *r, char ret[static 64])
{
    snprintf(ret, 64, "part-%u-of-%u.csv", r->shard, r->shards);
}

/* ---- What is there ---- */

/* Fields of a line of CSV, up to its end of line. */
static size_t fields_of(const char *line, size_t len)
{
    size_t count = 1;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        quoted = quoted != (line[i] == '"');
        count += line[i] == ',' && !quoted;
    }
    return quoted ? 0 : count;
}

/* Takes a whole line, without its end. False: it is no row of this study. */
static bool take(struct hf__results *r, const char *line, size_t len)
{
    char *end;
    if (memchr(line, '\0', len) != NULL ||
        fields_of(line, len) != fields_of((const char *)r->heading.data, r->heading.len))
        return false;
    unsigned long long setting = strtoull(line, &end, 10);
    if (line[0] < '0' || line[0] > '9' || *end != ',' || end[1] < '0' || end[1] > '9')
        return false;
    unsigned long long seed = strtoull(end + 1, &end, 10);
    if (*end != ',' || setting >= r->settings)
        return false;
    if (seed < r->study->first_seed || seed - r->study->first_seed >= r->seeds)
        return true; /* of another range of seeds, which is none of this call's */
    char **row = &r->rows[setting * r->seeds + (seed - r->study->first_seed)];
    if (*row != NULL)
        return true;
    *row = malloc(len + 2);
    hf_assert(*row != NULL);
    memcpy(*row, line, len);
    memcpy(*row + len, "\n", 2);
    r->count++;
    return true;
}

/* Takes the rows of a part; ret_whole: bytes up to the end of its last whole line. */
static bool take_part(struct hf__results *r, const char *name, uint64_t *ret_whole)
{
    char path[PATH_LEN_MAX], text[64];
    struct hf_buf file;
    bool good = true;
    path_of(r, name, path);
    hf_buf_init(&file, FILE_LEN_MAX);
    int error = hf_file_read_regular(path, &file);
    if (error != 0) {
        hf_buf_done(&file);
        return fail(r, name, hf_error_sentence(error));
    }
    hf_buf_append_u8(&file, 0);
    const char *all = (const char *)file.data, *at = all, *end;
    for (size_t line = 1; good && (end = memchr(at, '\n', file.len - 1 - (size_t)(at - all)));
         line++) {
        size_t len = (size_t)(end - at);
        good = line == 1 ? len + 1 == r->heading.len && memcmp(at, r->heading.data, len) == 0
                         : take(r, at, len);
        snprintf(text, sizeof text, "line %zu is not of this study", line);
        at = end + 1;
    }
    *ret_whole = (uint64_t)(at - all);
    hf_buf_done(&file);
    return good || fail(r, name, text);
}

/* Skips a text, or digits when it is NULL; NULL: there is another. */
static const char *skip(const char *at, const char *text)
{
    size_t len = at == NULL ? 0 : text == NULL ? strspn(at, "0123456789") : strlen(text);
    return at == NULL || len == 0 || (text != NULL && strncmp(at, text, len) != 0) ? NULL
                                                                                   : at + len;
}

static bool is_part(const char *name)
{
    const char *end = skip(skip(skip(skip(name, "part-"), NULL), "-of-"), NULL);
    return end != NULL && strcmp(end, ".csv") == 0;
}

bool hf__results_read(struct hf__results *r)
{
    char own[64];
    bool good = true;
    uint64_t whole;
    part_name(r, own);
    DIR *folder = opendir(r->folder);
    if (folder == NULL)
        return fail_errno(r, "");
    for (const struct dirent *e; good && (e = readdir(folder)) != NULL;)
        if (is_part(e->d_name) && strcmp(e->d_name, own) != 0)
            good = take_part(r, e->d_name, &whole);
    closedir(folder);
    return good;
}

/* ---- Beginning ---- */

/* The folder is this study's, of this build: says so in it, or finds it said. */
static bool claim(struct hf__results *r, const char *build, uint64_t hash)
{
    static const char build_word[] = "\nbuild ";
    char path[PATH_LEN_MAX], wanted[160];
    struct hf_buf file;
    snprintf(wanted, sizeof wanted, "Results of holdfast-sim sweep.\nbuild %s\nstudy %016llx\n",
             build, (unsigned long long)hash);
    path_of(r, "sweep.txt", path);
    hf_buf_init(&file, SAYS_LEN_MAX);
    /* The title is for people: a study whose title is changed is the same. */
    hf_buf_printf(&file, "%stitle %.*s\n", wanted, (int)strcspn(r->study->title, "\r\n"),
                  r->study->title);
    int error = hf_file_make(path, hf_buf_bytes(&file), 0666);
    hf_buf_clear(&file);
    if (error != HF_EEXIST) {
        hf_buf_done(&file);
        return error == 0 || fail(r, "sweep.txt", hf_error_sentence(error));
    }
    error = hf_file_read_regular(path, &file);
    hf_buf_append_u8(&file, 0);
    bool same = error == 0 && strncmp((const char *)file.data, wanted, strlen(wanted)) == 0;
    const char *at = error == 0 ? strstr((const char *)file.data, build_word) : NULL;
    const char *other = at == NULL ? "" : at + strlen(build_word);
    size_t len = strcspn(other, "\n");
    if (len > 0 && (len != strlen(build) || strncmp(other, build, len) != 0))
        snprintf(r->why, sizeof r->why,
                 "%.300s has results of build %.*s, and this program is build %s: name another "
                 "folder",
                 r->folder, (int)len, other, build);
    else if (!same)
        snprintf(r->why, sizeof r->why,
                 "%.300s has results of another study, or of this one before it was changed: name "
                 "another folder",
                 r->folder);
    hf_buf_done(&file);
    return same;
}

/* Opens its own part, alone, and leaves nothing in it but whole rows. */
static bool open_part(struct hf__results *r)
{
    char name[64], path[PATH_LEN_MAX];
    struct stat st;
    part_name(r, name);
    path_of(r, name, path);
    r->part = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (r->part < 0)
        return fail_errno(r, name);
    if (flock(r->part, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? fail(r, name, "another process writes it now")
                                    : fail_errno(r, name);
    if (!take_part(r, name, &r->whole))
        return false;
    if (fstat(r->part, &st) != 0)
        return fail_errno(r, name);
    r->repaired = (uint64_t)st.st_size != r->whole;
    if (r->repaired && ftruncate(r->part, (off_t)r->whole) != 0)
        return fail_errno(r, name);
    return true;
}

bool hf__results_open(struct hf__results *r, const struct hf__study *s, const char *folder,
                      const char *build, uint64_t hash, unsigned shard, unsigned shards)
{
    *r = (struct hf__results){
        .study = s,
        .folder = folder,
        .shard = shard,
        .shards = shards,
        .settings = hf__study_settings(s),
        .seeds = s->seeds,
        .part = -1,
    };
    hf_buf_init(&r->heading, 1 << 16);
    hf__study_heading(s, &r->heading);
    r->rows = calloc(r->settings * r->seeds, sizeof *r->rows);
    hf_assert(r->rows != NULL);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return fail_errno(r, "");
    return claim(r, build, hash) && open_part(r) && hf__results_read(r);
}

void hf__results_done(struct hf__results *r)
{
    for (size_t i = 0; r->rows != NULL && i < r->settings * r->seeds; i++)
        free(r->rows[i]);
    free(r->rows);
    hf_buf_done(&r->heading);
    if (r->part >= 0)
        close(r->part);
    *r = (struct hf__results){.part = -1};
}

/* ---- Rows that come ---- */

static bool append(struct hf__results *r, const void *data, size_t len)
{
    const uint8_t *at = data;
    char name[64];
    part_name(r, name);
    for (size_t left = len; left > 0;) {
        ssize_t n = write(r->part, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            fail_errno(r, name);
            if (ftruncate(r->part, (off_t)r->whole) != 0)
                r->repaired = false; /* the next call removes what there is of it */
            return false;
        }
        at += n;
        left -= (size_t)n;
    }
    r->whole += len;
    return true;
}

bool hf__results_add(struct hf__results *r, size_t run, const char *row)
{
    if (r->rows[run] != NULL)
        return true;
    if (r->whole == 0 && !append(r, r->heading.data, r->heading.len))
        return false;
    return append(r, row, strlen(row)) && take(r, row, strlen(row) - 1);
}
