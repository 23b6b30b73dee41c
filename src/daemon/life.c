#include "life.h"

#include "base/error.h"
#include "daemon.h"

#include <stdio.h>

enum { TEXT_LEN = 160 };

/* What is kept, and how it is said of the two numbers that come with it. */
static const struct {
    enum hf_trace_type type;
    bool member;  /* other members can bring it about as often as they like */
    bool swapped; /* b is said before a */
    const char *words;
} kept[] = {
    {HF_TRACE_DEALING, false, true, "deals shares to %llu holders, as generation %llu"},
    {HF_TRACE_CONFIRMED, false, false, "every holder has its share of generation %llu"},
    {HF_TRACE_REBUILT, false, false, "rebuilt its secret of generation %llu from %llu shares"},
    {HF_TRACE_CLAIM_WON, false, false, "speaks for its account, by claim %llu"},
    {HF_TRACE_FENCED, false, false, "another instance took over, by claim %llu"},
    {HF_TRACE_DRILL, false, false, "drill: %llu shares fit, %llu are needed"},
    {HF_TRACE_QUORUM_SEALED, false, false, "sealed to the share holders, share set %llu"},
    {HF_TRACE_BLACKSTART_ASKED, false, false,
     "request %llu to the share holders: %llu must answer"},
    {HF_TRACE_BLACKSTART_ANSWER, false, false, "share holder %llu answered: %llu are here"},
    {HF_TRACE_BLACKSTART_OPENED, false, false, "opened by %llu answers of share holders"},
    {HF_TRACE_QUOTE_FAILED, false, false, "a quote of this machine could not be made"},
    {HF_TRACE_CANDIDATE_FAILED, true, false, "did not take share %llu"},
    {HF_TRACE_AUDIT_FAILED, true, false, "did not prove its share, %llu times in a row"},
    {HF_TRACE_PROMISE_BROKEN, true, false, "broke its promise of generation %llu"},
    {HF_TRACE_SHARE_MOVED, true, true, "keeps share %llu of generation %llu now"},
    {HF_TRACE_HANDED_OVER, true, false, "its share was handed over, generation %llu"},
    {HF_TRACE_SHARE_RESTORED, true, false, "its share was restored here, generation %llu"},
    {HF_TRACE_HELPER_LIED, true, false, "gave a false part of share %llu"},
};

static size_t row_of(enum hf_trace_type type)
{
    size_t i = 0;
    while (i < HF_ARRAY_LEN(kept) && kept[i].type != type)
        i++;
    return i;
}

/* What happened in words, without who; false where it is nothing that is kept. */
static bool say(const struct hf_trace *t, char ret[static TEXT_LEN])
{
    static const char *const found[] = {"answers", "does not answer", "cannot be reached"};
    size_t row = row_of(t->type);
    if (t->type == HF_TRACE_STATE) {
        snprintf(ret, TEXT_LEN, t->a == t->b ? "%s still" : "%s, after %s",
                 hf_state_name((enum hf_state)t->b), hf_state_name((enum hf_state)t->a));
    } else if (t->type == HF_TRACE_STORE) {
        snprintf(ret, TEXT_LEN, t->error != 0 ? "the disk fails" : "the disk works again");
    } else if (t->type == HF_TRACE_FOUND && t->a < HF_ARRAY_LEN(found)) {
        snprintf(ret, TEXT_LEN, "%s", found[t->a]);
    } else if (row < HF_ARRAY_LEN(kept)) {
        unsigned long long a = kept[row].swapped ? t->b : t->a, b = kept[row].swapped ? t->a : t->b;
        snprintf(ret, TEXT_LEN, kept[row].words, a, b);
    } else {
        return false;
    }
    return true;
}

void hf__life_add(struct hf__life *life, const struct hf_trace *t, uint64_t now_s)
{
    char words[TEXT_LEN];
    size_t row = row_of(t->type);
    bool member = t->type == HF_TRACE_FOUND || (row < HF_ARRAY_LEN(kept) && kept[row].member);
    if (t->foreign || !say(t, words))
        return;
    life->count++;
    struct hf__moment m = {.at_s = now_s, .number = life->count, .what = *t};
    if (member)
        life->members[life->members_count++ % HF__LIFE_MEMBERS_MAX] = m;
    else
        life->own[(life->count - life->members_count - 1) % HF__LIFE_OWN_MAX] = m;
}

static int8_t small(int v)
{
    return (int8_t)(v > INT8_MAX ? INT8_MAX : v < INT8_MIN ? INT8_MIN : v);
}

void hf__life_sample(struct hf__life *life, const struct hf__outlook *o, bool open, uint64_t now_s)
{
    uint64_t count = life->samples_count;
    const struct hf__sample *last =
        count > 0 ? &life->samples[(count - 1) % HF__LIFE_SAMPLES] : NULL;
    /* A clock that was set back begins anew. */
    if (last != NULL && now_s >= last->at_s && now_s - last->at_s < HF__LIFE_SAMPLE_S)
        return;
    life->samples[count % HF__LIFE_SAMPLES] =
        (struct hf__sample){.at_s = now_s,
                            .answering = o->answering,
                            .holders = o->holders,
                            .spare_claim = small(o->spare_claim),
                            .spare_recovery = small(o->spare_recovery),
                            .open = open};
    life->samples_count++;
}

static json_t *moment(const struct hf__daemon *d, const struct hf__moment *m)
{
    char words[TEXT_LEN];
    bool said = say(&m->what, words);
    hf_assert(said);
    json_t *o =
        json_pack("{s:I,s:I,s:s,s:s}", "at_s", (json_int_t)m->at_s, "number", (json_int_t)m->number,
                  "event", hf_trace_name(m->what.type), "text", words);
    if (!hf_account_zero(&m->what.account))
        json_object_set_new(o, "who", hf__operator_json(d, &m->what.account));
    if (m->what.error != 0)
        json_object_set_new(o, "code", json_string(hf_error_name(m->what.error)));
    if (m->what.type == HF_TRACE_STATE)
        json_object_set_new(o, "state", json_string(hf_state_name((enum hf_state)m->what.b)));
    return o;
}

/* The last of a ring, oldest first. */
static void add_all(const struct hf__daemon *d, json_t *list, const struct hf__moment *ring,
                    uint64_t count, size_t places)
{
    for (uint64_t i = count > places ? count - places : 0; i < count; i++)
        json_array_append_new(list, moment(d, &ring[i % places]));
}

json_t *hf__life_json(const struct hf__daemon *d)
{
    const struct hf__life *life = d->life;
    json_t *list = json_array();
    if (life == NULL)
        return list;
    add_all(d, list, life->own, life->count - life->members_count, HF__LIFE_OWN_MAX);
    add_all(d, list, life->members, life->members_count, HF__LIFE_MEMBERS_MAX);
    return list;
}

json_t *hf__life_samples(const struct hf__daemon *d)
{
    const struct hf__life *life = d->life;
    json_t *at = json_array(), *answering = json_array(), *claim = json_array(),
           *recovery = json_array();
    uint64_t count = life != NULL ? life->samples_count : 0;
    for (uint64_t i = count > HF__LIFE_SAMPLES ? count - HF__LIFE_SAMPLES : 0; i < count; i++) {
        const struct hf__sample *s = &life->samples[i % HF__LIFE_SAMPLES];
        json_array_append_new(at, json_integer((json_int_t)s->at_s));
        json_array_append_new(answering, json_integer(s->answering));
        json_array_append_new(claim, s->open ? json_integer(s->spare_claim) : json_null());
        json_array_append_new(recovery, s->open ? json_integer(s->spare_recovery) : json_null());
    }
    return json_pack("{s:o,s:o,s:o,s:o}", "at_s", at, "answering", answering, "spare_claim", claim,
                     "spare_recovery", recovery);
}
