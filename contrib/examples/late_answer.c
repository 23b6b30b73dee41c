/*
 * A question to the simulator that no scenario asks: how long does a node take to come back when
 * the first answer of each holder arrives too late? It brings up ten nodes, restarts one in peace
 * and once more with that rule, and prints both times and how many messages there were by method.
 *
 *   cc late_answer.c $(pkg-config --cflags --libs holdfast-sim) -o late_answer
 *   ./late_answer SEED
 */
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>

enum { NODES = 10, WAIT_MS = 120000, LATE_US = 20000000, METHODS = 64 };

struct seen {
    unsigned by_method[METHODS];
};

/* Every message as it is sent. */
static enum hf_fate count(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct seen *seen = ctx;
    (void)ret;
    if (!m->response && m->method < METHODS)
        seen->by_method[m->method]++;
    return HF_FATE_PASS;
}

/* Milliseconds of virtual time from a restart until the node is ready; negative: it is not. */
static double restart_ms(struct hf_world *w, uint32_t node)
{
    uint64_t began_us = hf_world_now_us(w);
    hf_world_crash(w, node);
    hf_world_start(w, node);
    if (!hf_world_run_until_state(w, node, HF_STATE_READY, WAIT_MS))
        return -1;
    return (double)(hf_world_now_us(w) - began_us) / 1000;
}

int main(int argc, char **argv)
{
    struct hf_world_settings settings;
    struct hf_world *w;
    struct seen seen = {0};
    hf_world_settings_init(&settings);
    settings.seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    settings.policy.n = 5;
    settings.policy.k = 3;
    if (hf_world_new(&settings, &w) != 0)
        return 1;
    hf_world_add_many(w, NODES);
    if (hf_world_bring_up(w, WAIT_MS) != 0) {
        fprintf(stderr, "late_answer: not all nodes are ready\n");
        hf_world_free(w);
        return 1;
    }
    printf("in peace    %9.1f ms\n", restart_ms(w, 0));
    hf_world_watch(w, count, &seen);
    for (long holder = 1; holder < NODES; holder++)
        hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                          .method = HF_METHOD_RECOVER,
                                          .response = true,
                                          .from = holder,
                                          .to = 0,
                                          .count = 1,
                                          .delay_us = LATE_US});
    double late_ms = restart_ms(w, 0);
    printf("late answers%9.1f ms\n", late_ms);
    for (unsigned method = 0; method < METHODS; method++)
        if (seen.by_method[method] > 0 && hf_method_name((uint8_t)method) != NULL)
            printf("  %-12s %u\n", hf_method_name((uint8_t)method), seen.by_method[method]);
    bool kept = hf_world_violation(w) == NULL && late_ms > 0;
    hf_world_free(w);
    return kept ? 0 : 1;
}
