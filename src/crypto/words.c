#include "crypto/words.h"

#include "base/error.h"
#include "base/secret.h"
#include "crypto/kdf.h"

#include <string.h>
#include <strings.h>

static const char *const words[] = {
#include "english.inc"
};

_Static_assert(HF_ARRAY_LEN(words) == 1u << HF_WORD_BITS, "one word for each eleven bits");

/* Eleven bits of bytes, from a bit on; what lies behind the last byte is zero. */
static unsigned bits_at(const uint8_t *bytes, size_t len, size_t bit)
{
    unsigned v = 0;
    for (size_t i = 0; i < HF_WORD_BITS; i++) {
        size_t at = bit + i;
        unsigned one = at / 8 < len ? bytes[at / 8] >> (7 - at % 8) & 1u : 0;
        v = v << 1 | one;
    }
    return v;
}

static void write_words(const uint8_t *bytes, size_t len, size_t count, char *ret)
{
    for (size_t i = 0; i < count; i++) {
        const char *word = words[bits_at(bytes, len, i * HF_WORD_BITS)];
        size_t letters = strlen(word);
        memcpy(ret, word, letters);
        ret += letters;
        *ret++ = i + 1 < count ? ' ' : '\0';
    }
}

void hf_words_encode(const uint8_t entropy[static HF_ENTROPY_LEN],
                     char ret[static HF_WORDS_TEXT_LEN])
{
    uint8_t bytes[HF_ENTROPY_LEN + 1], hash[HF_SHA256_LEN];
    memcpy(bytes, entropy, HF_ENTROPY_LEN);
    hf_sha256(hf_bytes_of(entropy, HF_ENTROPY_LEN), hash);
    bytes[HF_ENTROPY_LEN] = hash[0];
    write_words(bytes, sizeof bytes, HF_WORDS, ret);
    hf_wipe(bytes, sizeof bytes);
    hf_wipe(hash, sizeof hash);
}

void hf_fingerprint(const uint8_t hash[static 9], char ret[static HF_FINGERPRINT_LEN])
{
    write_words(hash, 9, HF_FINGERPRINT_WORDS, ret);
}

/* The number of a word; -1: it is not in the list. */
static int find_word(const char *text, size_t len)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(words); i++)
        if (strlen(words[i]) == len && strncasecmp(words[i], text, len) == 0)
            return (int)i;
    return -1;
}

static void put_bits(uint8_t *bytes, size_t bit, unsigned v)
{
    for (size_t i = 0; i < HF_WORD_BITS; i++)
        if ((v >> (HF_WORD_BITS - 1 - i) & 1) != 0)
            bytes[(bit + i) / 8] |= (uint8_t)(1u << (7 - (bit + i) % 8));
}

int hf_words_decode(const char *text, uint8_t ret_entropy[static HF_ENTROPY_LEN],
                    unsigned *ret_word)
{
    static const char blanks[] = " \t\r\n";
    uint8_t bytes[HF_ENTROPY_LEN + 1] = {0}, hash[HF_SHA256_LEN];
    size_t count = 0;
    int r = 0;
    *ret_word = 0;
    for (text += strspn(text, blanks); *text != '\0' && r == 0; text += strspn(text, blanks)) {
        size_t len = strcspn(text, blanks);
        int number = count < HF_WORDS ? find_word(text, len) : -1;
        if (number < 0) {
            *ret_word = (unsigned)count + 1;
            r = HF_EWORD;
        } else {
            put_bits(bytes, count++ * HF_WORD_BITS, (unsigned)number);
        }
        text += len;
    }
    hf_sha256(hf_bytes_of(bytes, HF_ENTROPY_LEN), hash);
    if (r == 0 && (count != HF_WORDS || hash[0] != bytes[HF_ENTROPY_LEN]))
        r = HF_EWORD;
    if (r == 0)
        memcpy(ret_entropy, bytes, HF_ENTROPY_LEN);
    hf_wipe(bytes, sizeof bytes);
    hf_wipe(hash, sizeof hash);
    return r;
}
