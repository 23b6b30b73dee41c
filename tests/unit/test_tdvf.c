/* MRTD from a firmware that is made here: two measured pages, one that is only added, one for
 * later. What is expected is put together from the specification's records, one digest over all. */
#include "attest/tdvf.h"
#include "base/error.h"

#include <criterion/criterion.h>
#include <openssl/sha.h>
#include <string.h>

enum { PAGE = 4096, CHUNK = 256, RECORD = 128, FILE_LEN = 4 * PAGE, TABLE = 2 * PAGE + 64 };

static uint8_t file[FILE_LEN];

static void put(uint8_t *at, uint64_t v, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static void section(size_t i, uint32_t offset, uint32_t raw, uint64_t address, uint64_t len,
                    uint32_t attributes)
{
    uint8_t *s = file + TABLE + 16 + 32 * i;
    put(s, offset, 4);
    put(s + 4, raw, 4);
    put(s + 8, address, 8);
    put(s + 16, len, 8);
    put(s + 24, 0, 4);
    put(s + 28, attributes, 4);
}

static void make(void)
{
    static const uint8_t footer[16] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
                                       0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
    static const uint8_t name[16] = {0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47,
                                     0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2};
    memset(file, 0, sizeof file);
    for (size_t i = 0; i < 2 * PAGE; i++)
        file[i] = (uint8_t)(i * 7 + i / 256);
    memcpy(file + TABLE, "TDVF", 4);
    put(file + TABLE + 4, 16 + 3 * 32, 4);
    put(file + TABLE + 8, 1, 4);
    put(file + TABLE + 12, 3, 4);
    section(0, 0, 2 * PAGE, 0xfffc0000, 2 * PAGE, 1);
    section(1, 0, 0, 0x80000000, PAGE, 0);
    section(2, 0, 0, 0x90000000, 64 * PAGE, 2);
    uint8_t *end = file + FILE_LEN - 0x20;
    memcpy(end - 16, footer, 16);
    put(end - 18, 18 + 22, 2);
    memcpy(end - 18 - 16, name, 16);
    put(end - 18 - 18, 22, 2);
    put(end - 18 - 22, FILE_LEN - TABLE, 4);
}

/* One record of the measurement. */
static size_t record(uint8_t *to, const char *what, uint64_t address)
{
    memset(to, 0, RECORD);
    memcpy(to, what, strlen(what));
    put(to + 16, address, 8);
    return RECORD;
}

Test(tdvf, pages_are_measured_as_they_are_added_and_in_the_tables_order)
{
    static uint8_t all[3 * RECORD + 2 * (PAGE / CHUNK) * (RECORD + CHUNK)];
    uint8_t wanted[SHA384_DIGEST_LENGTH], mrtd[HF_MR_LEN];
    size_t len = 0;
    for (uint64_t page = 0; page < 2; page++) {
        len += record(all + len, "MEM.PAGE.ADD", 0xfffc0000 + page * PAGE);
        for (uint64_t at = page * PAGE; at < (page + 1) * PAGE; at += CHUNK) {
            len += record(all + len, "MR.EXTEND", 0xfffc0000 + at);
            make();
            memcpy(all + len, file + at, CHUNK);
            len += CHUNK;
        }
    }
    len += record(all + len, "MEM.PAGE.ADD", 0x80000000);
    cr_assert_eq(len, sizeof all);
    SHA384(all, len, wanted);
    cr_assert_eq(hf_tdvf_mrtd(hf_bytes_of(file, sizeof file), mrtd), 0);
    cr_assert_arr_eq(mrtd, wanted, sizeof mrtd);
    /* A byte that is measured changes it; one that is in no section does not. */
    file[PAGE]++;
    cr_assert_eq(hf_tdvf_mrtd(hf_bytes_of(file, sizeof file), mrtd), 0);
    cr_assert_arr_neq(mrtd, wanted, sizeof mrtd);
    make();
    file[3 * PAGE]++;
    cr_assert_eq(hf_tdvf_mrtd(hf_bytes_of(file, sizeof file), mrtd), 0);
    cr_assert_arr_eq(mrtd, wanted, sizeof mrtd);
}

Test(tdvf, what_is_no_firmware_or_lies_about_itself_is_refused_and_nothing_is_written)
{
    uint8_t mrtd[HF_MR_LEN], before[HF_MR_LEN];
    memset(before, 0xa5, sizeof before);
    memcpy(mrtd, before, sizeof mrtd);
    cr_assert_eq(hf_tdvf_mrtd((struct hf_bytes){0}, mrtd), HF_EMALFORMED);
    make();
    cr_assert_eq(hf_tdvf_mrtd(hf_bytes_of(file, FILE_LEN - 1), mrtd), HF_EMALFORMED);
    section(0, 0, 2 * PAGE, 0xfffc0001, 2 * PAGE, 1); /* no whole page */
    cr_assert_eq(hf_tdvf_mrtd(hf_bytes_of(file, sizeof file), mrtd), HF_EMALFORMED);
    section(0, 0, FILE_LEN + 1, 0, 8 * PAGE, 1); /* outside the file */
    cr_assert_eq(hf_tdvf_mrtd(hf_bytes_of(file, sizeof file), mrtd), HF_EMALFORMED);
    section(0, 0, 0, 0, (uint64_t)PAGE * (HF_TDVF_PAGES_MAX + 1ULL), 0);
    cr_assert_eq(hf_tdvf_mrtd(hf_bytes_of(file, sizeof file), mrtd), HF_ETOOBIG);
    section(0, 0, 0, 0xfffffffffffff000, PAGE, 0); /* ends behind the last address */
    cr_assert_eq(hf_tdvf_mrtd(hf_bytes_of(file, sizeof file), mrtd), HF_EMALFORMED);
    make();
    put(file + TABLE + 12, HF_TDVF_SECTIONS_MAX + 1, 4);
    cr_assert_eq(hf_tdvf_mrtd(hf_bytes_of(file, sizeof file), mrtd), HF_ETOOBIG);
    cr_assert_arr_eq(mrtd, before, sizeof mrtd);
}
