/*
 * What is compiled into one API: documents in one or several versions. The first version is the
 * documents as they stand, each further one the same with the differences of an overlay.
 */
#ifndef OPENAPI_SET_H
#define OPENAPI_SET_H

#include "model.h"

#define SET_VERSIONS 8

struct set_version {
    const char *name; /* "v2.1"; NULL: there is only one, which needs no name */
    unsigned major, minor;
    bool draft;
    struct source source;
    struct model model;
};

/* An operation in all versions. */
struct set_slot {
    const struct operation *in[SET_VERSIONS]; /* NULL: the version has none */
    size_t form[SET_VERSIONS];                /* which of the forms, for the emitter */
};

/* An operation as it is in one version or in several. */
struct set_form {
    const struct operation *operation;
    size_t slot;
    char *text, *row; /* as written */
};

struct set {
    const char *name; /* of the API */
    struct set_version versions[SET_VERSIONS];
    size_t version_count;
    struct set_slot *slots;
    size_t slot_count, slot_room;
    const char **parameters; /* distinct names; the first has number 1 */
    size_t parameter_count, parameter_room;
    struct set_form *forms; /* one of each slot, then those that differ from it */
    size_t form_count, form_room;
};

/* A version for each overlay, after the first. To be called before the others. */
void set_read_versions(struct set *set, const char *const *overlays, size_t count);
/* The documents in all versions. */
void set_read_documents(struct set *set, char *const *documents, size_t count);
/* A file that is a mapping of names to schemas, in all versions. */
void set_read_schemas(struct set *set, const char *path);
void set_free(struct set *set);

/* The operation of a slot in the first version that has it. */
const struct operation *set_first(const struct set *set, size_t slot);
/* The parameter's number, the same in every operation; 0: no operation has it. */
int set_parameter_number(const struct set *set, const char *name);

#endif
