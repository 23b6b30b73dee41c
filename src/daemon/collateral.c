#include "collateral.h"

#include "attest/verdict.h"
#include "base/error.h"
#include "fetch_launcher.h"
#include "clock/clock.h"
#include "daemon.h"
#include "folders.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LOOK_MS = 1000, /* between looks: clocks jump, quotes bring platforms, policies roots */
    FETCHER_REFUSED = 3,
};

struct hf__collateral {
    struct hf__daemon *d;
    uv_timer_t timer;
    uv_poll_t poll;
    int fd; /* of the launcher; -1 none, or it has gone */
    struct hf_refresh_rule rule;
    struct hf__collateral_facts facts;
    uint64_t random;
    bool polled;        /* poll is a handle of the loop */
    bool forced;        /* the operator wants a fetch */
    bool shown;         /* facts.use was logged once */
    bool learned_asked; /* the fetch under way names platforms that only quotes have brought */
};

static uint64_t now_s(void)
{
    return hf_clock_wall_ms() / 1000;
}

const char *hf__collateral_use_name(enum hf_refresh_use use)
{
    static const char *const names[] = {[HF_REFRESH_MISSING] = "missing",
                                        [HF_REFRESH_CURRENT] = "current",
                                        [HF_REFRESH_STALE] = "stale",
                                        [HF_REFRESH_EXPIRED] = "expired"};
    return names[use];
}

/* A time in the log is a number of seconds; 0 is left out. */
static void log_set(const struct hf__collateral *c, int level, const char *event, const char *text)
{
    struct hf__line l;
    if (!hf__log_begin(&l, level, event))
        return;
    hf__line_text(&l, "set", hf__collateral_use_name(c->facts.use));
    if (c->facts.expires_s != 0)
        hf__line_uint(&l, "expires_s", c->facts.expires_s);
    if (c->facts.failures != 0)
        hf__line_uint(&l, "failures", c->facts.failures);
    if (c->facts.older != 0)
        hf__line_uint(&l, "older_documents", c->facts.older);
    hf__line_text(&l, "text", text);
    hf__line_error(&l, c->facts.error);
    hf__log_write(&l);
}

/* ---- which platforms */

static bool add(struct hf__fetch_request *q, const uint8_t fmspc[static 6])
{
    for (uint32_t i = 0; i < q->count; i++)
        if (memcmp(q->fmspcs[i].bytes, fmspc, 6) == 0)
            return false;
    if (q->count == HF__FETCH_PLATFORMS_MAX)
        return false;
    memcpy(q->fmspcs[q->count++].bytes, fmspc, 6);
    return true;
}

/* Fills in what is to be fetched. Returns how many platforms of it the folder lacks. */
static size_t wanted(const struct hf__collateral *c, const struct hf__held *held,
                     struct hf__fetch_request *q, bool *ret_learned)
{
    const struct hf__settings *s = c->d->settings;
    size_t missing = 0;
    *ret_learned = false;
    /* What is there already: the folder is replaced whole. */
    const struct hf__folder_facts *there = hf__folders_facts(c->d);
    for (uint32_t i = 0; i < there->count; i++)
        (void)add(q, there->fmspcs[i].bytes);
    for (size_t i = 0; i < s->service->fmspcs.count; i++)
        missing += add(q, s->service->fmspcs.items[i].bytes);
    for (size_t i = 0; i < held->fmspcs_count; i++)
        if (add(q, held->fmspcs[i].bytes)) {
            missing++;
            *ret_learned = true;
        }
    q->has_dev_key = held->dev;
    if (held->dev)
        memcpy(q->dev_key, held->dev_key, sizeof q->dev_key);
    return missing;
}

/* ---- fetching */

static void failed(struct hf__collateral *c, const char *text)
{
    c->facts.failures++;
    c->facts.failures_total++;
    snprintf(c->facts.text, sizeof c->facts.text, "%s", text);
    log_set(c, HF__WARNING, "collateral_not_fetched", c->facts.text);
}

static void draw(struct hf__collateral *c)
{
    if (uv_random(NULL, NULL, &c->random, sizeof c->random, 0, NULL) != 0)
        c->random = uv_hrtime();
}

static void end_launcher(struct hf__collateral *c, const char *why)
{
    uv_poll_stop(&c->poll);
    close(c->fd);
    c->fd = -1;
    c->facts.busy = false;
    failed(c, why);
}

static void answered(struct hf__collateral *c, const struct hf__fetch_answer *a)
{
    char text[HF__FETCH_TEXT_LEN];
    c->facts.busy = false;
    c->facts.tried_s = now_s();
    draw(c);
    if (a->status == 0) {
        c->facts.fetched_s = c->facts.tried_s;
        c->facts.failures = 0;
        c->facts.fetches++;
        c->facts.text[0] = '\0';
        hf__quotes_reload(c->d->quotes);
        return;
    }
    snprintf(text, sizeof text, "%.*s", (int)sizeof text - 1, a->text);
    failed(c, text);
    /* A platform that the service does not know must not keep the others from being renewed. */
    if (a->status == FETCHER_REFUSED && c->learned_asked)
        hf__quotes_forget_fmspcs(c->d->quotes);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct hf__collateral *c = poll->data;
    struct hf__fetch_answer a;
    (void)events;
    ssize_t got = status == 0 ? recv(c->fd, &a, sizeof a, MSG_DONTWAIT) : 0;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got != (ssize_t)sizeof a) {
        end_launcher(c, "the process that starts the fetcher has gone: restart the daemon");
        return;
    }
    a.text[sizeof a.text - 1] = '\0';
    answered(c, &a);
}

static void ask(struct hf__collateral *c, const struct hf__fetch_request *q)
{
    c->forced = false;
    if (send(c->fd, q, sizeof *q, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof *q) {
        end_launcher(c, "the process that starts the fetcher has gone: restart the daemon");
        return;
    }
    c->facts.busy = true;
}

/* ---- watching */

static struct hf_refresh_state state_of(const struct hf__collateral *c, uint64_t now)
{
    const struct hf__collateral_facts *f = &c->facts;
    /* Its date is what a daemon that starts knows of earlier fetches. */
    uint64_t fetched = f->fetched_s != 0 ? f->fetched_s : hf__folders_facts(c->d)->filled_s;
    return (struct hf_refresh_state){.now_s = now,
                                     .expires_s = f->expires_s,
                                     .fetched_s = fetched,
                                     .tried_s = f->tried_s,
                                     .failures = f->failures,
                                     .random = c->random};
}

static void show_use(struct hf__collateral *c, enum hf_refresh_use use)
{
    if (c->shown && c->facts.use == use)
        return;
    c->shown = true;
    c->facts.use = use;
    log_set(c, use == HF_REFRESH_CURRENT ? HF__INFO : HF__WARNING, "collateral", NULL);
}

/* Brings the facts up to date. There are quotes. */
static void see(struct hf__collateral *c, uint64_t now, struct hf__held *ret_held,
                struct hf_refresh_state *ret_state, struct hf_refresh_plan *ret_plan)
{
    hf__quotes_held(c->d->quotes, ret_held);
    c->facts.expires_s = ret_held->expires_s;
    c->facts.issued_s = ret_held->issued_s;
    c->facts.older = ret_held->older;
    if (ret_held->refused[0] != '\0')
        c->facts.error = HF_ECOLLROLLBACK;
    else if (ret_held->unfit != 0)
        c->facts.error = ret_held->unfit;
    else if (c->facts.error == HF_ECOLLROLLBACK || hf_error_of_collateral(c->facts.error))
        c->facts.error = 0;
    snprintf(c->facts.refused, sizeof c->facts.refused, "%s", ret_held->refused);
    *ret_state = state_of(c, now);
    hf_refresh_plan(&c->rule, ret_state, ret_plan);
    /* Nothing is said before there was anything; what was said once is kept true. */
    if (ret_held->has || c->shown || c->facts.tried_s != 0)
        show_use(c, ret_plan->use);
}

static void look(struct hf__collateral *c)
{
    struct hf__held held;
    struct hf_refresh_state state;
    struct hf_refresh_plan plan;
    struct hf__fetch_request q = {0};
    uint64_t now = now_s();
    if (c->d->quotes == NULL)
        return;
    see(c, now, &held, &state, &plan);
    if (c->fd < 0 || !hf__folders_facts(c->d)->looked)
        return;
    size_t missing = wanted(c, &held, &q, &c->learned_asked);
    if (missing > 0) {
        state.expires_s = 0;
        hf_refresh_plan(&c->rule, &state, &plan);
    }
    c->facts.next_s = plan.next_s > now ? plan.next_s : now;
    if (!c->facts.busy && held.has_roots && q.count > 0 && (c->forced || plan.next_s <= now))
        ask(c, &q);
}

static void on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

void hf__collateral_reloaded(struct hf__daemon *d, int error)
{
    struct hf__collateral *c = d->collateral;
    struct hf__held held;
    hf__quotes_held(d->quotes, &held);
    c->facts.error = error;
    c->facts.expires_s = held.expires_s;
    c->facts.older = held.older;
    look(c);
    if (held.has_roots)
        log_set(c, error != 0 ? HF__WARNING : HF__INFO, "collateral_read",
                error == HF_ECOLLROLLBACK ? held.refused : NULL);
}

void hf__collateral_force(struct hf__daemon *d)
{
    struct hf__collateral *c = d->collateral;
    c->forced = c->fd >= 0;
    if (d->quotes != NULL)
        hf__quotes_reload(d->quotes);
    look(c);
}

void hf__collateral_facts(const struct hf__daemon *d, struct hf__collateral_facts *ret)
{
    struct hf__held held;
    struct hf_refresh_state state;
    struct hf_refresh_plan plan;
    /* A set may have been read, or refused, since the last look. */
    if (d->quotes != NULL)
        see(d->collateral, now_s(), &held, &state, &plan);
    *ret = d->collateral->facts;
}

int hf__collateral_open(struct hf__daemon *d, int launcher_fd)
{
    struct hf__collateral *c = calloc(1, sizeof *c);
    const struct hf__settings_service *s = d->settings->service;
    if (c == NULL)
        return HF_ENOMEM;
    c->d = d;
    c->fd = launcher_fd;
    hf_refresh_rule_init(&c->rule);
    if (s != NULL)
        c->rule = (struct hf_refresh_rule){.every_s = s->every_s,
                                           .ahead_s = s->ahead_s,
                                           .retry_s_min = s->retry_s_min,
                                           .retry_s_max = s->retry_s_max,
                                           .stale_s = s->stale_s};
    int r = hf_refresh_rule_check(&c->rule);
    hf_assert(r == 0); /* the schema has the same bounds */
    draw(c);
    d->collateral = c;
    c->timer.data = c->poll.data = c;
    if (uv_timer_init(&d->loop, &c->timer) != 0 ||
        uv_timer_start(&c->timer, on_timer, LOOK_MS, LOOK_MS) != 0)
        return HF_ENOMEM;
    if (c->fd < 0)
        return 0;
    c->polled = uv_poll_init(&d->loop, &c->poll, c->fd) == 0;
    r = c->polled ? uv_poll_start(&c->poll, UV_READABLE | UV_DISCONNECT, on_readable) : -1;
    return r == 0 ? 0 : HF_ENOMEM;
}

void hf__collateral_close(struct hf__daemon *d)
{
    struct hf__collateral *c = d->collateral;
    if (c == NULL)
        return;
    uv_close((uv_handle_t *)&c->timer, NULL);
    if (c->polled)
        uv_close((uv_handle_t *)&c->poll, NULL);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void hf__collateral_free(struct hf__daemon *d)
{
    free(d->collateral);
    d->collateral = NULL;
}
