/* The names of states, methods and trace events, from the lists in the public headers. */
#include "core/engine.h"

#include <assert.h>

const char *hf_method_name(int method)
{
    static_assert(HF_METHOD_INHERIT <= UINT8_MAX, "a message carries it in a byte");
    switch (method) {
#define X(constant, number, name)                                                                  \
    case constant:                                                                                 \
        return name;
        HF_METHOD_MAP(X)
#undef X
    default:
        return NULL;
    }
}

int hf_method_from_name(const char *name)
{
    hf_assert(name != NULL);
#define X(constant, number, text)                                                                  \
    if (strcmp(name, text) == 0)                                                                   \
        return constant;
    HF_METHOD_MAP(X)
#undef X
    return 0;
}

static const char *const state_names[] = {
#define HF_STATE(constant, name, sentence, page, test) [constant] = name,
#include "core/states.def"
#undef HF_STATE
};

static const char *const state_sentences[] = {
#define HF_STATE(constant, name, sentence, page, test) [constant] = sentence,
#include "core/states.def"
#undef HF_STATE
};

const char *hf_state_name(enum hf_state state)
{
    hf_assert((size_t)state < HF_ARRAY_LEN(state_names));
    hf_assert(state_names[state] != NULL);
    return state_names[state];
}

const char *hf_member_state_name(enum hf_member_state state)
{
    static const char *const names[] = {
#define X(constant, name, sentence) [constant] = (name),
        HF_MEMBER_MAP(X)
#undef X
    };
    hf_assert((size_t)state < HF_ARRAY_LEN(names));
    hf_assert(names[state] != NULL);
    return names[state];
}

const char *hf_state_sentence(enum hf_state state)
{
    static_assert(HF_ARRAY_LEN(state_sentences) == HF_ARRAY_LEN(state_names), "one for each");
    hf_assert((size_t)state < HF_ARRAY_LEN(state_sentences));
    return state_sentences[state];
}

static const struct {
    const char *name;
    int level;
} traces[] = {
#define X(constant, name, level) [constant] = {name, level},
    HF_TRACE_MAP(X)
#undef X
};

const char *hf_trace_name(enum hf_trace_type type)
{
    hf_assert((size_t)type < HF_ARRAY_LEN(traces));
    hf_assert(traces[type].name != NULL);
    return traces[type].name;
}

int hf_trace_level(enum hf_trace_type type)
{
    hf_assert((size_t)type < HF_ARRAY_LEN(traces));
    return traces[type].level;
}

const char *hf_root_wait_name(enum hf_root_wait wait)
{
    static const char *const names[] = {
#define X(constant, name, sentence) [constant] = (name),
        HF_ROOT_WAIT_MAP(X)
#undef X
    };
    hf_assert((size_t)wait < HF_ARRAY_LEN(names));
    hf_assert(names[wait] != NULL);
    return names[wait];
}
