#include "contract/misfit.h"

#include "contract/checker.h"

#include <stdlib.h>

static struct contract_misfit *find(struct contract_misfits *misfits, size_t from)
{
    for (size_t i = 0; misfits && i < misfits->count; i++) {
        if (misfits->items[i].from == from) {
            return &misfits->items[i];
        }
    }
    return NULL;
}

static const char *back_over_space(const struct checker *c, const char *p)
{
    while (p > c->start && (p[-1] == ' ' || p[-1] == '\t' || p[-1] == '\n' || p[-1] == '\r')) {
        p--;
    }
    return p;
}

/* Where the name begins whose value this is; NULL: it is an item. Names of the contract are plain.
 */
static const char *name_of(const struct checker *c, const char *value)
{
    const char *p = back_over_space(c, value);
    if (p == c->start || p[-1] != ':') {
        return NULL;
    }
    p = back_over_space(c, p - 1) - 1;
    while (*--p != '"') {
    }
    return p;
}

static void note(struct contract_misfits *misfits, const struct contract_misfit *misfit)
{
    if (misfits->count == misfits->room) {
        size_t room = misfits->room > 0 ? misfits->room * 2 : 8;
        struct contract_misfit *more = realloc(misfits->items, room * sizeof(*more));
        if (!more) {
            misfits->failed = true;
            return;
        }
        misfits->items = more;
        misfits->room = room;
    }
    misfits->items[misfits->count++] = *misfit;
}

bool contract_admit_misfit(struct checker *c, const struct contract_text_rules *rules,
                           const char *rule, const char *from, const char *to)
{
    struct contract_misfits *misfits = c->cuts->misfits;
    if (!misfits || !rules->tolerant || strcmp(rule, "pattern") != 0) {
        return false;
    }
    const char *name = name_of(c, from);
    if (!name) {
        return false;
    }
    const struct contract_misfit *known = find(misfits, (size_t)(from - c->start));
    if (!known) {
        const struct contract_misfit misfit = {.member = (size_t)(name - c->start),
                                               .from = (size_t)(from - c->start),
                                               .to = (size_t)(to - c->start),
                                               .rules = rules};
        note(misfits, &misfit);
    }
    return !known || !known->refused;
}

void contract_require_misfit(struct checker *c, const char *value)
{
    struct contract_misfit *known = find(c->cuts->misfits, (size_t)(value - c->start));
    if (known) {
        known->required = true;
    }
}

void contract_foresee_misfit(struct checker *c, const char *rule, const char *value)
{
    struct contract_misfits *later = c->cuts->later;
    size_t from = (size_t)(value - c->start);
    if (later && strcmp(rule, "pattern") == 0 && name_of(c, value) && !find(later, from)) {
        note(later, &(const struct contract_misfit){.from = from});
    }
}

static size_t count_of(const struct contract_misfits *misfits)
{
    return misfits ? misfits->count : 0;
}

struct contract_misfit_place contract_misfit_place(const struct checker *c)
{
    return (struct contract_misfit_place){count_of(c->cuts->misfits), count_of(c->cuts->later)};
}

static void keep(struct contract_misfits *misfits, size_t count)
{
    if (misfits) {
        misfits->count = count;
    }
}

void contract_keep_misfits(struct checker *c, struct contract_misfit_place place)
{
    keep(c->cuts->misfits, place.count);
    keep(c->cuts->later, place.later);
}

/* Whether it stands in a literal of JSON as it is. */
static bool is_literal(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && (unsigned char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\') {
        i++;
    }
    return i == len;
}

/* Writes the text in plain letters over its literal, with a range for the bytes that are left. */
static bool transliterate(const struct contract_misfit *misfit, struct buf *body,
                          struct contract_cuts *cuts)
{
    static const struct contract_text nothing = {"", 0};
    struct contract_scratch scratch = {.match = NULL};
    struct lfi_slice raw = {body->ptr + misfit->from + 1, misfit->to - misfit->from - 2};
    char *value = malloc(2 * raw.len + 2);
    if (!value) {
        return false;
    }
    char *plain = value + raw.len + 1;
    size_t len = contract_unescape(raw, value);
    bool fits =
        contract_fold_latin((struct lfi_slice){value, len}, plain, &len) &&
        !contract_broken_text_rule(misfit->rules, (struct lfi_slice){plain, len}, len, &scratch) &&
        is_literal(plain, len);
    contract_scratch_end(&scratch);
    if (fits) {
        size_t end = misfit->from + len + 2;
        memcpy(body->ptr + misfit->from + 1, plain, len);
        body->ptr[end - 1] = '"';
        memset(body->ptr + end, ' ', misfit->to - end);
        contract_note_cut(cuts, (struct contract_range){end, misfit->to, &nothing});
    }
    free(value);
    return fits;
}

void contract_mend_misfits(struct contract_misfits *misfits, bool latin, struct buf *body,
                           struct contract_cuts *cuts, struct contract_misfit_counts *counts)
{
    for (size_t i = 0; i < misfits->count; i++) {
        struct contract_misfit *misfit = &misfits->items[i];
        if (!misfit->required) {
            contract_note_cut(cuts, (struct contract_range){misfit->member, misfit->to, NULL});
            counts->left_out++;
        } else if (latin && transliterate(misfit, body, cuts)) {
            counts->transliterated++;
        } else {
            misfit->refused = true;
            counts->refused++;
        }
    }
}
