/*
 * Misfits: texts of an answer that do not fit the pattern of a tolerant schema (x-lfi-tolerant).
 * A version of the standard may hold to a pattern what a bank has stored for years, such as names.
 * An answer is not lost for it: an optional member is left out, a required one goes out in plain
 * Latin letters where the provider is set to that, and where these fit. (Versions 5.2.)
 */
#ifndef CONTRACT_MISFIT_H
#define CONTRACT_MISFIT_H

#include "contract/check.h"

struct checker;

struct contract_misfit {
    size_t member, from, to; /* where the member's name begins, its value, and what follows it */
    const struct contract_text_rules *rules;
    bool required; /* by a schema of the object that it is in */
    bool refused;  /* cannot go out, and is admitted no more */
};

/* Owns the items. */
struct contract_misfits {
    struct contract_misfit *items;
    size_t count, room;
    bool failed; /* out of memory: there are more */
};

/* Of the checker, while it notes `texts`: whether a member's text may break this rule, which notes
 * it as a misfit. */
bool contract_admit_misfit(struct checker *c, const struct contract_text_rules *rules,
                           const char *rule, const char *from, const char *to);
/* Of the checker: the value belongs to a required member. */
void contract_require_misfit(struct checker *c, const char *value);
/* Of the checker: the value breaks this rule of the last version, which notes it when that is
 * tolerant of it. */
void contract_foresee_misfit(struct checker *c, const char *rule, const char *value);
/* Of the checker: how many are noted, and to forget those noted since. */
struct contract_misfit_place {
    size_t count, later;
};
struct contract_misfit_place contract_misfit_place(const struct checker *c);
void contract_keep_misfits(struct checker *c, struct contract_misfit_place place);

/*
 * Decides what becomes of each, once `required` is known of all: adds ranges to the cuts, writes
 * transliterations into the body, or marks what is refused. Counts them.
 */
void contract_mend_misfits(struct contract_misfits *misfits, bool transliterate, struct buf *body,
                           struct contract_cuts *cuts, struct contract_misfit_counts *counts);

/*
 * The text in plain Latin letters: without diacritics, with straight apostrophes, hyphens and
 * blanks. Writes at most text.len bytes; false when a letter has no such form. UTF-8.
 */
bool contract_fold_latin(struct lfi_slice text, char *out, size_t *len);

#endif
