/*
 * The cryptography that the engine uses, as one table of operations. The daemon, and the simulator
 * by default, run hf_suite_real (libsodium); the simulator's `--crypto model` runs a table of cheap
 * stand-ins with the same sizes and the same failures. No operation draws randomness of its own:
 * what is random comes from the caller's hf_rng, so that one seed decides a run.
 *
 * Sizes are those of the real suite. Buffers may not overlap unless said so. Every operation that
 * writes a secret says so; the caller keeps it in memory for secrets (base/secret.h) and wipes it.
 */
#ifndef HF_CRYPTO_SUITE_H
#define HF_CRYPTO_SUITE_H

#include "base/id.h"
#include "base/check.h"

enum {
    HF_HASH_LEN = 32,
    HF_REPORT_DATA_LEN = 64,
    HF_KEY_LEN = 32,         /* symmetric keys, X25519 keys, Ed25519 public keys */
    HF_SIGN_SECRET_LEN = 64, /* Ed25519: seed and public key */
    HF_SIGNATURE_LEN = 64,
    HF_SCALAR_LEN = 32, /* a root secret, a share */
    HF_POINT_LEN = 32,  /* a commitment */
    HF_PROOF_LEN = 64,  /* Schnorr: challenge and response */
    HF_MAC_LEN = 16,
    HF_SEAL_OVERHEAD = 32 + 16, /* HPKE: encapsulated key and tag */
    HF_WRAP_OVERHEAD = 24 + 16, /* XChaCha20-Poly1305: nonce and tag */
    HF_SHARES_MAX = 16,         /* n */
    HF_KDF_LEN_MAX = 64,
    HF_RNG_SEED_LEN = 32,
    HF_CHALLENGE_LEN = 32, /* what a proof of a share must be over */
};

/*
 * A deterministic generator: ChaCha20 under a key that every draw replaces, so that what it gave
 * before cannot be told from what it holds now. Secret; wipe with hf_wipe. Never copied, except to
 * repeat a run.
 */
struct hf_rng {
    uint8_t seed[HF_RNG_SEED_LEN]; /* the key of the next draw */
    uint64_t drawn;                /* draws so far, whatever their length: the nonce of the next */
};

/* How shares are dealt. Shares are numbered 1..n: index 0 would be the secret. */
struct hf_sharing {
    uint8_t k; /* threshold, 1 <= k <= n */
    uint8_t n; /* shares, <= HF_SHARES_MAX */
};

/* Which lost share is repaired, and by whose. */
struct hf_repair {
    uint8_t k;                      /* threshold, and number of helpers */
    uint8_t target;                 /* index of the lost share, that of no helper */
    uint8_t helpers[HF_SHARES_MAX]; /* k indices, ascending */
};

struct hf_suite {
    const char *name; /* "real", "model" */

    /* hf_rng_draw, or the like. */
    void (*random)(struct hf_rng *rng, void *ret, size_t len);

    /* BLAKE2b-256 over: length of label (1 byte), label, data. label: at most 255 characters. */
    void (*hash)(const char *label, struct hf_bytes data, struct hf_hash *ret);
    /* BLAKE2b-512 over: length of label (1 byte), label, the hash above: a quote's report data. */
    void (*report_data)(const char *label, struct hf_bytes data,
                        uint8_t ret[static HF_REPORT_DATA_LEN]);
    /* Keyed BLAKE2b, 16 bytes. Compare with hf_secret_equal. */
    void (*mac)(const uint8_t key[static HF_KEY_LEN], struct hf_bytes data,
                uint8_t ret[static HF_MAC_LEN]);
    /* HKDF-SHA256 (RFC 5869) with a 32-byte salt. ret: secret, 1 to HF_KDF_LEN_MAX bytes. */
    void (*kdf)(const uint8_t salt[static HF_HASH_LEN], struct hf_bytes secret,
                struct hf_bytes info, uint8_t *ret, size_t ret_len);

    /* Ed25519 (RFC 8032). ret_secret: secret. */
    void (*sign_keypair)(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                         uint8_t ret_secret[static HF_SIGN_SECRET_LEN]);
    /* Over hash(label, data). */
    void (*sign)(const uint8_t secret[static HF_SIGN_SECRET_LEN], const char *label,
                 struct hf_bytes data, uint8_t ret[static HF_SIGNATURE_LEN]);
    /* HF_ESIGNATURE: does not verify, or public key, R or S is of small order or not canonical. */
    int (*verify)(const uint8_t public_key[static HF_KEY_LEN], const char *label,
                  struct hf_bytes data, const uint8_t signature[static HF_SIGNATURE_LEN]);

    /* X25519. ret_secret: secret. */
    void (*seal_keypair)(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                         uint8_t ret_secret[static HF_KEY_LEN]);
    /*
     * HPKE base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, one message.
     * ret: plain.len + HF_SEAL_OVERHEAD bytes. HF_EPOINT: a public key of small order.
     */
    int (*seal)(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret);
    /*
     * ret: sealed.len - HF_SEAL_OVERHEAD bytes, secret. HF_EPOINT: an encapsulated key of small
     * order. HF_ECRYPTO: too short, or does not open.
     */
    int (*open)(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info,
                struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret);
    /* The same two with AES-256-GCM. HF_EUNSUPPORTED: this machine lacks the instructions. */
    int (*seal_gcm)(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                    struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret);
    int (*open_gcm)(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info,
                    struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret);

    /*
     * X25519 (RFC 7748) of one's own secret key and another's public key: what both of a pair can
     * compute. ret: secret. HF_EPOINT: a public key of small order.
     */
    int (*agree)(const uint8_t secret_key[static HF_KEY_LEN],
                 const uint8_t public_key[static HF_KEY_LEN], uint8_t ret[static HF_KEY_LEN]);

    /* XChaCha20-Poly1305 under a key of one's own. ret: plain.len + HF_WRAP_OVERHEAD bytes. */
    void (*wrap)(struct hf_rng *rng, const uint8_t key[static HF_KEY_LEN], struct hf_bytes aad,
                 struct hf_bytes plain, uint8_t *ret);
    /* ret: wrapped.len - HF_WRAP_OVERHEAD bytes, secret.
     * HF_ECRYPTO: too short, or does not open. */
    int (*unwrap)(const uint8_t key[static HF_KEY_LEN], struct hf_bytes aad,
                  struct hf_bytes wrapped, uint8_t *ret);

    /* A uniformly random non-zero scalar. ret: secret. */
    void (*scalar_random)(struct hf_rng *rng, uint8_t ret[static HF_SCALAR_LEN]);
    /*
     * Shamir over ristretto255 with Feldman commitments: a fresh polynomial of degree k - 1 with
     * the secret at zero. ret_shares: n scalars, secret, none zero. ret_commitments: k points.
     * HF_EINVAL: k = 0, k > n, n > HF_SHARES_MAX. HF_ESCALAR: secret is zero or not canonical.
     */
    int (*deal)(struct hf_rng *rng, const uint8_t secret[static HF_SCALAR_LEN],
                struct hf_sharing sharing, uint8_t *ret_shares, uint8_t *ret_commitments);
    /*
     * Whether a share fits. commitments: k points. HF_EINVAL: index 0 or above HF_SHARES_MAX, k out
     * of range. HF_EPOINT: a commitment is not canonical or is the identity. HF_ESCALAR: zero or
     * not canonical. HF_ESHARE: does not fit.
     */
    int (*share_check)(const uint8_t share[static HF_SCALAR_LEN], uint8_t index, uint8_t k,
                       const uint8_t *commitments);
    /*
     * Rebuilds the secret from count shares (32 at most) with their indices. The result is given
     * only when the whole polynomial through k of the shares is the committed one. ret_secret:
     * secret. ret_bad: bit i is set when shares[i] was wrong: it does not fit, is zero or not
     * canonical, or its index is 0 or above HF_SHARES_MAX. A wrong share is left out and never
     * used; of two good ones with one index the second is left out too, though not wrong.
     * HF_EFEWSHARES: fewer than k good ones of distinct indices; ret_bad is then given all the
     * same. HF_EINVAL: k or count out of range. HF_EPOINT: as share_check.
     */
    int (*combine)(uint8_t k, const uint8_t *commitments, size_t count, const uint8_t *indices,
                   const uint8_t *shares, uint8_t ret_secret[static HF_SCALAR_LEN],
                   uint32_t *ret_bad);
    /* Whether a root secret is the one committed to. HF_ESHARE: it is not. */
    int (*secret_check)(const uint8_t secret[static HF_SCALAR_LEN],
                        const uint8_t commitment[static HF_POINT_LEN]);
    /*
     * Schnorr proof of knowing a share, bound to its public share and to context (a transcript).
     * The public share tells indices and generations apart, except at k = 1, where all shares are
     * the secret itself: so the context names them too. HF_ESCALAR: share is zero or not canonical.
     */
    int (*prove)(struct hf_rng *rng, const uint8_t share[static HF_SCALAR_LEN],
                 struct hf_bytes context, uint8_t ret[static HF_PROOF_LEN]);
    /* HF_EPROOF: does not verify; HF_EINVAL, HF_EPOINT: as share_check. */
    int (*proof_check)(const uint8_t proof[static HF_PROOF_LEN], uint8_t index, uint8_t k,
                       const uint8_t *commitments, struct hf_bytes context);

    /*
     * A lost share from k others (proto/CRYPTO.md, 12). A helper splits what its share counts for
     * in the lost one into k parts, one for each helper in their order, and publishes their points.
     * One share and transcript give the same parts each time: no two calls tell more than one.
     * ret_parts: k scalars, secret, none zero. ret_points: k points. HF_EINVAL: k or an index out
     * of range, helpers not ascending, the target or another than helper among them. HF_ESCALAR:
     * the share is zero or not canonical.
     */
    int (*repair_split)(const uint8_t share[static HF_SCALAR_LEN], const struct hf_repair *repair,
                        uint8_t helper, const struct hf_hash *transcript, uint8_t *ret_parts,
                        uint8_t *ret_points);
    /*
     * Whether the k points of a helper add up to what its share counts for. commitments: k points.
     * HF_EINVAL: as repair_split. HF_EPOINT: a commitment or a point is not canonical or is the
     * identity, or the helper's share is zero. HF_ESHARE: they do not.
     */
    int (*repair_split_check)(const uint8_t *points, const struct hf_repair *repair, uint8_t helper,
                              const uint8_t *commitments);
    /*
     * Adds k scalars: the parts that a helper was given, or the sums of all helpers, which are the
     * lost share. A part fits its point when secret_check says so; the share is for share_check.
     * ret: secret; may be one of the parts. HF_EINVAL: k out of range. HF_ESCALAR: a part or the
     * sum is zero or not canonical.
     */
    int (*repair_sum)(uint8_t k, const uint8_t *parts, uint8_t ret[static HF_SCALAR_LEN]);
    /*
     * Whether a helper's sum is that of the parts published for it. points: k, one of each helper.
     * HF_EINVAL: k out of range. HF_EPOINT: a point is not canonical or is the identity.
     * HF_ESCALAR: the sum is zero or not canonical. HF_ESHARE: it is not.
     */
    int (*repair_sum_check)(const uint8_t sum[static HF_SCALAR_LEN], uint8_t k,
                            const uint8_t *points);
};

extern const struct hf_suite hf_suite_real;

/* Starts a generator from 32 fresh random bytes (from the shell, never from
 * the engine), which it copies. */
void hf_rng_init(struct hf_rng *ret, const uint8_t seed[static HF_RNG_SEED_LEN]);
/* Starts one from the system's randomness, for programs that a person runs. HF_EINTERNAL: it gives
 * none. */
HF_MUST_USE int hf_rng_fresh(struct hf_rng *ret);

/*
 * ret: len bytes, secret or not as their use has it. Two draws of 16 bytes are not one of 32.
 * Byte for byte in proto/CRYPTO.md, section 2.
 */
void hf_rng_draw(struct hf_rng *rng, void *ret, size_t len);

/*
 * The second half of `report_data`: for who is given the hash alone, and is to sign nothing but
 * what this protocol could have made. label: terminated, at most 255 characters.
 */
void hf_report_data_of(const char *label, const struct hf_hash *hash,
                       uint8_t ret[static HF_REPORT_DATA_LEN]);

#endif
