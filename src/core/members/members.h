/*
 * The other members: what they tell of themselves and of each other as signed events
 * (proto/GOSSIP.md), and the one answer that is drawn from it, the view. It knows nothing of
 * shares; owner, provider and life ask it. Private to core.
 */
#ifndef HF_CORE_MEMBERS_H
#define HF_CORE_MEMBERS_H

#include "trust/trust.h"

/* Kinds of events, as event_statement.kind. */
enum hf__news {
    HF__NEWS_LEAVE = 1,
    HF__NEWS_DRAINING,
    HF__NEWS_ADDRESS,
    HF__NEWS_ALIVE,
    HF__NEWS_SUSPECT,
    HF__NEWS_KINDS
};

/* Where an event stands among those of its subject. */
struct hf__place {
    uint64_t claim;
    uint64_t incarnation;
};

enum { HF__EVENT_ID_LEN = 8 };

/* An event that is kept. */
struct hf__told {
    struct hf_account subject;
    struct hf_account author;
    uint8_t kind;   /* enum hf__news */
    uint8_t budget; /* how many members it is told yet */
    bool over, done;
    bool has_rival;
    bool quiet; /* for those alone who have to do with its author: not told, in no digest */
    uint8_t id[HF__EVENT_ID_LEN];
    uint8_t rival[HF__EVENT_ID_LEN]; /* of another that its author signed for the same place */
    struct hf__place place;
    uint64_t issued_s, expires_s, until_s;
    uint32_t registered_epoch;
    struct hf_blob *encoded; /* signed_event */
};

/* How much an account may tell. */
struct hf__teller {
    struct hf_account account;
    uint32_t left; /* events that it may tell now */
    uint64_t at_ms;
};

struct hf__members {
    struct hf__told **told; /* by subject, kind, author */
    uint64_t *told_heads;   /* the first bytes of each one's subject: what is looked through */
    uint32_t told_count, told_cap;
    uint32_t told_kinds[HF__NEWS_KINDS]; /* how many there are of each */
    uint32_t told_edition;               /* counts what was kept or dropped */
    uint32_t expired_adopted;            /* documents by which all are of members; */
    uint64_t expires_s;                  /* and none expires before. 0: not looked through yet */
    uint32_t changed;                    /* counts what may have changed the view of a member */
    uint64_t incarnation;
    struct hf__teller *tellers;
    uint16_t *teller_heads; /* the first bytes of each one's account */
    uint16_t tellers_count, tellers_cap;
    bool telling;             /* an event may have tellings left: false, none has */
    bool forgot;              /* a share, of its own accord: this node's leave stands */
    bool news;                /* a document was adopted, and is told once */
    bool rumour;              /* something was told of a member since the detector looked last */
    bool accused;             /* this node is suspected by others, and has not answered yet */
    uint64_t answered_ms;     /* when it last signed an alive event */
    uint32_t answer_pause_ms; /* until it answers a suspicion again; 0: none was answered yet */
    uint64_t said_seq;        /* the write with the incarnation of the newest own event */
    struct hf__detector *detector; /* detect.h; NULL: locked, or no member is probed */
    char *address;                 /* at which others reach this node; NULL: where the set says */
};

/* The first bytes of an account, by which a list is looked through: others may have the same. */
static inline uint16_t hf__head(const struct hf_account *account)
{
    return (uint16_t)(account->bytes[0] << 8 | account->bytes[1]);
}

/* The next of these heads, from at on, that is head; count: there is none. Two bytes and eight at
 * once, for lists of a hundred are looked through for every datagram: a processor compares eight
 * such numbers by one instruction. */
static inline size_t hf__head_next(const uint16_t *heads, size_t count, size_t at, uint16_t head)
{
    for (unsigned any = 0; at + 8 <= count; at += 8) {
        for (size_t i = 0; i < 8; i++)
            any |= heads[at + i] == head;
        if (any != 0)
            break;
    }
    while (at < count && heads[at] != head)
        at++;
    return at;
}

/* HF_ENOMEM. */
HF_MUST_USE int hf__members_init(struct hf_engine *e, const struct hf_engine_config *config);
/* The vault is open: takes up what it holds, and begins to compare with others. */
void hf__members_open(struct hf_engine *e);
/* The own claim stands: says again under it what was said of this node and still holds. */
void hf__members_claimed(struct hf_engine *e);
/* A document was adopted: drops what is of no member any more, and tells of the document. */
void hf__members_adopted(struct hf_engine *e);
/* A share was forgotten without its owner's order, or another leave begins, in which none was yet:
 * notes it durably. */
void hf__members_forgot(struct hf_engine *e, bool forgot);
/* Writes what this node has said of itself. */
void hf__member_row_put(struct hf_engine *e);
/* The vault is closed: forgets what was told. */
void hf__members_lock(struct hf_engine *e);
/* Frees it, with the engine. */
void hf__members_done(struct hf_engine *e);
size_t hf__members_memory(const struct hf_engine *e); /* bytes, without sizeof hf__members */

/* ---- told.c: the events that are kept */

/* NULL: there is none. author: of a suspect; else NULL. */
struct hf__told *hf__told_find(const struct hf_engine *e, const struct hf_account *subject,
                               enum hf__news kind, const struct hf_account *author);
/* The index of the first event of a subject; walk on while the subject is the same. */
size_t hf__told_first(const struct hf_engine *e, const struct hf_account *subject);
/* The same where a member is suspected; else there is none. */
size_t hf__told_suspected(const struct hf_engine *e, const struct hf_account *subject);
/* Keeps an event in place of one with the same key; takes encoded over. Returns it. */
struct hf__told *hf__told_put(struct hf_engine *e, const struct hf__told *what);
/* What is kept of an event that was decoded; encoded is left out. */
struct hf__told hf__told_of(struct hf_engine *e, const struct hf_event_statement *s,
                            const struct hf_signed_event *what);
/* Whether an event of this kind is kept in the vault: it must not be forgotten by a restart. */
bool hf__told_lasts(uint8_t kind);
/* Writes the row of an event that must survive a restart. */
void hf__told_row(struct hf_engine *e, const struct hf__told *told);
/* Drops the one at index, and its row. */
void hf__told_drop(struct hf_engine *e, size_t index);
/* The highest place among what an account has said of itself; zeros: nothing is known. */
struct hf__place hf__told_highest(const struct hf_engine *e, const struct hf_account *subject);
/* How many are for all members. */
size_t hf__told_shared(const struct hf_engine *e);
/* Below 0, 0 or above: whether a comes before b, is b, or comes after it. */
int hf__place_compare(const struct hf__place *a, const struct hf__place *b);
/* Drops what has expired, and what is about or of accounts that are no members. */
void hf__told_expire(struct hf_engine *e);
/* Loads the rows of the vault. */
void hf__told_load(struct hf_engine *e);
size_t hf__told_memory(const struct hf_engine *e); /* bytes held */
/* Forgets all of them. */
void hf__told_free(struct hf_engine *e);

/* Whether an event may be told now. What this node has said itself may not be durable while the
 * disk takes nothing: it is left out then, so that nothing else waits for it. */
bool hf__told_may_leave(const struct hf_engine *e, const struct hf__told *told);
/* The write for which a message waits that holds events which may leave. */
uint64_t hf__told_after(const struct hf_engine *e);

/* ---- accept.c: whether an event is taken */

enum { HF__NEWS_KNOWN = 1 };
/*
 * Judges an event and keeps it when it is good and new. 0: taken. HF__NEWS_KNOWN. Else a refusal of
 * GOSSIP.md, section 2; ret_newer: the one that makes it stale, or NULL.
 */
HF_MUST_USE int hf__news_accept(struct hf_engine *e, const struct hf_signed_event *what,
                                struct hf__told **ret_newer);

/* ---- issue.c: what this node says */

/*
 * Signs an event of this node about itself, keeps and spreads it: what holds kind, expires_s, and
 * what belongs to the kind; the rest is filled in. The claim stands.
 */
void hf__news_issue(struct hf_engine *e, struct hf_event_statement *what);
/* The public half of this process's mesh key, 32 bytes, borrowed; NULL: there is none. */
const uint8_t *hf__mesh_key(const struct hf_engine *e);
/* The table of mesh keys, of one suite; empty where this node has none. */
void hf__mesh_table(const struct hf_engine *e, struct hf__keys *ret);
/* The table after a sweep: another active key is drawn, and told. There is a key. */
void hf__mesh_save(struct hf_engine *e, const struct hf__keys *keys);
/* Says that it is there, at a higher place, with the mesh key of this process. */
void hf__news_alive(struct hf_engine *e);
/* The same, if it is time for it: once a process, and before the one that was said expires. */
void hf__news_greet(struct hf_engine *e);
/* Says that a member did not answer. */
void hf__news_suspect(struct hf_engine *e, const struct hf_account *account);
/* Says that this node is about to stop for a while, or no longer. */
void hf__news_draining(struct hf_engine *e, bool over);
/* Signs one of its own events again, under the present ballot. */
void hf__news_again(struct hf_engine *e, const struct hf__told *told);
/* Says again what a clock that was ahead has dated: no member takes that (GOSSIP.md, 2). */
void hf__news_redate(struct hf_engine *e);

/* ---- gossip.c: how events spread */

/* How many members each node tells a new event. */
uint8_t hf__gossip_budget(const struct hf_engine *e);
/* There is something to tell: sets the timer. */
void hf__gossip_soon(struct hf_engine *e);
/* The timer: tells a few members what is new. */
void hf__gossip_push(struct hf_engine *e);
/* The timer: compares with a random member, and sets itself again. */
void hf__gossip_reconcile(struct hf_engine *e);
/* /v1/gossip: takes events, and for a digest answers with those that it lacks. 0, or a refusal. */
int hf__recv_gossip(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* What came back to a push or a digest. */
int hf__gossip_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body);

/* Takes events that came with something else. */
void hf__gossip_hear(struct hf_engine *e, const struct hf_account *account,
                     const struct hf_signed_event *events, size_t count);

/* ---- probe.c: who is there */

/* The timer. */
void hf__detect_due(struct hf_engine *e);
/* Something may be due: the timer comes at once. */
void hf__detect_soon(struct hf_engine *e);
/* A member has answered a call of this node: it is there. */
void hf__members_heard(struct hf_engine *e, const struct hf_account *account);
/* What this node does hangs on whether a member is there: where it does not probe it in turn, it is
 * probed now, unless that was done of late. */
void hf__members_look(struct hf_engine *e, const struct hf_account *account);
/* A connection with a member has ended, and this node did not end it. */
void hf__members_closed(struct hf_engine *e, const struct hf_account *account);

/* ---- contact.c: those who are probed, or probe */

/* Draws the mesh key, and is ready to probe. */
void hf__detect_open(struct hf_engine *e);
/* Forgets what was found out, and wipes keys. */
void hf__detect_lock(struct hf_engine *e);
size_t hf__detect_memory(const struct hf_engine *e); /* bytes held */
/* Whether so many look unreachable that it is this node which is cut off. */
bool hf__cut_off(const struct hf_engine *e);

/* ---- datagram.c */

/* A datagram: taken when a member made it under the key of the pair, else counted as refused. */
void hf__recv_datagram(struct hf_engine *e, struct hf_bytes body);
/* /v1/probe: a ping over the pooled connection. 0, or a refusal. */
int hf__recv_probe(struct hf_engine *e, const struct hf__message *m, struct hf_bytes body);
/* The answer to a ping over the connection, or why there is none. */
int hf__probe_returned(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body);

/* ---- teller.c: how much an account may tell */

/* Whether it may tell so many events now; counts them. */
bool hf__teller_may(struct hf_engine *e, const struct hf_account *account, size_t events);
/* It told something that is refused. */
void hf__teller_bad(struct hf_engine *e, const struct hf_account *account);

/* ---- view.c: the one answer about a member */

struct hf__view {
    enum hf_member_state state;
    bool draining;     /* announced, until until_s */
    uint64_t until_s;  /* of the leave or the drain; 0 none */
    uint64_t place;    /* incarnation of its newest word; 0 none */
    bool absent;       /* this node's own last probe of it failed */
    uint64_t since_ms; /* monotonic: since when; 0: it is not absent */
};

/* The one answer: the set's word first, then the account's own, then what was found out. */
struct hf__view hf__view(const struct hf_engine *e, const struct hf_account *account);
/* What an account has said of leaving, for the registration that the set gives it, and not taken
 * back; NULL: nothing. */
const struct hf__told *hf__view_leave(const struct hf_engine *e, const struct hf_account *account);
/* Whether it has left for good and said that it keeps nothing any more: HF_MEMBER_LEFT. */
bool hf__view_left(const struct hf_engine *e, const struct hf_account *account);
/* Whether it has said, or the authority says, that it goes for good: its shares move at once. */
bool hf__view_departs(const struct hf_engine *e, const struct hf_account *account);
/*
 * The places for an owner's shares under a set, by rank, as indices into its validators: the first
 * HF_RANK_FACTOR * n, and one more for each of them that departs by this node's view. Returns how
 * many there are, at most the room of ret.
 */
size_t hf__view_places(const struct hf_engine *e, const struct hf_document *set,
                       const struct hf_account *owner, uint32_t version, uint8_t n,
                       uint32_t ret[static HF_RANK_FACTOR * HF_SHARES_MAX]);

#endif
