/* The chain, as an adaptor prints it (proto/FOLLOW.md, 1). */
#ifndef HF_CLI_FOLLOW_CHAIN_H
#define HF_CLI_FOLLOW_CHAIN_H

#include "base/bytes.h"
#include "base/check.h"
#include "follow_view.h"

struct hf__chain; /* a view and what it borrows */

/*
 * Runs the adaptor, a terminated list of words, with `--since NUMBER` behind them where seen is
 * known, and reads what it prints. HF_ECHAINVIEW: it failed, was too slow, or printed something
 * else; said on standard error. ret: free with hf__chain_free.
 */
HF_MUST_USE int hf__chain_look(char **adaptor, const struct hf__chain_block *seen,
                               struct hf__chain **ret);
/*
 * Reads what an adaptor has printed. An entry that is no validator is bad, or counted where it does
 * not say whose it is, and keeps no other from being read. HF_ECHAINVIEW: no object of that kind.
 * HF_ENOMEM. ret: as above.
 */
HF_MUST_USE int hf__chain_read(struct hf_bytes printed, struct hf__chain **ret);
/* Borrowed. */
const struct hf__chain_view *hf__chain_view(const struct hf__chain *c);
/* NULL is legal. */
void hf__chain_free(struct hf__chain *c);

#endif
