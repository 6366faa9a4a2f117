/*
 * Comparing our documents with the official ones by what they accept and refuse. Names of schemas,
 * texts for people and the way a rule is put together play no part: both sides are brought to a
 * normal form first.
 */
#ifndef PARITY_PARITY_H
#define PARITY_PARITY_H

#include "model.h"

/* Of a value that nothing satisfies; schemas never have it, merged ones may. */
#define KIND_NEVER (1u << 30)

/* A copy of the schema and all its parts in normal form; the same one each time. */
struct schema *normal_schema(struct source *source, struct schema *schema);
/* Whether it says anything at all. NULL says nothing. */
bool normal_is_open(const struct schema *schema);
/* A normal branch, with the deciding member fixed to one of the values it allows. */
struct schema *normal_chosen(struct source *source, struct schema *branch, const char *name,
                             const char *value);

/* Parts of the normal form. Copies have lists of members and texts of their own. */
struct schema *normal_copy(struct source *source, const struct schema *schema);
struct member *normal_member(struct schema *schema, const char *name); /* NULL: none */
/* Makes `into` what satisfies both. */
void normal_merge(struct source *source, struct schema *into, const struct schema *part);
/* Brings the choices and the `not` of a schema, whose parts are normal, to their shortest form. */
void normal_reduce(struct source *source, struct schema *schema);
int normal_by_text(const void *a, const void *b); /* orders texts, for qsort */
int normal_by_name(const void *a, const void *b); /* orders members */

struct difference {
    const char *where; /* "findAccounts 200 $.data[].currency" */
    const char *what;
    struct node at; /* in our document */
};

struct pair {
    const struct schema *ours, *official;
};

struct comparison {
    struct source *source;
    struct difference *differences;
    size_t count, room;
    unsigned quiet;    /* above 0: differences are only counted */
    struct pair *seen; /* compared, or being compared */
    size_t seen_count, seen_room;
};

/* Compares two operations of the same method and path. */
void compare_operations(struct comparison *c, const struct operation *ours,
                        const struct operation *official);
void compare_add(struct comparison *c, struct node at, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* How many differences there are between two schemas; either may be NULL (anything). */
size_t compare_schemas(struct comparison *c, struct schema *ours, struct schema *official,
                       const char *where);

#endif
