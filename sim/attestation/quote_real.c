/*
 * Real quotes: machines of the dev platform, with keys from the world's seed, and the collateral
 * that the world issues for them. Each machine is a processor model (FMSPC) of its own, so that TCB
 * info can say something of it alone; revocation is the PCK CA's list. A set of collateral is of
 * one day and serves a block of machines: it is made when the first quote of the block is judged by
 * it.
 */
#include "attestation/attestation.h"

#include "lib/map.h"

#include "attest/dev.h"
#include "attest/verify.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 16,           /* machines that share a set */
    CACHE_ENTRIES = 1024, /* machines that the verifier remembers */
    BEFORE_S = 3 * 365 * HF__DAY_S,
    AFTER_S = 20 * 365 * HF__DAY_S,
    FOR_AUTHORITY = 1, /* which of the streams for attestation; FOR_MACHINES and on: machines */
    FOR_MACHINES = 2,
};

/* The sets of the two days that may count at once. */
struct block {
    struct {
        uint64_t day_s;
        uint32_t changes; /* when it was made */
        struct hf_collateral *collateral;
    } sets[2];
};

struct hf__platforms {
    struct hf_dev_authority *authority;
    struct hf_dev_window window; /* of every certificate */
    uint8_t root_key[HF_DEV_ROOT_KEY_LEN];
    uint8_t root[HF__ROOT_SPKI_LEN];
    struct hf_verify_cache *cache;
    struct hf__map machines; /* number → struct hf_dev_machine * */
    struct hf__map keys;     /* attestation key → number */
    struct hf__map blocks;   /* number → struct block */
    uint32_t changes;        /* of what collateral says */
};

static struct hf__key number_key(uint32_t number)
{
    return hf__key_of(hf_bytes_of(&number, sizeof number), hf_bytes_of(NULL, 0),
                      hf_bytes_of(NULL, 0));
}

static void draw_seed(const struct hf_world *w, uint64_t which, uint8_t ret[static HF_DEV_SEED_LEN])
{
    struct hf__stream r;
    hf__stream_init(&r, w->settings.seed, "platform keys", which);
    hf__draw_bytes(&r, ret, HF_DEV_SEED_LEN);
}

int hf__platforms_new(const struct hf_world *w, struct hf__platforms **ret)
{
    uint8_t seed[HF_DEV_SEED_LEN];
    uint64_t wall_s = w->settings.wall_s;
    struct hf__platforms *p = calloc(1, sizeof *p);
    if (p == NULL)
        return HF_ENOMEM;
    p->window.from_s = wall_s > BEFORE_S ? wall_s - BEFORE_S : 0;
    p->window.to_s = wall_s + AFTER_S;
    draw_seed(w, FOR_AUTHORITY, seed);
    struct hf_dev_authority_spec spec;
    hf_dev_authority_spec_init(&spec, wall_s);
    spec.seed = seed;
    spec.root = spec.ca = spec.signer = p->window;
    hf__map_init(&p->machines, sizeof(struct hf_dev_machine *));
    hf__map_init(&p->keys, sizeof(uint32_t));
    hf__map_init(&p->blocks, sizeof(struct block));
    int r = hf_verify_cache_new(CACHE_ENTRIES, &p->cache);
    if (r == 0)
        r = hf_dev_authority_new(&spec, &p->authority);
    if (r != 0) {
        hf__platforms_free(p);
        return r;
    }
    hf_dev_authority_root_key(p->authority, p->root_key);
    hf_dev_authority_root_spki(p->authority, p->root);
    *ret = p;
    return 0;
}

void hf__platforms_free(struct hf__platforms *p)
{
    if (p == NULL)
        return;
    size_t at = 0;
    for (struct hf_dev_machine **m; (m = hf__map_next(&p->machines, &at)) != NULL;)
        hf_dev_machine_free(*m);
    at = 0;
    for (struct block *b; (b = hf__map_next(&p->blocks, &at)) != NULL;) {
        hf_collateral_unref(b->sets[0].collateral);
        hf_collateral_unref(b->sets[1].collateral);
    }
    hf__map_done(&p->machines);
    hf__map_done(&p->keys);
    hf__map_done(&p->blocks);
    hf_verify_cache_free(p->cache);
    hf_dev_authority_free(p->authority);
    free(p);
}

void hf__platforms_root(const struct hf__platforms *p, uint8_t ret[static HF__ROOT_SPKI_LEN])
{
    memcpy(ret, p->root, HF__ROOT_SPKI_LEN);
}

void hf__platforms_changed(struct hf__platforms *p)
{
    p->changes++;
}

/* ---- Machines and their quotes ---- */

static void fmspc_of(uint32_t machine, uint8_t ret[static HF_DEV_FMSPC_LEN])
{
    ret[0] = 0xde;
    ret[1] = 0x70;
    memcpy(ret + 2, &machine, sizeof machine);
}

static const struct hf_dev_machine *machine_at(const struct hf_world *w, uint32_t number)
{
    struct hf__platforms *p = w->platforms;
    struct hf_dev_machine **m = hf__map_at(&p->machines, number_key(number));
    if (*m != NULL)
        return *m;
    struct hf_dev_machine_spec spec;
    uint8_t seed[HF_DEV_SEED_LEN];
    hf_dev_machine_spec_init(&spec, hf_bytes_of(&number, sizeof number), w->settings.wall_s);
    draw_seed(w, FOR_MACHINES + (uint64_t)number, seed);
    hf_world_ppid(w, number, spec.platform.ppid);
    fmspc_of(number, spec.platform.fmspc);
    spec.pck = p->window;
    spec.seed = seed;
    int r = hf_dev_machine_new(p->authority, &spec, m);
    hf_assert(r == 0);
    return *m;
}

static void image_td(const struct hf_world *w, const char *image, struct hf_dev_td *ret)
{
    hf_dev_td_init(ret, image);
    hf_dev_td_bind_network(ret, hf_bytes_of(w->authority.network.bytes, HF_ID_LEN));
}

void hf__real_measurement(const struct hf_world *w, const char *image,
                          uint8_t ret[static HF_MEASUREMENT_LEN])
{
    struct hf_dev_td td;
    image_td(w, image, &td);
    hf_dev_td_measurement(&td, ret);
}

static struct hf__key attestation_key(const struct hf_quote *q)
{
    return hf__key_of(hf_bytes_of(q->attestation_key, HF_P256_KEY_LEN), hf_bytes_of(NULL, 0),
                      hf_bytes_of(NULL, 0));
}

void hf__real_quote_make(struct hf_world *w, const struct hf__made *made, struct hf_buf *ret)
{
    struct hf_dev_td td;
    struct hf_quote q;
    size_t before = ret->len;
    image_td(w, made->image, &td);
    if (made->debug)
        td.td_attributes |= HF_DEV_TD_DEBUG;
    int r = hf_dev_quote_make(machine_at(w, made->machine), &td, HF_DEV_QUOTE_V4, made->report_data,
                              ret);
    hf_assert(r == 0);
    r = hf_quote_parse(hf_bytes_of(ret->data + before, ret->len - before), &q, NULL);
    hf_assert(r == 0);
    uint32_t *number = hf__map_at(&w->platforms->keys, attestation_key(&q));
    *number = made->machine;
}

uint32_t hf__real_quote_machine(const struct hf_world *w, struct hf_bytes quote)
{
    struct hf_quote q;
    if (hf_quote_parse(quote, &q, NULL) != 0)
        return HF__NOBODY;
    const uint32_t *machine = hf__map_find(&w->platforms->keys, attestation_key(&q));
    return machine == NULL ? HF__NOBODY : *machine;
}

/* ---- Collateral ---- */

/* The TCB info of a machine: up to date as it is, or a newer level above the one that it has. */
static void tcb_levels(const struct hf_world *w, uint32_t machine,
                       struct hf_dev_collateral_spec *spec)
{
    uint8_t status = hf__machine_status(w, machine);
    uint64_t first_s = w->settings.wall_s - w->settings.wall_s % HF__DAY_S;
    struct hf_dev_tcb_level *high = &spec->tcb_level[0], *low = &spec->tcb_level[1];
    fmspc_of(machine, spec->fmspc);
    *low = *high;
    spec->tcb_level_count = 2;
    if (status == HF_TCB_UP_TO_DATE || status == HF_TCB_REVOKED) {
        low->sgx[0]--;
        low->text = (struct hf_dev_level_text){.status = "OutOfDate", .date_s = first_s};
        return;
    }
    high->sgx[0]++;
    high->text.date_s = w->evaluated_s;
    low->text = (struct hf_dev_level_text){.status = hf_tcb_status_name(status),
                                           .date_s = first_s,
                                           .advisories = {"HOLDFAST-DEV-00001"}};
}

/* What every document of a day says; the serials of revoked machines are from malloc. */
static void day_spec(const struct hf_world *w, uint64_t day_s, struct hf_dev_collateral_spec *ret,
                     uint8_t (**ret_revoked)[HF_DEV_SERIAL_LEN])
{
    const uint64_t first_s = w->settings.wall_s - w->settings.wall_s % HF__DAY_S;
    size_t count = 0;
    uint8_t(*revoked)[HF_DEV_SERIAL_LEN] = malloc((w->machines_count + 1u) * sizeof *revoked);
    hf_assert(revoked != NULL);
    for (uint32_t i = 0; i < w->machines_count; i++) {
        if (w->machines[i].tcb_status == HF_TCB_REVOKED)
            hf_dev_machine_serial(machine_at(w, i), revoked[count++]);
    }
    hf_dev_collateral_spec_init(ret, day_s, w->settings.attestation.collateral_valid_s);
    ret->evaluation_number += w->platforms->changes;
    ret->pck_revoked = (const uint8_t(*)[HF_DEV_SERIAL_LEN])revoked;
    ret->pck_revoked_count = count;
    ret->tcb_level[0].text.date_s = first_s;
    for (size_t i = 0; i < 2; i++) {
        ret->module.level[i].text.date_s = first_s;
        ret->qe_levels.level[i].text.date_s = first_s;
    }
    *ret_revoked = revoked;
}

static struct hf_collateral *make_set(const struct hf_world *w, uint32_t block, uint64_t day_s)
{
    const struct hf__platforms *p = w->platforms;
    const struct hf_roots roots = {.trust = HF_TRUST_DEV, .dev_key = p->root_key};
    struct hf_dev_collateral_spec day, spec;
    struct hf_dev_collateral c;
    struct hf_buf infos[BLOCK];
    struct hf_bytes views[BLOCK];
    uint8_t(*revoked)[HF_DEV_SERIAL_LEN];
    struct hf_collateral *ret;
    day_spec(w, day_s, &day, &revoked);
    int r = hf_dev_collateral_make(p->authority, &day, &c);
    for (uint32_t i = 0; i < BLOCK; i++) {
        spec = day;
        tcb_levels(w, block * BLOCK + i, &spec);
        hf_buf_init(&infos[i], HF_COLLATERAL_DOCUMENT_MAX);
        if (r == 0)
            r = hf_dev_tcb_info_make(p->authority, &spec, &infos[i]);
        views[i] = hf_buf_bytes(&infos[i]);
    }
    hf_assert(r == 0);
    const struct hf_collateral_source source = {
        .qe_identity = hf_buf_bytes(&c.qe_identity),
        .tcb_infos = views,
        .tcb_info_count = BLOCK,
        .tcb_signing_chain = hf_buf_bytes(&c.tcb_signing_chain),
        .pck_lists = {{hf_buf_bytes(&c.pck_crl), hf_buf_bytes(&c.pck_crl_issuer_chain)}},
        .root_ca_crl = hf_buf_bytes(&c.root_ca_crl),
    };
    r = hf_collateral_new(&source, &roots, &ret);
    hf_assert(r == 0);
    for (uint32_t i = 0; i < BLOCK; i++)
        hf_buf_done(&infos[i]);
    hf_dev_collateral_done(&c);
    free(revoked);
    return ret;
}

/* Borrowed until what it says changes. */
static const struct hf_collateral *set_for(const struct hf_world *w, uint32_t machine,
                                           uint64_t day_s)
{
    struct hf__platforms *p = w->platforms;
    struct block *b = hf__map_at(&p->blocks, number_key(machine / BLOCK));
    size_t which = day_s / HF__DAY_S % 2;
    if (b->sets[which].collateral != NULL && b->sets[which].day_s == day_s &&
        b->sets[which].changes == p->changes)
        return b->sets[which].collateral;
    hf_collateral_unref(b->sets[which].collateral);
    b->sets[which].collateral = make_set(w, machine / BLOCK, day_s);
    b->sets[which].day_s = day_s;
    b->sets[which].changes = p->changes;
    return b->sets[which].collateral;
}

/* The collateral that the quote's machine needs. One whose attestation key is of no machine is
 * refused before it needs any. */
static const struct hf_collateral *collateral_for(const struct hf_world *w,
                                                  const struct hf__judged *judged)
{
    uint32_t machine = hf__real_quote_machine(w, judged->quote);
    return machine == HF__NOBODY ? NULL
                                 : set_for(w, machine, hf__collateral_day(w, judged->wall_s));
}

void hf__real_quote_judge(struct hf_world *w, const struct hf__judged *judged,
                          struct hf_verdict *ret)
{
    const struct hf__platforms *p = w->platforms;
    uint8_t key[HF_ROOT_KEY_LEN];
    struct hf_verify_params params = {.at_s = judged->wall_s,
                                      .roots = {.trust = (enum hf_trust)judged->trust}};
    bool ours = judged->trust == HF_TRUST_DEV &&
                hf_bytes_equal(judged->dev_root, hf_bytes_of(p->root, sizeof p->root));
    if (ours) {
        params.roots.dev_key = p->root_key;
        params.cache = p->cache;
        if (!judged->no_collateral)
            params.collateral = collateral_for(w, judged);
    } else if (judged->trust == HF_TRUST_DEV) {
        int r = hf_root_key_from_spki(judged->dev_root, key);
        if (r != 0) {
            *ret = (struct hf_verdict){.error = r};
            return;
        }
        params.roots.dev_key = key;
    }
    int r = hf_quote_verify(judged->quote, &params, ret, NULL);
    hf_assert(r == 0);
}
