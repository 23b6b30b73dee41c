#include "askers.h"

#include "clock/clock.h"

#include <stdlib.h>

enum {
    USERS_MAX = 64,
    EACH_BURST = 4,
    EACH_MS = 1000, /* between two quotes of one user, and */
    ALL_BURST = 8,
    ALL_MS = 250, /* of all */
};

static const struct {
    int level;
    const char *event;
} lines[] = {
    [HF__KEY_GIVEN] = {HF__INFO, "key_given"}, /* for the audit: which key went to whom */
    [HF__KEY_REFUSED] = {HF__WARNING, "key_refused"},
    [HF__LOCAL_REFUSED] = {HF__WARNING, "local_refused"},
};

struct user {
    uid_t uid;
    uint64_t used_ms;
    uint64_t quotes_due_ms; /* when all that were made would have come in turn */
    struct hf__log_rate rates[HF__ASKER_LINES];
};

struct hf__askers {
    size_t count;
    uint64_t quotes_due_ms;
    struct hf__log_rate refused; /* of all who may not connect */
    struct user of[USERS_MAX];
};

static struct hf__askers *askers_of(struct hf__daemon *d)
{
    if (d->askers == NULL)
        d->askers = calloc(1, sizeof *d->askers);
    return d->askers;
}

static void say(struct hf__log_rate *r, const struct user *u, uint64_t now_ms, bool at_once)
{
    struct hf__line l;
    if (!hf__log_begin_held_back(&l, r, now_ms, at_once))
        return;
    if (u != NULL)
        hf__line_uint(&l, "uid", u->uid);
    hf__log_write(&l);
}

static void say_all(struct user *u, uint64_t now_ms, bool at_once)
{
    for (size_t i = 0; i < HF__ASKER_LINES; i++)
        say(&u->rates[i], u, now_ms, at_once);
}

/* A user's account. Where there are too many, the one that asked longest ago makes room. */
static struct user *user_of(struct hf__askers *a, uid_t uid, uint64_t now_ms)
{
    struct user *oldest = &a->of[0], *u = a->of;
    for (; u < a->of + a->count && u->uid != uid; u++)
        oldest = u->used_ms < oldest->used_ms ? u : oldest;
    if (u == a->of + USERS_MAX) {
        say_all(oldest, now_ms, true);
        *oldest = (struct user){.uid = uid};
        u = oldest;
    } else if (u == a->of + a->count) {
        *u = (struct user){.uid = uid};
        a->count++;
    }
    u->used_ms = now_ms;
    return u;
}

bool hf__asker_log(struct hf__daemon *d, enum hf__asker_line what, uid_t uid, struct hf__line *l)
{
    struct hf__askers *a = askers_of(d);
    uint64_t now_ms = hf_clock_monotonic_ms();
    if (a == NULL)
        return false;
    struct hf__log_rate *r =
        what == HF__LOCAL_REFUSED ? &a->refused : &user_of(a, uid, now_ms)->rates[what];
    return hf__log_begin_rated(l, r, now_ms, lines[what].level, lines[what].event);
}

static bool is_over(uint64_t due_ms, uint64_t now_ms, uint64_t burst, uint64_t each_ms)
{
    return due_ms > now_ms + (burst - 1) * each_ms;
}

static uint64_t one_more(uint64_t due_ms, uint64_t now_ms, uint64_t each_ms)
{
    return (due_ms > now_ms ? due_ms : now_ms) + each_ms;
}

bool hf__asker_may_quote(struct hf__daemon *d, uid_t uid)
{
    struct hf__askers *a = askers_of(d);
    uint64_t now_ms = hf_clock_monotonic_ms();
    if (a == NULL)
        return false;
    struct user *u = user_of(a, uid, now_ms);
    if (is_over(u->quotes_due_ms, now_ms, EACH_BURST, EACH_MS) ||
        is_over(a->quotes_due_ms, now_ms, ALL_BURST, ALL_MS))
        return false;
    u->quotes_due_ms = one_more(u->quotes_due_ms, now_ms, EACH_MS);
    a->quotes_due_ms = one_more(a->quotes_due_ms, now_ms, ALL_MS);
    return true;
}

void hf__askers_say(struct hf__daemon *d)
{
    struct hf__askers *a = d->askers;
    uint64_t now_ms = hf_clock_monotonic_ms();
    if (a == NULL)
        return;
    say(&a->refused, NULL, now_ms, false);
    for (size_t i = 0; i < a->count; i++)
        say_all(&a->of[i], now_ms, false);
}

void hf__askers_free(struct hf__askers *a)
{
    free(a);
}
