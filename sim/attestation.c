/*
 * The model platform. A quote is a small record that the world alone can authenticate: any machine
 * of the world can have any quote made about what really runs on it, and nobody can make one up.
 */
#include "inside.h"

#include "model.h"

#include <stdio.h>
#include <string.h>

static const char magic[8] = {'H', 'F', 'S', 'I', 'M', 'Q', 'T', '1'};

/* Offsets: magic 8, ppid 16, measurement 32, report data 64, machine 4, debug 1, trust 1, zeros,
 * authentication 16 at the end. */
enum {
    AT_PPID = 8,
    AT_MEASUREMENT = 24,
    AT_DATA = 56,
    AT_MACHINE = 120,
    AT_DEBUG = 124,
    AT_TRUST = 125,
    AT_MAC = HF__QUOTE_LEN - 16
};

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

static void measurement_of(const struct hf_world *w, const char *image, uint8_t ret[static 32])
{
    uint8_t text[HF_WORLD_NAME_MAX + 32];
    size_t len = strlen(image);
    memcpy(text, image, len);
    memcpy(text + len, w->authority.network, 32); /* an image binds its network */
    w->suite->hash("sim/measurement", hf_bytes_of(text, len + 32), ret);
}

void hf__image_measurement(const struct hf_world *w, uint8_t image, uint8_t ret[static 32])
{
    measurement_of(w, w->images[image], ret);
}

void hf_world_measurement(const struct hf_world *w, const char *image, uint8_t ret[static 32])
{
    measurement_of(w, image, ret);
}

void hf_world_ppid(const struct hf_world *w, uint32_t machine, uint8_t ret[static 16])
{
    uint64_t words[2] = {hf__mix(w->settings.seed ^ machine), hf__mix(machine)};
    memcpy(ret, words, sizeof(words));
}

static void authenticate(const struct hf_world *w, const uint8_t *quote, uint8_t ret[static 16])
{
    struct hf__sponge s = {w->quote_key[0], w->quote_key[1]};
    hf__sponge_absorb(&s, hf_bytes_of(quote, AT_MAC));
    hf__sponge_squeeze(&s, ret, 16);
}

static void make(const struct hf_world *w, uint32_t machine, const char *image, bool debug,
                 const uint8_t report_data[static 64], uint8_t ret[static HF__QUOTE_LEN])
{
    memset(ret, 0, HF__QUOTE_LEN);
    memcpy(ret, magic, sizeof(magic));
    hf_world_ppid(w, machine, ret + AT_PPID);
    measurement_of(w, image, ret + AT_MEASUREMENT);
    memcpy(ret + AT_DATA, report_data, 64);
    memcpy(ret + AT_MACHINE, &machine, sizeof(machine));
    ret[AT_DEBUG] = debug;
    ret[AT_TRUST] = HF_TRUST_DEV;
    authenticate(w, ret, ret + AT_MAC);
}

void hf__quote_make(const struct hf_world *w, uint32_t machine, uint8_t image, bool debug,
                    const uint8_t report_data[static 64], uint8_t ret[static HF__QUOTE_LEN])
{
    make(w, machine, w->images[image], debug, report_data, ret);
}

void hf_world_quote(struct hf_world *w, uint32_t machine, const char *image, bool debug,
                    const uint8_t report_data[static 64], struct hf_buf *ret)
{
    uint8_t quote[HF__QUOTE_LEN];
    make(w, machine, image, debug, report_data, quote);
    hf_buf_append(ret, quote, sizeof(quote));
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].quoted != NULL)
            w->observers[i].quoted(w->observers[i].ctx, w, HF__NOBODY, machine,
                                   hf_bytes_of(quote, sizeof(quote)));
    }
}

uint32_t hf__quote_machine(struct hf_bytes quote)
{
    uint32_t machine = HF__NOBODY;
    if (quote.len == HF__QUOTE_LEN)
        memcpy(&machine, quote.data + AT_MACHINE, sizeof(machine));
    return machine;
}

void hf__quote_judge(const struct hf_world *w, struct hf_bytes quote, uint8_t trust,
                     uint64_t wall_s, struct hf_verdict *ret)
{
    uint8_t mac[16];
    uint32_t machine;
    memset(ret, 0, sizeof(*ret));
    ret->verified_at_s = wall_s;
    ret->error = HF_EQUOTE;
    if (quote.len != HF__QUOTE_LEN || memcmp(quote.data, magic, sizeof(magic)) != 0)
        return;
    ret->error = HF_EQUOTESIG;
    authenticate(w, quote.data, mac);
    if (memcmp(mac, quote.data + AT_MAC, sizeof(mac)) != 0)
        return;
    ret->error = HF_EUNTRUSTED;
    if (trust != quote.data[AT_TRUST])
        return;
    memcpy(&machine, quote.data + AT_MACHINE, sizeof(machine));
    uint8_t status = HF_TCB_UP_TO_DATE;
    if (machine < w->machines_count)
        status = w->machines[machine].tcb_status;
    ret->trust = trust;
    ret->tcb_status = status;
    ret->debug = quote.data[AT_DEBUG] != 0;
    /* Collateral is issued daily, at true time. */
    uint64_t true_s = w->settings.wall_s + w->now_us / 1000000;
    ret->issue_date_s = true_s - true_s % 86400;
    ret->evaluation_date_s = w->settings.wall_s - w->settings.wall_s % 86400;
    ret->tcb_date_s = ret->evaluation_date_s;
    memcpy(ret->ppid, quote.data + AT_PPID, sizeof(ret->ppid));
    memcpy(ret->measurement, quote.data + AT_MEASUREMENT, sizeof(ret->measurement));
    memcpy(ret->report_data, quote.data + AT_DATA, sizeof(ret->report_data));
    ret->error = status == HF_TCB_REVOKED ? HF_EPCKREVOKED : 0;
}

void hf_world_tcb(struct hf_world *w, uint32_t machine, uint8_t status)
{
    hf_assert(machine < w->machines_count);
    w->machines[machine].tcb_status = status;
}

void hf_world_collateral(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
    struct hf_event event = {.type = HF_EVENT_COLLATERAL};
    if (n->engine != NULL)
        hf__step(w, n, &event);
}

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
