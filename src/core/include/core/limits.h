/* Every bound and every interval of the engine, in one place. */
#ifndef HF_CORE_LIMITS_H
#define HF_CORE_LIMITS_H

#include <stdint.h>

enum {
    HF_ROW_KEY_MAX = 64,
    HF_APPLICATION_LEN = 96, /* what a quote for an application is over: bytes (64), nonce (32) */
    HF_APPLICATION_QUOTES_MAX = 4, /* that are being made at a time */
    HF_ATTESTS_MAX = 4,            /* quotes on request for members, and likewise for signers */
    HF_KEY_NAME_MAX = 64,          /* name of an application key */
    HF_APP_KEY_LEN = 32,
    HF_SEEDS_MAX = 16,
    HF_GENERATIONS_LEAP_MAX = 1024, /* numbers of dealings that answers of one recovery spend */
    HF_ROUND_PROVIDERS_MAX = 64,    /* asked in one round of recovery */
    HF_OLDER_MAX = 32,              /* older dealings of its own whose deletion a node waits for */
    HF_CHAIN_MAX = 3,               /* older generations of one owner that are not sealed */
    HF_TOMBSTONES_MAX = 65536,   /* owners that have moved on and whose promises a provider keeps */
    HF_MESH_KEYS_MAX = 3,        /* one to come, one in use, one of before */
    HF_SEALING_KEYS_MAX = 8,     /* of each suite one to come, one in use, two of before */
    HF_RELEASES_MAX = 16,        /* first releases that wait for acknowledgements */
    HF_GENERATIONS_HELD_MAX = 5, /* of one owner by one provider: four recorded and one pending */
    /* Calls that may be out at once, by what they are for. */
    HF_CALLS_DOCUMENTS_MAX = 128,
    HF_CALLS_HOLDERS_MAX = 64,   /* offers and deposits; records; standing; drills: each so many */
    HF_CALLS_RETIRE_MAX = 256,   /* deletions of older generations */
    HF_CALLS_RECOVER_MAX = 1024, /* several rounds: those given up may still be out */
    HF_CALLS_CLAIM_MAX = 256,
    HF_CALLS_SEAL_MAX = 128,     /* holders of the older generations in a record's chain */
    HF_CALLS_RELEASE_MAX = 1024, /* acknowledgements that first releases wait for */
    HF_CALLS_DRAIN_MAX = 256,
    HF_CALLS_GOSSIP_MAX = 64,
    HF_CALLS_PROBE_MAX = 64,
    HF_CALLS_TAKE_OVER_MAX = 4, /* one is asked at a time; those given up may still be out */
    HF_DATAGRAM_MAX = 1200,
    HF_EVENTS_LEN = 1000,        /* of events in a datagram */
    HF_CARRIED_EVENTS_LEN = 560, /* in one that another hands on */
    HF_PROBE_TARGETS_MAX = 64,   /* that a node probes in turn */
    HF_PROBES_MAX = 16,          /* at once */
    HF_CARRIED_MAX = 16,         /* pings of others that wait for an answer */
    HF_CONTACTS_MAX = 256,       /* members of whom something is kept */
    HF_HEALTH_MAX = 8,           /* how often times are stretched by their own length */
    HF_AUDITS_FAILED_MAX = 3,    /* in a row: then a holder is replaced */
    HF_BROKEN_MAX = 64,          /* broken promises of others that a node keeps; */
    HF_BROKEN_SHORT = 4096,      /* of those that are longer than so many bytes */
    HF_BROKEN_LONG_MAX = 8,      /* so many */
    HF_EVENTS_MESSAGE_MAX = 16,  /* in one message of gossip */
    HF_EVENTS_SUSPECTS_MAX = 16, /* kept of one author */
    HF_EVENTS_BURST = 512,       /* that one account may tell at once */
    HF_EVENTS_RATE = 128,        /* a second, for longer */
    HF_LEAVE_S_MAX = 90 * 86400, /* from an announced leave to its deadline */
    HF_DRAIN_S_MAX = 3600,       /* how long an announced drain lasts */
    HF_TELLERS_MAX = 256,        /* accounts whose telling is counted */
    /* Messages that wait for a quote to be judged: answers to the node's own calls; requests of
     * members, of owners that show a ticket, of those at a member's address, and of others; of
     * these so many of one source. */
    HF_PARKED_OWN_MAX = 256,
    HF_PARKED_MEMBERS_MAX = 128,
    HF_PARKED_TICKETS_MAX = 64,
    HF_PARKED_EXPECTED_MAX = 64,
    HF_PARKED_STRANGERS_MAX = 64,
    HF_PARKED_EACH_MAX = 8,
    /* Quotes that are judged at a time for each of these; the others wait for their turn. */
    HF_JUDGED_MEMBERS_MAX = 16,
    HF_JUDGED_TICKETS_MAX = 8,
    HF_JUDGED_EXPECTED_MAX = 8,
    HF_JUDGED_STRANGERS_MAX = 4,
    /* Requests of one method by a member, or by others about one owner: so many at once, and then
     * so many a second. */
    HF_RATE_MEMBER_BURST = 512,
    HF_RATE_MEMBER_PER_S = 128,
    HF_RATE_OWNER_BURST = 64,
    HF_RATE_OWNER_PER_S = 16,
    /* KiB of documents that who proves no account brings, from one source: so many at once, and
     * then a second; and so many all strangers together, and all who are expected. */
    HF_RATE_BROUGHT_BURST = 1024,
    HF_RATE_BROUGHT_PER_S = 128,
    HF_RATE_BROUGHT_ALL_BURST = 4096,
    HF_RATE_BROUGHT_ALL_PER_S = 512,
    /* And of those that are given to a source. */
    HF_RATE_GIVEN_BURST = 8192,
    HF_RATE_GIVEN_PER_S = 512,
    /* KiB of documents that a member brings, and as many that it is given: so many at once, which
     * is what the largest may have, and then a second. */
    HF_RATE_MEMBER_KIB_BURST = 16384,
    HF_RATE_MEMBER_KIB_PER_S = 1024,
    /* Quotes on request, by who asks: so many at once, and then one in so many seconds. */
    HF_RATE_ATTEST_BURST = 8,
    HF_RATE_ATTEST_S = 10,
    /* New events that one account has signed, by whichever way they come: so many at once, and then
     * a second. */
    HF_RATE_AUTHOR_BURST = 64,
    HF_RATE_AUTHOR_PER_S = 2,
    HF_RATES_MAX = 8192,  /* counts that are kept */
    HF_ANSWERS_MAX = 256, /* recovery answers kept for their nonce's life */
    HF_WELCOMES_MAX = 8,  /* shares of others that this node would take over, for a nonce's life */
    HF_VERDICTS_MAX = 4096, /* identity quotes of peers that are remembered */
    /* Milliseconds: between questions to the time helper; for each of which it has so long; and
     * how long at first contact certificates are judged by one time, which doubles to the last. */
    HF_TIME_ASK_MS = 8000,
    HF_TIME_ANSWER_MS = 5000,
    HF_TIME_CONTACT_MS = 60000,
    HF_TIME_CONTACT_MS_MAX = 3600000,
    /* Handover (proto/HANDOVER.md): the minute, in seconds; new ones that have passed; rows of a
     * vault, in all and on a page; bytes of a row's value, and of a page beyond its first row. */
    HF_HANDOVER_S = 60,
    HF_HANDOVER_PRESENTED_MAX = 4,
    HF_HANDOVER_ROWS_MAX = 1 << 20,
    HF_HANDOVER_PAGE_ROWS = 64,
    HF_HANDOVER_VALUE_MAX = 196608,
    HF_HANDOVER_PAGE_LEN = 131072,
    /* What an engine holds of memory for secrets at its most, with what a slab needs for each
     * piece: bytes, pieces, and bytes of the longest without which it cannot go on; without a
     * longer one it does less. */
    HF_ENGINE_SECRETS_MAX = 58 << 10,
    HF_ENGINE_SECRETS_PIECES = 18,
    HF_ENGINE_SECRETS_LONGEST = 512,
    HF_ROOTS_MAX = 64,     /* roots of authority in the life of a network */
    HF_ROOTS_KEPT_MAX = 4, /* versions of the root secret that a node keeps at a time */
};

/* Intervals, in milliseconds. hf_timing_default holds what a daemon uses. */
struct hf_timing {
    uint32_t call_ms;        /* deadline of a call; floor 100 */
    uint32_t nonce_life_ms;  /* how long a provider's nonce is good; floor 1,000 */
    uint32_t round_grace_ms; /* wait for further answers once enough are in; floor 1 */
    uint32_t retry_ms_min;   /* first pause between rounds; doubles, with jitter; floor 10 */
    uint32_t retry_ms_max;
    uint32_t permanent_ms; /* pause after a refusal that time does not mend; floor 1,000 */
    /* between rounds of standing while not all holders are placed; floor 100 */
    uint32_t standing_ms;
    uint32_t watch_ms;     /* between rounds of standing once ready; floor 1,000 */
    uint32_t documents_ms; /* between pulls of documents; floor 1,000 */
    uint32_t audit_ms;     /* between audits of one holder; floor 1,000 */
    uint32_t probe_ms;     /* between probes; floor 100; 0: no member is probed */
    uint32_t gossip_ms;    /* between pushes of events, while there are new ones; floor 20 */
    uint32_t reconcile_ms; /* between digests to a random member; floor 1,000 */
};

extern const struct hf_timing hf_timing_default;

#endif
