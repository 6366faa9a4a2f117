/*
 * Names for comparison: one spelling of each letter. The part of Unicode's NFKC that names meet
 * (full-width Latin, Arabic presentation forms), diacritics, tatweel and invisible marks taken out,
 * Arabic letters of one sound written as one, lower case, accents off, punctuation turned to
 * blanks.
 */
#ifndef HUB_SIM_NAME_FOLD_H
#define HUB_SIM_NAME_FOLD_H

#include <lfi/core.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The next character of UTF-8 text, which is cut off; U+FFFD for a byte that begins none. 0 at the
 * end.
 */
uint32_t name_next(struct lfi_slice *text);
/* Appends the character as UTF-8; returns the bytes written, at most 4. */
size_t name_encode(uint32_t character, char *out);
/* Whether the character belongs to the one before it. */
bool name_is_mark(uint32_t character);
bool name_is_arabic(uint32_t character);

/* Folds into at most `max` characters; returns how many. Blanks separate words. */
size_t name_fold(struct lfi_slice text, uint32_t *out, size_t max);

#endif
