/* Bounds that the list of messages names more than once. */
#ifndef HF_WIRE_LIMITS_H
#define HF_WIRE_LIMITS_H

#define HF_WIRE_QUOTE_MAX 16384 /* bytes of a quote */
#define HF_WIRE_BODY_MAX  32768 /* bytes of an owner's request */
#define HF_WIRE_DOCUMENT_MAX                                                                       \
    (256u * 1024 * 1024)                    /* bytes of a document; transports bound it lower */
#define HF_WIRE_VALIDATORS_MAX (1u << 20)   /* members of a validator set */
#define HF_WIRE_TIME_MAX       253402300799 /* Unix time of the end of the year 9999 */
#define HF_WIRE_TIME_US_MAX    (HF_WIRE_TIME_MAX * UINT64_C(1000000))
#define HF_WIRE_CLAIM_MAX      (UINT64_MAX - 1) /* claim number; one more can be counted */
#define HF_WIRE_FLOOR_MAX      (UINT64_MAX / 2) /* claim of a floor; as many lie above it */
#define HF_WIRE_INCARNATION_MAX                                                                    \
    0xffffffffffffu /* of what an account says of itself; no clock, no account comes near */
#define HF_WIRE_VOTES_MAX  16 /* generations of one owner for which one acceptor votes */
#define HF_WIRE_MOVES_MAX  16 /* transfers of one owner that one node keeps */
#define HF_WIRE_FORMER_MAX HF_WIRE_VOTES_MAX /* of them, those whose share it has deleted */

#endif
