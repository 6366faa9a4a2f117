/*
 * YAML files and their nodes. Files are read once and kept until source_free; nodes point into
 * them. Every mistake in a document ends the program with "FILE:LINE: cause" on standard error
 * and exit status 1, so the functions here and in model.h have no error returns.
 */
#ifndef OPENAPI_SOURCE_H
#define OPENAPI_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#define SOURCE_GRAFTS 8 /* files whose nodes another file may take over */

struct source_file {
    struct source_file *next;
    char *path; /* as resolved, for identity */
    char *name; /* as given, for messages */
    yaml_document_t document;
    const char *grafts[SOURCE_GRAFTS]; /* names of the files that nodes were taken from */
    size_t graft_count;
};

struct source {
    struct source_file *files;
    struct pool_block *pool;
};

/* `raw` NULL: there is no such node. */
struct node {
    struct source_file *file;
    yaml_node_t *raw;
};

/* Zeroed memory that lives until source_free. */
void *source_alloc(struct source *source, size_t size);
void *source_array(struct source *source, size_t count, size_t size);
/* `items`, or a larger copy when all of *room are used. */
void *source_grow(struct source *source, void *items, size_t used, size_t *room, size_t size);
char *source_format(struct source *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void source_free(struct source *source);

/* Root of a file; `from` (may be absent) is where it was mentioned. */
struct node source_open(struct source *source, const char *path, struct node from);
/*
 * The node that a mapping {$ref: …} stands for, through any chain of them; other nodes stand for
 * themselves. A reference is FILE#/NAME, #/NAME or a longer JSON pointer. Beside $ref only a
 * description may stand.
 */
struct node source_follow(struct source *source, struct node node);
/* The node that a reference text names; absent when its file has none. */
struct node source_find(struct source *source, struct node at, const char *reference);
/* The same; refuses when there is none. */
struct node source_resolve(struct source *source, struct node at, const char *reference);

/*
 * Editing a file that has been read: nodes are named by their number in the document, as they move
 * in memory when one is added. source_graft copies a node of another file, with all below it, and
 * gives the copy's number; messages about it name the file that it came from.
 */
int source_graft(struct source_file *to, struct node from);
void source_append_member(struct source_file *file, int mapping, const char *name, int value);
void source_append_item(struct source_file *file, int list, int item);
void source_remove(struct node from, size_t i); /* the i-th member or item */

_Noreturn void node_fail(struct node at, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
size_t node_line(struct node node);
const char *node_file(struct node node); /* for messages */

bool node_is_map(struct node node);
bool node_is_list(struct node node);
size_t node_count(struct node node); /* members or items; fails on a scalar */
struct node node_item(struct node list, size_t i);
struct node node_member(struct node map, size_t i, const char **name);
struct node node_get(struct node map, const char *name); /* absent when missing */
struct node node_need(struct node map, const char *name);
/* Fails on any member that is not in the NULL-terminated list; x-lfi-… members must be listed. */
void node_only(struct node map, const char *what, const char *const *names);

enum node_kind { NODE_NULL, NODE_BOOLEAN, NODE_INTEGER, NODE_NUMBER, NODE_TEXT };
/* How a scalar reads (YAML 1.2 core schema); fails on lists and mappings. */
enum node_kind node_scalar(struct node node);
const char *node_text(struct node node); /* the scalar as written, of any kind */
/* Text only: a plain number or true is refused, as it lacks quotes. */
const char *node_string(struct node node);
/* The fallback when absent. */
bool node_bool(struct node node, bool fallback);
long long node_size(struct node node, long long fallback); /* 0 … 2^31 */

#endif
