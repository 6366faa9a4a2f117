/*
 * The APIs of a listener: compiled documents with their rows, side by side, each under a base path
 * of its own. Two documents may declare the same path, as long as their base paths tell them apart,
 * or one of them is for providers alone whose customers decide at CAAP.
 *
 * Made at start and never changed: any thread may search.
 */
#ifndef FLOW_API_H
#define FLOW_API_H

#include "flow/row.h"

struct api {
    const struct flow_api *flow;
    const char *base_path; /* "/x/y", before every path of the document; NULL or "": none */
    bool versioned;        /* a request may name the version that it is of */
    bool caap; /* of providers alone whose customers decide at CAAP, before the others */
};

/* Which of the APIs a request may mean: its provider decides. */
enum apis_choice {
    APIS_OWN,    /* the customers of the provider decide on the bank's own pages */
    APIS_CAAP,   /* they decide at CAAP */
    APIS_EITHER, /* the request names no provider: an API of either kind, CAAP's last */
};

struct apis;

/*
 * Prepares the contract of each; what `items` points at must outlive it. -1: out of memory, a
 * pattern that cannot be compiled, or two APIs that claim the same method and path.
 */
int apis_new(struct apis **out, const struct api *items, size_t count, struct lfi_error *error);
void apis_free(struct apis *apis);

/* What a method and a path mean. The members below `found` are set when it is CONTRACT_FOUND. */
struct api_match {
    enum contract_found found;
    const struct api *api; /* a copy of the item given to apis_new */
    size_t index;          /* of that item */
    uint32_t base_version; /* that the base path names; 0: none */
    size_t number;         /* of the operation among those of all APIs */
    const struct flow_row *row;
    struct contract_match contract;
};

void apis_find(const struct apis *apis, enum apis_choice choice, struct lfi_slice method,
               struct lfi_slice path, struct api_match *out);
/* Appends to an empty `out` the methods that the path offers, as an Allow header lists them: "GET,
 * PATCH". */
void apis_append_methods(const struct apis *apis, enum apis_choice choice, struct lfi_slice path,
                         struct buf *out);

/* The operations of all APIs, one after the other. */
size_t apis_operation_count(const struct apis *apis);
const struct contract_operation *apis_operation_at(const struct apis *apis, size_t number);
const struct flow_row *apis_row_at(const struct apis *apis, size_t number);
/*
 * Whether the operation is the provider's: not one of CAAP where its customers decide on the bank's
 * own pages, and not one that CAAP's stands in for.
 */
bool apis_is_for(const struct apis *apis, size_t number, const struct provider *provider);
/* Appends the whole path template of an operation; nothing when there is none of this id. */
void apis_append_path(const struct apis *apis, const char *id, struct buf *out);
/* An API whose requests may name a version: all such have the same ones. NULL: there is none. */
const struct contract_api *apis_versioned(const struct apis *apis);
/* What a version is to the documents that were compiled in several. */
enum contract_standing apis_standing_of(const struct apis *apis, uint32_t version);
/* Whether any API has an operation of this id. */
bool apis_has_operation(const struct apis *apis, struct lfi_slice id);
/* Whether any operation that the permission opens is offered. An unknown one opens nothing. */
bool apis_deliver(const struct apis *apis, const struct provider *provider,
                  struct lfi_slice permission);

#endif
