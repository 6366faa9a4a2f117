/*
 * What the documents say, as plain structures: schemas with their references followed, and
 * operations. Shared by the compiler and the parity check. Everything lives in the source's pool.
 */
#ifndef OPENAPI_MODEL_H
#define OPENAPI_MODEL_H

#include "source.h"

/* Kinds of values, as bits; an integer schema has only SCHEMA_INTEGER. */
enum {
    SCHEMA_NULL = 1,
    SCHEMA_BOOLEAN = 2,
    SCHEMA_INTEGER = 4,
    SCHEMA_NUMBER = 8,
    SCHEMA_STRING = 16,
    SCHEMA_ARRAY = 32,
    SCHEMA_OBJECT = 64,
};

struct schema_list {
    struct schema **items;
    size_t count;
};

struct member {
    const char *name;
    struct schema *schema; /* NULL: required, but nothing more is said of it */
    bool required;
};

struct choice {
    const char *value; /* of the discriminator */
    struct schema *schema;
};

/* A member of another version. */
struct other_member {
    const char *name;
    const char *older; /* under which name this version has it; NULL: not at all */
};

#define NO_LIMIT (-1)

struct schema {
    struct node at;
    unsigned kinds; /* 0: any */
    const char *format;
    const char **texts; /* enum */
    size_t text_count;
    const char *pattern;
    bool tolerant;              /* of texts in answers that do not fit the pattern */
    const struct schema *later; /* what the text is in the last version, where that is tolerant */
    long long min_length, max_length, min_items, max_items, min_members, max_members;
    const char *minimum, *maximum; /* as written; NULL: none */
    bool exclusive_minimum, exclusive_maximum;
    const char *multiple; /* multipleOf, as written; NULL: none */
    bool unique_items;
    struct schema *items;
    struct member *members;
    size_t member_count;
    bool closed;
    struct schema *additional;
    struct other_member *others; /* that it has in another version only */
    size_t other_count;
    struct schema_list all_of, any_of, one_of;
    struct schema *not_one;
    const char *discriminator;
    struct choice *choices;
    size_t choice_count;
    const char *fallback; /* default, as written; {} for an empty mapping */
    /* for the emitter */
    int id;
    bool busy;
    /* for the parity check */
    struct schema *normal;
    bool halves; /* made of closed parts that forbid each other's members */
};

enum place { IN_PATH, IN_QUERY, IN_HEADER };

struct parameter {
    struct node at;
    const char *name;
    enum place place;
    bool required, deprecated, lenient;
    struct schema *schema;
};

enum media { MEDIA_NONE, MEDIA_JSON, MEDIA_FORM, MEDIA_ANY };

struct body {
    enum media media;
    bool required;
    struct schema *schema;
};

struct response {
    int status; /* 0 default, -2 for 2XX */
    struct body body;
};

/* FAMILY.FUNCTION of the core's interface; NULL when not said. */
struct capability {
    const char *family, *function;
};

/* x-lfi: what the operation means. Texts are NULL when not said. */
struct row {
    struct node at; /* raw NULL: the operation has none */
    struct capability serves;
    struct capability also;      /* what a handler needs besides */
    const char *subject, *reply; /* one of the known words */
    const char *record;
    const char *select;                  /* NULL: the family serves one thing */
    const char *query, *shape, *handler; /* C functions */
    const char **permissions, **stages;
    size_t permission_count, stage_count;
    bool later, open, connect_token, stream;
};

struct operation {
    struct node at;
    const char *id, *method, *path;
    const char *summary; /* NULL: none */
    struct row row;
    struct parameter *parameters;
    size_t parameter_count;
    struct body body;
    struct response *responses;
    size_t response_count;
};

struct named_schema {
    const char *name;
    struct schema *schema;
};

/* A member that the schema with these `properties` has in another version only. */
struct other {
    const yaml_node_t *properties;
    struct other_member member;
};

struct model {
    struct source *source;
    struct schema_table *table; /* node to schema, so that recursion ends */
    struct operation *operations;
    size_t operation_count, operation_room;
    struct named_schema *schemas;
    size_t schema_count, schema_room;
    struct other *others;
    size_t other_count, other_room;
    struct node
        formats;  /* of an overlay: patterns that texts of a format must have; may be absent */
    bool closed;  /* objects that list members have no others, unless they say so themselves */
    bool foreign; /* tolerate what others write: x-… members, a discriminator without effect */
};

struct schema *model_schema(struct model *model, struct node node);
/* Adds the operations of an OpenAPI document. */
void model_add_document(struct model *model, const char *path);
/* Adds a file that is a mapping of names to schemas. */
void model_add_schemas(struct model *model, const char *path);
/* Reads x-lfi; an absent node is no row. */
void model_read_row(struct model *model, struct row *out, struct node node);
/* Like node_only, but lets x-… pass in foreign documents. */
void model_only(const struct model *model, struct node map, const char *what,
                const char *const *names);

#endif
