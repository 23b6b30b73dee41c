/* shrink: a smaller scenario that still fails in the same way. */
#include "command/command.h"

#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What failed, without when and where: the sentence without its numbers. */
static void kind_of(const char *why, char ret[static 320])
{
    size_t len = 0;
    for (; *why != '\0' && len < 319; why++) {
        if (*why < '0' || *why > '9')
            ret[len++] = *why;
    }
    ret[len] = '\0';
}

static bool fails_alike(const struct hf__scenario *s, const char *why)
{
    struct hf__result r;
    char wanted[320], found[320];
    hf__trial_apart(s, &r);
    kind_of(why, wanted);
    kind_of(r.why, found);
    return !r.ok && strcmp(wanted, found) == 0;
}

/* Tries to leave out chunks of events, from half of them down to single ones. */
static void fewer_events(struct hf__scenario *s, const char *why)
{
    for (size_t chunk = s->actions.count; chunk > 0 && !hf__interrupted(); chunk /= 2) {
        for (size_t at = 0; at < s->actions.count && !hf__interrupted();) {
            struct hf__scenario less = *s;
            size_t len = at + chunk > s->actions.count ? s->actions.count - at : chunk;
            less.actions.items = malloc((s->actions.count + 1) * sizeof *less.actions.items);
            hf_assert(less.actions.items != NULL);
            memcpy(less.actions.items, s->actions.items, at * sizeof *less.actions.items);
            memcpy(less.actions.items + at, s->actions.items + at + len,
                   (s->actions.count - at - len) * sizeof *less.actions.items);
            less.actions.count = s->actions.count - len;
            if (fails_alike(&less, why)) {
                free(s->actions.items);
                *s = less;
                fprintf(stderr, "%zu events\n", s->actions.count);
            } else {
                free(less.actions.items);
                at += len;
            }
        }
    }
}

static void simpler_world(struct hf__scenario *s, const char *why)
{
    for (uint32_t nodes = s->world.policy.n + 1u; nodes < s->nodes && !hf__interrupted(); nodes++) {
        struct hf__scenario less = *s;
        less.nodes = nodes;
        less.actions.items = malloc((s->actions.count + 1) * sizeof *less.actions.items);
        hf_assert(less.actions.items != NULL);
        memcpy(less.actions.items, s->actions.items, s->actions.count * sizeof *less.actions.items);
        hf__scenario_fit(&less);
        if (fails_alike(&less, why)) {
            free(s->actions.items);
            *s = less;
            break;
        }
        free(less.actions.items);
    }
    struct hf__scenario plain = *s;
    plain.world.network.latency = HF_LATENCY_CONSTANT;
    plain.world.network.handshakes = false;
    plain.world.costs = false;
    plain.spread_us = 0;
    if (fails_alike(&plain, why))
        *s = plain;
    plain = *s;
    plain.world.clocks.drift_ppm_max = 0;
    plain.world.clocks.offset_ms_max = 0;
    if (fails_alike(&plain, why))
        *s = plain;
}

int hf__command_shrink(const struct hf__options *o)
{
    struct hf__scenario s;
    struct hf__result first;
    struct hf_buf text;
    int code = hf__draw_options(o, o->seed, &s);
    if (code != 0)
        return code;
    hf__interrupted();
    hf__trial_apart(&s, &first);
    if (first.ok) {
        fprintf(stderr, "holdfast-sim: seed %llu does not fail with this build, %s\n",
                (unsigned long long)o->seed, hf__build_id());
        return EXIT_USAGE;
    }
    fprintf(stderr, "%s\n%zu events\n", first.why, s.actions.count);
    simpler_world(&s, first.why);
    fewer_events(&s, first.why);
    hf_buf_init(&text, 1 << 24);
    hf_buf_printf(&text, "# %s\n", first.why);
    hf__scenario_print(&s, &text);
    fwrite(text.data, 1, text.len, stdout);
    hf_buf_done(&text);
    free(s.actions.items);
    return EXIT_OK;
}
