#include "attest/binding.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "crypto/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <unistd.h>

enum { CMDLINE_MAX = 65536 };

static const uint8_t zeros[HF_MR_LEN];

static void rtmr3_of(const struct hf_network_id *network, uint8_t ret[static HF_MR_LEN])
{
    uint8_t input[2 * HF_MR_LEN] = {0};
    SHA384(network->bytes, HF_NETWORK_LEN, input + HF_MR_LEN);
    SHA384(input, sizeof input, ret);
}

void hf_network_measurement(const uint8_t registers[static 4 * HF_MR_LEN],
                            const struct hf_network_id *network,
                            uint8_t ret[static HF_MEASUREMENT_LEN])
{
    uint8_t all[5 * HF_MR_LEN];
    struct hf_hash digest;
    memcpy(all, registers, 4 * HF_MR_LEN);
    rtmr3_of(network, all + 4 * HF_MR_LEN);
    hf_suite_real.hash("holdfast/v1/measurement", hf_bytes_of(all, sizeof all), &digest);
    memcpy(ret, digest.bytes, HF_MEASUREMENT_LEN);
}

static int read_register(const char *path, uint8_t ret[static HF_MR_LEN])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return hf_error_from_errno(errno);
    ssize_t got = pread(fd, ret, HF_MR_LEN, 0);
    int r = got == HF_MR_LEN ? 0 : got < 0 ? hf_error_from_errno(errno) : HF_EIO;
    close(fd);
    return r;
}

static int extend(const char *path, const struct hf_network_id *network)
{
    uint8_t digest[HF_MR_LEN];
    SHA384(network->bytes, HF_NETWORK_LEN, digest);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return hf_error_from_errno(errno);
    ssize_t done = pwrite(fd, digest, sizeof digest, 0);
    int r = done == HF_MR_LEN ? 0 : done < 0 ? hf_error_from_errno(errno) : HF_EIO;
    if (close(fd) != 0 && r == 0)
        r = hf_error_from_errno(errno);
    return r;
}

int hf_network_extend(const char *path, const struct hf_network_id *network, bool *ret_done)
{
    uint8_t wanted[HF_MR_LEN], found[HF_MR_LEN];
    rtmr3_of(network, wanted);
    int r = read_register(path, found);
    bool fresh = r == 0 && memcmp(found, zeros, sizeof found) == 0;
    if (fresh)
        r = extend(path, network);
    if (fresh && r == 0)
        r = read_register(path, found);
    if (r == 0 && memcmp(found, wanted, sizeof found) != 0)
        r = HF_EUNBOUND;
    if (r == 0)
        *ret_done = fresh;
    return r;
}

/* Whether a word is there, between blanks or at an end. */
static bool has_word(struct hf_bytes text, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = 0; at < text.len;) {
        const uint8_t *p = text.data + at;
        size_t n = 0;
        while (at + n < text.len && p[n] > ' ')
            n++;
        if (n == len && memcmp(p, word, len) == 0)
            return true;
        at += n + 1;
    }
    return false;
}

static int named_at_boot(const char *path, const struct hf_network_id *network)
{
    char word[32 + 2 * HF_NETWORK_LEN] = "holdfast.network=";
    struct hf_buf text;
    hf_hex_encode(network->bytes, HF_NETWORK_LEN, word + strlen(word));
    hf_buf_init(&text, CMDLINE_MAX);
    int r = hf_file_read(path, &text);
    bool found = r == 0 && has_word(hf_buf_bytes(&text), word);
    hf_buf_done(&text);
    return found ? 0 : HF_EUNBOUND;
}

int hf_network_bound(struct hf_bytes quote, const struct hf_network_id *network, const char *path)
{
    struct hf_quote q;
    uint8_t wanted[HF_MR_LEN];
    int r = hf_quote_parse(quote, &q, NULL);
    if (r != 0)
        return r;
    rtmr3_of(network, wanted);
    if (memcmp(q.rtmr[3], wanted, sizeof wanted) == 0)
        return 0;
    return memcmp(q.rtmr[3], zeros, sizeof zeros) == 0 ? named_at_boot(path, network) : HF_EUNBOUND;
}
