#include "name_match.h"

#include "base/array.h"
#include "name_words.h"

#define LIKE 0.88          /* Jaro-Winkler below this is no similarity */
#define LIKE_ONE_WORD 0.90 /* where both names are a single word */
#define SPELLING 0.95      /* another spelling of the same name */
#define SPELLING_LIKE 0.75 /* in one script, the same sound needs this likeness too */
#define INITIAL 0.80
#define ENOUGH 0.80 /* of what was submitted, matched */
#define EDGE_WEIGHT 2.0
#define PARTS 4 /* names in one text */

/* --- two words -------------------------------------------------------------------------------- */

static size_t count_common(const struct name_word *a, const struct name_word *b, bool *in_a,
                           bool *in_b)
{
    size_t longer = a->len > b->len ? a->len : b->len, common = 0;
    size_t reach = longer / 2 > 0 ? longer / 2 - 1 : 0;
    for (size_t i = 0; i < a->len; i++) {
        size_t from = i > reach ? i - reach : 0;
        for (size_t j = from; j < b->len && j <= i + reach; j++) {
            if (!in_b[j] && a->letters[i] == b->letters[j]) {
                in_a[i] = in_b[j] = true;
                common++;
                break;
            }
        }
    }
    return common;
}

static double jaro_winkler(const struct name_word *a, const struct name_word *b)
{
    bool in_a[NAME_LETTERS] = {false}, in_b[NAME_LETTERS] = {false};
    size_t common = count_common(a, b, in_a, in_b), moved = 0, prefix = 0;
    if (common == 0) {
        return 0;
    }
    for (size_t i = 0, j = 0; i < a->len; i++) {
        if (in_a[i]) {
            while (!in_b[j]) {
                j++;
            }
            moved += a->letters[i] != b->letters[j++];
        }
    }
    while (prefix < 4 && prefix < a->len && prefix < b->len &&
           a->letters[prefix] == b->letters[prefix]) {
        prefix++;
    }
    double m = (double)common;
    double jaro = (m / (double)a->len + m / (double)b->len + (m - (double)(moved / 2)) / m) / 3;
    return jaro + 0.1 * (double)prefix * (1 - jaro);
}

static double likeness(const struct name_word *a, const struct name_word *b)
{
    if (name_same(a, b)) {
        return 1;
    }
    if (name_listed_variant(a, b)) {
        return SPELLING;
    }
    if (a->arabic != b->arabic) {
        return name_same_sound(a, b, 2) ? SPELLING : 0;
    }
    double like = jaro_winkler(a, b);
    if (like >= SPELLING_LIKE && name_same_sound(a, b, 3)) {
        return SPELLING;
    }
    if ((a->len == 1 || b->len == 1) && a->letters[0] == b->letters[0]) {
        return INITIAL;
    }
    return like >= LIKE ? like : 0;
}

/* --- two names -------------------------------------------------------------------------------- */

struct alignment {
    double best[NAME_WORDS];                  /* of each submitted word */
    const struct name_word *pair[NAME_WORDS]; /* with which word; NULL: with none */
    size_t matched;
};

/* Words of descent count only where both names have them. */
static void drop_descent(struct name_words *words)
{
    size_t kept = 0;
    for (size_t i = 0; i < words->count; i++) {
        if (!words->words[i].descent) {
            words->words[kept++] = words->words[i];
        }
    }
    words->count = kept;
}

static bool has_descent(const struct name_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (words->words[i].descent) {
            return true;
        }
    }
    return false;
}

/* The most alike pair first, in any order of words. */
static void align(struct alignment *out, const struct name_words *submitted,
                  const struct name_words *held)
{
    double like[NAME_WORDS][NAME_WORDS];
    bool taken[NAME_WORDS] = {false};
    *out = (struct alignment){.matched = 0};
    for (size_t i = 0; i < submitted->count; i++) {
        for (size_t j = 0; j < held->count; j++) {
            like[i][j] = likeness(&submitted->words[i], &held->words[j]);
        }
    }
    for (;;) {
        double best = 0;
        size_t at = 0, with = 0;
        for (size_t i = 0; i < submitted->count; i++) {
            for (size_t j = 0; !out->pair[i] && j < held->count; j++) {
                if (!taken[j] && like[i][j] > best) {
                    best = like[i][j];
                    at = i;
                    with = j;
                }
            }
        }
        if (best <= 0) {
            return;
        }
        taken[with] = true;
        out->best[at] = best;
        out->pair[at] = &held->words[with];
        out->matched++;
    }
}

/* Equal words, or names of two scripts of which every word is in the list of spellings. */
static bool are_equal(const struct alignment *alignment, const struct name_words *submitted,
                      const struct name_words *held)
{
    if (submitted->count != held->count || submitted->count == 0 ||
        submitted->forms != held->forms) {
        return false;
    }
    for (size_t i = 0; i < submitted->count; i++) {
        const struct name_word *word = &submitted->words[i], *pair = alignment->pair[i];
        bool listed = pair && word->arabic != pair->arabic && name_listed_variant(word, pair);
        if (!pair || (!name_same(word, pair) && !listed)) {
            return false;
        }
    }
    return true;
}

static bool are_close(const struct alignment *alignment, const struct name_words *submitted,
                      const struct name_words *held)
{
    double matched = 0, all = 0;
    size_t last = submitted->count - 1;
    if (submitted->count == 1 && held->count == 1) {
        return alignment->best[0] >= LIKE_ONE_WORD;
    }
    for (size_t i = 0; i <= last; i++) {
        double weight = i == 0 || i == last ? EDGE_WEIGHT : 1;
        matched += weight * alignment->best[i];
        all += weight;
    }
    return matched >= ENOUGH * all && alignment->matched >= 2 &&
           (alignment->best[0] >= SPELLING || alignment->best[last] >= SPELLING);
}

static enum name_verdict compare(struct lfi_slice name, const struct name_holder *holder)
{
    struct name_words submitted, held;
    struct alignment alignment;
    name_split(&submitted, name, holder->business);
    name_split(&held, holder->name, holder->business);
    if (!has_descent(&submitted) || !has_descent(&held)) {
        drop_descent(&submitted);
        drop_descent(&held);
    }
    if (submitted.count == 0 || held.count == 0) {
        return NAME_NO;
    }
    align(&alignment, &submitted, &held);
    if (are_equal(&alignment, &submitted, &held)) {
        return NAME_YES;
    }
    return are_close(&alignment, &submitted, &held) ? NAME_PARTIAL : NAME_NO;
}

/* --- several holders -------------------------------------------------------------------------- */

/* Cuts the text where it goes on with another name; returns the number of parts. */
static size_t split_names(struct lfi_slice text, struct lfi_slice *parts)
{
    static const char *const joints[] = {" and ", " & ", "/", " و "};
    size_t count = 0, begin = 0;
    for (size_t i = 0; i < text.len && count + 1 < PARTS; i++) {
        struct lfi_slice rest = {text.ptr + i, text.len - i};
        for (size_t j = 0; j < ARRAY_LEN(joints); j++) {
            if (slice_starts_with(rest, joints[j])) {
                parts[count++] = (struct lfi_slice){text.ptr + begin, i - begin};
                begin = i + strlen(joints[j]);
                i = begin - 1;
                break;
            }
        }
    }
    parts[count++] = (struct lfi_slice){text.ptr + begin, text.len - begin};
    return count;
}

/* The weakest verdict of the parts, each with a holder of its own. */
static enum name_verdict compare_parts(const struct lfi_slice *parts, size_t part_count,
                                       const struct name_holder *holders, size_t count)
{
    bool taken[NAME_HOLDERS] = {false};
    enum name_verdict weakest = NAME_YES;
    for (size_t i = 0; i < part_count; i++) {
        enum name_verdict best = NAME_NO;
        size_t with = 0;
        for (size_t j = 0; j < count; j++) {
            enum name_verdict verdict = taken[j] ? NAME_NO : compare(parts[i], &holders[j]);
            if (verdict > best) {
                best = verdict;
                with = j;
            }
        }
        taken[with] = best > NAME_NO;
        weakest = best < weakest ? best : weakest;
    }
    return weakest;
}

enum name_verdict name_match(struct lfi_slice submitted, const struct name_holder *holders,
                             size_t count, size_t *best)
{
    struct lfi_slice parts[PARTS];
    enum name_verdict found = NAME_NO;
    *best = 0;
    for (size_t i = 0; i < count; i++) {
        enum name_verdict verdict = compare(submitted, &holders[i]);
        if (verdict > found) {
            found = verdict;
            *best = i;
        }
    }
    size_t part_count = split_names(submitted, parts);
    if (found < NAME_YES && part_count > 1 && part_count <= count) {
        enum name_verdict verdict = compare_parts(parts, part_count, holders, count);
        found = verdict > found ? verdict : found;
    }
    return found;
}

/* --- mask ------------------------------------------------------------------------------------- */

static size_t count_letters(struct lfi_slice word)
{
    size_t letters = 0;
    uint32_t character;
    while ((character = name_next(&word)) != 0) {
        letters += !name_is_mark(character);
    }
    return letters;
}

static void append_masked(struct buf *out, struct lfi_slice word)
{
    char bytes[4];
    size_t letters = 0;
    uint32_t character;
    bool hide = count_letters(word) > 2;
    while ((character = name_next(&word)) != 0) {
        bool mark = name_is_mark(character);
        letters += !mark;
        if (!hide || letters <= 1) {
            buf_append(out, bytes, name_encode(character, bytes));
        } else if (!mark) {
            buf_append_text(out, "*");
        }
    }
}

/* The word to hide: the last one, of a business the last that is no legal form. */
static size_t place_to_hide(const struct name_holder *holder)
{
    struct lfi_slice rest = holder->name, word;
    size_t place = 0, at = 0, last = 0;
    for (; slice_next(&rest, ' ', &word); at++) {
        if (word.len > 0) {
            last = at;
            if (!holder->business || !name_is_form(word)) {
                place = at;
            }
        }
    }
    return holder->business ? place : last;
}

void name_mask(const struct name_holder *holder, struct buf *out)
{
    struct lfi_slice rest = holder->name, word;
    size_t hidden = place_to_hide(holder);
    for (size_t at = 0; slice_next(&rest, ' ', &word); at++) {
        buf_append_text(out, at > 0 ? " " : "");
        if (at == hidden) {
            append_masked(out, word);
        } else {
            buf_append_slice(out, word);
        }
    }
}
