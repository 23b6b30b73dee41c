/* Images, machines, their TCB, and the quotes of either kind of platform. */
#include "attestation/attestation.h"

#include "node/node.h"

#include <stdio.h>
#include <string.h>

uint8_t hf__image_index(struct hf_world *w, const char *name)
{
    for (size_t i = 0; i < w->images_count; i++) {
        if (strcmp(w->images[i], name) == 0)
            return (uint8_t)i;
    }
    hf_assert(w->images_count < HF__IMAGES_MAX && strlen(name) < HF_WORLD_NAME_MAX);
    snprintf(w->images[w->images_count], HF_WORLD_NAME_MAX, "%s", name);
    return (uint8_t)w->images_count++;
}

void hf_world_measurement(const struct hf_world *w, const char *image,
                          uint8_t ret[static HF_MEASUREMENT_LEN])
{
    if (w->platforms != NULL)
        hf__real_measurement(w, image, ret);
    else
        hf__model_measurement(w, image, ret);
}

void hf_world_ppid(const struct hf_world *w, uint32_t machine, uint8_t ret[static 16])
{
    uint64_t words[2] = {hf__mix(w->settings.seed ^ machine), hf__mix(machine)};
    memcpy(ret, words, sizeof words);
}

/* ---- Quotes ---- */

void hf__quote_make(struct hf_world *w, struct hf__made *made, struct hf_buf *ret)
{
    size_t before = ret->len;
    if (w->platforms != NULL)
        hf__real_quote_make(w, made, ret);
    else
        hf__model_quote_make(w, made, ret);
    hf_assert(ret->error == 0);
    made->quote = hf_bytes_of(ret->data + before, ret->len - before);
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].quoted != NULL)
            w->observers[i].quoted(w->observers[i].ctx, w, made);
    }
}

void hf_world_quote(struct hf_world *w, uint32_t machine, const char *image, bool debug,
                    const uint8_t report_data[static 64], struct hf_buf *ret)
{
    struct hf__made made = {.node = HF__NOBODY,
                            .machine = machine,
                            .image = image,
                            .debug = debug,
                            .report_data = report_data};
    hf__quote_make(w, &made, ret);
}

uint32_t hf__quote_machine(const struct hf_world *w, struct hf_bytes quote)
{
    return w->platforms != NULL ? hf__real_quote_machine(w, quote) : hf__model_quote_machine(quote);
}

void hf__quote_judge(struct hf_world *w, const struct hf__judged *judged, struct hf_verdict *ret)
{
    if (w->platforms != NULL)
        hf__real_quote_judge(w, judged, ret);
    else
        hf__model_quote_judge(w, judged, ret);
}

void hf_world_judge(struct hf_world *w, uint32_t node, struct hf_bytes quote,
                    struct hf_verdict *ret)
{
    const struct hf_policy *policy = &w->authority.policy->u.policy;
    struct hf__judged judged = {.quote = quote,
                                .trust = (uint8_t)policy->trust,
                                .dev_root = policy->dev_root,
                                .wall_s = hf__node_wall_ms(w, hf__node(w, node)) / 1000};
    hf__quote_judge(w, &judged, ret);
}

/* ---- TCB and collateral ---- */

uint8_t hf__machine_status(const struct hf_world *w, uint32_t machine)
{
    return machine < w->machines_count ? w->machines[machine].tcb_status : HF_TCB_UP_TO_DATE;
}

/* The day whose collateral is the newest. */
static uint64_t newest_day(const struct hf_world *w)
{
    uint64_t now_s = w->settings.wall_s + w->now_us / 1000000;
    if (now_s > w->collateral_until_s)
        now_s = w->collateral_until_s;
    return now_s - now_s % HF__DAY_S;
}

uint64_t hf__collateral_day(const struct hf_world *w, uint64_t wall_s)
{
    uint64_t day_s = newest_day(w);
    /* By a clock that is behind by less than a day the newest is not valid yet, and the one before
     * is still there. */
    return wall_s < day_s && wall_s >= day_s - HF__DAY_S ? day_s - HF__DAY_S : day_s;
}

void hf_world_tcb(struct hf_world *w, uint32_t machine, uint8_t status)
{
    hf_assert(machine < w->machines_count);
    if (w->machines[machine].tcb_status == status)
        return;
    w->machines[machine].tcb_status = status;
    w->evaluated_s = newest_day(w);
    if (w->platforms != NULL)
        hf__platforms_changed(w->platforms);
}

void hf_world_collateral_stop(struct hf_world *w, bool stopped)
{
    w->collateral_until_s = stopped ? w->settings.wall_s + w->now_us / 1000000 : UINT64_MAX;
}

void hf_world_collateral(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
    struct hf_event event = {.type = HF_EVENT_COLLATERAL};
    if (n->engine != NULL)
        hf__step(w, n, &event);
}

/* ---- What a host does to its node's platform and clock ---- */

void hf_world_quote_fail(struct hf_world *w, uint32_t node, int error)
{
    hf__node(w, node)->quote_error = error;
}

void hf_world_image(struct hf_world *w, uint32_t node, const char *image)
{
    hf__node(w, node)->image_next = hf__image_index(w, image);
}

void hf_world_machine(struct hf_world *w, uint32_t node, uint32_t machine)
{
    hf__node(w, node)->machine_next = machine;
}

void hf_world_clock_shift(struct hf_world *w, uint32_t node, int64_t seconds)
{
    hf__node(w, node)->clock_us += seconds * 1000000;
}
