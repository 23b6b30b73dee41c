/* Writes the seeds of fuzz_document and fuzz_quorum that one network gives: usage: document_seeds
 * FOLDER, which gets a folder for each of the two. */
#include "base/error.h"
#include "document_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *top;

static void make_folder(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", top, name);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static void write_seed(const char *name, const struct hf_buf *seed)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", top, name);
    FILE *file = fopen(path, "wb");
    if (seed->error != 0 || file == NULL || fwrite(seed->data, 1, seed->len, file) != seed->len ||
        fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* kind: the first byte, by which fuzz_quorum knows what it is. */
static void write_file(const char *name, uint8_t kind, const struct hf_buf *content)
{
    struct hf_buf seed;
    hf_buf_init(&seed, WORLD_FILE_MAX);
    hf_buf_append_u8(&seed, kind);
    hf_buf_append(&seed, content->data, content->len);
    write_seed(name, &seed);
    hf_buf_done(&seed);
}

/* Envelopes one after the other, each with its length. */
static void write_chain(const struct world *w)
{
    struct hf_buf seed;
    hf_buf_init(&seed, (size_t)WORLD_DOCUMENTS * WORLD_FILE_MAX);
    for (size_t i = 0; i < WORLD_DOCUMENTS; i++) {
        const struct hf_buf *e = &w->envelopes[i];
        hf_buf_append_u8(&seed, (uint8_t)(e->len >> 8));
        hf_buf_append_u8(&seed, (uint8_t)e->len);
        hf_buf_append(&seed, e->data, e->len);
    }
    write_seed("document/chain", &seed);
    hf_buf_done(&seed);
}

int main(int argc, char **argv)
{
    static const char *const names[WORLD_DOCUMENTS] = {
        "document/made-root", "document/made-next-root", "document/made-policy",
        "document/made-set",  "document/made-shares",    "document/made-proposal"};
    if (argc != 2 || (mkdir(argv[1], 0700) != 0 && errno != EEXIST)) {
        fprintf(stderr, "usage: document_seeds FOLDER\n");
        return EXIT_FAILURE;
    }
    top = argv[1];
    const struct world *w = world();
    make_folder("document");
    make_folder("quorum");
    for (size_t i = 0; i < WORLD_DOCUMENTS; i++)
        write_seed(names[i], &w->envelopes[i]);
    write_chain(w);
    write_file("quorum/made-request", 0, &w->request);
    write_file("quorum/made-ceremony", 1, &w->ceremony);
    write_file("quorum/made-answer", 2, &w->answer);
    write_file("quorum/made-answers", 8, &w->answers);
    write_file("quorum/made-ack", 3, &w->ack);
    return EXIT_SUCCESS;
}
