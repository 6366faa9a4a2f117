/*
 * Slices: text that is not NUL-terminated, borrowed from whoever owns the bytes (struct lfi_slice
 * in lfi/core.h). No function here allocates.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <lfi/core.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A slice of a string literal, and one of a C string. */
#define SLICE(literal) ((struct lfi_slice){("" literal), sizeof(literal) - 1})
/* For printf("%.*s"). Only for slices known to be shorter than INT_MAX. */
#define SLICE_ARG(s) ((int)(s).len), ((s).ptr ? (s).ptr : "")

struct lfi_slice slice_of(const char *text); /* NULL gives the absent slice */
bool slice_equal(struct lfi_slice a, struct lfi_slice b);
bool slice_equal_text(struct lfi_slice a, const char *b);
/* Equal but for the case of ASCII letters. */
bool slice_equal_letters(const char *a, const char *b, size_t len);
/* The same; inline, so that the length of a literal costs nothing. */
static inline bool slice_equal_nocase(struct lfi_slice a, const char *b)
{
    return a.len == strlen(b) && slice_equal_letters(a.ptr, b, a.len);
}
bool slice_starts_with(struct lfi_slice a, const char *prefix);
struct lfi_slice slice_trim(struct lfi_slice a); /* blanks and tabs at both ends */
/* Cuts the part before `separator` off *rest; false when nothing is left. */
bool slice_next(struct lfi_slice *rest, char separator, struct lfi_slice *out);
/* At most `max` bytes from the front, cut between characters of UTF-8. */
struct lfi_slice slice_cut(struct lfi_slice a, size_t max);
/* The same of at most `max` characters. */
struct lfi_slice slice_cut_characters(struct lfi_slice a, size_t max);
/* Decimal digits only, no sign; false on anything else or overflow. */
bool slice_to_u64(struct lfi_slice a, uint64_t *out);
/* Equality in time that depends on the lengths only. For secrets. */
bool slice_equal_secret(struct lfi_slice a, struct lfi_slice b);

#endif
