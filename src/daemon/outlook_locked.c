/* What is said of a locked node: whether it comes back by itself, and what people can do. */
#include "outlook_parts.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* What people do where no provider can help, once `when` holds. */
static void advise_people(struct hf__outlook *o, const struct hf_status *s, const char *when)
{
    if (s->openable)
        hf__outlook_advise(
            o,
            "%s, share holders can open this node: write a request with "
            "`holdfast blackstart request FILE`, and go on as holdfast-blackstart(7) says. Keep "
            "the data folder, and keep this daemon running.\n",
            when);
    else if (s->sealed_s != 0 && s->now_s > s->share_set_expires_s)
        hf__outlook_advise(
            o,
            "%s, share holders can open this node as soon as the authority has the keys of the "
            "expired share set shared anew: `holdfast quorum reshard`, and no new key. Keep the "
            "data folder.\n",
            when);
    else if (s->sealed_s != 0)
        hf__outlook_advise(
            o,
            "%s, share holders can open those that keep its shares, and they give it its key; what "
            "this node sealed itself is to the key of share set %u, and not of the newest one. "
            "Keep the data folder.\n",
            when, s->sealed_share_set);
    else if (s->lost)
        hf__outlook_advise(
            o,
            "%s, do not give this account up: what share holders can open of it lies with those "
            "that keep its shares. Start one of them by people, as holdfast-blackstart(7) says, "
            "and then write this node's request.\n",
            when);
    else
        hf__outlook_advise(
            o,
            "%s, the keys are gone, and people begin anew: on each machine "
            "move the data folder away (keep it), start the daemon, and register it with "
            "`holdfast set add` and `holdfast set sign`. ",
            when);
}

static void judge_all_locked(const struct hf_status *s, struct hf__outlook *o)
{
    o->key = HF__KEY_STUCK;
    snprintf(o->says, sizeof o->says, "NOT BY ITSELF: %u of %zu providers are locked themselves",
             o->locked, s->providers_count);
    hf__outlook_warn(o, HF_EALLLOCKED, HF__NOW, 0, "%u of %zu providers are locked themselves: %s",
                     o->locked, s->providers_count, hf_error_sentence(HF_EALLLOCKED));
    if (o->silent == 0)
        hf__outlook_advise(
            o, "No key can come back by itself while all providers are locked themselves; if "
               "one validator was not restarted, do not restart it.\n");
    else
        hf__outlook_advise(
            o,
            "%u provider%s locked and %u%s not answer. If one of those was not restarted, do not "
            "restart it: see to it that it can be reached.\n",
            o->locked, o->locked == 1 ? " is" : "s are", o->silent,
            o->silent == 1 ? " does" : " do");
    advise_people(o, s, "If all have been restarted");
    if (s->sealed_s == 0 && !s->lost)
        hf__outlook_advise(
            o, "A validator that was not restarted keeps its key, and deals its shares anew to "
               "those.\n");
}

/* Too few of those who held a share can ever give one. */
static void judge_gone(const struct hf_status *s, struct hf__outlook *o)
{
    o->key = HF__KEY_STUCK;
    snprintf(o->says, sizeof o->says,
             "NOT BY ITSELF: %u of %zu that were asked have no share to give, and %u are needed",
             o->gone, s->providers_count, o->needed);
    hf__outlook_warn(
        o, HF_ESHARESGONE, HF__NOW, 0,
        "%u of %zu that were asked have no share to give: %u hold none, %u are no validators any "
        "more; %u are needed",
        o->gone, s->providers_count, o->gone - o->removed, o->removed, o->needed);
    if (o->removed > 0)
        hf__outlook_advise(
            o, "If one of them was removed by mistake, and its folder is still there, "
               "`holdfast set restore` and `holdfast set sign` at the authority bring it "
               "back.\n");
    advise_people(o, s, "If none of them can be brought back");
    if (s->sealed_s == 0 && !s->lost)
        hf__outlook_advise(o,
                           "A node that was never ready gave no key to an application: nothing was "
                           "encrypted with one, and nothing is lost.\n");
}

/* The first votes that its claim waits for; NULL: none. */
static const struct hf_wait_status *votes_of(const struct hf_status *s)
{
    for (size_t i = 0; s->open && i < s->waits_count; i++)
        if (!s->waits[i].seals)
            return &s->waits[i];
    return NULL;
}

/* The shares were enough: what the node waits for is that its claim is accepted. */
static void judge_claim(const struct hf_wait_status *votes, struct hf__outlook *o)
{
    size_t gone = 0;
    for (size_t i = 0; i < votes->acceptors_count; i++)
        gone += !votes->acceptors[i].gave && hf__outlook_is_gone(votes->acceptors[i].error);
    if (votes->acceptors_count - gone < votes->quorum) {
        o->key = HF__KEY_STUCK;
        snprintf(o->says, sizeof o->says,
                 "NOT BY ITSELF: its claim has %u of %u votes, and %zu of %zu holders are gone",
                 votes->given, votes->quorum, gone, votes->acceptors_count);
        hf__outlook_advise(
            o, "The shares were enough, and the votes are not: the authority says with "
               "`holdfast set floor` who is left. `holdfast backup show` has what to send.\n");
        return;
    }
    snprintf(o->says, sizeof o->says, "not yet: its claim has %u of %u votes", votes->firm,
             votes->quorum);
    if (votes->given > votes->firm) {
        size_t at = strlen(o->says);
        snprintf(o->says + at, sizeof o->says - at,
                 ", and %u provisional ones, of holders that have started again and are not ready "
                 "themselves; %u do with those",
                 votes->given - votes->firm, votes->provisional);
    }
}

/* The refusal that most of those who refuse give. */
static const struct hf_provider_status *common_refusal(const struct hf_status *s)
{
    const struct hf_provider_status *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < s->providers_count; i++) {
        const struct hf_provider_status *p = &s->providers[i];
        size_t same = 0;
        if (p->error == 0 || hf__outlook_is_silence(p->error) || p->error == HF_EPEER_LOCKED)
            continue;
        for (size_t j = 0; j < s->providers_count; j++)
            same += s->providers[j].error == p->error;
        if (same > most) {
            most = same;
            best = p;
        }
    }
    return best;
}

/* What those that answer and do not help say; or that this node cannot judge what they answer. */
static void advise_refused(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    const struct hf_provider_status *refusal = common_refusal(f->status);
    if (o->refusing == 0 || refusal == NULL)
        return;
    /* By a clock that is off, good quotes look old: what helps is said of the clock. */
    if (refusal->error == HF_EQUOTEOLD && hf__outlook_clock_off(f->status))
        return;
    if (refusal->error == f->collateral_error)
        hf__outlook_advise(
            o,
            "%u provider%s, and this node cannot judge their quotes: its own collateral is "
            "not good: %s. `holdfast explain %s` says what to do here.\n",
            o->refusing, o->refusing == 1 ? " answers" : "s answer",
            hf_error_sentence(refusal->error), hf_error_name(refusal->error));
    else
        hf__outlook_advise(o,
                           "%u provider%s not help; most say: %s. `holdfast explain %s` says what "
                           "to do.\n",
                           o->refusing, o->refusing == 1 ? " answers and does" : "s answer and do",
                           hf_error_sentence(refusal->error), hf_error_name(refusal->error));
}

void hf__outlook_judge_locked(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    const struct hf_status *s = f->status;
    int shut = hf__outlook_shut_out(s);
    const struct hf_wait_status *votes = votes_of(s);
    o->key = HF__KEY_WAITS;
    if (shut != 0) {
        o->key = HF__KEY_STUCK;
        snprintf(o->says, sizeof o->says, "not now: %s", hf_error_sentence(shut));
        hf__outlook_advise_shut_out(o, s, shut);
        return;
    }
    if (s->searched && !s->open && s->providers_count - o->gone < o->needed) {
        judge_gone(s, o);
        return;
    }
    if (o->locked > 0 && (size_t)(o->locked + o->silent + o->gone) == s->providers_count &&
        o->silent < o->needed) {
        judge_all_locked(s, o);
        return;
    }
    if (votes != NULL)
        judge_claim(votes, o);
    else if (o->refusing > 0 && (f->collateral_error != 0 || hf__outlook_clock_off(s)))
        snprintf(o->says, sizeof o->says,
                 "not yet: by this machine's %s the answers of %u of %zu providers do not count, "
                 "and %u are needed",
                 f->collateral_error != 0 ? "collateral, which is not good,"
                                          : "clock, which is off,",
                 o->refusing, s->providers_count, s->open ? o->quorum : o->needed);
    else if (o->refusing > 0)
        snprintf(o->says, sizeof o->says,
                 "not yet: %u of %zu providers help, %u are needed, and %u answer and do not help",
                 o->answering, s->providers_count, s->open ? o->quorum : o->needed, o->refusing);
    else
        snprintf(o->says, sizeof o->says, "not yet: %u of %zu providers answer, %u are needed",
                 o->answering, s->providers_count, s->open ? o->quorum : o->needed);
    if (o->key == HF__KEY_STUCK)
        return;
    if (o->silent > 0)
        hf__outlook_advise(
            o,
            "It goes on by itself. %u provider%s not answer: see to it that they run and can "
            "be reached.\n",
            o->silent, o->silent == 1 ? " does" : "s do");
    if (o->locked > 0)
        hf__outlook_advise(
            o,
            "%u %s, and will help once unlocked. If one validator was not restarted, do not "
            "restart it.\n",
            o->locked, o->locked == 1 ? "is locked itself" : "are locked themselves");
    /* As long as nodes are locked by a power cut: one that was started by people is not enough. */
    if (o->locked > 0 && !s->open && o->answering < o->needed && (s->sealed_s != 0 || s->lost))
        advise_people(o, s, "If that does not change");
    advise_refused(f, o);
    if (o->removed > 0)
        hf__outlook_advise(
            o, "%u that hold a share are no validators any more, and can give none.\n", o->removed);
}
