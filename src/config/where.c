/* From a path such as "servers[2].zone" to its place in the text, for
 * judgements after the types are right. */
#include "config/schema.h"
#include "tree.h"

#include <stdarg.h>
#include <stdio.h>

/* The node one step down; moves *path past the step. NULL when it was left out of the text. */
static const struct hf_config__node *step(const struct hf_config__node *n, const char **path)
{
    const char *at = *path;
    if (*at == '[') {
        size_t index = 0;
        for (at++; *at >= '0' && *at <= '9'; at++)
            index = index * 10 + (size_t)(*at - '0');
        hf_assert(*at == ']');
        *path = at + 1;
        const struct hf_config__node *child = n->kind == NODE_LIST ? n->first : NULL;
        while (child != NULL && index-- > 0)
            child = child->next;
        return child;
    }
    at += *at == '.';
    size_t len = strcspn(at, ".[");
    hf_assert(len > 0);
    *path = at + len;
    return hf__node_child(n, at, len);
}

/* NULL when the path leads to nothing; *ret_outer is then the last node on the
 * way that is there. */
static const struct hf_config__node *find(const struct hf_config_where *where, const char *path,
                                          const struct hf_config__node **ret_outer)
{
    const struct hf_config__node *n = where->node;
    *ret_outer = where->outer;
    while (n != NULL) {
        *ret_outer = n;
        if (*path == '\0')
            return n;
        n = step(n, &path);
    }
    return NULL;
}

void hf_config_refuse(const struct hf_config_where *where, const char *path, const char *fmt, ...)
{
    char text[256];
    char full[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *dot = where->path[0] != '\0' && path[0] != '\0' && path[0] != '[' ? "." : "";
    snprintf(full, sizeof full, "%s%s%s", where->path, dot, path);
    const struct hf_config__node *outer;
    const struct hf_config__node *n = find(where, path, &outer);
    if (n == NULL)
        n = outer;
    hf__errors_add(where->errors, n->line, n->column, full, "%s", text);
}

unsigned hf_config_line(const struct hf_config_where *where, const char *path)
{
    const struct hf_config__node *outer;
    const struct hf_config__node *n = find(where, path, &outer);
    return n != NULL ? n->line : 0;
}
