#include "hostile/image.h"

struct hf__plot *hf__image_begin(struct hf_world *w, const uint32_t *nodes, size_t count,
                                 const char *image, bool placed)
{
    struct hf__observer observer = {0};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        if (placed && hf_world_vault_state(w, nodes[i]) != HF_VAULT_PLACED)
            continue;
        hf_world_image(w, nodes[i], image);
        hf__plot_restart(w, nodes[i]);
        p->acts++;
    }
    return p;
}

void hf__image_end(struct hf_world *w, struct hf__plot *p)
{
    hf__plot_end(w, p);
    for (size_t i = 0; i < p->count; i++) {
        hf__node(w, p->nodes[i])->image_next = w->release;
        hf__plot_restart(w, p->nodes[i]);
    }
}
