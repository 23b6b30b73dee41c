/*
 * YAML text becomes a C structure by a table that says everything about each field: its name, type,
 * bounds, default and meaning. The daemon's configuration, the authority's forms of documents and
 * the simulator's scenarios are such tables, and nothing else reads YAML.
 *
 *     struct greeting { const char *name; uint64_t pause_ms; };
 *     static const struct hf_config_field fields[] = {
 *         {"name", HF_CONFIG_STRING, HF_CONFIG_AT(struct greeting, name), .required = true, .max =
 * 64, .doc = "Whom to greet."},
 *         {"pause", HF_CONFIG_DURATION_MS, HF_CONFIG_AT(struct greeting, pause_ms),
 *          .default_text = "10s", .max = 60000, .doc = "How long to wait before."},
 *     };
 *     const struct hf_config_schema greeting_schema = HF_CONFIG_SCHEMA(struct greeting, fields,
 * NULL);
 *
 * A load reports everything that is wrong at once, each with line, column and path, and what would
 * be right. It is strict: unknown and repeated fields, anchors, aliases, tags, a second document
 * and quoted numbers are refused. The type comes from the table alone, so that no word turns into a
 * boolean or a date by accident.
 */
#ifndef HF_CONFIG_SCHEMA_H
#define HF_CONFIG_SCHEMA_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"

#include <stddef.h>

/* Bounds on any file, whatever its schema. */
#define HF_CONFIG_LEN_MAX    (16u << 20) /* bytes of text */
#define HF_CONFIG_NODES_MAX  (1u << 20)  /* values, lists and maps */
#define HF_CONFIG_DEPTH_MAX  32          /* lists and maps inside each other */
#define HF_CONFIG_FIELDS_MAX 256         /* fields of one map */
#define HF_CONFIG_STRING_MAX 4096        /* bytes of a string whose field sets no other bound */
#define HF_CONFIG_ERRORS_MAX 32          /* errors kept; further ones are counted */

/*
 * What the text of a field looks like, and what it becomes. min and max of the field bound the
 * value in the unit of the structure's member; both 0 stand for the bounds that are named here.
 */
enum hf_config_type {
    HF_CONFIG_BOOL,        /* true or false → bool */
    HF_CONFIG_INT,         /* decimal → a signed integer of 1, 2, 4 or 8 bytes; all that fit */
    HF_CONFIG_UINT,        /* decimal → an unsigned one; all that fit */
    HF_CONFIG_NUMBER,      /* decimal, or per cent → double, within number_min..number_max */
    HF_CONFIG_DURATION_NS, /* number and unit: ns, us, ms, s → uint64_t, nanoseconds */
    HF_CONFIG_DURATION_US, /* number and unit: us, ms, s, m, h, d, w → uint64_t, microseconds */
    HF_CONFIG_DURATION_MS, /* → uint64_t, milliseconds; finer text is refused */
    HF_CONFIG_DURATION_S,  /* → uint64_t, seconds; finer text is refused */
    HF_CONFIG_SIZE, /* number and unit: B, kB, KiB, MB, MiB, GB, GiB, TB, TiB → uint64_t, bytes */
    HF_CONFIG_TIME, /* 2027-01-31T12:00:00Z → int64_t, seconds since 1970 */
    HF_CONFIG_STRING,    /* → const char *; bounds on its bytes, 1..HF_CONFIG_STRING_MAX */
    HF_CONFIG_PATH,      /* → const char *; a relative one is taken from the file's folder */
    HF_CONFIG_ENUM,      /* one of choices → int */
    HF_CONFIG_HEX,       /* hexadecimal of exactly the member's size → uint8_t[] */
    HF_CONFIG_HEX_BYTES, /* hexadecimal → struct hf_bytes; bounds on its bytes, 1..4096 */
    HF_CONFIG_ADDRESS,   /* host:port, [v6]:port of a machine, so neither 0.0.0.0 nor [::]
                            → struct hf_config_address; port 1..65535 */
    HF_CONFIG_MAP,       /* a map of schema → that structure; left out, it is an empty map */
    HF_CONFIG_MAP_PTR,   /* a map of schema → pointer to that structure; left out, NULL */
    HF_CONFIG_LIST,      /* a list of item → HF_CONFIG_LIST_OF; bounds on its length, 0..65536 */
};

/* The member of a structure that takes an HF_CONFIG_LIST. items is NULL when count is 0. */
#define HF_CONFIG_LIST_OF(type)                                                                    \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
    }

/* host: a name or a numeric address without brackets. text: as written. */
struct hf_config_address {
    const char *host;
    const char *text;
    uint16_t port;
};

/* Whether an HF_CONFIG_ADDRESS takes text: at most 261 bytes, a machine that peers could reach. The
 * authority, an operator and a chain name addresses by this one rule. */
bool hf_config_address_valid(const char *text);

/* Whether text, host:port or [v6]:port, is 0.0.0.0 or [::] in any of their forms: where to bind,
 * and nowhere that a peer could reach. */
bool hf_config_address_unspecified(const char *text);

/* A word of an HF_CONFIG_ENUM; a NULL name ends the array. */
struct hf_config_choice {
    const char *name;
    int value;
};

struct hf_config_schema;

struct hf_config_field {
    const char *name; /* of a list's item: a word for messages, such as "validator" */
    enum hf_config_type type;
    size_t offset;            /* of the member; 0 for a list's item */
    size_t size;              /* of the member; for a list's item, of one element */
    bool required;            /* must be there; a list: must be there, though it may be empty */
    const char *default_text; /* a scalar's value when left out; NULL: the member is zero */
    bool none; /* HF_CONFIG_INT, HF_CONFIG_NUMBER without a default: left out, the member is -1,
                  which the bounds keep the text from saying */
    int64_t min;
    int64_t max;
    double number_min; /* HF_CONFIG_NUMBER only; both 0 stand for any finite number */
    double number_max;
    const struct hf_config_choice *choices; /* HF_CONFIG_ENUM */
    const struct hf_config_schema *schema;  /* HF_CONFIG_MAP, HF_CONFIG_MAP_PTR */
    const struct hf_config_field *item;     /* HF_CONFIG_LIST */
    const char *doc;                        /* sentences for a person; goes into the description */
};

/* Offset and size of a member, for a field's row. */
#define HF_CONFIG_AT(type, member)                                                                 \
    .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
/* A list's item, for a field's row: .item = &(const struct hf_config_field)HF_CONFIG_ITEM(…). */
#define HF_CONFIG_ITEM(element_name, element_type, c_type, ...)                                    \
    {                                                                                              \
        .name = element_name, .type = element_type, .size = sizeof(c_type), __VA_ARGS__            \
    }

struct hf_config_where;

/*
 * Relations between the fields of one map, judged when each of them was right by itself; reports
 * with hf_config_refuse. value: the map's structure.
 */
typedef void hf_config_check_fn(const void *value, const struct hf_config_where *where);

struct hf_config_schema {
    const struct hf_config_field *fields;
    size_t fields_len;
    size_t size;               /* of the structure */
    hf_config_check_fn *check; /* or NULL */
};

#define HF_CONFIG_SCHEMA(type, field_array, check_fn)                                              \
    {                                                                                              \
        .fields = (field_array), .fields_len = HF_ARRAY_LEN(field_array), .size = sizeof(type),    \
        .check = (check_fn)                                                                        \
    }

struct hf_config_error {
    unsigned line; /* from 1; 0: the file as a whole */
    unsigned column;
    char path[128]; /* such as "validators[3].account"; empty: the document */
    char text[256];
};

/* Sorted by line. count + dropped is at least 1 after any load that failed. */
struct hf_config_errors {
    char file[256];
    size_t count;
    size_t dropped; /* found beyond HF_CONFIG_ERRORS_MAX */
    struct hf_config_error items[HF_CONFIG_ERRORS_MAX];
};

/* Appends a line `file:line:column: path: text` for each error, and
 * one for those that were dropped. */
void hf_config_errors_print(const struct hf_config_errors *errors, struct hf_buf *out);

/* A loaded document: owns what the loaded structure points to, and knows the
 * line of every field. */
struct hf_config_doc;

/*
 * Loads text[0..len), UTF-8, into the structure at ret_value, which is schema->size bytes. name:
 * for messages, and its folder is where relative paths start; bytes that come from no file have a
 * name such as "<stdin>". *ret_doc must outlive the structure, and is given back with
 * hf_config_doc_free. errors is written in any case. HF_ECONFIG: the text is refused, errors says
 * why. HF_ETOOBIG: past a bound above. HF_ENOMEM.
 */
HF_MUST_USE int hf_config_load(struct hf_bytes text, const char *name,
                               const struct hf_config_schema *schema, void *ret_value,
                               struct hf_config_doc **ret_doc, struct hf_config_errors *errors);
/* The same from a file. HF_ENOTFOUND, HF_EPERMISSION, HF_EIO: it cannot be read. */
HF_MUST_USE int hf_config_load_file(const char *file, const struct hf_config_schema *schema,
                                    void *ret_value, struct hf_config_doc **ret_doc,
                                    struct hf_config_errors *errors);
/* Freeing NULL is legal. */
void hf_config_doc_free(struct hf_config_doc *doc);

/* A place in a document, to which the paths of hf_config_refuse are relative. */
struct hf_config_where {
    struct hf_config_errors *errors;
    const struct hf_config__node *node;  /* NULL: the map was left out of the text */
    const struct hf_config__node *outer; /* the nearest that is there */
    const char *path;
};

/* The whole document, for judgements that a schema's own check cannot make, after the load. */
struct hf_config_where hf_config_root(const struct hf_config_doc *doc,
                                      struct hf_config_errors *errors);
/*
 * Reports against a field: path, such as "shares" or "servers[2].zone", relative to where; "" is
 * the map itself. A field that was left out is reported at the line of what contains it. Say what
 * would be right.
 */
void hf_config_refuse(const struct hf_config_where *where, const char *path, const char *fmt, ...)
    HF_PRINTF(3, 4);
/* The line of a field in the same notation, from 1; 0 when it was left out. */
unsigned hf_config_line(const struct hf_config_where *where, const char *path);

/* Whether text is where a program may listen: "ip:port" or "[v6]:port", port 0 to 65535. */
bool hf_config_listen_valid(const char *text);

/* Whether it is "vsock:any:port", port 0 to 65535: where a virtual machine's host reaches it. */
bool hf_config_vsock_valid(const char *text);

/*
 * Appends a description of the schema that is itself YAML to begin with: each field with its
 * meaning, bounds and default, as a comment before it. What may be left out and has no default is
 * commented out.
 */
void hf_config_describe(const struct hf_config_schema *schema, struct hf_buf *out);

#endif
