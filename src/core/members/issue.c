/* What this node says of itself. */
#include "base/duration.h"
#include "base/error.h"
#include "members/detect.h"

enum { DAY_S = 86400, SEEN_MAX = 704 };

static const uint32_t life_s[] = {
    [HF__NEWS_LEAVE] = 400 * DAY_S, [HF__NEWS_DRAINING] = DAY_S, [HF__NEWS_ADDRESS] = 400 * DAY_S,
    [HF__NEWS_ALIVE] = 30 * DAY_S,  [HF__NEWS_SUSPECT] = 120,
};

void hf__member_row_put(struct hf_engine *e)
{
    struct hf_member_row row = {.incarnation = e->members->incarnation,
                                .forgot = e->members->forgot};
    hf_assert(e->open);
    hf_assert(row.incarnation <= HF_WIRE_INCARNATION_MAX);
    hf__put(e, HF_ROW_MEMBER, (struct hf_bytes){0}, &hf_wire_member_row, &row);
}

/* The host's clock may stand at the end of what a message can say. */
static uint64_t no_later(uint64_t time_s)
{
    return time_s < HF_WIRE_TIME_MAX ? time_s : HF_WIRE_TIME_MAX;
}

void hf__news_issue(struct hf_engine *e, struct hf_event_statement *s)
{
    struct hf__members *m = e->members;
    struct hf_signed_event what;
    struct hf__told *newer;
    hf_assert(e->claimed && s->kind >= HF__NEWS_LEAVE && s->kind <= HF__NEWS_SUSPECT);
    hf_assert(m->incarnation < HF_WIRE_INCARNATION_MAX);
    s->network = e->network;
    s->author = e->account;
    s->ballot.number = e->claim;
    memcpy(s->ballot.instance, e->instance, 16);
    s->issued_s = hf__now_s(e);
    s->expires_s = no_later(s->issued_s + life_s[s->kind]);
    s->until_s = no_later(s->until_s);
    if (s->kind != HF__NEWS_SUSPECT) {
        s->subject = e->account;
        s->incarnation = ++m->incarnation;
        hf__member_row_put(e);
        m->said_seq = e->write_seq;
    }
    what.statement = hf__encode(e, &hf_wire_event_statement, s);
    e->suite->sign(e->secrets->account, "holdfast/v1/event", what.statement, what.signature);
    int r = hf__news_accept(e, &what, &newer);
    /* Not a member yet, or no more: no member would take it. */
    hf_assert(r == 0 || r == HF_ENOTMEMBER || r == HF_EEVENT_STALE || r == HF_EEXPIRED ||
              s->kind == HF__NEWS_SUSPECT);
}

void hf__news_alive(struct hf_engine *e)
{
    hf_assert(e->claimed);
    struct hf_event_statement what = {.kind = HF__NEWS_ALIVE};
    const uint8_t *mesh_key = hf__mesh_key(e);
    what.has_mesh_key = mesh_key != NULL;
    if (mesh_key != NULL)
        memcpy(what.mesh_key, mesh_key, sizeof what.mesh_key);
    e->members->accused = false;
    e->members->answered_ms = e->now_ms;
    hf__news_issue(e, &what);
}

/* Those that this node probes, or that probe it, need its mesh key: it is signed once a process,
 * and again before it expires. */
void hf__news_greet(struct hf_engine *e)
{
    const struct hf__told *said = hf__told_find(e, &e->account, HF__NEWS_ALIVE, NULL);
    hf_assert(said == NULL || hf_account_equal(&said->author, &e->account));
    if (!e->claimed || hf__mesh_key(e) == NULL || !hf__is_member(e, &e->account) ||
        (said != NULL && said->place.claim == e->claim &&
         said->expires_s - said->issued_s < 2 * (said->expires_s - hf__now_s(e))))
        return;
    hf__news_alive(e);
}

/* The newest word of a member that this node has, as long as it fits. */
static struct hf_bytes newest_of(const struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(!hf_account_equal(account, &e->account));
    const struct hf__members *m = e->members;
    struct hf__place highest = hf__told_highest(e, account);
    for (size_t i = hf__told_first(e, account);
         i < m->told_count && hf_account_equal(&m->told[i]->subject, account); i++)
        if (m->told[i]->kind != HF__NEWS_SUSPECT &&
            hf__place_compare(&m->told[i]->place, &highest) == 0)
            return hf_blob_bytes(m->told[i]->encoded);
    return (struct hf_bytes){0};
}

void hf__news_suspect(struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(e->claimed && hf__is_member(e, account));
    struct hf_event_statement what = {.kind = HF__NEWS_SUSPECT, .seen = newest_of(e, account)};
    if (what.seen.len > SEEN_MAX)
        return; /* who says so much of itself is probed by others, who know less of it */
    what.subject = *account;
    hf__news_issue(e, &what);
}

void hf__news_draining(struct hf_engine *e, bool over)
{
    hf_assert(e->has_account || !e->claimed);
    struct hf_event_statement what = {
        .kind = HF__NEWS_DRAINING, .over = over, .until_s = hf__now_s(e) + HF_DRAIN_S_MAX};
    if (e->claimed)
        hf__news_issue(e, &what);
}

void hf__news_again(struct hf_engine *e, const struct hf__told *told)
{
    hf_assert(told->kind != HF__NEWS_SUSPECT && hf_account_equal(&told->subject, &e->account));
    struct hf_signed_event signed_event;
    struct hf_event_statement s;
    int r = hf__decode(e, &hf_wire_signed_event, hf_blob_bytes(told->encoded), &signed_event);
    if (r == 0)
        r = hf__decode(e, &hf_wire_event_statement, signed_event.statement, &s);
    hf_assert(r == 0);
    hf__news_issue(e, &s);
}

/* One of its own events: dated so far ahead that no member takes it. */
static const struct hf__told *ahead(const struct hf_engine *e, enum hf__news kind)
{
    const struct hf__told *told = hf__told_find(e, &e->account, kind, NULL);
    hf_assert(told == NULL || hf_account_equal(&told->author, &e->account));
    return told != NULL && told->issued_s > hf__now_s(e) + HF_CLOCK_AHEAD_S ? told : NULL;
}

void hf__news_redate(struct hf_engine *e)
{
    const struct hf__told *told;
    hf_assert(e->open);
    if (!e->claimed)
        return;
    if ((told = ahead(e, HF__NEWS_LEAVE)) != NULL)
        hf__news_again(e, told);
    if ((told = ahead(e, HF__NEWS_DRAINING)) != NULL)
        hf__news_draining(e, told->over);
    if ((told = ahead(e, HF__NEWS_ADDRESS)) != NULL)
        hf__news_again(e, told);
    if (ahead(e, HF__NEWS_ALIVE) != NULL)
        hf__news_alive(e);
}
