/*
 * Shows others whose public key this is: one of attested software on this validator's machine. Who
 * is to be shown it has drawn a nonce; the quote that is written ties the key to it, to the machine
 * and to the validator's account. They check it with
 *
 *   holdfast quote verify FILE --application KEY --nonce NONCE --authority DIR ...
 *
 *   cc show_key.c $(pkg-config --cflags --libs holdfast) -o show_key
 *   ./show_key KEY NONCE FILE
 *
 * KEY: 64 bytes, the public key or a hash of it; NONCE: 32 bytes; both in hexadecimal.
 */
#include <holdfast/holdfast.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 60000 }; /* for a daemon that is starting or recovering */

static int read_hex(const char *text, uint8_t *ret, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(text) != 2 * len || strspn(text, digits) != 2 * len)
        return -1;
    for (size_t i = 0; i < len; i++)
        ret[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
                           (strchr(digits, text[2 * i + 1]) - digits));
    return 0;
}

static int save(const char *path, const struct holdfast_quote *quote)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return -1;
    size_t written = fwrite(quote->bytes, 1, quote->len, f);
    return fclose(f) == 0 && written == quote->len ? 0 : -1;
}

int main(int argc, char **argv)
{
    static struct holdfast_quote quote;
    uint8_t key[HOLDFAST_BYTES_LEN], nonce[HOLDFAST_NONCE_LEN];
    if (argc != 4 || read_hex(argv[1], key, sizeof key) != 0 ||
        read_hex(argv[2], nonce, sizeof nonce) != 0) {
        fprintf(stderr, "usage: show_key KEY NONCE FILE\n");
        return 2;
    }
    int r = holdfast_quote_make(key, nonce, WAIT_MS, &quote);
    if (r != 0) {
        fprintf(stderr, "show_key: %s\n", holdfast_error_text(r));
        return 1;
    }
    if (save(argv[3], &quote) != 0) {
        perror(argv[3]);
        return 1;
    }
    return 0;
}
