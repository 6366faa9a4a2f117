/*
 * The contract: OpenAPI documents compiled to tables (tools/openapi-compile), and the checks that
 * use them. Tables are constant and shared by all threads; nothing here keeps state but the
 * compiled patterns, which contract_init() prepares once at start.
 *
 * The JSON check reads the bytes once, without building a tree, and is used for request bodies,
 * replies, the Hub's answers, configuration and fixture files alike. It is strict: RFC 8259,
 * UTF-8, no doubled member names, no U+0000, depth at most LIMIT_JSON_DEPTH, and at most
 * LIMIT_JSON_NAMES members that the contract does not name.
 */
#ifndef CONTRACT_CONTRACT_H
#define CONTRACT_CONTRACT_H

#include "base/error.h"
#include "http/message.h"

struct contract_schema; /* see tables.h */
struct contract_api;    /* a set of documents compiled together: operations in a fixed order */
struct contract_operation;

/* What happens to a reply that breaks the contract: refused, logged only, not even looked for. */
enum contract_replies { CONTRACT_REPLIES_ENFORCE, CONTRACT_REPLIES_LOG, CONTRACT_REPLIES_OFF };

/* A version of the standard as a number, in the order of versions; 0: none. */
#define CONTRACT_VERSION(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))

/* What was wrong, where. */
struct contract_violation {
    const char *rule; /* "type", "required", "additionalProperties", "enum", "pattern", "json", … */
    char where[256];   /* JSON path "$.data[3].amount.currency", or parameter names */
    size_t offset;     /* byte in the checked text */
    char message[160]; /* for people; never contains the offending value */
    const struct contract_object_rules *closed; /* whose other members are refused, if that it is */
};

/*
 * Compiles the patterns of an API's tables; to be called before use. Calls are counted: the
 * patterns go with the last contract_fini. Both by one thread only; checks may run meanwhile.
 */
int contract_init(const struct contract_api *api, struct lfi_error *error);
void contract_fini(const struct contract_api *api);

/* 0 or -1 with *violation filled. */
int contract_check_json(const struct contract_schema *schema, struct lfi_slice json,
                        struct contract_violation *violation);
/* The same of a file: -1 with "NAME:LINE: $.path: cause", what was there and what may be. */
int contract_check_file(const struct contract_schema *schema, const char *name,
                        struct lfi_slice text, struct lfi_error *error);
/* 1-based line of a byte offset, for messages about files. */
size_t contract_line_of(struct lfi_slice text, size_t offset);
/* Appends " (it is VALUE)" for a short text or number at an offset. */
void contract_append_value(struct lfi_slice text, size_t offset, struct buf *out);

/* --- operations ------------------------------------------------------------------------------- */

#define CONTRACT_PATH_PARAMETERS 4
#define CONTRACT_PARAMETERS 64 /* of one API, number 0 stands for none */

enum contract_found { CONTRACT_FOUND, CONTRACT_NO_PATH, CONTRACT_NO_METHOD };

struct contract_match {
    const struct contract_operation *operation;
    struct lfi_slice path_values[CONTRACT_PATH_PARAMETERS]; /* still percent-encoded */
};

/* Finds the operation of a method and a path (percent-encoded, no query). */
enum contract_found contract_match(const struct contract_api *api, struct lfi_slice method,
                                   struct lfi_slice path, struct contract_match *out);
/* Appends the methods that the path offers and `out` lacks, as an Allow header lists them: "GET,
 * PATCH". */
void contract_append_methods(const struct contract_api *api, struct lfi_slice path,
                             struct buf *out);

size_t contract_operation_count(const struct contract_api *api);
const struct contract_operation *contract_operation_at(const struct contract_api *api, size_t i);
size_t contract_operation_index(const struct contract_operation *operation); /* within its API */
/* Its row within its API's: an operation has one for each form that it has in some version. */
size_t contract_operation_row(const struct contract_operation *operation);
/*
 * The operation as it is in the newest version that is not above `version`, or else in the oldest
 * one. NULL when that one has no such operation. The same operation when its API has one version.
 */
const struct contract_operation *contract_operation_in(const struct contract_operation *operation,
                                                       uint32_t version);
/* The versions of an API whose documents were compiled in several, in their order; 0: in one. */
size_t contract_version_count(const struct contract_api *api);
uint32_t contract_version_at(const struct contract_api *api, size_t i);
/* What a version is to an API whose documents were compiled in several; unknown to all others. */
enum contract_standing { CONTRACT_UNKNOWN, CONTRACT_DRAFT, CONTRACT_FINAL };
enum contract_standing contract_standing_of(const struct contract_api *api, uint32_t version);
const char *contract_operation_id(const struct contract_operation *operation);
const char *contract_operation_method(const struct contract_operation *operation);
const char *contract_operation_path(const struct contract_operation *operation); /* template */
/* What the document says of it in short, for people; NULL: nothing. */
const char *contract_operation_summary(const struct contract_operation *operation);
bool contract_operation_open(const struct contract_operation *operation); /* auth: none */
/* Whether its request has a body that is JSON. */
bool contract_operation_takes_json(const struct contract_operation *operation);

/*
 * The decoded parameters of a request, by their number: enum <api>_parameter of the generated
 * header. Zeroed before contract_check_request; absent slice: not sent, no default.
 */
struct contract_parameters {
    struct lfi_slice values[CONTRACT_PARAMETERS];
};

static inline struct lfi_slice contract_parameter(const struct contract_parameters *parameters,
                                                  unsigned number)
{
    return parameters->values[number];
}

/*
 * Checks path, query, headers and body. Decodes into the arena. A repeated parameter violates
 * "repeated". Deprecated parameters and required ones with a default are never demanded;
 * x-lfi-lenient ones are passed through unchecked. A body of any media type is bytes.
 * violation->where names parameter or JSON path, of missing parameters all, and *in says where it
 * was ("path", "query", "header", "body").
 */
int contract_check_request(const struct contract_match *match, const struct request *request,
                           struct contract_parameters *out, const char **in,
                           struct contract_violation *violation);

/* Appends "a, b": the parameters that are required and not there. Returns how many. */
size_t contract_append_missing(const struct contract_match *match, const struct request *request,
                               struct buf *out);

/* Checks a reply (ours to the Hub, or the Hub's to us). An undeclared status falls under default.
 */
int contract_check_response(const struct contract_operation *operation, int status,
                            struct lfi_slice content_type, struct lfi_slice body,
                            struct contract_violation *violation);

/*
 * What the records of a reply must be, besides what the contract says: how many there are, and
 * whose. Records are the objects at this depth: 2 in {"data":{…}}, 3 in {"data":[{…}]}.
 */
struct contract_records {
    unsigned depth;
    uint64_t count;
    const char *member;             /* identifies a record; NULL: nothing does */
    const struct lfi_slice *values; /* its value: one for all, or one each */
    bool one_each;
};

/* What became of texts that do not fit a tolerant pattern (x-lfi-tolerant). */
struct contract_misfit_counts {
    unsigned left_out;       /* optional members */
    unsigned transliterated; /* required ones */
    unsigned refused;        /* required ones that cannot go out: the reply breaks the contract */
    unsigned later;          /* that only a later version of the operation will not take */
};

/* A reply of ours. */
struct contract_reply {
    int status;
    struct lfi_slice content_type;
    struct buf *body;
    const struct contract_records *records; /* NULL: it has none */
    bool transliterate;                     /* required texts that do not fit */
    struct buf *cut; /* gets what is left out or renamed, each name once; NULL: nobody asks */
};

/*
 * Checks a reply as contract_check_response does, and its records. From one that fits, members are
 * left out that the operation has in another version of the standard and not in this one, and a
 * member that a later version has moved gets its older name (versions 7.5). Optional members whose
 * text does not fit a tolerant pattern are left out too; required ones of these go out in plain
 * Latin letters when `transliterate` says so (versions 5.2). *counts, which may be NULL, is filled
 * in any case; `cut` may fail.
 */
int contract_check_reply(const struct contract_operation *operation,
                         const struct contract_reply *reply, struct contract_misfit_counts *counts,
                         struct contract_violation *violation);
/* Whether replies of this status may have such members. */
bool contract_response_cuts(const struct contract_operation *operation, int status);

/* Whether the document names this status itself, not a range or the default that it falls under. */
bool contract_response_names(const struct contract_operation *operation, int status);
/* Whether a reply of this status has a body; one that is not declared has what it likes. */
bool contract_response_has_body(const struct contract_operation *operation, int status);
/* Whether the declared JSON body of a status has a member of this name at its top. */
bool contract_response_has(const struct contract_operation *operation, int status,
                           const char *member);

bool contract_operation_has_parameter(const struct contract_operation *operation, const char *name);

/* Schema by name, for documents that are only schemas (configuration, fixtures). NULL: none. */
const struct contract_schema *contract_schema_named(const struct contract_api *api,
                                                    const char *name);

#endif
