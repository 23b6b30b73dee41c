#include "hostile/image.h"

struct hf__strategy_run *hf__image_begin(struct hf_world *w, const uint32_t *nodes, size_t count,
                                         const char *image, bool placed)
{
    struct hf__observer observer = {0};
    struct hf__strategy_run *run = hf__hostile_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        if (placed && hf_world_vault_state(w, nodes[i]) != HF_VAULT_PLACED)
            continue;
        hf_world_image(w, nodes[i], image);
        hf__hostile_restart(w, nodes[i]);
        run->acts++;
    }
    return run;
}

void hf__image_end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf__hostile_end(w, run);
    for (size_t i = 0; i < run->count; i++) {
        hf__node(w, run->nodes[i])->image_next = w->release;
        hf__hostile_restart(w, run->nodes[i]);
    }
}
