#include "config/schema.h"
#include "base/error.h"
#include "scalar.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH_MAX_LEN 512

struct hf_config_doc {
    struct hf_arena arena;
    struct hf_config__node *root;
    const char *folder;
};

struct loader {
    struct hf_config_doc *doc;
    struct hf_config_errors *errors;
    char path[PATH_MAX_LEN]; /* of what is being read */
    size_t path_len;
    size_t bad; /* values passed over that the parser has reported */
    bool out_of_memory;
};

/* Lengthens the path by ".name" or "[index]", as far as there is room; returns the length to go
 * back to. */
static size_t push(struct loader *l, const char *fmt, ...) HF_PRINTF(2, 3);
static size_t push(struct loader *l, const char *fmt, ...)
{
    size_t before = l->path_len;
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(l->path + before, sizeof l->path - before, fmt, args);
    va_end(args);
    size_t room = sizeof l->path - before - 1;
    l->path_len = before + ((size_t)len < room ? (size_t)len : room);
    return before;
}

static size_t push_field(struct loader *l, const char *name)
{
    return push(l, "%s%s", l->path_len > 0 ? "." : "", name);
}

static void pop(struct loader *l, size_t before)
{
    l->path_len = before;
    l->path[before] = '\0';
}

static bool is_null(const struct hf_config__node *n)
{
    return n->kind == NODE_SCALAR && n->plain &&
           (n->len == 0 || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

/* "not 'abc'": what stands there, cut to a length that leaves room for what would be right. */
static void append_found(const struct hf_config__node *n, struct hf_buf *out)
{
    if (n->kind == NODE_LIST)
        hf_buf_printf(out, "a list");
    else if (n->kind == NODE_MAP)
        hf_buf_printf(out, "a map");
    else if (is_null(n))
        hf_buf_printf(out, "nothing");
    else
        hf_buf_printf(out, "%s%.40s%s", n->plain ? "'" : "\"", n->text, n->plain ? "'" : "\"");
}

static void refuse_value(struct loader *l, const struct hf_config_field *f,
                         const struct hf_config__node *n)
{
    struct hf_buf expected;
    struct hf_buf found;
    hf_buf_init(&expected, 4096);
    hf_buf_init(&found, 256);
    hf__expected(f, &expected);
    append_found(n, &found);
    if (expected.error == 0 && found.error == 0)
        hf__errors_add(l->errors, n->line, n->column, l->path, "is %.*s; expected %.*s",
                       (int)found.len, (const char *)found.data, (int)expected.len,
                       (const char *)expected.data);
    else
        l->out_of_memory = true;
    hf_buf_done(&expected);
    hf_buf_done(&found);
}

static void read_map(struct loader *l, const struct hf_config_schema *schema,
                     const struct hf_config__node *n, const struct hf_config__node *outer,
                     void *ret_value);

static void read_scalar(struct loader *l, const struct hf_config_field *f,
                        const struct hf_config__node *n, void *member)
{
    if (n->kind != NODE_SCALAR || is_null(n)) {
        refuse_value(l, f, n);
        return;
    }
    int err =
        hf__scalar_parse(f, n->text, n->len, n->plain, l->doc->folder, &l->doc->arena, member);
    if (err == HF_ENOMEM)
        l->out_of_memory = true;
    else if (err != 0)
        refuse_value(l, f, n);
}

static void read_value(struct loader *l, const struct hf_config_field *f,
                       const struct hf_config__node *n, void *member);

static void read_list(struct loader *l, const struct hf_config_field *f,
                      const struct hf_config__node *n, void *member)
{
    int64_t min;
    uint64_t max;
    hf__field_bounds(f, &min, &max);
    if ((n->kind != NODE_LIST && !is_null(n)) || n->count < (uint64_t)min || n->count > max) {
        if (n->kind == NODE_LIST)
            hf__errors_add(l->errors, n->line, n->column, l->path,
                           "has %zu entries; expected %lld to %llu", n->count, (long long)min,
                           (unsigned long long)max);
        else
            refuse_value(l, f, n);
        return;
    }
    if (n->count == 0)
        return;
    size_t size = f->item->size;
    void *memory = NULL;
    hf_assert(size > 0);
    if (hf_arena_alloc(&l->doc->arena, n->count, size, &memory) != 0) {
        l->out_of_memory = true;
        return;
    }
    uint8_t *items = memory;
    size_t i = 0;
    for (const struct hf_config__node *at = n->first; at != NULL; at = at->next, i++) {
        size_t before = push(l, "[%zu]", i);
        read_value(l, f->item, at, items + i * size);
        pop(l, before);
    }
    memcpy(member, &items, sizeof items);
    memcpy((uint8_t *)member + sizeof items, &n->count, sizeof n->count);
}

static void read_value(struct loader *l, const struct hf_config_field *f,
                       const struct hf_config__node *n, void *member)
{
    if (n->kind == NODE_BAD || l->out_of_memory) {
        l->bad++;
        return;
    }
    bool map = f->type == HF_CONFIG_MAP || f->type == HF_CONFIG_MAP_PTR;
    if (!map) {
        if (f->type == HF_CONFIG_LIST)
            read_list(l, f, n, member);
        else
            read_scalar(l, f, n, member);
        return;
    }
    if (n->kind != NODE_MAP && !is_null(n)) {
        refuse_value(l, f, n);
        return;
    }
    if (f->type == HF_CONFIG_MAP) {
        read_map(l, f->schema, n, n, member);
        return;
    }
    void *value = hf__alloc(&l->doc->arena, f->schema->size);
    if (value == NULL) {
        l->out_of_memory = true;
        return;
    }
    read_map(l, f->schema, n, n, value);
    memcpy(member, &value, sizeof value);
}

/* What a field is when the text leaves it out. */
static void read_absent(struct loader *l, const struct hf_config_field *f,
                        const struct hf_config__node *outer, void *member)
{
    size_t before = push_field(l, f->name);
    if (f->required) {
        struct hf_buf expected;
        hf_buf_init(&expected, 4096);
        hf__expected(f, &expected);
        hf__errors_add(l->errors, outer->line, outer->column, l->path, "is missing; expected %.*s",
                       (int)expected.len, expected.len > 0 ? (const char *)expected.data : "");
        hf_buf_done(&expected);
    } else if (f->type == HF_CONFIG_MAP) {
        read_map(l, f->schema, NULL, outer, member);
    } else if (f->default_text != NULL) {
        int err = hf__scalar_parse(f, f->default_text, strlen(f->default_text), true,
                                   l->doc->folder, &l->doc->arena, member);
        /* A table whose default does not fit its own bounds is our mistake. */
        hf_assert(err == 0 || err == HF_ENOMEM);
        l->out_of_memory |= err == HF_ENOMEM;
    } else if (f->none) {
        hf__scalar_none(f, member);
    }
    pop(l, before);
}

static const struct hf_config_field *find_field(const struct hf_config_schema *schema,
                                                const char *name)
{
    for (size_t i = 0; i < schema->fields_len; i++)
        if (strcmp(schema->fields[i].name, name) == 0)
            return &schema->fields[i];
    return NULL;
}

static void refuse_unknown(struct loader *l, const struct hf_config_schema *schema,
                           const struct hf_config__node *n)
{
    size_t before = push_field(l, n->key);
    const char *nearest = hf__nearest_field(schema, n->key);
    if (nearest != NULL) {
        hf__errors_add(l->errors, n->key_line, n->key_column, l->path,
                       "is not known here; did you mean '%s'?", nearest);
    } else {
        struct hf_buf known;
        hf_buf_init(&known, 4096);
        for (size_t i = 0; i < schema->fields_len; i++)
            hf_buf_printf(&known, "%s %s", i > 0 ? "," : "", schema->fields[i].name);
        hf__errors_add(l->errors, n->key_line, n->key_column, l->path,
                       "is not known here; known are%.*s", (int)known.len,
                       known.len > 0 ? (const char *)known.data : " no fields");
        hf_buf_done(&known);
    }
    pop(l, before);
}

/* How much is wrong so far. */
static size_t found(const struct loader *l)
{
    return l->errors->count + l->errors->dropped + l->bad;
}

/* n: the map, a null, or NULL when it was left out; outer: the nearest node that is there. */
static void read_map(struct loader *l, const struct hf_config_schema *schema,
                     const struct hf_config__node *n, const struct hf_config__node *outer,
                     void *ret_value)
{
    size_t found_before = found(l);
    bool there = n != NULL && n->kind == NODE_MAP;
    for (const struct hf_config__node *at = there ? n->first : NULL; at != NULL; at = at->next)
        if (find_field(schema, at->key) == NULL)
            refuse_unknown(l, schema, at);
    for (size_t i = 0; i < schema->fields_len && !l->out_of_memory; i++) {
        const struct hf_config_field *f = &schema->fields[i];
        const struct hf_config__node *at =
            there ? hf__node_child(n, f->name, strlen(f->name)) : NULL;
        void *member = (uint8_t *)ret_value + f->offset;
        hf_assert(f->offset + f->size <= schema->size);
        if (at == NULL) {
            read_absent(l, f, outer, member);
            continue;
        }
        size_t before = push_field(l, f->name);
        read_value(l, f, at, member);
        pop(l, before);
    }
    if (schema->check == NULL || l->out_of_memory || found(l) != found_before)
        return;
    struct hf_config_where where = {
        .errors = l->errors, .node = there ? n : NULL, .outer = outer, .path = l->path};
    schema->check(ret_value, &where);
}

static void start_errors(struct hf_config_errors *errors, const char *name)
{
    memset(errors, 0, sizeof *errors);
    snprintf(errors->file, sizeof errors->file, "%s", name);
}

/* The folder of a file's name, in the arena; "" when it has none, for which the working folder
 * stands. */
static int set_folder(struct hf_config_doc *doc, const char *name)
{
    const char *slash = strrchr(name, '/');
    size_t len = slash != NULL ? (size_t)(slash - name) : 0;
    doc->folder = hf__copy_text(&doc->arena, slash == name ? "/." : name, slash == name ? 2 : len);
    return doc->folder != NULL ? 0 : HF_ENOMEM;
}

static int load(struct hf_bytes text, const char *name, const struct hf_config_schema *schema,
                struct hf_config_doc *doc, struct hf_config_errors *errors, void *value)
{
    int err = set_folder(doc, name);
    if (err == 0)
        err = hf__tree_parse(text, &doc->arena, errors, &doc->root);
    if (err != 0)
        return err;
    if (doc->root->kind != NODE_MAP && !is_null(doc->root)) {
        hf__errors_add(errors, doc->root->line, doc->root->column, "",
                       "expected a map of fields, such as '%s: …'", schema->fields[0].name);
        return HF_ECONFIG;
    }
    struct loader l = {.doc = doc, .errors = errors};
    read_map(&l, schema, doc->root, doc->root, value);
    if (l.out_of_memory)
        return HF_ENOMEM;
    return errors->count > 0 ? HF_ECONFIG : 0;
}

int hf_config_load(struct hf_bytes text, const char *name, const struct hf_config_schema *schema,
                   void *ret_value, struct hf_config_doc **ret_doc, struct hf_config_errors *errors)
{
    start_errors(errors, name);
    hf_assert(schema->fields_len > 0);
    struct hf_config_doc *doc = calloc(1, sizeof *doc);
    /* The caller's structure stays as it is until all of the text is right. */
    void *value = calloc(1, schema->size);
    int err = doc == NULL || value == NULL ? HF_ENOMEM : 0;
    if (doc != NULL)
        hf_arena_init(&doc->arena, MEMORY_MAX);
    if (err == 0)
        err = load(text, name, schema, doc, errors, value);
    hf__errors_sort(errors);
    if (err == HF_ENOMEM)
        hf__errors_add(errors, 0, 0, "", "%s", hf_error_sentence(err));
    if (err == 0) {
        memcpy(ret_value, value, schema->size);
        *ret_doc = doc;
    } else {
        hf_config_doc_free(doc);
    }
    free(value);
    return err;
}

static int error_of_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return HF_ENOTFOUND;
    case EACCES:
    case EPERM:
        return HF_EPERMISSION;
    default:
        return HF_EIO;
    }
}

/* Reads one byte past the bound at most, so that the parser sees that it is passed. */
static int read_all(int fd, struct hf_buf *buf)
{
    char chunk[16384];
    while (buf->len <= HF_CONFIG_LEN_MAX) {
        ssize_t len = read(fd, chunk, sizeof chunk);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return error_of_errno();
        if (len == 0)
            return 0;
        hf_buf_append(buf, chunk, (size_t)len);
        if (buf->error != 0)
            return buf->error;
    }
    return 0;
}

int hf_config_load_file(const char *file, const struct hf_config_schema *schema, void *ret_value,
                        struct hf_config_doc **ret_doc, struct hf_config_errors *errors)
{
    start_errors(errors, file);
    struct hf_buf buf;
    hf_buf_init(&buf, HF_CONFIG_LEN_MAX + 16384);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    int err = fd < 0 ? error_of_errno() : read_all(fd, &buf);
    if (err != 0)
        hf__errors_add(errors, 0, 0, "", "cannot be read: %s",
                       err == HF_ENOMEM ? "out of memory" : strerrordesc_np(errno));
    else
        err = hf_config_load(hf_buf_bytes(&buf), file, schema, ret_value, ret_doc, errors);
    if (fd >= 0)
        close(fd);
    hf_buf_done(&buf);
    return err;
}

struct hf_config_where hf_config_root(const struct hf_config_doc *doc,
                                      struct hf_config_errors *errors)
{
    return (struct hf_config_where){
        .errors = errors, .node = doc->root, .outer = doc->root, .path = ""};
}

void hf_config_doc_free(struct hf_config_doc *doc)
{
    if (doc == NULL)
        return;
    hf_arena_done(&doc->arena);
    free(doc);
}
