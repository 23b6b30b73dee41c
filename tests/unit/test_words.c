#include "crypto/words.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "crypto/kdf.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Of BIP-39's own vectors, those of 256 bits. */
static const struct {
    const char *entropy, *words;
} vectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon art"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth "
     "useful legal winner thank year wave sausage worth title"},
    {"8080808080808080808080808080808080808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount "
     "doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo "
     "vote"},
};

Test(words, the_list_is_that_of_bip_39)
{
    struct hf_buf b;
    uint8_t hash[32];
    char path[4096], digits[65];
    snprintf(path, sizeof path, "%s/src/crypto/english.txt", getenv("HOLDFAST_SOURCE"));
    hf_buf_init(&b, 1 << 16);
    cr_assert_eq(hf_file_read(path, &b), 0);
    hf_sha256(hf_buf_bytes(&b), hash);
    hf_hex_encode(hash, sizeof hash, digits);
    cr_assert_str_eq(digits, "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
    hf_buf_done(&b);
}

Test(words, are_those_of_the_published_vectors_both_ways)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(vectors); i++) {
        uint8_t entropy[32], got[32];
        char text[HF_WORDS_TEXT_LEN];
        unsigned word;
        cr_assert_eq(hf_hex_decode(vectors[i].entropy, entropy, sizeof entropy), 0);
        hf_words_encode(entropy, text);
        cr_assert_str_eq(text, vectors[i].words);
        cr_assert_eq(hf_words_decode(vectors[i].words, got, &word), 0);
        cr_assert_arr_eq(got, entropy, sizeof got);
    }
}

Test(words, are_taken_in_any_case_and_with_any_blanks)
{
    uint8_t got[32], ones[32];
    static const char text[] =
        "  ZOO\tzoo\r\nZoo zoo\nzoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo "
        "zoo zoo zoo  zoo zoo zoo zOO VOTE \n";
    unsigned word;
    memset(ones, 0xff, sizeof ones);
    cr_assert_eq(hf_words_decode(text, got, &word), 0);
    cr_assert_arr_eq(got, ones, sizeof got);
}

Test(words, a_wrong_one_is_named)
{
    uint8_t got[32] = {0}, zeros[32] = {0};
    unsigned word;
    cr_assert_eq(hf_words_decode("zoo zoo holdfast zoo", got, &word), HF_EWORD);
    cr_assert_eq(word, 3);
    cr_assert_eq(hf_words_decode("zo", got, &word), HF_EWORD);
    cr_assert_eq(word, 1, "its beginning is not the word");
    cr_assert_eq(hf_words_decode("", got, &word), HF_EWORD);
    cr_assert_eq(word, 0);
    cr_assert_arr_eq(got, zeros, sizeof got);
}

Test(words, that_do_not_fit_together_are_refused)
{
    uint8_t got[32];
    char text[HF_WORDS_TEXT_LEN + 16];
    unsigned word;
    snprintf(text, sizeof text, "%s", vectors[2].words);
    memcpy(text, "better", 6); /* a word of the list, and another than was written */
    cr_assert_eq(hf_words_decode(text, got, &word), HF_EWORD);
    cr_assert_eq(word, 0);
    snprintf(text, sizeof text, "%s zoo", vectors[0].words);
    cr_assert_eq(hf_words_decode(text, got, &word), HF_EWORD);
    cr_assert_eq(word, 25, "one too many");
}

Test(fingerprint, is_six_words_of_the_first_66_bits)
{
    char text[HF_FINGERPRINT_LEN];
    const uint8_t ones[9] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const uint8_t last[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0x40}, behind[9] = {0, 0, 0, 0, 0, 0, 0, 0, 1};
    hf_fingerprint(ones, text);
    cr_assert_str_eq(text, "zoo zoo zoo zoo zoo zoo");
    hf_fingerprint(last, text);
    cr_assert_str_eq(text, "abandon abandon abandon abandon abandon ability");
    hf_fingerprint(behind, text);
    cr_assert_str_eq(text, "abandon abandon abandon abandon abandon abandon");
}
