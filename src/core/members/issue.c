/* What this node says of itself. */
#include "base/error.h"
#include "members/members.h"

enum { DAY_S = 86400 };

static const uint32_t life_s[] = {
    [HF__NEWS_LEAVE] = 400 * DAY_S,
    [HF__NEWS_DRAINING] = DAY_S,
    [HF__NEWS_ADDRESS] = 400 * DAY_S,
    [HF__NEWS_ALIVE] = 3600,
};

void hf__news_issue(struct hf_engine *e, struct hf_event_statement *s)
{
    struct hf__members *m = e->members;
    struct hf_signed_event what;
    struct hf__told *newer;
    hf_assert(e->claimed && s->kind >= HF__NEWS_LEAVE && s->kind <= HF__NEWS_ALIVE);
    hf_assert(m->incarnation < HF_WIRE_INCARNATION_MAX);
    m->incarnation++;
    s->network = e->network;
    s->author = e->account;
    s->subject = e->account;
    s->ballot.number = e->claim;
    memcpy(s->ballot.instance, e->instance, 16);
    s->incarnation = m->incarnation;
    s->issued_s = hf__now_s(e);
    s->expires_s = s->issued_s + life_s[s->kind];
    if (s->expires_s > HF_WIRE_TIME_MAX)
        s->expires_s = HF_WIRE_TIME_MAX;
    hf__member_row_put(e);
    what.statement = hf__encode(e, &hf_wire_event_statement, s);
    e->suite->sign(e->secrets->account, "holdfast/v1/event", what.statement, what.signature);
    int r = hf__news_accept(e, &what, &newer);
    /* Not a member yet, or no more: there is nobody to tell. */
    hf_assert(r == 0 || r == HF_ENOTMEMBER || r == HF_EEVENT_STALE || r == HF_EEXPIRED);
}

void hf__news_alive(struct hf_engine *e)
{
    struct hf_event_statement what = {.kind = HF__NEWS_ALIVE};
    hf__news_issue(e, &what);
}

void hf__news_draining(struct hf_engine *e, bool over)
{
    struct hf_event_statement what = {
        .kind = HF__NEWS_DRAINING, .over = over, .until_s = hf__now_s(e) + HF_DRAIN_S_MAX};
    if (e->claimed)
        hf__news_issue(e, &what);
}
