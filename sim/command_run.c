/* run, check and list. */
#include "command.h"

#include "inside.h"
#include "model.h"
#include "strategy.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *hf__build_id(void)
{
    static char id[13];
    if (id[0] == '\0') {
        struct hf_buf program;
        struct hf__sponge s;
        hf_buf_init(&program, 1u << 30);
        hf__sponge_init(&s, "build");
        if (hf_file_read("/proc/self/exe", &program) == 0)
            hf__sponge_absorb(&s, hf_buf_bytes(&program));
        snprintf(id, sizeof(id), "%012llx", (unsigned long long)(s.a >> 16));
        hf_buf_done(&program);
    }
    return id;
}

enum { WALL_S = 1800000000 }; /* when a scenario begins: early in 2027 */

static int refuse(const struct hf_config_errors *errors, int code)
{
    struct hf_buf text;
    hf_buf_init(&text, 1 << 20);
    hf_config_errors_print(errors, &text);
    fwrite(text.data, 1, text.len, stderr);
    if (text.len == 0)
        fprintf(stderr, "holdfast-sim: %s\n", hf_error_sentence(code));
    hf_buf_done(&text);
    return EXIT_USAGE;
}

/* What was read of scenarios: their strings point into it until the program ends. */
static struct hf_config_doc **kept;
static size_t kept_count;

static void keep(struct hf_config_doc *doc)
{
    struct hf_config_doc **more = realloc(kept, (kept_count + 1) * sizeof(*kept));
    hf_assert(more != NULL);
    kept = more;
    kept[kept_count++] = doc;
}

void hf__forget(void)
{
    for (size_t i = 0; i < kept_count; i++)
        hf_config_doc_free(kept[i]);
    free(kept);
    kept = NULL;
    kept_count = 0;
}

static int apply(const struct hf__options *o, struct hf__scenario *s)
{
    static struct hf_config_errors errors;
    struct hf_config_doc *doc;
    for (size_t i = 0; i < o->sets_count; i++) {
        int r = hf__scenario_set(s, o->sets[i], &doc, &errors);
        if (r != 0)
            return refuse(&errors, r);
        keep(doc);
    }
    const struct hf_world_policy *p = &s->world.policy;
    if (p->k > p->n || 2 * p->k <= p->n) {
        fprintf(stderr,
                "holdfast-sim: --set: policy.threshold is %u and policy.shares %u: from %u to %u\n",
                p->k, p->n, p->n / 2 + 1u, p->n);
        return EXIT_USAGE;
    }
    if (s->world.authority.threshold > s->world.authority.keys) {
        fprintf(stderr, "holdfast-sim: --set: authority.threshold: at most authority.keys, %u\n",
                s->world.authority.keys);
        return EXIT_USAGE;
    }
    return 0;
}

int hf__load(const struct hf__options *o, struct hf__scenario *ret)
{
    static struct hf_config_errors errors;
    struct hf_config_doc *doc;
    if (o->scenario == NULL) {
        fprintf(stderr, "holdfast-sim: name a scenario; `holdfast-sim list` shows what there is\n");
        return EXIT_USAGE;
    }
    int r = hf_config_load_file(o->scenario, &hf__scenario_schema, ret, &doc, &errors);
    if (r != 0 && errors.count + errors.dropped == 0) {
        fprintf(stderr, "holdfast-sim: %s: %s\n", o->scenario, hf_error_sentence(r));
        return EXIT_USAGE;
    }
    if (r != 0)
        return refuse(&errors, r);
    keep(doc);
    ret->world.timing = hf_timing_default;
    ret->world.wall_s = WALL_S;
    return apply(o, ret);
}

int hf__draw_options(const struct hf__options *o, uint64_t seed, struct hf__scenario *ret)
{
    hf__scenario_draw(seed, ret);
    ret->world.crypto = o->real ? HF_WORLD_REAL : HF_WORLD_MODEL;
    return apply(o, ret);
}

static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        fprintf(stderr, "holdfast-sim: %s cannot be written\n", path);
    return f;
}

static void write_run(const char *folder, const struct hf__scenario *s, const struct hf__result *r,
                      struct hf__record *record)
{
    FILE *f = open_in(folder, "run.csv");
    if (f == NULL)
        return;
    fprintf(f,
            "seed,build,ok,stopped,nodes,ready,virtual_us,cpu_s,events,deliveries,timers,messages,"
            "lost,bytes,writes,quotes_made,quotes_judged,computed_us,engine_bytes,disk_bytes,"
            "placing_median_us,placing_p99_us,recoveries,recovering_median_us,recovering_p99_us,"
            "keys,trace_hash\n");
    const struct hf_world_totals *t = &r->totals;
    fprintf(f,
            "%llu,%s,%d,%d,%u,%u,%llu,%.3f,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,"
            "%llu,%llu,",
            (unsigned long long)s->world.seed, hf__build_id(), r->ok, r->stopped, r->nodes,
            r->ready, (unsigned long long)r->virtual_us, r->cpu_s, (unsigned long long)t->events,
            (unsigned long long)t->deliveries, (unsigned long long)t->timers,
            (unsigned long long)t->messages_sent, (unsigned long long)t->messages_lost,
            (unsigned long long)t->bytes_sent, (unsigned long long)t->writes,
            (unsigned long long)t->quotes_made, (unsigned long long)t->quotes_judged,
            (unsigned long long)t->computed_ns / 1000, (unsigned long long)t->engine_bytes,
            (unsigned long long)t->disk_bytes);
    fprintf(f, "%llu,%llu,%zu,%llu,%llu,%llu,%016llx\n",
            (unsigned long long)hf__times_quantile(&record->placing, 0.5),
            (unsigned long long)hf__times_quantile(&record->placing, 0.99),
            record->recovering.count,
            (unsigned long long)hf__times_quantile(&record->recovering, 0.5),
            (unsigned long long)hf__times_quantile(&record->recovering, 0.99),
            (unsigned long long)record->keys_released, (unsigned long long)t->trace_hash);
    if (fclose(f) != 0)
        fprintf(stderr, "holdfast-sim: %s/run.csv is not complete\n", folder);
}

struct running {
    const char *out;
    struct hf__record *record;
};

static bool running_progress(void *ctx, const struct hf_world *w, uint64_t until_us)
{
    (void)ctx;
    return hf__progress(NULL, w, until_us);
}

static void finished(void *ctx, struct hf_world *w)
{
    const struct running *running = ctx;
    if (running->out == NULL)
        return;
    FILE *f = open_in(running->out, "nodes.csv");
    if (f == NULL)
        return;
    hf__record_nodes(running->record, w, f);
    if (fclose(f) != 0)
        fprintf(stderr, "holdfast-sim: %s/nodes.csv is not complete\n", running->out);
}

/* Runs one scenario with everything recorded. */
static int run(const struct hf__options *o, const struct hf__scenario *s)
{
    struct hf__record record;
    struct hf__result result;
    struct running running = {.out = o->out, .record = &record};
    FILE *timeline = NULL;
    if (o->out != NULL) {
        mkdir(o->out, 0777);
        timeline = open_in(o->out, "timeline.jsonl");
        if (timeline == NULL)
            return EXIT_USAGE;
    }
    hf__interrupted();
    hf__record_init(&record, timeline);
    record.debug = o->trace;
    struct hf__trial_hooks hooks = {
        .ctx = &running,
        .progress = o->quiet ? NULL : running_progress,
        .finished = finished,
        .record = &record,
    };
    printf("seed %llu@%s\n", (unsigned long long)s->world.seed, hf__build_id());
    fflush(stdout);
    hf__trial_run(s, &hooks, &result);
    hf__progress_end();
    hf__print_result(s, &result, &record);
    if (o->out != NULL)
        write_run(o->out, s, &result, &record);
    if (timeline != NULL && fclose(timeline) != 0)
        fprintf(stderr, "holdfast-sim: %s/timeline.jsonl is not complete\n", o->out);
    hf__record_done(&record);
    return result.ok ? EXIT_OK : EXIT_FAILED;
}

int hf__command_run(const struct hf__options *o)
{
    struct hf__scenario s;
    int code = hf__load(o, &s);
    return code != 0 ? code : run(o, &s);
}

int hf__command_replay(const struct hf__options *o)
{
    struct hf__scenario s;
    if (o->build != NULL && strcmp(o->build, hf__build_id()) != 0) {
        fprintf(stderr,
                "holdfast-sim: this seed belongs to build %s, and this program is build %s: "
                "the run would be another one. Build the revision that printed the seed.\n",
                o->build, hf__build_id());
        return EXIT_USAGE;
    }
    int code = hf__draw_options(o, o->seed, &s);
    if (code == 0)
        code = run(o, &s);
    free(s.actions.items);
    return code;
}

int hf__command_check(const struct hf__options *o)
{
    struct hf__scenario s;
    int code = hf__load(o, &s);
    if (code == 0)
        printf("%s: %u nodes, %zu events, %.1f s\n", o->scenario, s.nodes, s.actions.count,
               (double)s.for_us / 1e6);
    return code;
}

int hf__command_list(void)
{
    printf("What an event of a scenario can do:\n");
    for (int i = 0; i < HF__DEEDS; i++)
        printf("  %-16s %s\n", hf__deed_name(i), hf__deed_doc(i));
    printf("\nHostile strategies:\n");
    for (size_t i = 0; hf__strategies[i] != NULL; i++)
        printf("  %-16s %s\n", hf__strategies[i]->name, hf__strategies[i]->doc);
    return EXIT_OK;
}
