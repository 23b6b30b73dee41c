/*
 * The model platform. A quote is a small record that the world alone can authenticate: any machine
 * of the world can have any quote made about what really runs on it, and no host can make one up.
 * Checks come in the order of attest/verify.h.
 */
#include "attestation/attestation.h"

#include "suites/model.h"

#include <string.h>

static const char magic[8] = {'H', 'F', 'S', 'I', 'M', 'Q', 'T', '1'};

/* Offsets: magic 8, ppid 16, measurement 32, report data 64, machine 4, debug 1, zeros,
 * authentication 16 at the end. */
enum {
    AT_PPID = 8,
    AT_MEASUREMENT = 24,
    AT_DATA = 56,
    AT_MACHINE = 120,
    AT_DEBUG = 124,
    AT_MAC = HF__QUOTE_LEN - 16
};

/* As guests of the dev platform have them. */
static const uint64_t td_attributes = UINT64_C(1) << 28, xfam = 0x61ae7;
/* Of every set: here an evaluation is told by its dates. */
static const uint32_t evaluation_number = 17;

void hf__model_measurement(const struct hf_world *w, const char *image,
                           uint8_t ret[static HF_MEASUREMENT_LEN])
{
    uint8_t text[HF_WORLD_NAME_MAX + HF_ID_LEN];
    size_t len = strlen(image);
    struct hf_hash digest;
    memcpy(text, image, len);
    memcpy(text + len, w->authority.network.bytes, HF_ID_LEN); /* an image binds its network */
    w->suite->hash("sim/measurement", hf_bytes_of(text, len + HF_ID_LEN), &digest);
    memcpy(ret, digest.bytes, HF_MEASUREMENT_LEN);
}

static void authenticate(const struct hf_world *w, const uint8_t *quote, uint8_t ret[static 16])
{
    struct hf__sponge s = {w->quote_key[0], w->quote_key[1]};
    hf__sponge_absorb(&s, hf_bytes_of(quote, AT_MAC));
    hf__sponge_squeeze(&s, ret, 16);
}

void hf__model_quote_make(const struct hf_world *w, const struct hf__made *made, struct hf_buf *ret)
{
    uint8_t quote[HF__QUOTE_LEN] = {0};
    memcpy(quote, magic, sizeof magic);
    hf_world_ppid(w, made->machine, quote + AT_PPID);
    hf__model_measurement(w, made->image, quote + AT_MEASUREMENT);
    memcpy(quote + AT_DATA, made->report_data, 64);
    memcpy(quote + AT_MACHINE, &made->machine, sizeof made->machine);
    quote[AT_DEBUG] = made->debug;
    authenticate(w, quote, quote + AT_MAC);
    hf_buf_append(ret, quote, sizeof quote);
}

uint32_t hf__model_quote_machine(struct hf_bytes quote)
{
    uint32_t machine = HF__NOBODY;
    if (quote.len == HF__QUOTE_LEN)
        memcpy(&machine, quote.data + AT_MACHINE, sizeof machine);
    return machine;
}

int hf__model_outline(struct hf_bytes bytes, struct hf_bytes *ret_quote,
                      const uint8_t **ret_report_data)
{
    if (bytes.len < HF__QUOTE_LEN || memcmp(bytes.data, magic, sizeof magic) != 0)
        return HF_EQUOTE;
    *ret_quote = hf_bytes_of(bytes.data, HF__QUOTE_LEN);
    *ret_report_data = bytes.data + AT_DATA;
    return 0;
}

static int check_collateral(const struct hf_world *w, const struct hf__judged *judged,
                            uint64_t issued_s, struct hf_verdict *v)
{
    if (judged->no_collateral)
        return HF_ECOLLMISSING;
    v->issue_date_s = issued_s;
    if (judged->wall_s < issued_s)
        return HF_ECOLLEARLY;
    return judged->wall_s > issued_s + w->settings.attestation.collateral_valid_s ? HF_ECOLLEXPIRED
                                                                                  : 0;
}

static int judge(const struct hf_world *w, const struct hf__judged *judged, struct hf_verdict *v)
{
    const uint8_t *q = judged->quote.data;
    uint8_t mac[16];
    uint32_t machine;
    if (judged->quote.len != HF__QUOTE_LEN || memcmp(q, magic, sizeof magic) != 0)
        return HF_EQUOTE;
    v->debug = q[AT_DEBUG] != 0;
    v->td_attributes = td_attributes | v->debug;
    v->xfam = xfam;
    memcpy(v->measurement, q + AT_MEASUREMENT, sizeof v->measurement);
    memcpy(v->report_data, q + AT_DATA, sizeof v->report_data);
    authenticate(w, q, mac);
    if (memcmp(mac, q + AT_MAC, sizeof mac) != 0)
        return HF_EQUOTESIG;
    memcpy(v->ppid, q + AT_PPID, sizeof v->ppid);
    if (judged->trust != HF_TRUST_DEV ||
        !hf_bytes_equal(judged->dev_root, hf_bytes_of(w->dev_root, sizeof w->dev_root)))
        return HF_EDEVQUOTE;
    v->trust = judged->trust;
    memcpy(&machine, q + AT_MACHINE, sizeof machine);
    uint8_t status = hf__machine_status(w, machine);
    if (!judged->no_collateral && status == HF_TCB_REVOKED)
        return HF_EPCKREVOKED;
    int error = check_collateral(w, judged, hf__collateral_day(w, judged->wall_s), v);
    if (error != 0)
        return error;
    v->tcb_status = status;
    v->tcb_date_s = w->settings.wall_s - w->settings.wall_s % HF__DAY_S;
    v->evaluation_date_s = status == HF_TCB_UP_TO_DATE ? v->tcb_date_s : w->evaluated_s;
    v->evaluation_number = v->evaluation_number_low = evaluation_number;
    v->evaluation_issued_s = v->issue_date_s;
    if (status == HF_TCB_OUT_OF_DATE || status == HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED) {
        v->level_date_s = v->tcb_date_s;
        v->missed_date_s = w->evaluated_s > v->tcb_date_s ? w->evaluated_s : 0;
    }
    return 0;
}

void hf__model_quote_judge(const struct hf_world *w, const struct hf__judged *judged,
                           struct hf_verdict *ret)
{
    *ret = (struct hf_verdict){.verified_at_s = judged->wall_s};
    ret->error = judge(w, judged, ret);
}

size_t hf__model_padding(struct hf_bytes body)
{
    size_t padding = 0;
    const uint8_t *p = body.data;
    for (size_t left = body.len; left >= HF__QUOTE_LEN;) {
        const uint8_t *at = memchr(p, magic[0], left - HF__QUOTE_LEN + 1);
        if (at == NULL)
            break;
        left -= (size_t)(at - p);
        bool is_quote = memcmp(at, magic, sizeof magic) == 0;
        size_t len = is_quote ? HF__QUOTE_LEN : 1;
        padding += is_quote ? HF__QUOTE_PADDING : 0;
        p = at + len;
        left -= len;
    }
    return padding;
}
