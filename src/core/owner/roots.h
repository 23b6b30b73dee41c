/*
 * Which versions of the root secret a dealing protects, and how (proto/ROTATION.md, 5;
 * proto/CRYPTO.md, 13). Private to core.
 */
#ifndef HF_CORE_ROOTS_H
#define HF_CORE_ROOTS_H

#include "owner/owner.h"

/* A record protects these versions: which generation did so last is noted. */
void hf__roots_note(struct hf_engine *e, const struct hf_placement_record *record);

/* A new dealing takes the place of the newest: those of its holders that it has not kept count. */
void hf__roots_departed(struct hf_engine *e, const struct hf_placement_record *before,
                        const struct hf_placement_record *now);

/*
 * The secret that a dealing shares: of one version the root secret itself, of several a key that
 * only who has them all can tell. rng: begun anew, what its polynomial is drawn from. ret: secret.
 * False: one of the versions is not kept, or there is no memory.
 */
HF_MUST_USE bool hf__dealt_secret(struct hf_engine *e, const struct hf__dealt *d,
                                  const uint8_t id[static 16], struct hf_rng *rng,
                                  uint8_t ret[static HF_SCALAR_LEN]);
/* Each version under a key of that secret, for the record; nothing of one version. ret: room for
 * HF_ROOTS_KEPT_MAX. Returns how many. */
size_t hf__dealt_wrap(struct hf_engine *e, const struct hf__dealt *d, const uint8_t id[static 16],
                      const uint8_t secret[static HF_SCALAR_LEN], struct hf_dealt_root *ret);
/* What a record protects, by the secret that its shares give. ret: in memory for secrets.
 * HF_ECRYPTO: it is not what the owner has signed for. */
HF_MUST_USE int hf__dealt_open(struct hf_engine *e, const struct hf_placement_record *record,
                               const uint8_t secret[static HF_SCALAR_LEN],
                               struct hf__given_roots *ret);
/* Of what was given the version under which the vault is, as the folder says, or else the one that
 * was active; it is the active one from now on. otherwise: the version that was. */
void hf__roots_given(struct hf_engine *e, const struct hf__given_roots *given, uint32_t otherwise);

#endif
