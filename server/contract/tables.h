/*
 * What tools/openapi-compile fills: the documents as constant tables. Only generated code writes
 * these structs; only server/contract reads them, and the coverage report of tools/fixtures.
 * Members left out of an initialiser are zero, which always means "no such rule".
 */
#ifndef CONTRACT_TABLES_H
#define CONTRACT_TABLES_H

#include "contract/contract.h"

/* Kinds of JSON values, as bits. An integer is a number too: the compiler sets both bits. */
enum {
    CONTRACT_NULL = 1,
    CONTRACT_BOOLEAN = 2,
    CONTRACT_INTEGER = 4,
    CONTRACT_NUMBER = 8,
    CONTRACT_STRING = 16,
    CONTRACT_ARRAY = 32,
    CONTRACT_OBJECT = 64,
    CONTRACT_ANY = 127,
};

enum contract_format {
    CONTRACT_FORMAT_NONE,
    CONTRACT_FORMAT_DATE,
    CONTRACT_FORMAT_DATE_TIME,
    CONTRACT_FORMAT_EMAIL,
    CONTRACT_FORMAT_URI,
    CONTRACT_FORMAT_UUID,
    CONTRACT_FORMAT_BYTE,
    CONTRACT_FORMAT_IPV4,
    CONTRACT_FORMAT_IPV6,
    CONTRACT_FORMAT_DURATION,
};

/*
 * PCRE2's options for a pattern of the contract, read as in ECMAScript: unanchored, \d and \w are
 * ASCII, $ is the end of the text only.
 */
#define CONTRACT_PATTERN_OPTIONS                                                                   \
    (PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS)

/* The one part that is not constant: `code` is made by contract_init, which counts its callers. */
struct contract_pattern {
    const char *text;
    struct contract_pattern_code *code;
    unsigned users;
};

struct contract_text {
    const char *ptr;
    uint32_t len;
};

struct contract_text_rules {
    uint32_t min_length, max_length;     /* code points; max 0: none */
    const struct contract_text *choices; /* enum, ordered by length, then bytes */
    uint16_t choice_count;
    uint8_t format;
    struct contract_pattern *pattern;
    bool tolerant;                           /* x-lfi-tolerant */
    const struct contract_text_rules *later; /* tolerant ones of the last version; NULL: none */
};

struct contract_bound {
    double value;
    bool set, exclusive;
};

/* multipleOf: divisor / 10^decimals. */
struct contract_multiple {
    const char *text; /* as written */
    uint64_t divisor; /* below 10^CONTRACT_MULTIPLE_DIGITS; 0: none */
    int16_t decimals; /* negative: powers of ten */
};
#define CONTRACT_MULTIPLE_DIGITS 18

struct contract_number_rules {
    struct contract_bound min, max;
    struct contract_multiple multiple;
};

struct contract_array_rules {
    const struct contract_schema *items; /* NULL: anything */
    uint32_t min_items, max_items;       /* max UINT32_MAX: none */
    bool unique;
};

/* At most CONTRACT_MEMBERS per object, so that those seen fit in one word. */
#define CONTRACT_MEMBERS 64
/* Names of members and texts of an enum are shorter than this; names have no quote or backslash. */
#define CONTRACT_NAME_BYTES 128

struct contract_member {
    struct contract_text name;
    const struct contract_schema *schema; /* NULL: anything */
};

/* A member of another version. An object has at most one that has moved. */
struct contract_other {
    struct contract_text name;
    int16_t moved; /* its value is told as members[moved] of this version; -1: left out */
};

struct contract_object_rules {
    const struct contract_member *members;
    uint16_t member_count;
    bool closed;                              /* other members are refused */
    uint64_t required;                        /* bit i: members[i] */
    const struct contract_schema *additional; /* of other members; NULL: anything */
    uint32_t min_members, max_members;        /* max UINT32_MAX: none */
    const struct contract_other *others;      /* of answers alone */
    uint16_t other_count;
};

enum contract_combine {
    CONTRACT_ALL_OF,
    CONTRACT_ANY_OF,
    CONTRACT_ONE_OF,
    CONTRACT_NOT,
    CONTRACT_CHOSEN, /* a discriminator picks the branch: branches[i] for texts[i] */
};

struct contract_combination {
    enum contract_combine kind;
    uint16_t count;
    const struct contract_schema *const *branches;
    struct contract_text discriminator; /* name of the deciding member */
    const struct contract_text *texts;
};

struct contract_schema {
    uint8_t kinds;
    uint8_t combination_count;
    const struct contract_text_rules *text;
    const struct contract_number_rules *number;
    const struct contract_array_rules *array;
    const struct contract_object_rules *object;
    const struct contract_combination *combinations;
};

enum contract_place { CONTRACT_IN_PATH, CONTRACT_IN_QUERY, CONTRACT_IN_HEADER };

struct contract_parameter_rules {
    struct contract_text name;
    enum contract_place place;
    uint8_t number;                /* within the API: enum <name>_parameter */
    uint8_t path_index;            /* which {parameter} of the template */
    bool demanded;                 /* required, neither deprecated nor with a default */
    bool lenient;                  /* x-lfi-lenient */
    struct contract_text fallback; /* default; ptr NULL: none */
    const struct contract_schema *schema;
};

enum contract_media {
    CONTRACT_MEDIA_NONE,
    CONTRACT_MEDIA_JSON,
    CONTRACT_MEDIA_FORM,
    CONTRACT_MEDIA_ANY, /* bytes, of which the size alone is checked */
};

struct contract_body_rules {
    enum contract_media media;
    bool required;
    const struct contract_schema *schema;
    uint32_t min_bytes, max_bytes; /* of CONTRACT_MEDIA_ANY; max 0: none */
};

#define CONTRACT_STATUS_DEFAULT 0 /* other negative values: -2 is 2XX */

struct contract_response_rules {
    int16_t status;
    struct contract_body_rules body;
    bool cuts;      /* members of another version are looked for */
    bool tolerates; /* has texts that are tolerant */
    bool foresees;  /* has texts that the last version is tolerant of */
};

struct contract_operation {
    const struct contract_api *api;
    const char *id, *method, *path;
    const char *summary; /* NULL: the document has none */
    uint16_t index;      /* the same in all versions */
    bool open;           /* no credential is asked for */
    const struct contract_parameter_rules *parameters;
    uint16_t parameter_count, response_count;
    struct contract_body_rules body;
    const struct contract_response_rules *responses;
};

/* A path template cut at its slashes; a segment without text is a parameter. */
struct contract_path {
    const struct contract_text *segments;
    const struct contract_operation *const *operations;
    uint8_t segment_count, operation_count;
};

/* What a version has in place of operations[i]; NULL: it has no such operation. */
struct contract_version {
    uint32_t number; /* CONTRACT_VERSION */
    bool draft;
    const struct contract_operation *const *operations;
};

struct contract_named {
    const char *name;
    const struct contract_schema *schema;
};

struct contract_api {
    const char *name;
    const struct contract_operation *operations; /* each once, then the forms that differ from it */
    const struct contract_path *paths;           /* fixed segments come before parameters */
    const struct contract_named *schemas;
    struct contract_pattern *patterns;
    const struct contract_version *versions; /* in their order; NULL: there is one only */
    uint16_t operation_count, path_count, schema_count, pattern_count, version_count;
};

#endif
