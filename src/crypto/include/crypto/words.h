/* Words in place of bytes, for people who write down and read aloud: BIP-39's English list, whose
 * words differ in their first four letters. */
#ifndef HF_CRYPTO_WORDS_H
#define HF_CRYPTO_WORDS_H

#include "base/bytes.h"
#include "base/check.h"

enum {
    HF_ENTROPY_LEN = 32,
    HF_WORDS = 24,       /* of so many bytes, with a checksum of 8 bits */
    HF_WORD_BITS = 11,   /* each */
    HF_WORD_LEN_MAX = 8, /* letters */
    HF_WORDS_TEXT_LEN = HF_WORDS * (HF_WORD_LEN_MAX + 1),
    HF_FINGERPRINT_WORDS = 6,
    HF_FINGERPRINT_LEN = HF_FINGERPRINT_WORDS * (HF_WORD_LEN_MAX + 1),
};

/* The words of 32 bytes, with blanks between them, terminated. ret: as secret as entropy. */
void hf_words_encode(const uint8_t entropy[static HF_ENTROPY_LEN],
                     char ret[static HF_WORDS_TEXT_LEN]);
/*
 * Reads them back: blanks of any kind between them, letters of either case. ret_entropy: 32 bytes.
 * HF_EWORD: there are not 24, a word is not in the list, or they do not fit together. ret_word: the
 * first that is not in the list, from 1; 0: none is.
 */
HF_MUST_USE int hf_words_decode(const char *text, uint8_t ret_entropy[static HF_ENTROPY_LEN],
                                unsigned *ret_word);
/* Six words of a hash, to be read aloud. hash: 9 bytes of it count. */
void hf_fingerprint(const uint8_t hash[static 9], char ret[static HF_FINGERPRINT_LEN]);

#endif
