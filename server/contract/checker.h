/* Inside the JSON check: what json_check.c and combine.c share. */
#ifndef CONTRACT_CHECKER_H
#define CONTRACT_CHECKER_H

#include "base/limits.h"
#include "base/text.h"
#include "contract/check.h"

struct checker {
    const char *start, *end;
    unsigned depth;
    unsigned quiet;  /* above 0: a branch is only tried, write no violation */
    const char *far; /* furthest place at which a branch failed */
    struct contract_violation *violation;
    char where[sizeof(((struct contract_violation *)0)->where)]; /* filled from its end */
    size_t where_at;
    struct contract_scratch scratch;
    const struct contract_records *records; /* what they must be; may be NULL */
    uint64_t record_count;
    const char *record_at;      /* the last one counted: a branch may be tried again */
    bool unidentified;          /* the member that identifies it has not been seen */
    struct contract_cuts *cuts; /* notes members of other versions, which may be there; or NULL */
    bool texts;        /* some may break a pattern, which is noted: cuts->misfits, cuts->later */
    size_t hash_count; /* of names and items that must differ, a stack */
    uint64_t hashes[LIMIT_JSON_NAMES];
};

extern const struct contract_schema contract_anything;

/*
 * The check of the value at `p`: the place after it, or NULL with the violation filled (unless
 * quiet).
 */
const char *contract_check_value(struct checker *c, const struct contract_schema *schema,
                                 const char *p);
/*
 * The value at `p` against this combination: the place after it, or NULL. (Of `not`, which reads
 * nothing that fits, it is `p`.)
 */
const char *contract_check_combination(struct checker *c,
                                       const struct contract_combination *combination,
                                       const char *p);
/*
 * Whether the schema asks nothing itself of the value at `p`. Then the branches read all of it, and
 * need not be tried on what has been read before. NULL: it does not fit, and unless quiet nothing
 * is noted.
 */
bool contract_is_combined(const struct contract_schema *schema, const char *p);
const char *contract_try_combined(struct checker *c, const struct contract_schema *schema,
                                  const char *p);
/* Notes what is wrong; returns NULL. */
__attribute__((cold)) const char *contract_fail(struct checker *c, const char *at, const char *rule,
                                                const char *message);
/* Puts a member's name before the place gathered so far. */
void contract_push_name(struct checker *c, struct lfi_slice name);

#endif
