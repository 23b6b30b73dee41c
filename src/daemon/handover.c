/* What a status says of a handover (proto/HANDOVER.md). */
#include "handover.h"

#include "daemon.h"
#include "times.h"

static json_t *object_of(const struct hf_status *s)
{
    bool taking = s->handover_from != NULL, given = s->state == HF_STATE_HANDED_OVER;
    if (!taking && !given && !s->inherited)
        return json_null();
    return json_pack("{s:b,s:b,s:b,s:s?,s:i,s:i}", "takes_over", (int)taking, "given_up",
                     (int)given, "inherited", (int)s->inherited, "from", s->handover_from, "rows",
                     (int)s->handover_rows, "have", (int)s->handover_have);
}

void hf__handover_fill(struct hf__daemon *d, json_t *root, const struct hf_status *s)
{
    json_object_set_new(root, "mesh", hf__mesh_json(d));
    json_object_set_new(root, "time", hf__times_json(d));
    json_object_set_new(root, "handover", object_of(s));
}
