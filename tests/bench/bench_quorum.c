/*
 * What a black start costs its people and its nodes, on one core: one JSON line each, {"name",
 * "count", "s", "us"}. A request is one of a world with real cryptography and real quotes; a holder
 * answers it again and again, with every check that it makes, the quote's among them. An argument
 * sets how many answers are given. It fails when an answer takes more than 2 ms, or putting m of
 * them together more than 5 ms.
 */
#include "base/secret.h"
#include "crypto/quorum.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NODES = 4, M = 9, N = 16, ANSWERS = 1000, OPENINGS = 1000, VIRTUAL_MS = 120000 };
enum { ANSWER_US_MAX = 2000, COMBINE_US_MAX = 5000 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* us_max: 0, nothing is asked of it. */
static bool report(const char *name, unsigned long count, double took_s, double us_max)
{
    double us = took_s * 1e6 / (double)count;
    bool kept = us_max == 0 || us <= us_max;
    printf("{\"name\": \"%s\", \"count\": %lu, \"s\": %.3f, \"us\": %.1f}\n", name, count, took_s,
           us);
    if (!kept)
        fprintf(stderr, "%s: %.1f us, where at most %.0f us are asked\n", name, us, us_max);
    return kept;
}

static bool sealed(struct hf_world *w, void *ctx)
{
    struct hf_status s;
    (void)ctx;
    return hf_world_status(w, 0, &s) && s.sealed;
}

/* A node that has lost its key with all the others, and its request. */
static struct hf_world *world(struct hf_buf *ret_request)
{
    struct hf_world_settings s;
    struct hf_world *w;
    hf_world_settings_init(&s);
    s.policy.n = 3;
    s.policy.k = 2;
    s.crypto = HF_WORLD_REAL;
    int r = hf_world_new(&s, &w);
    hf_assert(r == 0);
    hf_world_add_many(w, NODES);
    r = hf_world_bring_up(w, VIRTUAL_MS);
    hf_assert(r == 0);
    hf_world_quorum_issue(w, M, N, true);
    hf_assert(hf_world_run_until(w, sealed, NULL, VIRTUAL_MS));
    hf_world_run_for(w, 1000);
    for (uint32_t i = 0; i < NODES; i++)
        hf_world_crash(w, i);
    hf_world_start_all(w);
    hf_world_run_for(w, 5000);
    r = hf_world_blackstart(w, 0, VIRTUAL_MS, ret_request);
    hf_assert(r == 0);
    return w;
}

static bool bench_answers(struct hf_world *w, struct hf_bytes request, unsigned long count)
{
    struct hf_buf answer;
    hf_buf_init(&answer, 4096);
    double began_s = seconds();
    for (unsigned long i = 0; i < count; i++) {
        hf_buf_clear(&answer);
        int r = hf_world_holder_answer(w, 1, request, &answer);
        hf_assert(r == 0);
    }
    double took_s = seconds() - began_s;
    hf_buf_done(&answer);
    return report("answer", count, took_s, ANSWER_US_MAX);
}

/* Checking m answers and opening with them, as a node does. */
static bool bench_opening(void)
{
    static uint8_t shares[N * 32], commitments[M * 32], partials[M * HF_PARTIAL_LEN];
    const uint8_t seed[32] = {1};
    uint8_t secret[32], plain[32] = {7}, c1[32], body[48], r[32], indices[M], got[32];
    const struct hf_bytes context = hf_bytes_of("context", 7);
    struct hf_rng rng;
    hf_rng_init(&rng, seed);
    hf_suite_real.scalar_random(&rng, secret);
    int e =
        hf_suite_real.deal(&rng, secret, (struct hf_sharing){.k = M, .n = N}, shares, commitments);
    if (e == 0)
        e = hf_quorum_seal(&rng, commitments, context, hf_bytes_of(plain, 32), c1, body, r);
    for (uint8_t i = 0; i < M && e == 0; i++) {
        indices[i] = (uint8_t)(i + 1);
        e = hf_quorum_partial(&rng, shares + i * 32, c1, context, partials + i * HF_PARTIAL_LEN);
    }
    double began_s = seconds();
    for (unsigned i = 0; i < OPENINGS * M && e == 0; i++)
        e = hf_quorum_partial_check(partials + i % M * HF_PARTIAL_LEN, indices[i % M], M,
                                    commitments, c1, context);
    (void)report("check", OPENINGS * M, seconds() - began_s, 0);
    began_s = seconds();
    for (unsigned i = 0; i < OPENINGS && e == 0; i++)
        e = hf_quorum_open(M, indices, partials, c1, context, hf_bytes_of(body, sizeof body), got);
    double took_s = seconds() - began_s;
    hf_assert(e == 0);
    return report("combine", OPENINGS, took_s, COMBINE_US_MAX);
}

int main(int argc, char **argv)
{
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : ANSWERS;
    struct hf_buf request;
    if (count == 0)
        count = ANSWERS;
    hf_assert(hf_secret_init(1 << 20, false) == 0);
    hf_buf_init(&request, 1 << 20);
    struct hf_world *w = world(&request);
    bool kept = bench_answers(w, hf_buf_bytes(&request), count);
    kept = bench_opening() && kept;
    hf_world_free(w);
    hf_buf_done(&request);
    return kept ? 0 : 1;
}
