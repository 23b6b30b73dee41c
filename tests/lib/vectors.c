#include "vectors.h"

#include "base/hex.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(root, "%s:%d: %s", path, error.line, error.text);
    return root;
}

static const char *source_dir(void)
{
    const char *source = getenv("HOLDFAST_SOURCE");
    cr_assert_not_null(source, "HOLDFAST_SOURCE names the source folder; meson test sets it");
    return source;
}

void hf_vectors_path(const char *name, char *ret, size_t ret_len)
{
    char path[4096];
    const char *folder = getenv("HOLDFAST_VECTORS");

    if (folder != NULL)
        snprintf(path, sizeof path, "%s/%s", folder, name);
    else
        snprintf(path, sizeof path, "%s/../shared/vectors/%s", source_dir(), name);
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "skipped: public vectors %s are not there (see HOLDFAST_VECTORS)\n", path);
        cr_skip_test("public vectors %s are not there (see HOLDFAST_VECTORS)", name);
    }
    snprintf(ret, ret_len, "%s", path);
}

json_t *hf_vectors_public(const char *name)
{
    char path[4096];

    hf_vectors_path(name, path, sizeof path);
    return load(path);
}

json_t *hf_vectors_own(const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/tests/vectors/%s", source_dir(), name);
    return load(path);
}

json_t *hf_vectors_get(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    cr_assert_not_null(value, "a vector has no %s", key);
    return value;
}

const char *hf_vectors_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(hf_vectors_get(object, key));
    cr_assert_not_null(text, "%s is not text", key);
    return text;
}

size_t hf_vectors_number(const json_t *object, const char *key)
{
    const json_t *value = hf_vectors_get(object, key);
    cr_assert(json_is_integer(value) && json_integer_value(value) >= 0, "%s is no number", key);
    return (size_t)json_integer_value(value);
}

struct hf_vectors_bytes hf_vectors_hex(const json_t *object, const char *key)
{
    const char *text = hf_vectors_text(object, key);
    struct hf_vectors_bytes b = {.len = strlen(text) / 2};

    /* One byte more, so that empty bytes have an address too. */
    b.data = malloc(b.len + 1);
    cr_assert_not_null(b.data);
    cr_assert_eq(hf_hex_decode(text, b.data, b.len), 0, "%s is not hexadecimal", key);
    return b;
}

void hf_vectors_fixed(const json_t *object, const char *key, uint8_t *ret, size_t len)
{
    cr_assert_eq(hf_hex_decode(hf_vectors_text(object, key), ret, len), 0,
                 "%s is not %zu bytes in hexadecimal", key, len);
}
