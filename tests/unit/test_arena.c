#include "base/arena.h"
#include "base/error.h"

#include <criterion/criterion.h>
#include <stddef.h>

Test(hf_arena, bounds_aligns_zeroes_and_resets)
{
    struct hf_arena a;
    hf_arena_init(&a, 100000);
    void *p;
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 1; i < 300; i++) {
            cr_assert_eq(hf_arena_alloc(&a, i, 1, &p), 0);
            cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t b = 0; b < i; b++)
                cr_assert_eq(((uint8_t *)p)[b], 0);
            memset(p, 0xff, i);
        }
        hf_arena_reset(&a);
    }
    cr_assert_eq(hf_arena_alloc(&a, SIZE_MAX, 2, &p), HF_ETOOBIG);
    cr_assert_eq(hf_arena_alloc(&a, 1, SIZE_MAX, &p), HF_ETOOBIG);
    cr_assert_eq(hf_arena_alloc(&a, 100001, 1, &p), HF_ETOOBIG);
    cr_assert_eq(hf_arena_alloc(&a, 0, 8, &p), 0);
    hf_arena_done(&a);
}

Test(hf_arena, of_room_only_what_was_used_is_a_piece)
{
    struct hf_arena a;
    hf_arena_init(&a, 4096);
    uint8_t *room;
    void *next;
    cr_assert_eq(hf_arena_room(&a, 4097, &room), HF_ETOOBIG);
    cr_assert_eq(hf_arena_room(&a, 4096, &room), 0);
    memset(room, 0xff, 4096);
    cr_assert_eq(hf_arena_take(&a, 3), 3);
    cr_assert_eq(a.len, _Alignof(max_align_t));
    cr_assert_eq(hf_arena_alloc(&a, 1, 8, &next), 0);
    cr_assert_eq((uint8_t *)next - room, (ptrdiff_t) _Alignof(max_align_t));
    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(((uint8_t *)next)[i], 0);
    hf_arena_done(&a);
}
