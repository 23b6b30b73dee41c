/*
 * Faults that tests put into the engine on purpose, one at a time, to show that the simulator's
 * checkers find them: HF_FAULT(name) is 0 unless a file is compiled with -DHF_FAULT_name=1, which
 * only libraries of tests are.
 */
#ifndef HF_CORE_FAULT_H
#define HF_CORE_FAULT_H

#define HF_FAULT(name) HF_FAULT_##name

#ifndef HF_FAULT_NONCE
#define HF_FAULT_NONCE 0 /* a provider takes any nonce */
#endif
#ifndef HF_FAULT_REPORT_DATA
#define HF_FAULT_REPORT_DATA 0 /* a provider takes a quote over anything */
#endif
#ifndef HF_FAULT_PLATFORM
#define HF_FAULT_PLATFORM 0 /* a provider gives shares to any machine */
#endif
#ifndef HF_FAULT_RANK
#define HF_FAULT_RANK 0 /* a provider gives shares to older software */
#endif
#ifndef HF_FAULT_CLAIM
#define HF_FAULT_CLAIM 0 /* to a provider no claim is older than another */
#endif
#ifndef HF_FAULT_PROVISIONAL
#define HF_FAULT_PROVISIONAL 0 /* a provisional word counts like any other */
#endif
#ifndef HF_FAULT_AT_ONCE
#define HF_FAULT_AT_ONCE 0 /* answers do not wait until their write is durable */
#endif
#ifndef HF_FAULT_READY
#define HF_FAULT_READY 0 /* an owner does not ask whether its holders are placed */
#endif
#ifndef HF_FAULT_RELEASE
#define HF_FAULT_RELEASE 0 /* an owner releases its key before it is ready */
#endif
#ifndef HF_FAULT_COMBINE
#define HF_FAULT_COMBINE 0 /* an owner goes on with fewer than k good shares */
#endif
#ifndef HF_FAULT_AUDIT
#define HF_FAULT_AUDIT 0 /* an owner takes any answer for a proof */
#endif
#ifndef HF_FAULT_DELETE
#define HF_FAULT_DELETE 0 /* a provider forgets the newer generation with the older */
#endif
#ifndef HF_FAULT_UNATTESTED
#define HF_FAULT_UNATTESTED 0 /* an owner seals to a key other than the one attested */
#endif
#ifndef HF_FAULT_VERDICT
#define HF_FAULT_VERDICT 0 /* a quote counts whatever its verdict */
#endif
#ifndef HF_FAULT_DEBUG
#define HF_FAULT_DEBUG 0 /* a quote of a DEBUG trust domain counts */
#endif
#ifndef HF_FAULT_MEASUREMENT
#define HF_FAULT_MEASUREMENT 0 /* a quote of any software counts */
#endif
#ifndef HF_FAULT_NETWORK
#define HF_FAULT_NETWORK 0 /* a provider answers for another network */
#endif
#ifndef HF_FAULT_DRILL
#define HF_FAULT_DRILL 0 /* a provider gives shares to a drill */
#endif
#ifndef HF_FAULT_DEPOSITOR
#define HF_FAULT_DEPOSITOR 0 /* a depositor's quote may be over anything */
#endif
#ifndef HF_FAULT_WORD_AT_ONCE
#define HF_FAULT_WORD_AT_ONCE 0 /* a word about a claim leaves before it is durable */
#endif
#ifndef HF_FAULT_SUPERSEDED
#define HF_FAULT_SUPERSEDED 0 /* a provider takes records of superseded instances */
#endif
#ifndef HF_FAULT_HELD
#define HF_FAULT_HELD 0 /* an owner does not ask its holders anything */
#endif
#ifndef HF_FAULT_BINDING
#define HF_FAULT_BINDING 0 /* a key leaves before its name is bound */
#endif
#ifndef HF_FAULT_DERIVE
#define HF_FAULT_DERIVE 0 /* a key is another when it is asked for again */
#endif
#ifndef HF_FAULT_UNCLAIMED
#define HF_FAULT_UNCLAIMED 0 /* an owner releases keys before its claim is won */
#endif
#ifndef HF_FAULT_CERTIFICATE
#define HF_FAULT_CERTIFICATE 0 /* a certificate is signed over other bytes */
#endif
#ifndef HF_FAULT_UNSEALED
#define HF_FAULT_UNSEALED 0 /* an owner is ready before older generations are sealed */
#endif
#ifndef HF_FAULT_FRESH
#define HF_FAULT_FRESH 0 /* a first release asks nobody */
#endif
#ifndef HF_FAULT_RETRY
#define HF_FAULT_RETRY 0 /* nothing that failed is tried again */
#endif

#endif
