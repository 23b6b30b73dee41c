/* Keys that give way to others in time, in the operator's status (proto/ROTATION.md). */
#include "daemon.h"

#include <jansson.h>

static const char *const states[] = {"none", "pending", "active", "expired"};

static json_t *time_or_null(uint64_t s)
{
    return s != 0 ? json_integer((json_int_t)s) : json_null();
}

static json_t *key_of(const struct hf_key_status *k)
{
    return json_pack("{s:I,s:s,s:I,s:o}", "id", (json_int_t)k->id, "state",
                     states[k->state % HF_ARRAY_LEN(states)], "since_s", (json_int_t)k->since_s,
                     "next_s", time_or_null(k->next_s));
}

static json_t *sealing_keys(const struct hf_status *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->sealing_keys_count; i++) {
        json_t *o = key_of(&s->sealing_keys[i]);
        json_object_set_new(o, "suite", json_integer(s->sealing_keys[i].suite));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *mesh_keys(const struct hf_status *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->mesh_keys_count; i++)
        json_array_append_new(list, key_of(&s->mesh_keys[i]));
    return list;
}

static json_t *roots(const struct hf_status *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->roots_count; i++) {
        const struct hf_root_status *r = &s->roots[i];
        json_t *o =
            json_pack("{s:I,s:s,s:b,s:I,s:o,s:s}", "version", (json_int_t)r->version, "state",
                      states[r->state % HF_ARRAY_LEN(states)], "tainted", (int)r->tainted,
                      "since_s", (json_int_t)r->since_s, "next_s", time_or_null(r->next_s),
                      "waits_for", hf_root_wait_name((enum hf_root_wait)r->waits));
        json_object_set_new(o, "names", json_integer(r->names));
        json_object_set_new(o, "moving", json_integer(r->moving));
        json_object_set_new(o, "departed", json_integer(r->departed));
        json_array_append_new(list, o);
    }
    return list;
}

void hf__status_keys(json_t *root, const struct hf_status *s)
{
    json_object_set_new(root, "sealing_keys", sealing_keys(s));
    json_object_set_new(root, "mesh_keys", mesh_keys(s));
    json_object_set_new(root, "roots", roots(s));
}
