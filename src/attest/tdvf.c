#include "attest/tdvf.h"

#include "base/error.h"

#include <openssl/evp.h>
#include <string.h>

enum {
    GUID_LEN = 16,
    ENTRY_LEN = 2 + GUID_LEN, /* its length, and its name, behind its data */
    TABLE_BEHIND = 0x20,      /* bytes of the file behind the table of names */
    HEAD_LEN = 16,            /* of the table of sections */
    SECTION_LEN = 32,
    PAGE_LEN = 4096,
    CHUNK_LEN = 256,
    RECORD_LEN = 128,
    MEASURED = 1, /* attributes of a section */
    ADDED_LATER = 2,
};

static const uint8_t table_footer[GUID_LEN] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
                                               0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
static const uint8_t metadata_offset[GUID_LEN] = {0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47,
                                                  0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2};

struct section {
    uint64_t offset, raw_len, address, len;
    uint32_t attributes;
};

static uint64_t little(const uint8_t *at, size_t len)
{
    uint64_t v = 0;
    for (size_t i = len; i-- > 0;)
        v = v << 8 | at[i];
    return v;
}

/* Where the table of sections begins, by the table of names, which is read from its end. */
static int find_table(struct hf_bytes file, size_t *ret)
{
    if (file.len < TABLE_BEHIND + ENTRY_LEN)
        return HF_EMALFORMED;
    size_t end = file.len - TABLE_BEHIND;
    if (memcmp(file.data + end - GUID_LEN, table_footer, GUID_LEN) != 0)
        return HF_EMALFORMED;
    uint64_t whole = little(file.data + end - ENTRY_LEN, 2);
    if (whole < ENTRY_LEN || whole > end)
        return HF_EMALFORMED;
    size_t begin = end - (size_t)whole, at = end - ENTRY_LEN;
    while (at >= begin + ENTRY_LEN) {
        uint64_t len = little(file.data + at - ENTRY_LEN, 2);
        if (len < ENTRY_LEN || len > at - begin)
            return HF_EMALFORMED;
        if (memcmp(file.data + at - GUID_LEN, metadata_offset, GUID_LEN) == 0 &&
            len >= ENTRY_LEN + 4) {
            uint64_t back = little(file.data + at - len, 4);
            if (back > file.len || back < HEAD_LEN)
                return HF_EMALFORMED;
            *ret = file.len - (size_t)back;
            return 0;
        }
        at -= (size_t)len;
    }
    return HF_EMALFORMED;
}

static int read_section(struct hf_bytes file, size_t at, struct section *ret)
{
    const uint8_t *s = file.data + at;
    struct section r = {.offset = little(s, 4),
                        .raw_len = little(s + 4, 4),
                        .address = little(s + 8, 8),
                        .len = little(s + 16, 8),
                        .attributes = (uint32_t)little(s + 28, 4)};
    if (r.offset > file.len || r.raw_len > file.len - r.offset || r.raw_len > r.len ||
        r.address % PAGE_LEN != 0 || r.len % PAGE_LEN != 0 || r.address > UINT64_MAX - r.len)
        return HF_EMALFORMED;
    *ret = r;
    return 0;
}

static bool put_record(EVP_MD_CTX *mr, const char *name, uint64_t address)
{
    uint8_t record[RECORD_LEN] = {0};
    memcpy(record, name, strlen(name));
    for (size_t i = 0; i < 8; i++)
        record[16 + i] = (uint8_t)(address >> (8 * i));
    return EVP_DigestUpdate(mr, record, sizeof record) == 1;
}

/* One page as it is added, with what it holds where that is measured. */
static bool put_page(EVP_MD_CTX *mr, struct hf_bytes file, const struct section *s, uint64_t at)
{
    uint8_t page[PAGE_LEN] = {0};
    uint64_t left = at < s->raw_len ? s->raw_len - at : 0;
    if (left > 0)
        memcpy(page, file.data + s->offset + at, left < PAGE_LEN ? (size_t)left : PAGE_LEN);
    if (!put_record(mr, "MEM.PAGE.ADD", s->address + at))
        return false;
    for (size_t i = 0; (s->attributes & MEASURED) != 0 && i < PAGE_LEN; i += CHUNK_LEN)
        if (!put_record(mr, "MR.EXTEND", s->address + at + i) ||
            EVP_DigestUpdate(mr, page + i, CHUNK_LEN) != 1)
            return false;
    return true;
}

static int measure(EVP_MD_CTX *mr, struct hf_bytes file, size_t table)
{
    uint64_t count = little(file.data + table + 12, 4), pages = 0;
    if (memcmp(file.data + table, "TDVF", 4) != 0 || little(file.data + table + 8, 4) != 1)
        return HF_EMALFORMED;
    if (count > HF_TDVF_SECTIONS_MAX)
        return HF_ETOOBIG;
    if (count * SECTION_LEN > file.len - table - HEAD_LEN)
        return HF_EMALFORMED;
    for (size_t i = 0; i < count; i++) {
        struct section s;
        int r = read_section(file, table + HEAD_LEN + i * SECTION_LEN, &s);
        if (r != 0)
            return r;
        if ((s.attributes & ADDED_LATER) != 0)
            continue;
        if (s.len / PAGE_LEN > HF_TDVF_PAGES_MAX - pages)
            return HF_ETOOBIG;
        pages += s.len / PAGE_LEN;
        for (uint64_t at = 0; at < s.len; at += PAGE_LEN)
            if (!put_page(mr, file, &s, at))
                return HF_ENOMEM;
    }
    return 0;
}

int hf_tdvf_mrtd(struct hf_bytes firmware, uint8_t ret[static HF_MR_LEN])
{
    size_t table;
    uint8_t digest[EVP_MAX_MD_SIZE];
    int r = find_table(firmware, &table);
    if (r != 0)
        return r;
    EVP_MD_CTX *mr = EVP_MD_CTX_new();
    if (mr == NULL || EVP_DigestInit_ex(mr, EVP_sha384(), NULL) != 1)
        r = HF_ENOMEM;
    if (r == 0)
        r = measure(mr, firmware, table);
    if (r == 0 && EVP_DigestFinal_ex(mr, digest, NULL) != 1)
        r = HF_ENOMEM;
    if (r == 0)
        memcpy(ret, digest, HF_MR_LEN);
    EVP_MD_CTX_free(mr);
    return r;
}
