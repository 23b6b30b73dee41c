/* How far the own vault has come, towards its holders. Private to owner/. */
#ifndef HF_CORE_SEQUENCE_H
#define HF_CORE_SEQUENCE_H

#include "owner/owner.h"

/* Puts the own word into a request of this method, unless the provider has said that it keeps
 * it. */
void hf__sequence_fill(struct hf_engine *e, uint8_t method, const struct hf_account *provider,
                       struct hf_owner_request *ret);
/* What a holder keeps, as it has signed. */
void hf__sequence_kept(struct hf_engine *e, struct hf__holder *h, const struct hf_ack_statement *s);
/* Whether a holder has said that it keeps a point, or a later one. */
bool hf__sequence_told(const struct hf_ack_statement *s, const struct hf_sequence_point *at);
/* The claim stands: the vault goes on under it. */
void hf__sequence_won(struct hf_engine *e);
/* What an acceptor's answer to a claim says of the vault; false: it is an old one, and this
 * instance is done with. */
bool hf__sequence_heard(struct hf_engine *e, const struct hf_account *account,
                        const struct hf_claim_response *m);

#endif
