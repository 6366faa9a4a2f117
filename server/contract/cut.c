/* Leaves members of another version of the standard out of an answer, or gives them the name that
 * they have in its own. (Versions 7.5.) */
#include "contract/checker.h"

#include <stdlib.h>

void contract_note_cut(struct contract_cuts *cuts, struct contract_range range)
{
    if (cuts->count == cuts->room) {
        size_t room = cuts->room > 0 ? cuts->room * 2 : 16;
        struct contract_range *more = realloc(cuts->ranges, room * sizeof(*more));
        if (!more) {
            cuts->failed = true;
            return;
        }
        cuts->ranges = more;
        cuts->room = room;
    }
    cuts->ranges[cuts->count++] = range;
}

static int compare_ranges(const void *a, const void *b)
{
    const struct contract_range *left = a, *right = b;
    return (left->from > right->from) - (left->from < right->from);
}

/* Whether it is in a list of "NAME, NAME as OLDER". */
static bool is_named(struct lfi_slice list, struct lfi_slice name)
{
    struct lfi_slice one;
    while (slice_next(&list, ',', &one)) {
        one = slice_trim(one);
        if (one.len >= name.len && memcmp(one.ptr, name.ptr, name.len) == 0 &&
            (one.len == name.len || one.ptr[name.len] == ' ')) {
            return true;
        }
    }
    return false;
}

void contract_name_cuts(const struct contract_cuts *cuts, struct lfi_slice body, struct buf *out)
{
    for (size_t i = 0; i < cuts->count && !out->failed; i++) {
        const struct contract_range *range = &cuts->ranges[i];
        struct lfi_slice name = {body.ptr + range->from, range->to - range->from};
        if (range->instead && range->instead->len == 0) {
            continue; /* the end of a value that has become shorter: no name */
        }
        if (!range->instead) { /* from its quote to the end of its value */
            name.ptr++;
            name.len = (size_t)((const char *)memchr(name.ptr, '"', name.len - 1) - name.ptr);
        }
        if (!is_named(buf_slice(out), name)) {
            buf_append_format(out, "%s%.*s", out->len > 0 ? ", " : "", SLICE_ARG(name));
            buf_append_format(out, "%s%s", range->instead ? " as " : "",
                              range->instead ? range->instead->ptr : "");
        }
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the bytes behind a member begin that stay: behind its comma, when another follows. */
static size_t end_of(struct lfi_slice body, size_t to)
{
    size_t at = to;
    while (at < body.len && is_space(body.ptr[at])) {
        at++;
    }
    if (at == body.len || body.ptr[at] != ',') {
        return to;
    }
    for (at++; at < body.len && is_space(body.ptr[at]); at++) {
    }
    return at;
}

/* The length of what is kept without the comma before a last member. */
static size_t without_comma(const char *kept, size_t len)
{
    size_t at = len;
    while (at > 0 && is_space(kept[at - 1])) {
        at--;
    }
    return at > 0 && kept[at - 1] == ',' ? at - 1 : len;
}

/* How much longer names can make the body at most. */
static size_t growth_of(const struct contract_cuts *cuts)
{
    size_t growth = 0;
    for (size_t i = 0; i < cuts->count; i++) {
        const struct contract_range *range = &cuts->ranges[i];
        if (range->instead && range->instead->len > range->to - range->from) {
            growth += range->instead->len - (range->to - range->from);
        }
    }
    return growth;
}

/* Reads `body`, which ends the memory that is written from its start: never beyond what was read.
 */
static size_t rewrite(const struct contract_cuts *cuts, struct lfi_slice body, char *out)
{
    size_t kept = 0, read = 0;
    for (size_t i = 0; i < cuts->count; i++) {
        const struct contract_range *range = &cuts->ranges[i];
        if (range->from < read) { /* noted twice */
            continue;
        }
        memmove(out + kept, body.ptr + read, range->from - read);
        kept += range->from - read;
        read = range->to;
        if (range->instead) {
            memcpy(out + kept, range->instead->ptr, range->instead->len);
            kept += range->instead->len;
            continue;
        }
        read = end_of(body, range->to);
        kept = read == range->to ? without_comma(out, kept) : kept;
    }
    memmove(out + kept, body.ptr + read, body.len - read);
    return kept + body.len - read;
}

bool contract_cut(struct contract_cuts *cuts, struct buf *body)
{
    size_t growth = growth_of(cuts);
    bool room = growth == 0 || buf_reserve(body, growth);
    if (cuts->count > 0 && room) {
        qsort(cuts->ranges, cuts->count, sizeof(*cuts->ranges), compare_ranges);
        memmove(body->ptr + growth, body->ptr, body->len);
        body->len = rewrite(cuts, (struct lfi_slice){body->ptr + growth, body->len}, body->ptr);
    }
    free(cuts->ranges);
    *cuts = (struct contract_cuts){0};
    return room;
}
