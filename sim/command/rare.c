/* run --rare: the chance that a key is lost, where it is too small to be counted run by run. */
#include "command/command.h"
#include "command/memory.h"
#include "command/pool.h"

#include "study/split.h"
#include "world/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PILOT_ROOTS = 100, ROOTS_USUAL = 1000, ROOTS_MAX = 1000000 };

/* ---- One path, in a process of its own ---- */

struct path {
    const struct hf__scenario *scenario;
    unsigned levels;
    struct hf__split *split;
    struct hf_world *world;
    struct hf__schedule *events;
    struct hf__churning *churn;
    uint32_t observer;
    bool looks; /* a wake to look is under way */
    uint64_t events_told, us_told;
};

/* What this process has done since it told of it last. */
static void tell(struct path *p)
{
    struct hf__split_sums *sums = hf__split_sums(p->split);
    const struct hf_violation *v = hf_world_violation(p->world);
    sums->events += p->world->totals.events - p->events_told;
    sums->virtual_us += p->world->now_us - p->us_told;
    p->events_told = p->world->totals.events;
    p->us_told = p->world->now_us;
    if (v != NULL && sums->wrong[0] == '\0')
        snprintf(sums->wrong, sizeof sums->wrong, "%s: %.180s", v->checker, v->text);
}

/* How near the world is to a loss now. It may go on in several processes, or in none. */
static void look(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct path *p = ctx;
    (void)mark;
    p->looks = false;
    tell(p);
    uint32_t until = hf__until_loss(w);
    if (until == 0)
        hf__split_hit(p->split);
    hf__split_level(p->split, until > p->levels ? 0 : p->levels + 1 - until);
}

/* Once whatever happens at this time has happened. */
static void look_soon(struct path *p)
{
    if (!p->looks)
        hf__wake(p->world, p->observer, 0, p->world->now_us);
    p->looks = true;
}

static void changed(void *ctx, struct hf_world *w, uint32_t node)
{
    (void)w;
    (void)node;
    look_soon(ctx);
}

static void traced(void *ctx, struct hf_world *w, uint32_t node, const struct hf_trace *t)
{
    if (t->type == HF_TRACE_STATE)
        changed(ctx, w, node);
}

static void made(void *ctx, struct hf_world *w, struct hf__schedule *events,
                 struct hf__churning *churn)
{
    struct path *p = ctx;
    struct hf__observer observer = {
        .ctx = p, .wake = look, .started = changed, .crashed = changed, .trace = traced};
    p->world = w;
    p->events = events;
    p->churn = churn;
    p->observer = hf__observe(w, &observer);
}

static void renew(void *ctx, uint64_t name)
{
    struct path *p = ctx;
    hf__renew(p->world, name);
    hf__schedule_renew(p->events);
    hf__churn_renew(p->churn);
}

static void over(void *ctx, struct hf_world *w)
{
    (void)w;
    tell(ctx);
}

static void path(void *ctx, struct hf__split *s)
{
    struct path *p = ctx;
    struct hf__result result;
    struct hf__trial_hooks hooks = {
        .ctx = p, .until_us = p->scenario->for_us, .made = made, .finished = over};
    p->split = s;
    hf__memory_end(NULL); /* no words: who waits for this process says it */
    hf__trial_run(p->scenario, &hooks, &result);
}

/* ---- Many roots ---- */

struct rare {
    const struct hf__options *options;
    struct hf__scenario scenario;
    struct hf__splits splits;
    const char *what;     /* for the bar */
    uint64_t roots, done; /* of this round */
    bool pilot;
    struct hf__split_sums *found; /* of roots below found_cap; worlds 0: it has not ended */
    size_t found_cap;
    struct hf__split_sums cost; /* of all rounds */
    double began_s, shown_s;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void work(void *ctx, uint64_t item, void *ret_report)
{
    struct rare *r = ctx;
    struct hf__scenario s = r->scenario;
    struct path p = {.scenario = &s, .levels = r->splits.levels};
    s.world.seed = r->options->seed + item;
    if (r->pilot)
        s.world.seed = hf__mix(s.world.seed); /* none of those that count */
    hf__split_root(&r->splits, path, renew, &p, ret_report);
}

/* As roots begin in order, no more than what has ended and a little beyond. */
static void make_room(struct rare *r, uint64_t item)
{
    size_t cap = r->found_cap;
    if (item < cap)
        return;
    r->found_cap = item < 64 ? 128 : (size_t)item * 2;
    r->found = realloc(r->found, r->found_cap * sizeof *r->found);
    hf_assert(r->found != NULL);
    memset(r->found + cap, 0, (r->found_cap - cap) * sizeof *r->found);
}

static void heard(void *ctx, uint64_t item, const void *report)
{
    struct rare *r = ctx;
    const struct hf__split_sums *one = report;
    make_room(r, item);
    r->found[item] = *one;
    r->cost.worlds += one->worlds;
    r->cost.events += one->events;
    r->cost.virtual_us += one->virtual_us;
    r->cost.cpu_s += one->cpu_s;
    if (one->end != HF__SPLIT_WHOLE && r->cost.end == HF__SPLIT_WHOLE)
        r->cost.end = one->end;
    if (one->wrong[0] != '\0' && r->cost.wrong[0] == '\0')
        snprintf(r->cost.wrong, sizeof r->cost.wrong, "%s", one->wrong);
    r->done++;
}

static void lost(void *ctx, uint64_t item, bool memory, const char *why)
{
    struct rare *r = ctx;
    (void)item;
    (void)why;
    r->cost.end = memory ? HF__SPLIT_MEMORY : HF__SPLIT_SIGNAL;
}

static bool goes_on(void *ctx)
{
    struct rare *r = ctx;
    double now = now_s();
    if (!r->options->quiet && now - r->shown_s >= (isatty(STDERR_FILENO) == 1 ? 0.25 : 30)) {
        char text[160];
        snprintf(text, sizeof text, "%s: %llu of %llu roots, %llu worlds in %.0f s", r->what,
                 (unsigned long long)r->done, (unsigned long long)r->roots,
                 (unsigned long long)r->cost.worlds, now - r->began_s);
        hf__bar((double)r->done / (double)r->roots, text);
        r->shown_s = now;
    }
    return !hf__interrupted() && r->cost.end == HF__SPLIT_WHOLE;
}

/* False: it was ended early. */
static bool round_of(struct rare *r, uint64_t roots)
{
    const struct hf__pool pool = {
        .jobs = (unsigned)r->options->jobs,
        .items = roots,
        .report_len = sizeof(struct hf__split_sums),
        .ctx = r,
        .work = work,
        .heard = heard,
        .lost = lost,
        .goes_on = goes_on,
    };
    r->roots = roots;
    r->done = 0;
    for (size_t i = 0; i < r->found_cap; i++)
        r->found[i].worlds = 0;
    hf__pool_run(&pool);
    return r->done == roots && goes_on(r);
}

/* ---- Levels ---- */

/* So far a key can be from its loss: n - k + 1 holders, and its owner. A level for each but the
 * farthest. */
static unsigned levels_most(const struct hf__scenario *s)
{
    unsigned levels = s->world.policy.n - s->world.policy.k + 1u;
    return levels < HF__SPLIT_LEVELS_MAX ? levels : HF__SPLIT_LEVELS_MAX;
}

/* "4,8,16". False: no such list, or an impossible one, and it was said. */
static bool read_splits(const struct hf__options *o, struct rare *r)
{
    const struct hf_world_policy *p = &r->scenario.world.policy;
    const char *at = o->splits;
    r->splits.levels = 0;
    for (char *end; r->splits.levels < HF__SPLIT_LEVELS_MAX; at = end + 1) {
        unsigned long copies = *at >= '1' && *at <= '9' ? strtoul(at, &end, 10) : 0;
        if (copies == 0 || copies > HF__SPLIT_COPIES_MAX || (*end != ',' && *end != '\0')) {
            fprintf(stderr, "holdfast-sim: --splits: numbers from 1 to %d, such as 4,8,16\n",
                    HF__SPLIT_COPIES_MAX);
            return false;
        }
        r->splits.copies[r->splits.levels++] = (uint32_t)copies;
        if (*end == '\0')
            break;
    }
    if (r->splits.levels <= levels_most(&r->scenario))
        return true;
    fprintf(stderr,
            "holdfast-sim: --splits: %u levels are impossible: with %u shares of which %u suffice "
            "a key is at most %u failures from its loss, so %u numbers at most\n",
            r->splits.levels, p->n, p->k, p->n - p->k + 2u, levels_most(&r->scenario));
    return false;
}

/* So many copies of each level that one path that comes to it leads to one at the next. From runs
 * of other seeds: what is drawn afterwards does not know of it. 0, or an exit code: it was said. */
static int pilot(struct rare *r)
{
    uint64_t roots = r->roots < PILOT_ROOTS ? r->roots : PILOT_ROOTS;
    r->pilot = true;
    r->splits = (struct hf__splits){.levels = levels_most(&r->scenario)};
    for (unsigned i = 0; i < HF__SPLIT_LEVELS_MAX; i++)
        r->splits.copies[i] = 1;
    for (unsigned level = 1; level <= r->splits.levels; level++) {
        uint64_t came = 0, went = 0;
        if (!round_of(r, roots)) {
            fprintf(stderr, "holdfast-sim: --rare: ended in its trial runs: nothing ran that "
                            "counts\n");
            return EXIT_ENDED;
        }
        for (uint64_t i = 0; i < roots; i++) {
            came += r->found[i].entered[level];
            went += level < r->splits.levels ? r->found[i].entered[level + 1] : r->found[i].hits;
        }
        if (came == 0) {
            fprintf(stderr,
                    "holdfast-sim: --rare: none of %llu trial runs came within %u failures of a "
                    "loss: let more fail (churn), run for longer (for), or name --splits\n",
                    (unsigned long long)roots, r->splits.levels + 1 - level);
            return EXIT_USAGE;
        }
        double copies = went == 0 ? (double)came : round((double)came / (double)went);
        r->splits.copies[level - 1] = copies < 1                      ? 1
                                      : copies > HF__SPLIT_COPIES_MAX ? HF__SPLIT_COPIES_MAX
                                                                      : (uint32_t)copies;
    }
    r->pilot = false;
    return 0;
}

/* ---- What came of it ---- */

struct estimate {
    struct hf__sample chances;
    struct hf__interval interval;
    double error; /* of the mean, as a part of it; negative: nothing was lost */
    double alike; /* plain runs whose interval would be as wide; negative likewise */
    struct hf__split_sums sums;
};

/* Roots up to the first that has not ended: those that take longest must not be left out. */
static void estimate(const struct rare *r, struct estimate *ret)
{
    *ret = (struct estimate){.error = -1, .alike = -1};
    for (uint64_t i = 0; i < r->found_cap && r->found[i].worlds > 0; i++) {
        const struct hf__split_sums *one = &r->found[i];
        if (one->end != HF__SPLIT_WHOLE)
            break;
        hf__sample_add(&ret->chances, one->chance);
        ret->sums.hits += one->hits;
        for (unsigned j = 0; j <= HF__SPLIT_LEVELS_MAX; j++)
            ret->sums.entered[j] += one->entered[j];
    }
    const struct hf__sample *c = &ret->chances;
    ret->interval = hf__split_interval(c, ret->sums.hits);
    if (c->count < 2 || ret->sums.hits == 0)
        return;
    double n = (double)c->count, error = sqrt(c->squares / (n - 1) / n);
    ret->error = error / c->mean;
    ret->alike = error > 0 ? c->mean * (1 - c->mean) / (error * error) : n;
}

static void print_splits(const struct rare *r, const char *between, FILE *f)
{
    for (unsigned i = 0; i < r->splits.levels; i++)
        fprintf(f, "%s%u", i == 0 ? "" : between, r->splits.copies[i]);
}

/* An empty field, or null: there is no such number. */
static void print_number(double value, const char *none, FILE *f)
{
    if (value < 0)
        fputs(none, f);
    else
        fprintf(f, "%.9g", value);
}

static void write_csv(const struct rare *r, const struct estimate *e, FILE *f)
{
    fputs("build,seed,roots,stopped,splits,chance,low,high,error,hits,worlds,events,virtual_us,"
          "cpu_s,runs_alike\n",
          f);
    fprintf(f, "%s,%llu,%llu,%d,", hf__build_id(), (unsigned long long)r->options->seed,
            (unsigned long long)e->chances.count, e->chances.count < r->roots);
    print_splits(r, " ", f);
    fprintf(f, ",%.9g,%.9g,%.9g,", e->chances.mean, e->interval.low, e->interval.high);
    print_number(e->error, "", f);
    fprintf(f, ",%llu,%llu,%llu,%llu,%.3f,", (unsigned long long)e->sums.hits,
            (unsigned long long)r->cost.worlds, (unsigned long long)r->cost.events,
            (unsigned long long)r->cost.virtual_us, r->cost.cpu_s);
    print_number(e->alike, "", f);
    fputs("\n", f);
}

static void write_json(const struct rare *r, const struct estimate *e, FILE *f)
{
    fprintf(f, "{\"build\":\"%s\",\"seed\":%llu,\"roots\":%llu,\"stopped\":%s,\"splits\":[",
            hf__build_id(), (unsigned long long)r->options->seed,
            (unsigned long long)e->chances.count, e->chances.count < r->roots ? "true" : "false");
    print_splits(r, ",", f);
    fprintf(f, "],\"chance\":%.9g,\"low\":%.9g,\"high\":%.9g,\"error\":", e->chances.mean,
            e->interval.low, e->interval.high);
    print_number(e->error, "null", f);
    fprintf(f, ",\"hits\":%llu,\"entered\":[", (unsigned long long)e->sums.hits);
    for (unsigned i = 0; i <= r->splits.levels; i++)
        fprintf(f, "%s%llu", i == 0 ? "" : ",", (unsigned long long)e->sums.entered[i]);
    fprintf(f, "],\"worlds\":%llu,\"events\":%llu,\"virtual_us\":%llu,\"cpu_s\":%.3f",
            (unsigned long long)r->cost.worlds, (unsigned long long)r->cost.events,
            (unsigned long long)r->cost.virtual_us, r->cost.cpu_s);
    fprintf(f, ",\"runs_alike\":");
    print_number(e->alike, "null", f);
    fputs("}\n", f);
}

static bool write_files(const struct rare *r, const struct estimate *e)
{
    const char *out = r->options->out;
    if (out == NULL)
        return true;
    FILE *csv = hf__open_in(out, "rare.csv"), *json = hf__open_in(out, "rare.json");
    bool whole = csv != NULL && json != NULL;
    if (csv != NULL) {
        write_csv(r, e, csv);
        whole = hf__close_in(csv, out, "rare.csv") && whole;
    }
    if (json != NULL) {
        write_json(r, e, json);
        whole = hf__close_in(json, out, "rare.json") && whole;
    }
    return whole;
}

static void print_table(const struct rare *r, const struct estimate *e)
{
    printf("%-28s %s\n", "scenario", r->scenario.title);
    printf("%-28s %llu roots of seeds from %llu@%s%s\n", "runs",
           (unsigned long long)e->chances.count, (unsigned long long)r->options->seed,
           hf__build_id(), e->chances.count < r->roots ? " (ended early)" : "");
    printf("%-28s ", "splits");
    print_splits(r, ",", stdout);
    printf("\n%-28s", "paths that came to each");
    for (unsigned i = 0; i <= r->splits.levels; i++)
        printf(" %llu", (unsigned long long)e->sums.entered[i]);
    printf(", lost in %llu\n", (unsigned long long)e->sums.hits);
    printf("%-28s %.3g, 95 %%: %.3g to %.3g\n", "chance that a key is lost", e->chances.mean,
           e->interval.low, e->interval.high);
    if (e->alike >= 0)
        printf("%-28s %.3g runs without splitting\n", "as good as", e->alike);
    printf("%-28s %llu worlds, %llu events, %.0f s virtual, %.1f s of one core\n", "cost",
           (unsigned long long)r->cost.worlds, (unsigned long long)r->cost.events,
           (double)r->cost.virtual_us / 1e6, r->cost.cpu_s);
}

/* Whether it went well; if not, says why. */
static int judge(const struct rare *r)
{
    static const char *const ends[] = {
        [HF__SPLIT_MEMORY] = "out of memory: fewer nodes (--nodes) or processes (--jobs) need less",
        [HF__SPLIT_PROCESSES] = "the system gives no further process",
        [HF__SPLIT_WORLDS] = "a run became more than 1000000 worlds: name smaller --splits",
        [HF__SPLIT_SIGNAL] = "a process ended by a signal",
    };
    if (r->cost.wrong[0] != '\0') {
        fprintf(stderr, "holdfast-sim: --rare: a promise was broken: %s\n", r->cost.wrong);
        return EXIT_FAILED;
    }
    if (r->cost.end == HF__SPLIT_WHOLE)
        return hf__interrupted() ? EXIT_ENDED : EXIT_OK;
    fprintf(stderr, "holdfast-sim: --rare: %s\n", ends[r->cost.end]);
    return r->cost.end == HF__SPLIT_SIGNAL ? EXIT_FAILED : EXIT_ENDED;
}

/* Whether anything that is drawn could lose a key. */
static bool can_lose(const struct hf__scenario *s)
{
    for (size_t i = 0; i < s->churn.count; i++)
        if (hf__churn_harms(s->churn.items[i].kind) && s->churn.items[i].from_us < s->for_us)
            return true;
    fprintf(stderr,
            "holdfast-sim: --rare: nothing that this scenario draws can lose a key: it needs "
            "`churn` of crash, power-off, remove or lose-folder that begins within `for`\n");
    return false;
}

int hf__command_rare(const struct hf__options *o)
{
    static const char *const names[] = {"rare.csv", "rare.json", NULL};
    struct hf__options own = *o;
    struct rare r = {.options = &own, .began_s = now_s(), .what = "trial runs"};
    int code = hf__load(o, &r.scenario);
    if (code != 0)
        return code;
    if (!o->seeds_given) {
        own.seed = r.scenario.world.seed;
        own.seed_last = own.seed + ROOTS_USUAL - 1;
    }
    uint64_t roots = own.seed_last - own.seed + 1;
    if (roots == 0 || roots > ROOTS_MAX) {
        fprintf(stderr, "holdfast-sim: --seeds: at most %d of them\n", ROOTS_MAX);
        return EXIT_USAGE;
    }
    if (!can_lose(&r.scenario) || (o->splits != NULL && !read_splits(o, &r)) ||
        (o->out != NULL && !hf__out_begin(o, names)))
        return EXIT_USAGE;
    r.roots = roots;
    hf__interrupted();
    code = o->splits != NULL ? 0 : pilot(&r);
    bool whole = true;
    if (code == 0) {
        struct estimate e;
        r.what = "runs";
        round_of(&r, roots);
        hf__progress_end();
        estimate(&r, &e);
        print_table(&r, &e);
        whole = write_files(&r, &e);
    }
    hf__progress_end();
    free(r.found);
    int judged = judge(&r);
    code = code == EXIT_USAGE || judged == EXIT_OK ? code : judged;
    return code != EXIT_OK || whole ? code : EXIT_ENDED;
}
