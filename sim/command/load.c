/* Scenarios as commands get them: from a file or a seed, with the options that change them. */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>

enum { WALL_S = 1800000000 }; /* when a scenario begins: early in 2027 */

int hf__refuse(const struct hf_config_errors *errors, int code)
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
static struct hf__scenario_kept *kept_files;
static size_t kept_files_count;

static void keep(struct hf_config_doc *doc)
{
    struct hf_config_doc **more = realloc(kept, (kept_count + 1) * sizeof *kept);
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
    for (size_t i = 0; i < kept_files_count; i++)
        hf__scenario_kept_done(&kept_files[i]);
    free(kept_files);
    kept_files = NULL;
    kept_files_count = 0;
}

static int read_files(struct hf__scenario *s)
{
    static struct hf_config_errors errors;
    struct hf__scenario_kept *more = realloc(kept_files, (kept_files_count + 1) * sizeof *more);
    hf_assert(more != NULL);
    kept_files = more;
    const char *file = s->matrix != NULL ? s->matrix : s->trace;
    int r = hf__scenario_files(s, &kept_files[kept_files_count++], &errors);
    if (r == 0)
        return 0;
    if (errors.count + errors.dropped > 0)
        return hf__refuse(&errors, r);
    file = s->matrix != NULL ? file : s->trace;
    fprintf(stderr, "holdfast-sim: %s: %s\n", file, hf_error_sentence(r));
    return EXIT_USAGE;
}

static int apply(const struct hf__options *o, struct hf__scenario *s)
{
    static struct hf_config_errors errors;
    struct hf_config_doc *doc;
    for (size_t i = 0; i < o->sets_count; i++) {
        int r = hf__scenario_set(s, o->sets[i], &doc, &errors);
        if (r != 0)
            return hf__refuse(&errors, r);
        keep(doc);
    }
    const struct hf_world_policy *p = &s->world.policy;
    if (!hf__policy_fits(p)) {
        fprintf(stderr, "holdfast-sim: --set: policy.threshold is %u and policy.shares %u: %s\n",
                p->k, p->n, hf__policy_unfit);
        return EXIT_USAGE;
    }
    if (s->world.authority.threshold > s->world.authority.keys) {
        fprintf(stderr, "holdfast-sim: --set: authority.threshold: at most authority.keys, %u\n",
                s->world.authority.keys);
        return EXIT_USAGE;
    }
    return 0;
}

/* What the file alone had right, and an option made wrong. */
static void object(void *ctx, const char *path, const char *text)
{
    bool *refused = ctx;
    *refused = true;
    fprintf(stderr, "holdfast-sim: with these options and files: %s: %s\n", path, text);
}

int hf__load(const struct hf__options *o, struct hf__scenario *ret)
{
    static struct hf_config_errors errors;
    struct hf_config_doc *doc;
    if (o->scenario == NULL) {
        fprintf(stderr, "holdfast-sim: name a scenario, such as those in sim/scenarios/\n");
        return EXIT_USAGE;
    }
    int r = hf_config_load_file(o->scenario, &hf__scenario_schema, ret, &doc, &errors);
    if (r != 0 && errors.count + errors.dropped == 0) {
        fprintf(stderr, "holdfast-sim: %s: %s\n", o->scenario, hf_error_sentence(r));
        return EXIT_USAGE;
    }
    if (r != 0)
        return hf__refuse(&errors, r);
    keep(doc);
    ret->world.wall_s = WALL_S;
    int code = apply(o, ret);
    bool refused = false, files = ret->matrix != NULL || ret->trace != NULL;
    if (code == 0 && files)
        code = read_files(ret);
    if (code == 0 && (o->sets_count > 0 || files))
        hf__scenario_judge(ret, object, &refused);
    return refused ? EXIT_USAGE : code;
}

int hf__draw_options(const struct hf__options *o, uint64_t seed, struct hf__scenario *ret)
{
    hf__scenario_draw(seed, ret);
    ret->world.crypto = o->real ? HF_WORLD_REAL : HF_WORLD_MODEL;
    int code = apply(o, ret);
    hf__scenario_fit(ret);
    return code;
}
