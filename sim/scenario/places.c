/* Whose the nodes of a scenario are, and how far apart: what can be wrong with it. */
#include "scenario/scenario.h"

#include "network/wan.h"
#include "world/dealing.h"

#include <stdio.h>

static void judge_sizes(const char *name, const char *of, uint32_t count,
                        const struct hf_world_sizes *sizes, hf__objection_fn *objection, void *ctx)
{
    char text[160];
    uint64_t sum = 0;
    for (size_t i = 0; i < sizes->count; i++)
        sum += sizes->items[i];
    if (sizes->count > 0 && sizes->count != count) {
        snprintf(text, sizeof text, "as many as %s, which is %u", of, count);
        objection(ctx, name, text);
    } else if (sum > HF_WORLD_SIZES_MAX) {
        snprintf(text, sizeof text, "%d at most, all together", HF_WORLD_SIZES_MAX);
        objection(ctx, name, text);
    }
}

static void judge_matrix(const struct hf__scenario *s, hf__objection_fn *objection, void *ctx)
{
    const struct hf_world_rows *rows = &s->world.network.round_trips;
    char path[48], text[160];
    for (size_t i = 0; i < rows->count; i++) {
        if (hf__matrix_row(rows->items[i], rows->count, NULL))
            continue;
        snprintf(path, sizeof path, "round_trips[%zu]", i);
        snprintf(text, sizeof text, "%zu numbers of milliseconds, from 0 to 60000, as rows",
                 rows->count);
        objection(ctx, path, text);
    }
    if (s->matrix != NULL)
        return; /* its rows are not here yet */
    if (s->world.network.latency == HF_LATENCY_MATRIX && rows->count < s->world.zones) {
        snprintf(
            text, sizeof text,
            "matrix needs a row of each zone, which are %u: a file, `matrix`, or `round_trips`",
            s->world.zones);
        objection(ctx, "network.latency", text);
    }
    if (s->world.network.latency != HF_LATENCY_MATRIX && rows->count > 0)
        objection(ctx, "network.latency", "matrix, with round trips of its own");
}

void hf__places_judge(const struct hf__scenario *s, hf__objection_fn *objection, void *ctx)
{
    const struct hf_world_settings *w = &s->world;
    judge_sizes("operator_sizes", "operators", w->operators, &w->operator_sizes, objection, ctx);
    judge_sizes("zone_sizes", "zones", w->zones, &w->zone_sizes, objection, ctx);
    judge_sizes("host_sizes", "processor.hosts", w->processor.hosts, &w->processor.host_sizes,
                objection, ctx);
    judge_matrix(s, objection, ctx);
}

/* False: the sizes are none, which hf__places_judge says. */
static bool dealing(const struct hf__scenario *s, uint32_t count,
                    const struct hf_world_sizes *sizes, const char *purpose,
                    struct hf__dealing *ret)
{
    return hf__dealing_init(ret, count, sizes, s->world.dealt_drawn, s->world.seed, purpose) == 0;
}

uint32_t hf__places_operators(const struct hf__scenario *s, uint32_t nodes)
{
    const struct hf_world_settings *w = &s->world;
    struct hf__dealing d;
    if (w->operators == 0 || nodes <= w->alone ||
        !dealing(s, w->operators, &w->operator_sizes, "operators", &d))
        return nodes;
    /* Who is alone has the first numbers, and takes no turn from the others. */
    uint32_t used = w->alone + hf__dealing_used(&d, w->alone, nodes);
    hf__dealing_done(&d);
    return used;
}

bool hf__places_zone(const struct hf__scenario *s, int64_t zone, uint32_t nodes)
{
    struct hf__dealing d;
    if (zone >= s->world.zones)
        return false;
    if (!dealing(s, s->world.zones, &s->world.zone_sizes, "zones", &d))
        return true;
    bool used = hf__dealing_uses(&d, (uint32_t)zone, nodes);
    hf__dealing_done(&d);
    return used;
}
