#include "generated.h"

#include <stdio.h>
#include <stdlib.h>

static bool read_file(const char *path, struct hf_buf *ret)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    char part[4096];
    size_t len;
    while ((len = fread(part, 1, sizeof(part), file)) > 0)
        hf_buf_append(ret, part, len);
    bool ok = !ferror(file) && ret->error == 0;
    fclose(file);
    return ok;
}

static bool write_file(const char *path, struct hf_bytes text)
{
    FILE *file = path == NULL ? stdout : fopen(path, "wb");
    bool ok = file != NULL && fwrite(text.data, 1, text.len, file) == text.len;
    if (file != NULL && path != NULL)
        ok = fclose(file) == 0 && ok;
    if (!ok)
        perror(path == NULL ? "standard output" : path);
    return ok;
}

static bool check_file(const char *path, struct hf_bytes text, const char *program)
{
    struct hf_buf kept;
    hf_buf_init(&kept, 1 << 26);
    if (!read_file(path, &kept))
        return false;
    bool same = hf_bytes_equal(hf_buf_bytes(&kept), text);
    if (!same) {
        size_t line = 1;
        for (size_t i = 0; i < kept.len && i < text.len && kept.data[i] == text.data[i]; i++)
            line += kept.data[i] == '\n';
        fprintf(stderr, "%s:%zu: not what the program makes; run: %s --write %s\n", path, line,
                program, path);
    }
    hf_buf_done(&kept);
    return same;
}

int generated_main(int argc, char **argv, struct hf_buf *text)
{
    hf_assert(text->error == 0);
    bool ok = false;
    if (argc == 1)
        ok = write_file(NULL, hf_buf_bytes(text));
    else if (argc == 3 && strcmp(argv[1], "--write") == 0)
        ok = write_file(argv[2], hf_buf_bytes(text));
    else if (argc == 3 && strcmp(argv[1], "--check") == 0)
        ok = check_file(argv[2], hf_buf_bytes(text), argv[0]);
    else
        fprintf(stderr, "usage: %s [--write FILE | --check FILE]\n", argv[0]);
    hf_buf_done(text);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
