#include "tree.h"
#include "base/error.h"

#include <yaml.h>

struct builder {
    yaml_parser_t parser;
    struct hf_bytes text;
    struct hf_arena *arena;
    struct hf_config_errors *errors;
    /* the maps and lists around what comes next */
    struct hf_config__node *open[HF_CONFIG_DEPTH_MAX];
    size_t depth;
    size_t nodes;
    struct hf_config__node *root;
    /* The key that waits for its value; only in a map. */
    const char *key;
    yaml_mark_t key_mark;
    bool skip_value; /* of a key that was refused: the value is parsed and dropped */
};

static unsigned line_of(yaml_mark_t mark)
{
    return (unsigned)mark.line + 1;
}

static unsigned column_of(yaml_mark_t mark)
{
    return (unsigned)mark.column + 1;
}

const struct hf_config__node *hf__node_child(const struct hf_config__node *map, const char *key,
                                             size_t key_len)
{
    if (map->kind != NODE_MAP)
        return NULL;
    for (const struct hf_config__node *at = map->first; at != NULL; at = at->next)
        if (strlen(at->key) == key_len && memcmp(at->key, key, key_len) == 0)
            return at;
    return NULL;
}

static struct hf_config__node *innermost(const struct builder *b)
{
    return b->depth > 0 ? b->open[b->depth - 1] : NULL;
}

/* Hangs a new node into the innermost map or list, and gives it the waiting key. */
static int add_node(struct builder *b, enum node_kind kind, yaml_mark_t mark,
                    struct hf_config__node **ret_node)
{
    if (++b->nodes > HF_CONFIG_NODES_MAX) {
        hf__errors_add(b->errors, line_of(mark), column_of(mark), "",
                       "more than %u values: that is too many for one file", HF_CONFIG_NODES_MAX);
        return HF_ETOOBIG;
    }
    struct hf_config__node *n = hf__alloc(b->arena, sizeof *n);
    if (n == NULL)
        return HF_ENOMEM;
    n->kind = kind;
    n->line = line_of(mark);
    n->column = column_of(mark);
    struct hf_config__node *outer = innermost(b);
    if (outer == NULL) {
        b->root = n;
    } else if (!b->skip_value) {
        if (outer->kind == NODE_MAP) {
            n->key = b->key;
            n->key_line = line_of(b->key_mark);
            n->key_column = column_of(b->key_mark);
        }
        if (outer->last != NULL)
            outer->last->next = n;
        else
            outer->first = n;
        outer->last = n;
        outer->count++;
    }
    b->key = NULL;
    b->skip_value = false;
    *ret_node = n;
    return 0;
}

static bool awaits_key(const struct builder *b)
{
    const struct hf_config__node *outer = innermost(b);
    return outer != NULL && outer->kind == NODE_MAP && b->key == NULL;
}

/* A key that is refused is reported, and its value skipped, so that later errors are found too. */
static int take_key(struct builder *b, const yaml_event_t *event)
{
    const struct hf_config__node *map = innermost(b);
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    unsigned line = line_of(event->start_mark);
    unsigned column = column_of(event->start_mark);
    b->key_mark = event->start_mark;
    b->key = hf__copy_text(b->arena, text, len);
    if (b->key == NULL)
        return HF_ENOMEM;
    if (map->count >= HF_CONFIG_FIELDS_MAX) {
        hf__errors_add(b->errors, line, column, "", "more than %d fields in one map",
                       HF_CONFIG_FIELDS_MAX);
        return HF_ETOOBIG;
    }
    const struct hf_config__node *before = hf__node_child(map, text, len);
    if (before != NULL) {
        hf__errors_add(b->errors, line, column, b->key, "is there twice; the first is in line %u",
                       before->key_line);
        b->skip_value = true;
    } else if (strlen(b->key) != len) {
        hf__errors_add(b->errors, line, column, "", "a field's name holds a zero byte");
        b->skip_value = true;
    }
    return 0;
}

static int take_scalar(struct builder *b, const yaml_event_t *event)
{
    if (awaits_key(b))
        return take_key(b, event);
    struct hf_config__node *n = NULL;
    int err = add_node(b, NODE_SCALAR, event->start_mark, &n);
    if (err != 0)
        return err;
    n->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->len = event->data.scalar.length;
    n->text = hf__copy_text(b->arena, (const char *)event->data.scalar.value, n->len);
    return n->text != NULL ? 0 : HF_ENOMEM;
}

static int open_node(struct builder *b, const yaml_event_t *event, enum node_kind kind)
{
    unsigned line = line_of(event->start_mark);
    unsigned column = column_of(event->start_mark);
    if (awaits_key(b)) {
        hf__errors_add(b->errors, line, column, "", "a field's name must be a single word");
        return HF_ECONFIG;
    }
    if (b->depth == HF_CONFIG_DEPTH_MAX) {
        hf__errors_add(b->errors, line, column, "", "nested deeper than %d", HF_CONFIG_DEPTH_MAX);
        return HF_ETOOBIG;
    }
    struct hf_config__node *n = NULL;
    int err = add_node(b, kind, event->start_mark, &n);
    if (err == 0)
        b->open[b->depth++] = n;
    return err;
}

/* An alias could multiply a small text into a huge document, and would give one value two lines. */
static int take_alias(struct builder *b, const yaml_event_t *event)
{
    hf__errors_add(b->errors, line_of(event->start_mark), column_of(event->start_mark), "",
                   "aliases are not accepted: write the value out");
    if (awaits_key(b))
        return HF_ECONFIG;
    struct hf_config__node *n = NULL;
    return add_node(b, NODE_BAD, event->start_mark, &n);
}

static void refuse_marks(struct builder *b, const yaml_event_t *event, const void *anchor,
                         const void *tag)
{
    unsigned line = line_of(event->start_mark);
    unsigned column = column_of(event->start_mark);
    if (anchor != NULL)
        hf__errors_add(b->errors, line, column, "", "anchors are not accepted");
    if (tag != NULL)
        hf__errors_add(b->errors, line, column, "", "tags are not accepted");
}

static int take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        refuse_marks(b, event, event->data.scalar.anchor, event->data.scalar.tag);
        return take_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        refuse_marks(b, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
        return open_node(b, event, NODE_LIST);
    case YAML_MAPPING_START_EVENT:
        refuse_marks(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        return open_node(b, event, NODE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return 0;
    case YAML_ALIAS_EVENT:
        return take_alias(b, event);
    case YAML_DOCUMENT_START_EVENT:
        if (b->root == NULL)
            return 0;
        hf__errors_add(b->errors, line_of(event->start_mark), 1, "",
                       "a second document begins: one file is one document");
        return HF_ECONFIG;
    default:
        return 0;
    }
}

/* Whether some value begins as an IPv6 address in brackets does, which YAML takes for a list. */
static bool has_bare_v6(struct hf_bytes text)
{
    static const char digits[] = "0123456789abcdefABCDEF:";
    for (size_t i = 0; i + 2 < text.len; i++) {
        if (text.data[i] != ' ' || text.data[i + 1] != '[')
            continue;
        size_t end = i + 2, colons = 0;
        for (; end < text.len && strchr(digits, text.data[end]) != NULL && text.data[end] != 0;
             end++)
            colons += text.data[end] == ':';
        if (colons >= 2 && end + 1 < text.len && text.data[end] == ']' && text.data[end + 1] == ':')
            return true;
    }
    return false;
}

static int parse_error(struct builder *b)
{
    if (b->parser.error == YAML_MEMORY_ERROR)
        return HF_ENOMEM;
    /* A reader's error has an offset instead of a mark: the mark is then where
     * scanning had got to. */
    yaml_mark_t mark =
        b->parser.error == YAML_READER_ERROR ? b->parser.mark : b->parser.problem_mark;
    hf__errors_add(b->errors, line_of(mark), column_of(mark), "", "not YAML: %s%s%s%s",
                   b->parser.problem != NULL ? b->parser.problem : "unreadable",
                   b->parser.context != NULL ? ", " : "",
                   b->parser.context != NULL ? b->parser.context : "",
                   has_bare_v6(b->text) ? "; [v6]:port needs quotes around it" : "");
    return HF_ECONFIG;
}

static int run(struct builder *b)
{
    bool more = true;
    int err = 0;
    while (more && err == 0) {
        yaml_event_t event;
        if (yaml_parser_parse(&b->parser, &event) == 0)
            return parse_error(b);
        err = take_event(b, &event);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return err;
}

int hf__tree_parse(struct hf_bytes text, struct hf_arena *arena, struct hf_config_errors *errors,
                   struct hf_config__node **ret_root)
{
    if (text.len > HF_CONFIG_LEN_MAX) {
        hf__errors_add(errors, 0, 0, "", "larger than %u MiB", HF_CONFIG_LEN_MAX >> 20);
        return HF_ETOOBIG;
    }
    /* A byte order mark, as some editors write one, is no content. */
    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        text = hf_bytes_of(text.data + 3, text.len - 3);
    struct builder b = {.text = text, .arena = arena, .errors = errors};
    if (yaml_parser_initialize(&b.parser) == 0)
        return HF_ENOMEM;
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, text.data != NULL ? text.data : (const uint8_t *)"",
                                 text.len);
    int err = run(&b);
    yaml_parser_delete(&b.parser);
    if (err == 0 && b.root == NULL) {
        b.root = hf__alloc(arena, sizeof *b.root);
        if (b.root == NULL)
            return HF_ENOMEM;
        *b.root = (struct hf_config__node){.kind = NODE_MAP, .line = 1, .column = 1};
    }
    if (err == 0)
        *ret_root = b.root;
    return err;
}
