/* Inside the contract room: the check of one text value, and the parts of json_check.c. */
#ifndef CONTRACT_CHECK_H
#define CONTRACT_CHECK_H

#include "contract/tables.h"

/*
 * Checks a decoded parameter value. Numbers and booleans are read from the text; in a date-time a
 * blank may stand for the + of the offset, which is what an unencoded + of a query decodes to.
 * `violation->where` is left alone.
 */
int contract_check_text(const struct contract_schema *schema, struct lfi_slice text,
                        struct contract_violation *violation);

/* Bytes of a body, from its start. */
struct contract_range {
    size_t from, to;
    const struct contract_text *instead; /* the name that replaces the one here; NULL: left out */
};

struct contract_misfits; /* misfit.h */

/*
 * Members of another version in a body, with their names, or of those that have moved the names
 * alone. Owns the ranges, some of them twice.
 */
struct contract_cuts {
    struct contract_range *ranges;
    size_t count, room;
    bool failed;                      /* out of memory: there are more */
    struct contract_misfits *misfits; /* not owned; NULL: no text may break a pattern */
    struct contract_misfits *later;   /* not owned: texts that the last version will not take */
};

/*
 * contract_check_json, and what the records must be; `records` may be NULL. `cuts`, which may be
 * NULL too: members of another version are admitted and noted, and in cuts->misfits texts that do
 * not fit the pattern of a tolerant schema, in cuts->later those of the last version.
 */
int contract_check_tree(const struct contract_schema *schema,
                        const struct contract_records *records, struct lfi_slice json,
                        struct contract_cuts *cuts, struct contract_violation *violation);
/* Adds a range. */
void contract_note_cut(struct contract_cuts *cuts, struct contract_range range);
/* Appends "NAME, NAME as OLDER": each once. */
void contract_name_cuts(const struct contract_cuts *cuts, struct lfi_slice body, struct buf *out);
/*
 * Leaves the members out of the body, with their commas, renames those that have moved, and frees
 * the ranges. False, and the body has failed, when the longer names have no room.
 */
bool contract_cut(struct contract_cuts *cuts, struct buf *body);

/* Whether a text, which is UTF-8, has the form. */
bool contract_format_fits(enum contract_format format, struct lfi_slice text);

/* A string literal of JSON, between its quotes. */
struct contract_string {
    struct lfi_slice raw;
    size_t points; /* code points it stands for */
    bool escaped;  /* raw is not the value itself */
};

/*
 * Reads a string whose opening quote is at `p`. The place after the closing quote; NULL when it is
 * not a string, with *at the place where that shows. An unpaired surrogate and U+0000 are refused.
 */
const char *contract_scan_string(const char *p, const char *end, struct contract_string *out,
                                 const char **at);
/* Reads a number: the place after it, or NULL. */
const char *contract_scan_number(const char *p, const char *end, bool *integer);
/* Writes the value of an escaped string to `out`, which has raw.len bytes; its length. */
size_t contract_unescape(struct lfi_slice raw, char *out);
/* Code points of UTF-8 text, or SIZE_MAX when it is not UTF-8. */
size_t contract_count_points(struct lfi_slice text);

#define CONTRACT_HASH_START UINT64_C(0xcbf29ce484222325)
/* FNV-1a over more bytes, and over the value of a string. */
uint64_t contract_hash_bytes(uint64_t hash, const char *bytes, size_t len);
uint64_t contract_hash_string(const struct contract_string *string);
/* Of a value already known to be JSON: equal for equal values, whatever the order of members. */
uint64_t contract_hash_value(struct lfi_slice json);

/* Patterns: what contract_init made of them. One scratch per check, set up on first use. */
struct contract_scratch {
    struct pcre2_real_match_data_8 *match; /* NULL: not set up */
    size_t used;
    _Alignas(max_align_t) char bytes[512];
};

/* The text is UTF-8. False also when the match takes too many steps. */
bool contract_pattern_fits(const struct contract_pattern *pattern, struct lfi_slice text,
                           struct contract_scratch *scratch);
void contract_scratch_end(struct contract_scratch *scratch);

/* Order of the texts of an enum: by length, then by bytes. */
int contract_compare_text(const struct contract_text *known, struct lfi_slice text);
/* The rule that a value breaks, or NULL. `points` are the text's code points. */
const char *contract_broken_text_rule(const struct contract_text_rules *rules,
                                      struct lfi_slice text, size_t points,
                                      struct contract_scratch *scratch);
const char *contract_broken_number_rule(const struct contract_number_rules *rules,
                                        struct lfi_slice number);
/* What to tell people about a broken rule. */
void contract_describe_text_rule(const struct contract_text_rules *rules, const char *rule,
                                 char *out, size_t size);
void contract_describe_number_rule(const struct contract_number_rules *rules, const char *rule,
                                   char *out, size_t size);
void contract_describe_kinds(unsigned kinds, char *out, size_t size);

#endif
