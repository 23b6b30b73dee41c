#include "collateral_cache.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct hf__collateral_cache {
    char *folder;
    uv_mutex_t loading; /* one thread reads the folder; taken before the other lock */
    uv_mutex_t lock;    /* over what follows; never held for long: the loop takes it */
    struct hf_collateral *collateral, *early; /* what counts; what is announced, or NULL */
    struct hf__held held;                     /* what is known of it */
    struct hf_marks *marks;                   /* what it must not be older than */
    bool risen;                               /* since the loop was told */
};
_Static_assert(sizeof((struct hf__held *)0)->dev_key == HF_ROOT_KEY_LEN, "a root's key");

int hf__collateral_cache_new(const char *folder, bool intel, struct hf__collateral_cache **ret)
{
    struct hf__collateral_cache *s = calloc(1, sizeof *s);
    if (s == NULL)
        return HF_ENOMEM;
    s->marks = calloc(1, sizeof *s->marks);
    s->folder = strdup(folder);
    s->held.has_roots = intel;
    bool made = s->marks != NULL && s->folder != NULL && uv_mutex_init(&s->lock) == 0;
    if (made && uv_mutex_init(&s->loading) != 0) {
        uv_mutex_destroy(&s->lock);
        made = false;
    }
    if (!made) {
        free(s->marks);
        free(s->folder);
        free(s);
        return HF_ENOMEM;
    }
    *ret = s;
    return 0;
}

void hf__collateral_cache_free(struct hf__collateral_cache *s)
{
    if (s == NULL)
        return;
    hf_collateral_unref(s->collateral);
    hf_collateral_unref(s->early);
    uv_mutex_destroy(&s->lock);
    uv_mutex_destroy(&s->loading);
    free(s->marks);
    free(s->folder);
    free(s);
}

static bool same_roots(const struct hf__held *h, const struct hf_roots *roots)
{
    bool dev = roots->trust == HF_TRUST_DEV;
    return h->has_roots && h->dev == dev &&
           (!dev || memcmp(h->dev_key, roots->dev_key, sizeof h->dev_key) == 0);
}

/* Notes which root counts. What is held under another is worth nothing. Under the lock. */
static void set_roots(struct hf__collateral_cache *s, const struct hf_roots *roots)
{
    struct hf__held *h = &s->held;
    if (same_roots(h, roots))
        return;
    hf_collateral_unref(s->collateral);
    s->collateral = NULL;
    *h = (struct hf__held){.has_roots = true, .dev = roots->trust == HF_TRUST_DEV};
    if (h->dev)
        memcpy(h->dev_key, roots->dev_key, sizeof h->dev_key);
}

/* The set that is held, a reference, or NULL; and a copy of the marks. */
static int look(struct hf__collateral_cache *s, struct hf_collateral **ret,
                struct hf_marks **ret_marks)
{
    struct hf_marks *marks = malloc(sizeof *marks);
    if (marks == NULL)
        return HF_ENOMEM;
    uv_mutex_lock(&s->lock);
    *ret = s->collateral != NULL ? hf_collateral_ref(s->collateral) : NULL;
    *marks = *s->marks;
    uv_mutex_unlock(&s->lock);
    *ret_marks = marks;
    return 0;
}

/* What a set says of itself: every document is read and verified for it, the first time. */
static struct hf__held facts_of(const struct hf_collateral *c, size_t older, uint64_t at_s)
{
    struct hf__held h = {.has = true,
                         .older = older,
                         .expires_s = hf_collateral_expiry_s(c),
                         .issued_s = hf_collateral_issue_date_s(c)};
    if (h.expires_s == 0)
        h.unfit = hf_collateral_check(c, at_s, NULL);
    return h;
}

/* Takes a set into use, unless another root counts by now. c: taken. */
static void hold(struct hf__collateral_cache *s, const struct hf_roots *roots,
                 struct hf_collateral *c, const struct hf__held *facts,
                 const struct hf_marks *marks)
{
    uv_mutex_lock(&s->lock);
    struct hf__held *h = &s->held;
    if (same_roots(h, roots)) {
        hf_collateral_unref(s->collateral);
        s->collateral = hf_collateral_ref(c);
        h->has = true;
        h->older = facts->older;
        h->expires_s = facts->expires_s;
        h->unfit = facts->unfit;
        h->issued_s = facts->issued_s;
        h->refused[0] = '\0';
        s->risen = hf_marks_raise(s->marks, marks) || s->risen;
    }
    uv_mutex_unlock(&s->lock);
    hf_collateral_unref(c);
}

/* What is older than its mark is not used, nor anything that came with it. */
static void refuse(struct hf__collateral_cache *s, const char *name)
{
    uv_mutex_lock(&s->lock);
    hf_collateral_unref(s->collateral);
    s->collateral = NULL;
    s->held.has = false;
    s->held.expires_s = s->held.issued_s = 0;
    s->held.unfit = 0;
    snprintf(s->held.refused, sizeof s->held.refused, "%s", name);
    uv_mutex_unlock(&s->lock);
}

/* What is announced takes the place of what was. What cannot be read announces nothing. */
static void load_early(struct hf__collateral_cache *s, const struct hf_roots *roots)
{
    struct hf_collateral *early = NULL;
    if (hf_collateral_load_early(s->folder, roots, &early) != 0)
        early = NULL;
    uv_mutex_lock(&s->lock);
    struct hf_collateral *old = s->early;
    s->early = early;
    uv_mutex_unlock(&s->lock);
    hf_collateral_unref(old);
}

bool hf__collateral_cache_both(struct hf__collateral_cache *s, uint8_t key[static HF_ROOT_KEY_LEN],
                               struct hf_roots *ret_roots, struct hf_collateral **ret_now,
                               struct hf_collateral **ret_early)
{
    uv_mutex_lock(&s->lock);
    bool there = s->held.has_roots && s->collateral != NULL;
    if (there) {
        memcpy(key, s->held.dev_key, HF_ROOT_KEY_LEN);
        *ret_roots = (struct hf_roots){.trust = s->held.dev ? HF_TRUST_DEV : HF_TRUST_INTEL,
                                       .dev_key = s->held.dev ? key : NULL};
        *ret_now = hf_collateral_ref(s->collateral);
        *ret_early = s->early != NULL ? hf_collateral_ref(s->early) : NULL;
    }
    uv_mutex_unlock(&s->lock);
    return there;
}

/*
 * Reads the folder under these roots, and holds the newer of each document, none older than its
 * mark. Only the lock for loading is held: the other is for moments.
 */
static int load(struct hf__collateral_cache *s, const struct hf_roots *roots, uint64_t at_s)
{
    struct hf_collateral *held = NULL, *fresh = NULL, *merged = NULL;
    struct hf_marks *marks = NULL;
    char name[HF_MARK_NAME_LEN];
    size_t older = 0;
    int r = look(s, &held, &marks);
    if (r == 0)
        r = hf_collateral_load(s->folder, roots, &fresh);
    if (r == 0)
        r = hf_collateral_merge(held, fresh, at_s, &merged, &older);
    if (r == 0)
        r = hf_marks_check(marks, merged, name);
    if (r == HF_ECOLLROLLBACK)
        refuse(s, name);
    if (r == 0) {
        struct hf__held facts = facts_of(merged, older, at_s);
        (void)hf_marks_take(marks, merged, roots->trust);
        hold(s, roots, hf_collateral_ref(merged), &facts, marks);
        load_early(s, roots);
    }
    hf_collateral_unref(held);
    hf_collateral_unref(fresh);
    hf_collateral_unref(merged);
    free(marks);
    return r;
}

/* What is held for these roots, as hf__collateral_cache_get; 0 and NULL: it is to be read. */
static int take_held(struct hf__collateral_cache *s, const struct hf_roots *roots,
                     struct hf_collateral **ret)
{
    uv_mutex_lock(&s->lock);
    set_roots(s, roots);
    *ret = s->collateral != NULL ? hf_collateral_ref(s->collateral) : NULL;
    bool refused = s->held.refused[0] != '\0'; /* until the folder is to be read again */
    uv_mutex_unlock(&s->lock);
    return refused ? HF_ECOLLROLLBACK : 0;
}

int hf__collateral_cache_get(struct hf__collateral_cache *s, const struct hf_roots *roots,
                             uint64_t at_s, struct hf_collateral **ret)
{
    int r = take_held(s, roots, ret);
    if (r != 0 || *ret != NULL)
        return r;
    uv_mutex_lock(&s->loading);
    r = take_held(s, roots, ret); /* another thread may have come first */
    if (r == 0 && *ret == NULL) {
        r = load(s, roots, at_s);
        if (r == 0)
            r = take_held(s, roots, ret);
    }
    uv_mutex_unlock(&s->loading);
    return r == HF_ENOTFOUND ? 0 : r;
}

int hf__collateral_cache_read(struct hf__collateral_cache *s, uint64_t at_s)
{
    struct hf__held h;
    hf__collateral_cache_held(s, &h);
    if (!h.has_roots)
        return 0; /* the first quote that is judged says it, and has the folder read */
    const struct hf_roots roots = {.trust = h.dev ? HF_TRUST_DEV : HF_TRUST_INTEL,
                                   .dev_key = h.dev ? h.dev_key : NULL};
    uv_mutex_lock(&s->loading);
    int r = load(s, &roots, at_s);
    uv_mutex_unlock(&s->loading);
    return r;
}

int hf__collateral_cache_check(struct hf__collateral_cache *s)
{
    struct hf_collateral *held = NULL;
    struct hf_marks *marks = NULL;
    char name[HF_MARK_NAME_LEN];
    uv_mutex_lock(&s->loading);
    int r = look(s, &held, &marks);
    if (r == 0 && held != NULL)
        r = hf_marks_check(marks, held, name);
    if (r == HF_ECOLLROLLBACK)
        refuse(s, name);
    uv_mutex_unlock(&s->loading);
    hf_collateral_unref(held);
    free(marks);
    return r;
}

bool hf__collateral_cache_raise(struct hf__collateral_cache *s, const struct hf_marks *marks)
{
    uv_mutex_lock(&s->lock);
    bool risen = hf_marks_raise(s->marks, marks);
    uv_mutex_unlock(&s->lock);
    return risen;
}

bool hf__collateral_cache_risen(struct hf__collateral_cache *s, struct hf_marks *ret)
{
    uv_mutex_lock(&s->lock);
    bool risen = s->risen;
    if (risen)
        *ret = *s->marks;
    s->risen = false;
    uv_mutex_unlock(&s->lock);
    return risen;
}

size_t
hf__collateral_cache_evaluations(struct hf__collateral_cache *s,
                                 struct hf_evaluation_seen ret[static HF_MARKS_EVALUATIONS_MAX])
{
    uv_mutex_lock(&s->lock);
    size_t count = s->marks->evaluations_count;
    memcpy(ret, s->marks->evaluations, count * sizeof *ret);
    uv_mutex_unlock(&s->lock);
    return count;
}

void hf__collateral_cache_learn(struct hf__collateral_cache *s,
                                const uint8_t fmspc[static HF_FMSPC_LEN])
{
    uv_mutex_lock(&s->lock);
    struct hf__held *h = &s->held;
    bool known = h->fmspcs_count == HF__FMSPCS_MAX;
    for (size_t i = 0; i < h->fmspcs_count; i++)
        known = known || memcmp(h->fmspcs[i].bytes, fmspc, HF_FMSPC_LEN) == 0;
    if (!known)
        memcpy(h->fmspcs[h->fmspcs_count++].bytes, fmspc, HF_FMSPC_LEN);
    uv_mutex_unlock(&s->lock);
}

void hf__collateral_cache_forget(struct hf__collateral_cache *s)
{
    uv_mutex_lock(&s->lock);
    s->held.fmspcs_count = 0;
    uv_mutex_unlock(&s->lock);
}

void hf__collateral_cache_held(struct hf__collateral_cache *s, struct hf__held *ret)
{
    uv_mutex_lock(&s->lock);
    *ret = s->held;
    uv_mutex_unlock(&s->lock);
}
