/*
 * Prints tests/vectors/crypto.json: every operation of proto/CRYPTO.md and proto/QUORUM.md with its
 * inputs and outputs, drawn from one seed, and inputs that must be refused, with the error. A row
 * with a seed starts a generator (section 2) from it for what the operation draws.
 */
#include "attest/ecdh.h"
#include "base/hex.h"
#include "crypto/hpke.h"
#include "crypto/key.h"
#include "crypto/quorum.h"
#include "crypto/suite.h"
#include "base/error.h"
#include "base/secret.h"
#include "rows.h"

#include <stdlib.h>

static const size_t lengths[] = {0, 1, 32, 200};
static const char *const labels[] = {"", "holdfast/v1/example"};

static void print_rng(struct writer *w)
{
    static const size_t asked[] = {1, 32, 0, 33, 96, 200, 64};
    uint8_t out[200], scalar[32];
    struct hf_rng rng;

    begin(w, "rng", '[');
    suite->random(&w->inputs, out, 32);
    hf_rng_init(&rng, out);
    for (size_t i = 0; i < HF_ARRAY_LEN(asked); i++) {
        begin(w, NULL, '{');
        put_hex(w, "seed", rng.seed, sizeof rng.seed);
        put_number(w, "drawn", rng.drawn);
        suite->random(&rng, out, asked[i]);
        put_hex(w, "out", out, asked[i]);
        put_hex(w, "next_seed", rng.seed, sizeof rng.seed);
        end(w, '}');
    }
    end(w, ']');
    begin(w, "scalar", '[');
    for (size_t i = 0; i < 3; i++) {
        begin(w, NULL, '{');
        rng = draw_seed(w);
        suite->scalar_random(&rng, scalar);
        put_hex(w, "scalar", scalar, sizeof scalar);
        end(w, '}');
    }
    end(w, ']');
}

static void print_hash(struct writer *w)
{
    uint8_t data[200], key[32];
    struct hf_hash hash;
    uint8_t report_data[64], mac[HF_MAC_LEN];

    begin(w, "hash", '[');
    for (size_t i = 0; i < HF_ARRAY_LEN(lengths); i++) {
        for (size_t j = 0; j < HF_ARRAY_LEN(labels); j++) {
            begin(w, NULL, '{');
            put_text(w, "label", labels[j]);
            draw(w, "data", data, lengths[i]);
            draw(w, "key", key, sizeof key);
            const struct hf_bytes bytes = hf_bytes_of(data, lengths[i]);
            suite->hash(labels[j], bytes, &hash);
            suite->report_data(labels[j], bytes, report_data);
            suite->mac(key, bytes, mac);
            put_hex(w, "hash", hash.bytes, sizeof hash);
            put_hex(w, "report_data", report_data, sizeof report_data);
            put_hex(w, "mac", mac, sizeof mac);
            end(w, '}');
        }
    }
    end(w, ']');
}

static void print_keys(struct writer *w)
{
    static const struct {
        uint32_t version;
        const char *purpose, *name;
        size_t len;
    } rows[] = {
        {1, "vault", "", 32},
        {1, "application", "tss-db", 32},
        {2, "application", "tss-db", 32},
        {0x01020304, "p", "n", 64},
        {UINT32_MAX, "applicationt", "ss-db", 1},
    };
    struct hf_network_id network;
    struct hf_account account;
    uint8_t root[32], key[64];

    begin(w, "keys", '[');
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        begin(w, NULL, '{');
        draw(w, "network", network.bytes, sizeof network);
        draw(w, "account", account.bytes, sizeof account);
        suite->scalar_random(&w->inputs, root);
        put_hex(w, "root", root, sizeof root);
        put_number(w, "version", rows[i].version);
        put_text(w, "purpose", rows[i].purpose);
        put_text(w, "name", rows[i].name);
        const struct hf_key_name name = {.network = &network,
                                         .account = &account,
                                         .version = rows[i].version,
                                         .purpose =
                                             hf_bytes_of(rows[i].purpose, strlen(rows[i].purpose)),
                                         .name = hf_bytes_of(rows[i].name, strlen(rows[i].name))};
        hf_assert(hf_key_derive(suite, root, &name, key, rows[i].len) == 0);
        put_hex(w, "key", key, rows[i].len);
        end(w, '}');
    }
    end(w, ']');
}

static void print_sign(struct writer *w)
{
    uint8_t public_key[32], secret[64], data[200], signature[64];

    begin(w, "sign", '[');
    for (size_t i = 0; i < HF_ARRAY_LEN(lengths); i++) {
        begin(w, NULL, '{');
        struct hf_rng rng = draw_seed(w);
        suite->sign_keypair(&rng, public_key, secret);
        put_hex(w, "public_key", public_key, sizeof public_key);
        put_hex(w, "secret_key", secret, sizeof secret);
        put_text(w, "label", labels[i % 2]);
        draw(w, "data", data, lengths[i]);
        suite->sign(secret, labels[i % 2], hf_bytes_of(data, lengths[i]), signature);
        put_hex(w, "signature", signature, sizeof signature);
        end(w, '}');
    }
    end(w, ']');
}

static void print_seal(struct writer *w)
{
    uint8_t public_key[32], secret[32], info[32], aad[32], plain[200];
    uint8_t sealed[sizeof plain + HF_SEAL_OVERHEAD];

    begin(w, "seal", '[');
    for (size_t i = 0; i < HF_ARRAY_LEN(lengths); i++) {
        begin(w, NULL, '{');
        struct hf_rng rng = draw_seed(w);
        suite->seal_keypair(&rng, public_key, secret);
        put_hex(w, "public_key", public_key, sizeof public_key);
        put_hex(w, "secret_key", secret, sizeof secret);
        draw(w, "info", info, i * 8);
        draw(w, "aad", aad, 24 - i * 8);
        draw(w, "plain", plain, lengths[i]);
        hf_assert(suite->seal(&rng, public_key, hf_bytes_of(info, i * 8),
                              hf_bytes_of(aad, 24 - i * 8), hf_bytes_of(plain, lengths[i]),
                              sealed) == 0);
        put_hex(w, "sealed", sealed, lengths[i] + HF_SEAL_OVERHEAD);
        end(w, '}');
    }
    end(w, ']');
}

static void print_agree(struct writer *w)
{
    static const uint8_t zeros[32];
    uint8_t public_key[32], other_key[32], secret[32], other[32], shared[32];

    begin(w, "agree", '[');
    for (size_t i = 0; i < 3; i++) {
        begin(w, NULL, '{');
        suite->seal_keypair(&w->inputs, public_key, secret);
        suite->seal_keypair(&w->inputs, other_key, other);
        put_hex(w, "secret_key", secret, sizeof secret);
        if (i == 2)
            memcpy(other_key, zeros, sizeof other_key);
        put_hex(w, "public_key", other_key, sizeof other_key);
        int r = suite->agree(secret, other_key, shared);
        put_text(w, "result", hf_error_name(r));
        put_hex(w, "shared", shared, r == 0 ? sizeof shared : 0);
        end(w, '}');
    }
    end(w, ']');
}

static void print_wrap(struct writer *w)
{
    uint8_t key[32], aad[32], plain[200], wrapped[sizeof plain + HF_WRAP_OVERHEAD];

    begin(w, "wrap", '[');
    for (size_t i = 0; i < HF_ARRAY_LEN(lengths); i++) {
        begin(w, NULL, '{');
        struct hf_rng rng = draw_seed(w);
        draw(w, "key", key, sizeof key);
        draw(w, "aad", aad, i * 8);
        draw(w, "plain", plain, lengths[i]);
        suite->wrap(&rng, key, hf_bytes_of(aad, i * 8), hf_bytes_of(plain, lengths[i]), wrapped);
        put_hex(w, "wrapped", wrapped, lengths[i] + HF_WRAP_OVERHEAD);
        end(w, '}');
    }
    end(w, ']');
}

struct dealing {
    struct hf_sharing sharing;
    uint8_t secret[32];
    uint8_t shares[HF_SHARES_MAX][32];
    uint8_t commitments[HF_SHARES_MAX * 32];
};

static void print_deal(struct writer *w, struct hf_sharing sharing, struct dealing *ret)
{
    begin(w, NULL, '{');
    struct hf_rng rng = draw_seed(w);
    suite->scalar_random(&w->inputs, ret->secret);
    ret->sharing = sharing;
    hf_assert(suite->deal(&rng, ret->secret, sharing, ret->shares[0], ret->commitments) == 0);
    put_number(w, "k", sharing.k);
    put_number(w, "n", sharing.n);
    put_hex(w, "secret", ret->secret, 32);
    put_hex(w, "shares", ret->shares, sharing.n * 32u);
    put_hex(w, "commitments", ret->commitments, sharing.k * 32u);
    end(w, '}');
}

static void print_combination(struct writer *w, const struct dealing *d, struct hf_bytes indices,
                              uint32_t wrong)
{
    uint8_t shares[HF_SHARES_MAX][32], secret[32];
    uint32_t bad = 0;

    for (size_t i = 0; i < indices.len; i++) {
        memcpy(shares[i], d->shares[indices.data[i] - 1], 32);
        shares[i][0] ^= (uint8_t)(wrong >> i & 1);
    }
    int r = suite->combine(d->sharing.k, d->commitments, indices.len, indices.data, shares[0],
                           secret, &bad);
    begin(w, NULL, '{');
    put_hex(w, "commitments", d->commitments, d->sharing.k * 32u);
    put_bytes(w, "indices", indices);
    put_hex(w, "shares", shares, indices.len * 32);
    put_error(w, r);
    put_number(w, "bad", bad);
    put_hex(w, "secret", secret, r == 0 ? sizeof secret : 0);
    end(w, '}');
}

static void print_share_check(struct writer *w, const uint8_t share[static 32], uint8_t index,
                              uint8_t k, const uint8_t *commitments)
{
    begin(w, NULL, '{');
    put_hex(w, "share", share, 32);
    put_number(w, "index", index);
    put_hex(w, "commitments", commitments, k * 32u);
    put_error(w, suite->share_check(share, index, k, commitments));
    end(w, '}');
}

static void print_share_checks(struct writer *w, const struct dealing *d)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0x10};
    const uint8_t k = d->sharing.k, zero[32] = {0};
    uint8_t commitments[HF_SHARES_MAX * 32];

    begin(w, "share_check", '[');
    print_share_check(w, d->shares[0], 1, k, d->commitments);
    print_share_check(w, d->shares[0], 2, k, d->commitments);
    print_share_check(w, d->shares[0], 0, k, d->commitments);
    print_share_check(w, d->shares[0], HF_SHARES_MAX + 1, k, d->commitments);
    print_share_check(w, d->shares[0], 1, 0, d->commitments);
    print_share_check(w, zero, 1, k, d->commitments);
    print_share_check(w, order, 1, k, d->commitments);
    memcpy(commitments, d->commitments, sizeof commitments);
    memset(commitments + 32, 0, 32); /* the identity */
    print_share_check(w, d->shares[0], 1, k, commitments);
    commitments[32] = 1; /* negative */
    print_share_check(w, d->shares[0], 1, k, commitments);
    memset(commitments + 32, 0xff, 32); /* not reduced */
    print_share_check(w, d->shares[0], 1, k, commitments);
    memcpy(commitments, d->commitments, sizeof commitments);
    commitments[63] |= 0x80; /* the highest bit */
    print_share_check(w, d->shares[0], 1, k, commitments);
    end(w, ']');
}

static void print_sharing(struct writer *w)
{
    struct dealing d[4];

    begin(w, "deal", '[');
    print_deal(w, (struct hf_sharing){.k = 1, .n = 1}, &d[0]);
    print_deal(w, (struct hf_sharing){.k = 3, .n = 5}, &d[1]);
    print_deal(w, (struct hf_sharing){.k = 4, .n = 7}, &d[2]);
    print_deal(w, (struct hf_sharing){.k = 9, .n = 16}, &d[3]);
    end(w, ']');
    begin(w, "combine", '[');
    print_combination(w, &d[0], hf_bytes_of((uint8_t[]){1}, 1), 0);
    print_combination(w, &d[1], hf_bytes_of((uint8_t[]){5, 1, 3}, 3), 0);
    print_combination(w, &d[1], hf_bytes_of((uint8_t[]){1, 2, 3, 4, 5}, 5), 1 << 1 | 1 << 3);
    print_combination(w, &d[1], hf_bytes_of((uint8_t[]){1, 2, 3, 4, 5}, 5),
                      1 << 0 | 1 << 1 | 1 << 4);
    print_combination(w, &d[1], hf_bytes_of((uint8_t[]){1, 1, 2}, 3), 0);
    print_combination(w, &d[1], hf_bytes_of((uint8_t[]){1, 1, 2, 3}, 4), 1 << 0);
    print_combination(w, &d[2], hf_bytes_of((uint8_t[]){7, 6, 5}, 3), 0);
    print_combination(w, &d[3], hf_bytes_of((uint8_t[]){16, 2, 14, 4, 12, 6, 10, 8, 1}, 9), 0);
    end(w, ']');
    print_share_checks(w, &d[1]);

    uint8_t context[40], proof[HF_PROOF_LEN];
    begin(w, "proof", '[');
    for (size_t i = 0; i < HF_ARRAY_LEN(d); i++) {
        const uint8_t index = d[i].sharing.n;
        begin(w, NULL, '{');
        struct hf_rng rng = draw_seed(w);
        put_hex(w, "share", d[i].shares[index - 1], 32);
        put_number(w, "index", index);
        put_hex(w, "commitments", d[i].commitments, d[i].sharing.k * 32u);
        draw(w, "context", context, 13 * i);
        hf_assert(suite->prove(&rng, d[i].shares[index - 1], hf_bytes_of(context, 13 * i), proof) ==
                  0);
        put_hex(w, "proof", proof, sizeof proof);
        end(w, '}');
    }
    end(w, ']');
}

static void print_partial_check(struct writer *w, const uint8_t *partial, uint8_t index,
                                const struct dealing *d, const uint8_t *c1, struct hf_bytes context)
{
    begin(w, NULL, '{');
    put_hex(w, "partial", partial, HF_PARTIAL_LEN);
    put_number(w, "index", index);
    put_hex(w, "commitments", d->commitments, d->sharing.k * 32u);
    put_hex(w, "c1", c1, 32);
    put_bytes(w, "context", context);
    put_error(w,
              hf_quorum_partial_check(partial, index, d->sharing.k, d->commitments, c1, context));
    end(w, '}');
}

static void print_partial_checks(struct writer *w, const struct dealing *d, const uint8_t *c1,
                                 const uint8_t *good)
{
    const struct hf_bytes context = hf_bytes_of("request", 7);
    uint8_t partial[HF_PARTIAL_LEN];

    begin(w, "partial_check", '[');
    for (uint8_t index = 0; index <= HF_SHARES_MAX + 1; index++)
        print_partial_check(w, good, index, d, c1, context);
    print_partial_check(w, good, 1, d, c1, hf_bytes_of("another", 7));
    print_partial_check(w, good, 1, d, d->commitments, context);
    for (size_t at = 0; at < HF_PARTIAL_LEN; at += 32) {
        memcpy(partial, good, sizeof partial);
        memset(partial + at, 0, 32); /* the identity; zero */
        print_partial_check(w, partial, 1, d, c1, context);
        memset(partial + at, 0xff, 32); /* not reduced */
        print_partial_check(w, partial, 1, d, c1, context);
        memcpy(partial + at, d->commitments, 32); /* a point, but not this one */
        partial[at + 31] &= 0x0f;
        print_partial_check(w, partial, 1, d, c1, context);
    }
    end(w, ']');
}

static void print_opening(struct writer *w, const struct dealing *d, const uint8_t *c1,
                          struct hf_bytes indices, struct hf_bytes context, struct hf_bytes body)
{
    uint8_t partials[HF_SHARES_MAX * HF_PARTIAL_LEN], plain[HF_QUORUM_PLAIN_MAX];

    begin(w, NULL, '{');
    struct hf_rng rng = draw_seed(w);
    for (size_t i = 0; i < indices.len; i++)
        hf_assert(hf_quorum_partial(&rng, d->shares[(indices.data[i] + 15) % 16], c1,
                                    hf_bytes_of("request", 7), partials + i * HF_PARTIAL_LEN) == 0);
    put_bytes(w, "indices", indices);
    put_hex(w, "partials", partials, indices.len * HF_PARTIAL_LEN);
    put_hex(w, "c1", c1, 32);
    put_bytes(w, "context", context);
    put_bytes(w, "body", body);
    int r = hf_quorum_open((uint8_t)indices.len, indices.data, partials, c1, context, body, plain);
    put_error(w, r);
    put_hex(w, "plain", plain, r == 0 ? body.len - HF_QUORUM_OVERHEAD : 0);
    end(w, '}');
}

static void print_quorum(struct writer *w)
{
    static const char *const openings[] = {"\1\2\3", "\20\1\11", "\5\6\7\10",
                                           "\1\2",   "\1\2\1",   "\1\2\21"};
    struct dealing d;
    uint8_t context[20], plain[32], c1[32], body[sizeof plain + HF_QUORUM_OVERHEAD], r[32];
    uint8_t partial[HF_PARTIAL_LEN];
    const struct hf_bytes seen = hf_bytes_of(context, sizeof context);
    const struct hf_bytes sealed = hf_bytes_of(body, sizeof body);

    begin(w, "quorum_deal", '[');
    print_deal(w, (struct hf_sharing){.k = 3, .n = 16}, &d);
    end(w, ']');
    begin(w, "quorum_seal", '[');
    begin(w, NULL, '{');
    struct hf_rng rng = draw_seed(w);
    put_hex(w, "key", d.commitments, 32);
    draw(w, "context", context, sizeof context);
    draw(w, "plain", plain, sizeof plain);
    hf_assert(hf_quorum_seal(&rng, d.commitments, seen, hf_bytes_of(plain, sizeof plain), c1, body,
                             r) == 0);
    put_hex(w, "r", r, sizeof r);
    put_hex(w, "c1", c1, sizeof c1);
    put_hex(w, "body", body, sizeof body);
    end(w, '}');
    end(w, ']');
    begin(w, "partial", '[');
    for (int i = 16; i >= 1; i -= 5) {
        begin(w, NULL, '{');
        rng = draw_seed(w);
        put_hex(w, "share", d.shares[i - 1], 32);
        put_hex(w, "c1", c1, sizeof c1);
        put_bytes(w, "context", hf_bytes_of("request", 7));
        hf_assert(
            hf_quorum_partial(&rng, d.shares[i - 1], c1, hf_bytes_of("request", 7), partial) == 0);
        put_hex(w, "partial", partial, sizeof partial);
        end(w, '}');
    }
    end(w, ']');
    print_partial_checks(w, &d, c1, partial);
    begin(w, "quorum_open", '[');
    for (size_t i = 0; i < HF_ARRAY_LEN(openings); i++)
        print_opening(w, &d, c1, hf_bytes_of(openings[i], strlen(openings[i])), seen, sealed);
    print_opening(w, &d, c1, hf_bytes_of("\1\2\3", 3), hf_bytes_of("other", 5), sealed);
    print_opening(w, &d, c1, hf_bytes_of("\1\2\3", 3), seen, hf_bytes_of(body, 15));
    end(w, ']');
}

/* HPKE to a key of P-256, as a share holder's that has a token. */
static void print_p256(struct writer *w)
{
    uint8_t point[HF_P256_POINT_LEN], enc[HF_P256_POINT_LEN], dh[32], secret[32], ephemeral[32];
    uint8_t plain[32], sealed[sizeof plain + HF_AEAD_TAG_LEN];
    struct hf_hpke hpke;
    int r = hf_hex_decode("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                          "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
                          point, sizeof point);
    begin(w, "p256_seal", '[');
    for (int i = 0; i < 3 && r == 0; i++) {
        begin(w, NULL, '{');
        draw(w, "secret", secret, sizeof secret);
        draw(w, "ephemeral", ephemeral, sizeof ephemeral);
        draw(w, "plain", plain, sizeof plain);
        r = hf_p256_dh(secret, point, point, dh);
        put_hex(w, "receiver", point, sizeof point);
        if (r == 0)
            r = hf_p256_dh(ephemeral, point, enc, dh);
        if (r == 0)
            r = hf_hpke_init_p256(&hpke, HF_AEAD_CHACHA20POLY1305, true, dh, enc, point,
                                  hf_bytes_of("holdfast/v1/quorum-share", 24));
        if (r == 0)
            r = hf_hpke_seal(&hpke, hf_bytes_of("aad", 3), hf_bytes_of(plain, sizeof plain),
                             sealed);
        put_hex(w, "encapsulated", enc, sizeof enc);
        put_hex(w, "sealed", sealed, sizeof sealed);
        end(w, '}');
    }
    end(w, ']');
    hf_assert(r == 0);
}

int main(int argc, char **argv)
{
    struct writer w = {.between = ""};
    const uint8_t seed[32] = "holdfast vectors of our own";

    hf_assert(hf_secret_init(4096, false) == 0);
    hf_buf_init(&w.out, 1 << 20);
    hf_rng_init(&w.inputs, seed);
    hf_buf_printf(&w.out, "{\n  ");
    put_text(&w, "about", "see proto/CRYPTO.md; bytes are hexadecimal; made by crypto_vectors.c");
    w.between = ",\n  ";
    print_rng(&w);
    print_hash(&w);
    print_keys(&w);
    print_sign(&w);
    print_seal(&w);
    print_wrap(&w);
    print_sharing(&w);
    print_quorum(&w);
    print_p256(&w);
    print_agree(&w);
    hf_buf_printf(&w.out, "\n}\n");
    return generated_main(argc, argv, &w.out);
}
