/* Who decides: the authority and its documents, and the people who hold the quorum key. */
#ifndef HF_SIM_AUTHORITY_H
#define HF_SIM_AUTHORITY_H

#include "world/world.h"

/* authority.c and members.c */
/* Signs documents anew that have less than a third of their life left, and looks again later. */
void hf__authority_renew(struct hf_world *w);
/* Whether a document of the authority ends within a third of the life that it was given. */
bool hf__authority_ends(const struct hf_world *w, const struct hf_document *d);
/* Issues the first root and policy of a world that is being made. */
void hf__authority_init(struct hf_world *w);
/* Frees it, with the world. */
void hf__authority_done(struct hf_world *w);
/* A node has shown its account: the authority registers it, if it does so. */
void hf__authority_saw(struct hf_world *w, struct hf__node *n);
/* The entry has come at which it looks at new accounts. */
void hf__authority_look(struct hf_world *w);
/* Whether every other validator could still place its shares if this one were not in the set. */
bool hf__set_spares(const struct hf_world *w, uint32_t node);
/* Gives the newest documents to a node. */
void hf__authority_give(struct hf_world *w, struct hf__node *n);
/* Gives them to every node that runs. */
void hf__give_all(struct hf_world *w);

/* members.c */
/* Whether a disk has a vote for an owner's generation: a share that votes, or one that it had to
 * delete. What it makes in arena stays there. */
bool hf__has_vote(const struct hf_disk *d, const struct hf_account *owner,
                  const uint8_t generation[static 16], struct hf_arena *arena);
/* One transfer of a vote for an owner's generation after the other, of those that a disk keeps: at
 * is 0 at first; false after the last. As above. */
bool hf__vote_moved(const struct hf_disk *d, const struct hf_account *owner,
                    const uint8_t generation[static 16], struct hf_arena *arena, size_t *at,
                    struct hf_transfer_statement *ret);

/* people.c */
/* Frees the share holders, if there are any. */
void hf__people_free(struct hf_world *w);
/* The share set anew, with later dates, when it ends soon. */
void hf__people_renew(struct hf_world *w);
/* The share set in force; NULL: none. */
const struct hf_document *hf__people_shares(const struct hf_world *w);
/* How many share holders there are, and how many open together. false: there are none. */
bool hf__people_count(const struct hf_world *w, uint8_t *ret_m, uint8_t *ret_n);
/* "2 of 3": m and n. false: it is no such text. */
bool hf__people_from_text(const char *text, uint8_t *ret_m, uint8_t *ret_n);
/* Other holders, of the same key where there is one and it is asked for. text: as above. */
void hf__people_change(struct hf_world *w, const char *text, bool same);
/*
 * What a holder, from 1, makes of a request with its own share in the name of another, by no check,
 * and without that it counts as answered. ret is initialised by the caller; ret_hash: the request.
 */
HF_MUST_USE int hf__people_lie(struct hf_world *w, struct hf__stream *drawn, uint8_t index,
                               uint8_t as, struct hf_bytes request, struct hf_hash *ret_hash,
                               struct hf_buf *ret);
/* What is wrong with the answer that a local request brought; NULL: it is true. */
const char *hf__blackstart_false(const struct hf_world *w, uint64_t local);
/*
 * The holders that have truly answered a request of a black start, as bits by their index. ret_m:
 * how many must; 0: there are no share holders.
 */
uint32_t hf__people_answered(const struct hf_world *w, const struct hf_hash *request,
                             uint8_t *ret_m);

#endif
