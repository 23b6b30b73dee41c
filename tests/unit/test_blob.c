/* Counted bytes. */
#include "document/blob.h"

#include <criterion/criterion.h>
#include <signal.h>

Test(hf_blob_new, copies_its_bytes)
{
    char text[] = "abc";
    struct hf_blob *b = hf_blob_new(hf_bytes_of(text, 3));
    cr_assert_not_null(b);
    text[0] = 'x';
    cr_assert(hf_bytes_equal(hf_blob_bytes(b), hf_bytes_of("abc", 3)));
    cr_assert_eq(b->refs, 1);
    hf_blob_unref(b);
}

Test(hf_blob_new, of_no_bytes)
{
    struct hf_blob *b = hf_blob_new((struct hf_bytes){0});
    cr_assert_not_null(b);
    cr_assert_eq(hf_blob_bytes(b).len, 0);
    hf_blob_unref(b);
}

Test(hf_blob_ref, counts_and_null_is_legal)
{
    struct hf_blob *b = hf_blob_new(hf_bytes_of("abc", 3));
    cr_assert_eq(hf_blob_ref(b), b);
    cr_assert_eq(b->refs, 2);
    hf_blob_unref(b);
    cr_assert(hf_bytes_equal(hf_blob_bytes(b), hf_bytes_of("abc", 3)));
    hf_blob_unref(b);
    cr_assert_null(hf_blob_ref(NULL));
    hf_blob_unref(NULL);
}

Test(hf_blob_ref, of_one_whose_count_is_full, .signal = SIGABRT)
{
    struct hf_blob *b = hf_blob_new(hf_bytes_of("abc", 3));
    b->refs = UINT32_MAX;
    (void)hf_blob_ref(b);
}
