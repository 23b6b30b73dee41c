/*
 * What the checkers share: the conversations they have overheard, and what is truly so in the
 * world. They decode messages with the codec, and decide by rules of their own; nothing here calls
 * the engine.
 */
#ifndef HF_SIM_CHECK_H
#define HF_SIM_CHECK_H

#include "world/world.h"
#include "lib/map.h"

#include "wire/messages.h"

enum { HF__BALLOTS_MAX = 16, HF__GENERATIONS_MAX = 8 };

/* A request that was delivered. Forgotten when its call is over. */
struct hf__heard {
    uint64_t call;
    uint32_t node, incarnation;
    uint64_t at_us;
    uint8_t method;
    uint8_t *body; /* from malloc */
    uint32_t len;
};

/* A nonce that a provider gave out. Forgotten when it is no good any more. */
struct hf__nonce {
    uint32_t node, incarnation;
    uint64_t at_us;
    struct hf_account account;
    uint8_t response_key[HF_KEY_LEN];
};

/* What a provider has accepted from an owner. */
struct hf__relation {
    uint64_t claim;
    uint8_t instance[16];
    uint32_t rank;
    uint8_t ppid[16];
    bool deposited;
};

/* What a holder's vote for a ballot is worth. */
enum hf__acceptance {
    HF__ACCEPTANCE_NONE,
    HF__ACCEPTANCE_PROVISIONAL, /* the holder's own claim does not stand yet */
    HF__ACCEPTANCE_STANDING
};

/* A vote that was sent. */
struct hf__voted {
    struct hf_account account;
    uint8_t generation[16];
    uint32_t node;
    enum hf__acceptance word;
};

/* The place of a record among those of its owner. */
struct hf__order {
    uint64_t claim, generation;
};

/* Whether the record at a is newer than the one at b: by claim, then by generation. */
static inline bool hf__check_newer(struct hf__order a, struct hf__order b)
{
    return a.claim > b.claim || (a.claim == b.claim && a.generation > b.generation);
}

/* A ballot that a node voted for, or that stood. */
struct hf__ballot {
    uint64_t number;
    uint8_t instance[16];
    struct hf__voted *votes; /* from malloc */
    uint32_t votes_count, votes_cap;
    struct hf__order known; /* of the record that its statements name */
    bool stood;
    uint64_t stood_us;
    uint32_t node, incarnation; /* who stands */
    bool released;              /* made a first release */
};

/* The newest ballots of one owner. */
struct hf__ballots {
    struct hf__ballot of[HF__BALLOTS_MAX];
    uint32_t count;
};

/* Who has sealed a generation. */
struct hf__sealed {
    struct hf_account acceptors[HF_SHARES_MAX];
    uint32_t count;
};

/* The newest record that an instance was told of or has made. A host may have started the same node
 * with another's vault: what that one was told says nothing to who comes after it. */
struct hf__recorded {
    struct hf_account owner;
    uint32_t incarnation, len;
    struct hf__order order;
    uint8_t *record; /* from malloc: encoded placement_record */
};

/* One sharing of an owner, as it is durable in the world. */
struct hf__sharing {
    uint8_t id[16];
    uint32_t number;
    uint8_t n, k;
    uint8_t q; /* 0: no record of it was kept yet */
    uint32_t holders[HF_SHARES_MAX * 2];
    uint8_t indices[HF_SHARES_MAX * 2]; /* of the share that each holds */
    /* its vault was made anew: only a corrupt one says otherwise */
    bool emptied[HF_SHARES_MAX * 2];
    uint32_t count;
    uint32_t lost; /* holders whose disk its host has meddled with */
};

/* The shares that have reached one instance of a node, by generation. */
struct hf__gathered {
    uint32_t incarnation, count;
    struct {
        uint8_t id[16];
        uint32_t number, answers;
        uint8_t k;
        uint32_t providers[32];
    } of[2 * HF__GENERATIONS_MAX];
};

/* What an owner has asked a holder to prove. */
struct hf__challenged {
    struct hf_account owner;
    uint8_t challenge[HF_CHALLENGE_LEN];
    struct hf_generation_id generation;
    uint8_t index; /* 0: nothing yet */
    bool proved;
};

struct hf__owned {
    struct hf__sharing sharings[HF__GENERATIONS_MAX];
    uint32_t count;
    bool released; /* a key was given to the application */
    uint8_t k;
};

/* The newest claim under which a node speaks. */
struct hf__speaker {
    uint32_t incarnation;
    uint64_t claim;
    uint8_t instance[16];
};

/* A ballot that its process gave up, and who has it since. */
struct hf__given_up {
    bool given, taken, settled; /* settled: the taker's vault is durable */
    uint32_t node, incarnation, taker, taker_incarnation;
    uint64_t durable_us; /* when the old one's disk said so; 0 not yet */
};

/* Which process released a key last under a claim. */
struct hf__server {
    bool served;
    uint32_t node, incarnation;
};

struct hf__checks {
    struct hf_world *world;
    struct hf__map heard;        /* call → hf__heard */
    struct hf__map nonces;       /* provider, nonce → hf__nonce */
    struct hf__map relations;    /* provider, owner → hf__relation */
    struct hf__map ballots;      /* owner → hf__ballots */
    struct hf__map sealed;       /* owner, generation, by which → hf__sealed */
    struct hf__map recorded;     /* node → hf__recorded */
    struct hf__map owners;       /* owner → hf__owned */
    struct hf__map attested;     /* account, sealing key → bool */
    struct hf__map keys;         /* account, name, version → 32 bytes */
    struct hf__map speakers;     /* node → hf__speaker */
    struct hf__map gathered;     /* node → hf__gathered */
    struct hf__map said;         /* account, place → hash of what it has said there */
    struct hf__map moved;        /* owner, generation, holder → account to whom its share moves */
    struct hf__map outside;      /* owner, generation → bit of each index that is astray */
    struct hf__map leaves;       /* node → when it said that it leaves; 0: it stays */
    struct hf__map challenged;   /* owner's node, holder → hf__challenged */
    struct hf__map measurements; /* policy version, digest → rank + 1 */
    struct hf__map holders;      /* share set, holder, account → hash of what it has answered */
    struct hf__map quotes;       /* every quote that was made → hf__quote_view */
    struct hf__map any_platform; /* policy version → bool */
    struct hf__map given_up;     /* account, instance, claim → hf__given_up */
    struct hf__map servers;      /* account, claim → hf__server */
    struct hf__map vaults;       /* owner, holder → hf__vault_kept */
    struct hf__map vaults_known; /* owner → hf__vault_known */
    struct hf__map vaults_opened; /* node → hf__vault_opened */
    struct hf__map vaults_points; /* node → hf__vault_points */
    struct hf__map mesh_keys;     /* node → hf__mesh_actives */
    struct hf__map key_lists;     /* node → hf__key_list */
    struct hf__map keys_gone;     /* account, sealing key → hf__key_gone */
    struct hf__map offered;       /* owner's node, provider → hf__offered */
    bool takers;                  /* some node has taken over */
    uint32_t observer;            /* its number */
    uint32_t policies;            /* versions noted so far */
    uint64_t quote_age_max_s;     /* the longest that any policy has allowed */
    uint64_t quote_age_min_s;     /* the shortest */
    struct hf_arena arena;
};

struct hf__quote_view {
    uint64_t made_us;
    uint8_t ppid[16], measurement[HF_MEASUREMENT_LEN], report_data[64];
    bool debug;
};

/* An account, hash or key of HF_ID_LEN bytes; borrowed. */
static inline struct hf_bytes hf__b32(const uint8_t *p)
{
    return hf_bytes_of(p, HF_ID_LEN);
}

/* Decodes into the checks' arena, which is reset by each event; false: not such a message. */
bool hf__check_decode(struct hf__checks *c, const struct hf_wire_type *type, struct hf_bytes in,
                      void *ret);
/* The request that a response answers; NULL: never heard. */
struct hf__heard *hf__check_heard(struct hf__checks *c, const struct hf_message *m);
/* What a quote says; false: the world never made it. */
bool hf__check_quote(const struct hf__checks *c, struct hf_bytes quote, struct hf__quote_view *ret);
/* The rank of a measurement under a policy version, + 1; 0: not accepted. */
uint32_t hf__check_rank(struct hf__checks *c, uint32_t policy,
                        const uint8_t digest[static HF_MEASUREMENT_LEN]);
/* An identity that reached a node: notes the sealing key when its quote is good. */
void hf__check_identity(struct hf__checks *c, const struct hf_identity *identity);
/* What a provider has accepted from an owner; zeroed when it is new. Valid until the next one. */
struct hf__relation *hf__check_relation(struct hf__checks *c, const struct hf_account *provider,
                                        const struct hf_account *owner);
/* The sharings of an owner; zeroed when it is new. Valid until the next one. */
struct hf__owned *hf__check_owner(struct hf__checks *c, const struct hf_account *owner);
/* The sharing of this id among them; NULL: none. */
struct hf__sharing *hf__check_sharing(struct hf__owned *o, const uint8_t id[static 16]);
/* Notes what the newest policy accepts. */
void hf__check_policy(struct hf__checks *c);
/* Whether the set lists a platform for an account. */
bool hf__check_listed(const struct hf_world *w, const struct hf_account *owner,
                      const uint8_t ppid[static 16]);
/* Whether a policy version lets shares go to any platform. */
bool hf__check_any_platform(struct hf__checks *c, uint32_t policy);
/* The account that a node was last seen with; NULL before it has one. */
const struct hf_account *hf__check_account(const struct hf__checks *c, uint32_t node);

/* forget.c */
/* Forgets what no promise is about any more, when there is much of it. */
void hf__check_forget(struct hf__checks *c);
/* The same, however little there is. */
void hf__check_forget_now(struct hf__checks *c);

/* What is seen, handed to whom it concerns: share.c, audit.c, keep.c, claim.c, won.c and mesh.c say
 * what each promises. A message that is sent: */
void hf__check_share_sent(struct hf__checks *c, const struct hf_message *m);
void hf__check_nonce_sent(struct hf__checks *c, const struct hf_message *m);
void hf__check_deposit_sent(struct hf__checks *c, const struct hf_message *m);
void hf__check_receipt_sent(struct hf__checks *c, const struct hf_message *m);
void hf__check_claim_sent(struct hf__checks *c, const struct hf_message *m);
void hf__check_speaker_sent(struct hf__checks *c, const struct hf_message *m);
void hf__check_superseded_sent(struct hf__checks *c, const struct hf_message *m);
void hf__check_challenge_sent(struct hf__checks *c, const struct hf_message *m);
/* One that is delivered: */
void hf__check_answer_delivered(struct hf__checks *c, const struct hf_message *m);
void hf__check_proof_delivered(struct hf__checks *c, const struct hf_message *m);
/* Whether a node works and hears: it runs, neither stands still nor crawls, its clock is right. */
bool hf__check_works(const struct hf_world *w, const struct hf__node *n);
/* leave.c: what a node has said of itself. */
void hf__check_leave_said(struct hf__checks *c, uint32_t node, const struct hf_event_statement *s);
/* The bound after a node's leave is over. */
void hf__check_restored(struct hf__checks *c, uint32_t leaver);
/* Whether a node has said that it leaves, and not taken it back. */
bool hf__check_leaves(struct hf__checks *c, uint32_t node);
/* A node has lost its folder, and with it that it leaves: its next word is that of a member. */
void hf__check_leave_forgotten(struct hf__checks *c, uint32_t node);
/* An owner calls a generation retired. */
void hf__check_retired(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
/* A member was found unreachable by a node. */
void hf__check_unreachable(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
/* A message or datagram in which a node may say something of itself. */
void hf__check_events_sent(struct hf__checks *c, const struct hf_message *m);
/* A trace of a node: a holder has passed an audit, is accused; the root secret is rebuilt. */
void hf__check_audited(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
void hf__check_accused(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
void hf__check_rebuilt(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
/* A node is ready. */
void hf__check_ready(struct hf__checks *c, uint32_t node);
/* A key was released to the application. */
void hf__check_key(struct hf__checks *c, uint32_t node, const struct hf_local_reply *r);
/* A row is durable. */
void hf__check_row(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row);
/* All rows of a vault are gone; hostile: by its host's hand. */
void hf__check_emptied(struct hf__checks *c, uint32_t node, bool hostile);
/*
 * A node has taken a ballot for its own, or has sent a request under it. From the moment that it
 * took it, it may release a bound key, though its first request still waits for a write.
 */
void hf__check_spoke(struct hf__checks *c, uint32_t node, uint64_t claim,
                     const uint8_t instance[static 16]);
/* The ballot under which a node speaks; NULL: none. */
struct hf__ballot *hf__check_speaks(struct hf__checks *c, uint32_t node);
/* The newest record that an instance knows, decoded; false: none. */
bool hf__check_newest(struct hf__checks *c, uint32_t node, struct hf_placement_record *ret);
/* Who must carry a ballot, of one generation. */
struct hf__electors {
    struct hf_generation_id generation;
    uint8_t count, quorum, provisional;
    uint16_t moved; /* bit of each holder whose share and vote move */
    struct hf_account holders[HF_SHARES_MAX];
    struct hf_account successors[HF_SHARES_MAX];
};

/* Of a record's own generation, first, and of each in its chain that is not written off, sealed or
 * not; of a generation of which only some are left, those. */
size_t hf__check_electors(const struct hf__checks *c, const struct hf_placement_record *r,
                          struct hf__electors ret[static HF_CHAIN_MAX + 1]);
/* Whether q holders have sealed a generation in a record's chain, for this record's own generation
 * or for another of its chain: a seal for a fork is none. */
bool hf__check_sealed(struct hf__checks *c, const struct hf_placement_record *r,
                      const struct hf__electors *g);
/* Whether the authority has made a number void. */
bool hf__check_below_floor(const struct hf__checks *c, const struct hf_account *owner,
                           uint64_t number);
/* Whether q holders of each generation that the newest record of an instance lists have sealed it,
 * or the authority has decided about them; false: ret_generation names one. */
bool hf__check_all_sealed(struct hf__checks *c, uint32_t node, uint32_t *ret_generation);
/* one.c: an instance is ready. */
void hf__check_one_ready(struct hf__checks *c, uint32_t node);
/* It makes a first release that was asked for at asked_us. */
void hf__check_one_release(struct hf__checks *c, uint32_t node, uint64_t asked_us);
/* A node was told of this record when it recovered or claimed. */
void hf__check_told(struct hf__checks *c, uint32_t node, const struct hf_signed_record *record);
/* won.c: a node says that its claim stands. */
void hf__check_won(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
/* Whether an instance may speak under a ballot: it stands, or it is the vault's maker. */
bool hf__check_holds_claim(struct hf__checks *c, uint32_t node);

/* moved.c: a holder shows a transfer. */
void hf__check_transfer_sent(struct hf__checks *c, const struct hf_message *m);
/* Its successor answers. */
void hf__check_handover_sent(struct hf__checks *c, const struct hf_message *m);
/* The holder gives its share up. */
void hf__check_handed_over(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
/* To whom a holder has signed its share over; NULL: it has not. */
const struct hf_account *hf__check_successor(const struct hf__checks *c,
                                             const struct hf_account *owner,
                                             const uint8_t id[static 16],
                                             const struct hf_account *from);

/* outside.c: a share is durable. */
void hf__check_outside(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row);

/* regained.c: a helper gives its sum; the new holder has the share. */
void hf__check_regained_sent(struct hf__checks *c, const struct hf_message *m);

/* quorum.c: a node that opens by a black start has been answered by m holders of the share set that
 * it asked, and takes no answer that is false. */
void hf__check_quorum(struct hf_world *w, uint32_t node, const struct hf_trace *t);
/* It has answered a local request that brought an answer. */
void hf__check_false(struct hf_world *w, uint32_t node, const struct hf_local_reply *r);
/* A share holder, from 1, has answered a request; ctx: the checks. */
void hf__check_holder(void *ctx, struct hf_world *w, uint8_t index, struct hf_bytes request);

/* A row of checkers.def. */
struct hf__checker {
    const char *name, *promise;
};
extern const struct hf__checker hf__checkers[]; /* NULL after the last */
/* A checker, by its name, has found a broken promise. */
void hf__violate(struct hf_world *w, uint32_t node, const char *checker, const char *fmt, ...)
    HF_PRINTF(4, 5);

/* Sets the checkers on a world. */
void hf__checkers_add(struct hf_world *w);
/* Memory that the checkers hold. */
size_t hf__checks_bytes(const struct hf_world *w);

/* vault.c: a row of a holder is durable. */
void hf__check_vault_row(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row);
/* A node has opened a vault that it did not make. */
void hf__check_vault_opened(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
/* It makes a first release that was asked for then. */
void hf__check_vault_release(struct hf__checks *c, uint32_t node, uint64_t asked_us);
void hf__check_vaults_init(struct hf__checks *c);
void hf__check_vaults_done(struct hf__checks *c);

/* active.c: a row of a node is durable. */
void hf__check_active_row(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row);
/* A mesh key of a node has made a move. */
void hf__check_active_mesh(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
void hf__check_actives_init(struct hf__checks *c);

/* deleted.c: a node has opened a vault. */
void hf__check_deleted_opened(struct hf__checks *c, uint32_t node);
/* A row of it is durable. */
void hf__check_deleted_row(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row);
/* An offer was answered. */
void hf__check_deleted_offered(struct hf__checks *c, const struct hf_message *m);
/* A node deals a share. */
void hf__check_deleted_deposit(struct hf__checks *c, uint32_t node,
                               const struct hf_deposit_transcript *t);
/* Whether a share may still be sealed to a deleted key (hf__wanted_fn). */
bool hf__check_gone_wanted(void *ctx, void *value);
void hf__check_deleted_init(struct hf__checks *c);
void hf__check_deleted_done(struct hf__checks *c);

/* handover.c */
/* An old release has given its ballot up. */
void hf__check_given_up(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
/* A new one goes on under a ballot that another gave up. */
void hf__check_inherited(struct hf__checks *c, uint32_t node, const struct hf_trace *t);
/* A transaction of a node is durable: with that of a new one it keeps what the old one kept. */
void hf__check_inherited_durable(struct hf__checks *c, uint32_t node);
/* A row is durable: an old one's, that it gave its ballot up. */
void hf__check_gave(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row);
/* A node has released a key under a claim. */
void hf__check_served(struct hf__checks *c, uint32_t node, uint64_t claim);
/* keep.c: what a node kept for others counts as kept no more, for another keeps it. */
void hf__check_hands_on(struct hf__checks *c, uint32_t node);

#endif
