/*
 * Test vectors in JSON. Public ones (Wycheproof, RFCs, real quotes) are not part of the source:
 * they are read from the folder that HOLDFAST_VECTORS names, or else from ../shared/vectors beside
 * the source. Where a file is not there, the test that asks for it is skipped and says so. Our own
 * lie in tests/vectors and are always there. What is malformed fails the test. For use within a
 * Criterion test only.
 */
#ifndef HF_TESTS_VECTORS_H
#define HF_TESTS_VECTORS_H

#include "base/bytes.h"

#include <jansson.h>

/* name: a path below the folder. The caller ends with json_decref. Does not return when the file is
 * not there. */
json_t *hf_vectors_public(const char *name);
json_t *hf_vectors_own(const char *name);
/* Where a public vector or a folder of them is, as a path in ret; otherwise as hf_vectors_public.
 * name may be ret. */
void hf_vectors_path(const char *name, char *ret, size_t ret_len);

/* A member that must be there. */
json_t *hf_vectors_get(const json_t *object, const char *key);
const char *hf_vectors_text(const json_t *object, const char *key);
size_t hf_vectors_number(const json_t *object, const char *key);

/*
 * A member in hexadecimal. hf_vectors_hex: the caller frees ret.data, which is never NULL, with
 * free(). hf_vectors_fixed: exactly len bytes.
 */
struct hf_vectors_bytes {
    uint8_t *data;
    size_t len;
};
struct hf_vectors_bytes hf_vectors_hex(const json_t *object, const char *key);
void hf_vectors_fixed(const json_t *object, const char *key, uint8_t *ret, size_t len);

static inline struct hf_bytes hf_vectors_view(struct hf_vectors_bytes b)
{
    return hf_bytes_of(b.data, b.len);
}

#endif
