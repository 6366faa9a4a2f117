/* Leaves members of another version of the standard out of an answer. (Versions 7.5.) */
#include "contract/checker.h"

#include <stdlib.h>

void contract_note_cut(struct contract_cuts *cuts, size_t from, size_t to)
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
    cuts->ranges[cuts->count++] = (struct contract_range){from, to};
}

static int compare_ranges(const void *a, const void *b)
{
    const struct contract_range *left = a, *right = b;
    return (left->from > right->from) - (left->from < right->from);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the bytes behind a member begin that stay: behind its comma, when another follows. */
static size_t end_of(const struct buf *body, size_t to)
{
    size_t at = to;
    while (at < body->len && is_space(body->ptr[at])) {
        at++;
    }
    if (at == body->len || body->ptr[at] != ',') {
        return to;
    }
    for (at++; at < body->len && is_space(body->ptr[at]); at++) {
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

void contract_cut(struct contract_cuts *cuts, struct buf *body)
{
    size_t kept = 0, read = 0;
    if (cuts->count > 0) {
        qsort(cuts->ranges, cuts->count, sizeof(*cuts->ranges), compare_ranges);
    }
    for (size_t i = 0; i < cuts->count; i++) {
        const struct contract_range *range = &cuts->ranges[i];
        if (range->from < read) { /* noted twice */
            continue;
        }
        memmove(body->ptr + kept, body->ptr + read, range->from - read);
        kept += range->from - read;
        read = end_of(body, range->to);
        kept = read == range->to ? without_comma(body->ptr, kept) : kept;
    }
    if (read > 0) {
        memmove(body->ptr + kept, body->ptr + read, body->len - read);
        body->len = kept + body->len - read;
    }
    free(cuts->ranges);
    *cuts = (struct contract_cuts){0};
}
