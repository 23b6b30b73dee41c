/*
 * Who is there (proto/GOSSIP.md, 5 and 6): members that this node has to do with, the keys of each
 * pair, probes, and what they come to. None of it lasts longer than the process. Private to the
 * chamber.
 */
#ifndef HF_CORE_DETECT_H
#define HF_CORE_DETECT_H

#include "members/members.h"

/* What this node has found out by itself. */
enum hf__found {
    HF__FOUND_WELL,        /* or nothing yet */
    HF__FOUND_SUSPECT,     /* the last probe failed */
    HF__FOUND_UNREACHABLE, /* the suspicion has run out, and the probe at its end failed too */
};

/* A member that is probed, or that probes. Its pair of keys has the same number. */
struct hf__contact {
    struct hf_account account;
    uint8_t found;            /* enum hf__found */
    uint8_t rumours;          /* others that suspect it, as far as they have had it probed */
    uint8_t lost;             /* probes in a row that no datagram came back from */
    bool used;                /* there is one */
    bool keyed;               /* the pair's keys are of `place` */
    bool datagrams;           /* how the last answer came */
    bool before;              /* there are keys of the pair under the mesh key before */
    bool behind;              /* it is spoken to under those: it may not know the key of now */
    bool in_turn;             /* it is one of those that this node probes, turn by turn */
    uint32_t edition;         /* of what was told, by which the keys are right */
    struct hf__place place;   /* of its alive event with the mesh key */
    struct hf__place accused; /* its newest word when it was suspected */
    uint64_t found_ms;        /* since when */
    uint64_t accused_ms;      /* when the suspicion began, put off by what this node slept */
    uint64_t heard_ms;        /* the last evidence of life; 0 none yet */
    uint64_t used_ms;         /* when it was last of use: the longest ago gives way */
    uint64_t due_ms;          /* it is probed out of turn then; HF__NEVER: not */
    uint32_t trip_ms;         /* of the last answer, there and back */
};

/* Keys of one pair, for each direction. Secret. */
struct hf__pair {
    uint8_t out[HF_KEY_LEN];
    uint8_t in[HF_KEY_LEN];
};

struct hf__probe_run {
    struct hf_account account;
    uint8_t nonce[16];
    uint64_t begun_ms, next_ms;
    bool used;
    bool pinged;                /* by datagram */
    bool greeted;               /* what asked brought this node's mesh key along */
    bool wide;                  /* by connection and others, too */
    bool last;                  /* decides whether the suspect is unreachable */
    uint8_t carriers, heard_of; /* how many were asked to carry; how many said "not yet" */
};

/* A ping that this node has handed on. */
struct hf__carried {
    struct hf_account asker, target;
    uint8_t nonce[16]; /* of the asker's probe */
    uint64_t due_ms;   /* when the asker is told that there is no answer yet; 0: none */
    uint64_t until_ms; /* an answer is handed back before */
};

/* The table of mesh keys, by id; 0: none is in that state. */
struct hf__mesh {
    uint32_t id_next, pending, active, expired;
    uint64_t pending_s, active_s, expired_s; /* Unix time since which it is */
    uint8_t public_key[HF_KEY_LEN];          /* of the active one */
};

struct hf__detector {
    struct hf__contact *contacts;
    uint16_t *heads;         /* the first bytes of each contact's account: what is looked through */
    struct hf__pair *pairs;  /* in memory for secrets */
    struct hf__pair *before; /* likewise, under the mesh key before; NULL: none are kept */
    uint16_t contacts_cap;
    uint16_t contacts_last; /* the place that was found last: most often asked for again */
    uint8_t health;         /* 0 to HF_HEALTH_MAX: how slow this node itself is */
    uint32_t targets_adopted;
    uint32_t contacts_adopted; /* documents by which every contact is a member */
    uint8_t targets_count, target_next;
    uint8_t runs_cap, carried_cap;
    struct hf__probe_run *runs;    /* HF_PROBES_MAX at most; a few, most of the time */
    struct hf__carried *carried;   /* HF_CARRIED_MAX at most */
    uint64_t period_ms;            /* when the next one in turn is probed */
    uint64_t look_ms;              /* no contact is due before; 0: one may be, or is suspected */
    uint64_t sent, taken, refused; /* datagrams */
    uint32_t targets[HF_PROBE_TARGETS_MAX]; /* in the set, in the order of this round */
    struct hf__mesh mesh;
};

/* ---- mesh.c */

/* Draws the first key. */
void hf__mesh_begin(struct hf_engine *e, struct hf__detector *d);
/* Forgets the pairs of the key before. */
void hf__mesh_forget(struct hf_engine *e, struct hf__detector *d);

/* ---- contact.c */

/* NULL: there is none. */
struct hf__contact *hf__contact_find(const struct hf_engine *e, const struct hf_account *account);
/* The contact, made when there is room or when it is wanted so much that another gives way; NULL:
 * there is no room. It is a member. */
struct hf__contact *hf__contact_get(struct hf_engine *e, const struct hf_account *account,
                                    bool wanted);
/* The keys of the pair; NULL: its mesh key is not known. */
const struct hf__pair *hf__contact_keys(struct hf_engine *e, struct hf__contact *c);
/* The pair under this node's mesh key before, under which it may still be heard; NULL: none. */
const struct hf__pair *hf__contact_before(const struct hf_engine *e, const struct hf__contact *c);

/* An account that is no member by documents that were adopted since is dropped: neither kept, nor
 * probed to the end. */
void hf__strangers_drop(struct hf_engine *e, struct hf__detector *d);

/* The probe of a member that is under way; NULL: there is none. */
struct hf__probe_run *hf__run_of(struct hf__detector *d, const struct hf_account *account);
/* A free place for one; NULL: as many as may are under way. */
struct hf__probe_run *hf__run_new(struct hf__detector *d);
/* A list of what is under way, with twice as many places as before, the new ones zero. */
void *hf__places_double(void *list, uint8_t *cap, size_t size);

/* ---- datagram.c */

/* Sends a probe to a member by datagram; false: its mesh key is not known. */
bool hf__datagram_send(struct hf_engine *e, const struct hf_account *to,
                       const struct hf_probe *what);
/* A ping for a member, handed on by another, by datagram; false: a mesh key is not known. */
bool hf__datagram_carry(struct hf_engine *e, const struct hf_account *by,
                        const struct hf_account *to, const struct hf_probe *what);
/* What goes with a probe to a member: what it is accused of, and what is new; at most room bytes.
 * greet: the own alive event too. events: of 4. */
void hf__datagram_events(struct hf_engine *e, const struct hf_account *to, bool greet, size_t room,
                         struct hf_signed_event *events, struct hf_probe *what);
/* The carried pings whose time has come; returns when the next one's does. */
uint64_t hf__carried_due(struct hf_engine *e);

/* ---- probe.c */

/* An answer with this nonce came, from a member, by datagram or not. */
void hf__probe_answered(struct hf_engine *e, const struct hf_account *account,
                        const uint8_t nonce[static 16], bool datagram);
/* One that was asked to carry says that there is no answer yet. */
void hf__probe_not_yet(struct hf_engine *e, const uint8_t nonce[static 16]);

#endif
