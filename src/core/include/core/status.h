/* What a node says of itself to its operator. Public facts only. */
#ifndef HF_CORE_STATUS_H
#define HF_CORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "core/limits.h"
#include "crypto/suite.h"
#include "document/broken.h"

enum hf_state {
#define HF_STATE(constant, name, sentence, page, test) constant,
#include "core/states.def"
#undef HF_STATE
};

/* Its name, as the status and the traces have it; static. */
const char *hf_state_name(enum hf_state state);
/* What it means, as a sentence without its stop; static. */
const char *hf_state_sentence(enum hf_state state);

/* What is known of a member, authority first. X(constant, name, sentence) */
#define HF_MEMBER_MAP(X)                                                                           \
    X(HF_MEMBER_NONE, "none", "in no set that is known")                                           \
    X(HF_MEMBER_MEMBER, "member", "in the newest set")                                             \
    X(HF_MEMBER_SUSPECT, "suspect", "did not answer somebody")                                     \
    X(HF_MEMBER_UNREACHABLE, "unreachable", "does not answer this node, nor others for it")        \
    X(HF_MEMBER_LEAVING, "leaving", "serves on until its owners have moved")                       \
    X(HF_MEMBER_LEFT, "left", "keeps nothing any more")

enum hf_member_state {
#define X(constant, name, sentence) constant,
    HF_MEMBER_MAP(X)
#undef X
};

/* Its name, as the status has it; static. */
const char *hf_member_state_name(enum hf_member_state state);

/* One provider as its owner sees it. */
struct hf_provider_status {
    struct hf_account account;
    const char *address;   /* terminated; "" when it is in no set that is known */
    uint8_t index;         /* of its share; 0 not known yet */
    bool placed;           /* as it said last */
    bool answered;         /* the last time it was asked */
    int error;             /* of the last call; 0 none */
    uint64_t since_ms;     /* monotonic: since when answered/error stand; 0 never asked */
    uint64_t audited_ms;   /* monotonic: when it last proved that it knows its share; 0 never */
    uint8_t audits_failed; /* since then */
    bool broke;            /* it broke a promise to this node, and the evidence is kept */
};

/* An older generation whose deletion is not confirmed by all. */
struct hf_retiring_status {
    uint32_t generation;
    uint8_t outstanding; /* holders that have not confirmed */
    bool retired;        /* n - k + 1 have */
};

/* A holder whose word a node waits for, or has. */
struct hf_awaited_status {
    struct hf_account account;
    const char *address; /* terminated; "" when it is in no set that is known: it is not asked */
    bool gave;           /* its vote, or its seal */
    bool provisional;    /* its own claim does not stand yet: its vote counts among p alone */
    bool refused;        /* it was promised more */
    int error;           /* of the last call; 0 none */
    uint64_t since_ms;   /* monotonic: of the last call; 0 none has ended */
};

/* A member that asked or told more than it may: how often it was refused for it. */
struct hf_excess_status {
    struct hf_account account;
    uint64_t refused;
    uint64_t last_ms; /* monotonic */
};

/* A generation that does not carry this node's ballot yet, or that is not sealed yet. */
struct hf_wait_status {
    bool seals; /* seals of an older generation are waited for; votes for the ballot otherwise */
    uint32_t generation;
    uint8_t id[16];
    uint8_t quorum, provisional; /* q and p: how many are needed */
    uint8_t given, firm;         /* so far: all, and those that are not provisional */
    struct hf_awaited_status acceptors[HF_SHARES_MAX];
    size_t acceptors_count;
};

enum {
    HF_STATUS_PROVIDERS_MAX = 64,
    HF_STATUS_RETIRING_MAX = 8,
    HF_STATUS_WAITS_MAX = 4,
    HF_STATUS_WAITING_MAX = 8,
    HF_STATUS_EXCESS_MAX = 8
};

/* A key that gives way to another in time (proto/ROTATION.md). */
struct hf_key_status {
    uint32_t id;
    uint8_t suite;    /* enum hf_sealing_suite */
    uint8_t state;    /* 1 pending, 2 active, 3 expired */
    uint64_t since_s; /* Unix time */
    uint64_t next_s;  /* when its next step is due; 0: not by time alone */
};

/* What a version of the root secret waits for, besides time. X(constant, name, sentence) */
#define HF_ROOT_WAIT_MAP(X)                                                                        \
    X(HF_ROOT_WAITS_NONE, "nothing", "nothing but time")                                           \
    X(HF_ROOT_WAITS_DEALING, "dealing", "all holders must have a backup that protects it")         \
    X(HF_ROOT_WAITS_READY, "ready", "the node must be ready")                                      \
    X(HF_ROOT_WAITS_SEALED, "sealed", "share holders must be able to open it")                     \
    X(HF_ROOT_WAITS_SUCCESSOR, "successor", "another must be there to take its place")             \
    X(HF_ROOT_WAITS_NAMES, "names", "applications must move their keys, and confirm")              \
    X(HF_ROOT_WAITS_DELETION, "deletion", "holders must delete older shares")

enum hf_root_wait {
#define X(constant, name, sentence) constant,
    HF_ROOT_WAIT_MAP(X)
#undef X
};

/* Its name, as the status has it; static. */
const char *hf_root_wait_name(enum hf_root_wait wait);

/* A version of the root secret (proto/ROTATION.md, 5). */
struct hf_root_status {
    uint32_t version;
    uint8_t state;     /* 1 pending, 2 active, 3 expired */
    bool tainted;      /* others may know it */
    uint8_t waits;     /* enum hf_root_wait */
    uint32_t names;    /* application keys that are of it */
    uint32_t moving;   /* of these, those that move to a newer one and are not confirmed */
    uint32_t departed; /* holders of its dealings that were replaced */
    uint64_t since_s;  /* Unix time */
    uint64_t next_s;   /* when its next step is due; 0: not by time alone */
};

/* How far a vault has come, by its account's word (proto/messages.def: signed_sequence). */
struct hf_vault_status {
    uint64_t claim, number;
    uint8_t signature[64];
};

struct hf_status {
    enum hf_state state;
    int reason;        /* an error code that says why, or 0 */
    uint64_t since_ms; /* monotonic: since when in this state */
    uint64_t retry_ms; /* monotonic: when something is tried again; 0 nothing waits */
    /* monotonic: when the backup is dealt anew because the policy asks for another; 0: never */
    uint64_t renew_ms;
    uint32_t round;  /* of recovery */
    bool searched;   /* recovery asks, or has asked, all of the set, not the known holders alone */
    bool open;       /* the vault is open */
    bool claimed;    /* this instance's claim was accepted by q */
    bool registered; /* the account is in the newest set */
    bool draining;
    bool dev; /* the policy trusts a development root */
    bool has_account;
    struct hf_account account;
    struct hf_network_id network;
    uint32_t key_version;         /* 0: none yet */
    uint64_t claim;               /* number of the own ballot; 0: none yet */
    uint32_t root, policy, epoch; /* newest documents; 0 none */
    uint64_t policy_expires_s, set_expires_s;
    size_t validators;
    uint8_t k, n;        /* of the newest recorded dealing; of the policy before the first */
    uint8_t q;           /* holders that must accept a claim; likewise */
    uint32_t generation; /* newest recorded; 0 none */
    bool confirmed;      /* its record is with all its holders */
    uint32_t dealing;    /* generation being dealt; 0 none */
    uint8_t dealing_receipts;
    struct hf_provider_status providers[HF_STATUS_PROVIDERS_MAX];
    size_t providers_count;
    struct hf_retiring_status retiring[HF_STATUS_RETIRING_MAX];
    size_t retiring_count;
    struct hf_wait_status waits[HF_STATUS_WAITS_MAX];
    size_t waits_count;
    /* The newest placement record, encoded, and the owner's signature: what an authority decides a
     * floor by. Borrowed until the next event; data NULL: none. */
    struct hf_bytes record;
    uint8_t record_signature[64];
    uint64_t claim_highest; /* number of any ballot of its own that this node knows of */
    /* By the own account over both (proto/messages.def: evidence_statement), while it waits. */
    bool has_evidence;
    uint8_t evidence[64];
    /* Blocked, as the vault is an old one: how far a holder has seen it, and how far it had come
     * itself. */
    bool behind;
    struct hf_vault_status seen, had;
    /* The last few. */
    struct hf_excess_status excess[HF_STATUS_EXCESS_MAX];
    size_t excess_count;
    bool leaving; /* it has announced its leave */
    uint64_t leave_until_s;
    size_t handed_over; /* shares of owners that are down, to others, since the start */
    /* Owners that have not moved yet: the first few. */
    struct hf_account waiting[HF_STATUS_WAITING_MAX];
    size_t waiting_count;
    size_t waiting_owners; /* all of them */
    size_t owners;         /* for whom it keeps shares */
    size_t shares;         /* that it keeps */
    size_t broken;         /* broken promises of others of which it keeps the evidence */
    /* How far the own clock is ahead of what clocks_told providers said in the last recovery or
     * drill, in seconds; a hint for people. */
    int64_t ahead_s;
    uint8_t clocks_told;
    uint64_t identity_made_s;                               /* of the own identity quote; 0 none */
    struct hf_key_status sealing_keys[HF_SEALING_KEYS_MAX]; /* ascending by id */
    size_t sealing_keys_count;
    struct hf_key_status mesh_keys[HF_MESH_KEYS_MAX]; /* likewise */
    size_t mesh_keys_count;
    struct hf_root_status roots[HF_ROOTS_KEPT_MAX]; /* ascending by version */
    size_t roots_count;
    uint64_t quote_age_max_s; /* of the policy; 0 none */
    uint64_t holder_grace_s;  /* likewise */
    uint64_t now_s;           /* the time by which the node judges dates */
    int store_error;          /* writing fails with this; 0 works */
    uint64_t store_since_ms;
    const int16_t *seed_errors; /* of the newest call of each seed; 0 it answered, or none yet */
    uint8_t seeds_count;
    const struct hf_share_set *people; /* the newest share set, until the next step; NULL none */
    uint32_t share_set;                /* version of the newest share set; 0 none */
    uint64_t share_set_expires_s;      /* of it; 0 none */
    bool quorum_wanted;                /* the policy names a quorum key */
    bool sealed;                       /* the root secret is sealed to it */
    uint64_t sealed_s;                 /* since when; 0 it is sealed to none */
    bool openable;                     /* share holders of the newest share set can open that */
    bool lost;                         /* the folder has no vault: it waits for what others keep */
    uint32_t sealed_share_set;         /* version of the share set then */
    uint8_t sealed_holders;            /* holders that keep what was sealed beside their share */
    uint32_t blackstart_number;        /* requests since the vault was open last */
    uint64_t blackstart_s;             /* when the newest was made; 0 none */
    bool blackstart_open;              /* answers to it count */
    struct hf_hash blackstart_request; /* by which they name it */
    uint8_t blackstart_have, blackstart_need;
    uint32_t blackstart_holders; /* bit of each holder whose answer counts */
    /* Handover (proto/HANDOVER.md). inherited: it serves under the ballot that another process of
     * this machine gave up, until its own claim stands. handover_from: whom it takes over from, or
     * NULL; and how many rows of the vault have come, or were fetched, of how many; 0: none yet. */
    bool inherited;
    const char *handover_from;
    uint32_t handover_have, handover_rows;
    int last_refusal; /* the newest document refused: why; 0 none */
    uint8_t last_refusal_kind;
    struct hf_network_id other_network; /* whose first root came, and none of its own; zeros: no */
};

/* How this node reaches the members that it probes (proto/GOSSIP.md, 6). */
struct hf_mesh_status {
    uint32_t probed;                     /* members of whom something is known */
    uint32_t by_datagram, by_connection; /* of these: there, and how they answered last */
    uint32_t suspect, unreachable;       /* of these, by this node's own probes */
    uint8_t slowness;                    /* how often its own times are stretched: 0 not */
    bool cut_off;                        /* so many are unreachable that it is this node */
    uint64_t taken, refused;             /* datagrams that came and proved their sender, or not */
};

/* One member of the newest set, as this node sees it. */
struct hf_peer_status {
    struct hf_account account;
    const char *address; /* terminated: where it is reached */
    bool self;
    enum hf_member_state state;
    uint64_t since_ms; /* monotonic: since when this node's own probes fail; 0 they do not */
    uint64_t heard_ms; /* monotonic: its last answer to this node; 0 none yet */
    uint32_t trip_ms;  /* of its last answer to a probe, there and back */
    bool datagrams;    /* how that answer came */
    uint64_t claim;    /* of its newest word, and that word's place in it; 0 none is kept */
    uint64_t incarnation;
    bool draining;
    uint64_t until_s;    /* of its leave or drain; 0 none */
    uint8_t suspecting;  /* members whose suspicion of it is kept, this node among them */
    uint8_t index;       /* of the share that it keeps for this node; 0 none */
    uint64_t audited_ms; /* monotonic: when it last proved that one; 0 never */
    uint8_t audits_failed;
    bool kept;  /* this node keeps a share for it */
    bool broke; /* it broke a promise to this node, and the evidence is kept */
};

/* A broken promise, with the file that proves it (proto/EVIDENCE.md). */
struct hf_broken_status {
    struct hf_broken what;
    struct hf_bytes file; /* encoded broken_promise; borrowed until the next step */
};

/* A share that moved while its owner was down (proto/REPAIR.md): its holder left and handed it over
 * with its vote, or was gone and others restored it. */
struct hf_moved_status {
    struct hf_account owner, from, to;
    uint32_t generation;
    uint8_t generation_id[16];
    uint8_t index;
    bool restored;    /* by the helpers */
    bool retired;     /* of an own share: its dealing is worth nothing any more */
    uint64_t moved_s; /* Unix time, by the clock of the one that signed it first */
    struct hf_account helpers[HF_SHARES_MAX];
    uint8_t helpers_count;
};

/* An event that is kept (proto/GOSSIP.md, 1). */
struct hf_told_status {
    uint8_t kind; /* of event_statement */
    const char *kind_name;
    struct hf_account author, subject;
    uint64_t claim, incarnation; /* of a suspect: of the word that its author had of the subject */
    uint64_t issued_s, expires_s, until_s;
    bool over, done;
};

/* For whom a drain was refused. */
struct hf_drain_report {
    uint32_t owners; /* that would be left with too few; the rest is of the worst of them */
    struct hf_account owner;
    uint8_t live, needed; /* providers of it that are live without this node, and are wanted */
    uint8_t missing_count;
    struct hf_account missing[HF_SHARES_MAX]; /* its other providers: gone, or draining */
};

/* What became of a request to the share holders, or of an answer. Borrowed until the next step. */
struct hf_blackstart_report {
    struct hf_bytes file;  /* HF_LOCAL_BLACKSTART: the encoded request */
    struct hf_hash hash;   /* by which answers name it */
    uint32_t number;       /* of the request, since the vault was open last */
    uint64_t before_s;     /* when the one before it was made, which it makes worthless; 0: none */
    uint8_t holder;        /* HF_LOCAL_ANSWER: whose answer it is, right or wrong; 0: no holder's */
    struct hf_bytes alias; /* its name in the share set */
    uint8_t have, need;    /* answers that count, and m */
};

/* What a drill found. */
struct hf_drill_report {
    uint8_t k, n;
    uint8_t asked;
    uint8_t answered;
    uint8_t fit; /* providers whose proof fits the newest recorded generation */
    struct hf_provider_status providers[16];
    size_t providers_count;
};

#endif
