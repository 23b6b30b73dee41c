/* Files that prove a broken promise, and files that prove nothing (proto/EVIDENCE.md, 2). */
#include "base/error.h"
#include "broken_cases.h"

#include <criterion/criterion.h>

static int read_file(struct hf_bytes file, struct hf_broken *ret)
{
    struct hf_arena arena;
    hf_arena_init(&arena, HF_BROKEN_FILE_MAX);
    int r = hf_broken_read(&hf_suite_real, file, &arena, ret);
    hf_arena_done(&arena);
    return r;
}

Test(broken, promises_are_told_from_kept_ones)
{
    for (size_t i = 0; i < broken_cases_count; i++) {
        const struct broken_case *c = &broken_cases[i];
        struct hf_broken what = {0};
        struct hf_account owner, provider;
        struct hf_buf file;
        hf_buf_init(&file, HF_BROKEN_FILE_MAX);
        broken_case_make(i, &file);
        int r = read_file(hf_buf_bytes(&file), &what);
        cr_assert_eq(r, c->error, "%s: %s", c->name, hf_error_name(r));
        cr_assert_eq(what.breach, c->breach, "%s", c->name);
        if (r == 0) {
            broken_case_accounts(&owner, &provider);
            cr_assert(hf_account_equal(&what.owner, &owner));
            cr_assert(hf_account_equal(&what.provider, &provider));
            cr_assert(what.generation.number == 7 && what.index == 2);
            cr_assert_eq(what.broken_s, BROKEN_DENIED_S);
            cr_assert_eq(what.promised_s, c->breach == HF_BREACH_DENIAL ? BROKEN_PROMISED_S : 0);
        }
        hf_buf_done(&file);
    }
}

Test(broken, files_that_accuse_nobody_say_so)
{
    struct hf_broken what;
    struct hf_buf file;
    hf_buf_init(&file, HF_BROKEN_FILE_MAX);
    cr_assert_str_eq(broken_cases[6].name, "it was released");
    broken_case_make(6, &file);
    cr_assert_eq(read_file(hf_buf_bytes(&file), &what), HF_EUNPROVEN);
    hf_buf_done(&file);
}

/* Every bit of a file is signed, or named by what is. */
Test(broken, files_prove_nothing_once_a_bit_is_another)
{
    static const size_t good[] = {0, 4, 5};
    for (size_t c = 0; c < HF_ARRAY_LEN(good); c++) {
        struct hf_broken what;
        struct hf_buf file;
        hf_buf_init(&file, HF_BROKEN_FILE_MAX);
        broken_case_make(good[c], &file);
        cr_assert_eq(read_file(hf_buf_bytes(&file), &what), 0);
        for (size_t bit = 0; bit < 8 * file.len; bit++) {
            file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            cr_assert_neq(read_file(hf_buf_bytes(&file), &what), 0, "%s: bit %zu",
                          broken_cases[good[c]].name, bit);
            file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        hf_buf_done(&file);
    }
}

Test(broken, files_that_end_early_or_late_are_refused)
{
    struct hf_broken what;
    struct hf_buf file;
    hf_buf_init(&file, HF_BROKEN_FILE_MAX);
    broken_case_make(0, &file);
    for (size_t len = 0; len < file.len; len++)
        cr_assert_eq(read_file(hf_bytes_of(file.data, len), &what), HF_EMALFORMED);
    hf_buf_append_u8(&file, 0);
    cr_assert_eq(read_file(hf_buf_bytes(&file), &what), HF_EMALFORMED);
    hf_buf_done(&file);
}
