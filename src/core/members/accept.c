/* Whether an event is taken (proto/GOSSIP.md, 2): cheap checks first, signatures last; what is
 * refused changes nothing. */
#include "base/duration.h"
#include "base/error.h"
#include "members/members.h"

enum { MINUTE_S = 60, DAY_S = 86400 };

static const uint32_t life_s_max[] = {
    [HF__NEWS_LEAVE] = 400 * DAY_S,     [HF__NEWS_DRAINING] = 2 * DAY_S,
    [HF__NEWS_ADDRESS] = 400 * DAY_S,   [HF__NEWS_ALIVE] = 30 * DAY_S,
    [HF__NEWS_SUSPECT] = 10 * MINUTE_S,
};

/* Whether an event may exist at all: who speaks for whom, and when. */
static int check_form(const struct hf_engine *e, const struct hf_event_statement *s)
{
    bool of_itself = hf_account_equal(&s->author, &s->subject);
    hf_assert(s->kind >= HF__NEWS_LEAVE && s->kind <= HF__NEWS_SUSPECT);
    uint64_t now_s = hf__now_s(e);
    hf_assert(life_s_max[s->kind] > 0);
    if (!hf_network_id_equal(&s->network, &e->network))
        return HF_EDOCUMENT_NETWORK;
    if (of_itself == (s->kind == HF__NEWS_SUSPECT) || (s->incarnation > 0) != of_itself)
        return HF_EEVENT_AUTHOR;
    if (!hf__is_member(e, &s->author) || !hf__is_member(e, &s->subject))
        return HF_ENOTMEMBER;
    if (s->issued_s > now_s + HF_CLOCK_AHEAD_S || s->expires_s < s->issued_s ||
        s->expires_s - s->issued_s > life_s_max[s->kind])
        return HF_EEVENT_TIME;
    return s->expires_s <= now_s ? HF_EEXPIRED : 0;
}

/*
 * The place of a suspicion is that of what its subject signed last, which it must show: no accuser
 * can name an incarnation that was never signed. What it shows is evidence of its own, and is kept.
 */
static int take_seen(struct hf_engine *e, const struct hf_event_statement *s,
                     struct hf__place *ret_place)
{
    hf_assert(s->kind == HF__NEWS_SUSPECT);
    struct hf_signed_event seen;
    struct hf_event_statement of;
    *ret_place = (struct hf__place){0};
    if (s->seen.len == 0)
        return 0;
    if (hf__decode(e, &hf_wire_signed_event, s->seen, &seen) != 0 ||
        hf__decode(e, &hf_wire_event_statement, seen.statement, &of) != 0 ||
        of.kind == HF__NEWS_SUSPECT || !hf_account_equal(&of.subject, &s->subject))
        return HF_EEVENT_SEEN;
    *ret_place = (struct hf__place){of.ballot.number, of.incarnation};
    struct hf__told *newer;
    int r = hf__news_accept(e, &seen, &newer);
    /* An old word of the subject is still its word; so is one that cannot be kept here, by this
     * node's clock, its disk, or what else its author has signed. */
    if (r < 0 && hf_network_id_equal(&of.network, &e->network) &&
        hf_account_equal(&of.author, &of.subject) && of.incarnation > 0)
        r = e->suite->verify(of.author.bytes, "holdfast/v1/event", seen.statement, seen.signature);
    return r < 0 ? HF_EEVENT_SEEN : 0;
}

/* The kept event that makes this one stale; NULL: none does. */
static struct hf__told *newer_than(const struct hf_engine *e, const struct hf__told *told,
                                   struct hf__told *kept)
{
    hf_assert(kept == NULL || kept->kind == told->kind);
    const struct hf__members *m = e->members;
    if (kept != NULL) {
        int r = hf__place_compare(&told->place, &kept->place);
        if (r < 0 || (r == 0 && told->kind == HF__NEWS_SUSPECT && told->issued_s < kept->issued_s))
            return kept;
    }
    for (size_t i = hf__told_first(e, &told->subject);
         i < m->told_count && hf_account_equal(&m->told[i]->subject, &told->subject); i++) {
        struct hf__told *other = m->told[i];
        if (other->kind == HF__NEWS_SUSPECT)
            continue;
        /* A superseded copy says nothing; and a suspicion is answered by any later word. */
        if (told->place.claim < other->place.claim ||
            (told->kind == HF__NEWS_SUSPECT && hf__place_compare(&told->place, &other->place) < 0))
            return other;
    }
    return NULL;
}

static bool registration_over(const struct hf_engine *e, const struct hf_event_statement *s)
{
    long at = hf_set_find(e->trust->set, &s->subject);
    hf_assert(at >= 0); /* its form was checked */
    return s->kind == HF__NEWS_LEAVE &&
           e->trust->set->u.set.validators[at].registered_epoch != s->registered_epoch;
}

static size_t suspects_of(const struct hf_engine *e, const struct hf_account *author)
{
    size_t count = 0;
    for (size_t i = 0; i < e->members->told_count; i++)
        count += e->members->told[i]->kind == HF__NEWS_SUSPECT &&
                 hf_account_equal(&e->members->told[i]->author, author);
    hf_assert(count <= e->members->told_count);
    return count;
}

static bool same_id(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, HF__EVENT_ID_LEN) == 0;
}

static int check_new(struct hf_engine *e, const struct hf_event_statement *s,
                     const struct hf_signed_event *what, const struct hf__told *told,
                     struct hf__told *kept)
{
    hf_assert(kept == NULL || hf_account_equal(&kept->subject, &s->subject));
    if (registration_over(e, s))
        return HF_EEVENT_STALE;
    if (s->kind == HF__NEWS_SUSPECT && kept == NULL &&
        suspects_of(e, &s->author) >= HF_EVENTS_SUSPECTS_MAX)
        return HF_EQUOTA;
    int r =
        e->suite->verify(s->author.bytes, "holdfast/v1/event", what->statement, what->signature);
    if (r != 0)
        return r;
    if (kept != NULL && hf__place_compare(&told->place, &kept->place) == 0 &&
        told->issued_s == kept->issued_s) {
        kept->has_rival = true;
        memcpy(kept->rival, told->id, sizeof kept->rival);
        return HF_EEVENT_CONTRADICTS;
    }
    if (kept != NULL && s->kind != HF__NEWS_SUSPECT &&
        hf__place_compare(&told->place, &kept->place) == 0)
        return HF_EEVENT_CONTRADICTS;
    /* Behind the signature: no other account can spend what an author may say. */
    r = hf_account_equal(&s->author, &e->account) ? 0 : hf__rate_author(e, &s->author);
    if (r != 0)
        hf__excess(e, &s->author);
    return r;
}

/* Something for the detector to look at. */
static void rumour(struct hf_engine *e)
{
    hf_assert(e->open); /* the claim may have been lost since the probe that this answers */
    e->members->rumour = true;
    hf__timer_set(e, HF__TIMER_PROBE, 0);
}

/* What a new event changes. */
static void taken(struct hf_engine *e, struct hf__told *told)
{
    hf_assert(told->encoded != NULL && hf__is_member(e, &told->author));
    struct hf__members *m = e->members;
    struct hf__place place = told->place;
    struct hf_account subject;
    subject = told->subject;
    bool of_itself = told->kind != HF__NEWS_SUSPECT;
    bool answers = false;
    for (size_t i = hf__told_suspected(e, &subject);
         of_itself && i < m->told_count && hf_account_equal(&m->told[i]->subject, &subject);) {
        if (m->told[i]->kind == HF__NEWS_SUSPECT &&
            hf__place_compare(&m->told[i]->place, &place) < 0) {
            hf__told_drop(e, i);
            answers = true;
        } else {
            i++;
        }
    }
    rumour(e);
    /* A greeting is for those alone who have to do with its author. */
    told->quiet = told->kind == HF__NEWS_ALIVE && !answers;
    if (told->quiet) {
        told->budget = 0;
        return;
    }
    hf__trace(e, HF_TRACE_EVENT, 0, &subject, told->kind, place.incarnation);
    m->changed++;
    hf__gossip_soon(e);
    if (of_itself || !hf_account_equal(&subject, &e->account) || !e->claimed)
        return;
    /* A member that accuses again and again is answered once in a while. */
    m->accused = true;
    if (m->detector == NULL)
        hf__news_alive(e);
}

int hf__news_accept(struct hf_engine *e, const struct hf_signed_event *what,
                    struct hf__told **ret_newer)
{
    hf_assert(e->open);
    struct hf_event_statement s;
    *ret_newer = NULL;
    int r = hf__decode(e, &hf_wire_event_statement, what->statement, &s);
    if (r != 0)
        return r;
    struct hf__told told = hf__told_of(e, &s, what);
    const struct hf_account *author = s.kind == HF__NEWS_SUSPECT ? &s.author : NULL;
    struct hf__told *kept = hf__told_find(e, &s.subject, (enum hf__news)s.kind, author);
    if (kept != NULL &&
        (same_id(kept->id, told.id) || (kept->has_rival && same_id(kept->rival, told.id))))
        return HF__NEWS_KNOWN;
    r = check_form(e, &s);
    if (r == 0 && s.kind == HF__NEWS_SUSPECT) {
        r = take_seen(e, &s, &told.place);
        kept = hf__told_find(e, &s.subject, (enum hf__news)s.kind, author);
    }
    if (r != 0)
        return r;
    *ret_newer = newer_than(e, &told, kept);
    r = *ret_newer != NULL ? HF_EEVENT_STALE : check_new(e, &s, what, &told, kept);
    if (r != 0)
        return r;
    /* It could not be kept; told again, it is taken when it can. */
    if (hf__told_lasts(told.kind) && hf__disk_waits(e) &&
        !hf_account_equal(&told.author, &e->account))
        return HF_EBUSY;
    told.encoded = hf_blob_new(hf__encode(e, &hf_wire_signed_event, what));
    hf_assert(told.encoded != NULL);
    told.budget = hf__gossip_budget(e);
    struct hf__told *put = hf__told_put(e, &told);
    hf__told_row(e, put);
    taken(e, put);
    return 0;
}
