/* The forms in which services send what the folder holds as PEM and DER. */
#ifndef HF_FETCH_DECODE_H
#define HF_FETCH_DECODE_H

#include "base/buf.h"

/*
 * An issuer chain from a header: PEM, percent-encoded. ret: initialised, appended to.
 * HF_EMALFORMED: a bad escape, a byte that PEM does not have, or no certificate at its beginning.
 * HF_ETOOBIG.
 */
HF_MUST_USE int hf__decode_chain(struct hf_bytes text, struct hf_buf *ret);
/*
 * A revocation list: DER (PCS), hexadecimal DER (PCCS), or PEM. ret: initialised, appended to.
 * HF_EMALFORMED: none of these. HF_ETOOBIG.
 */
HF_MUST_USE int hf__decode_crl(struct hf_bytes body, struct hf_buf *ret);

#endif
