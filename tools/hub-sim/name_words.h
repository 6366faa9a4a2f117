/*
 * A name as the words that count: titles gone, particles joined to what they belong to, words of
 * descent marked, legal forms of businesses set apart (confirmation of payee 5.1), and the sound of
 * a word across spellings and scripts (5.2).
 */
#ifndef HUB_SIM_NAME_WORDS_H
#define HUB_SIM_NAME_WORDS_H

#include "name_fold.h"

#define NAME_WORDS 48
#define NAME_LETTERS 40     /* of a word; the rest is cut off */
#define NAME_CHARACTERS 600 /* of a name */

struct name_word {
    uint32_t letters[NAME_LETTERS];
    size_t len;
    bool descent; /* bin, bint, ould */
    bool arabic;
};

struct name_words {
    struct name_word words[NAME_WORDS];
    size_t count;
    unsigned forms; /* a bit for each legal form that was set apart */
};

void name_split(struct name_words *out, struct lfi_slice name, bool business);
bool name_same(const struct name_word *a, const struct name_word *b);
/* Whether both are listed as spellings of one given name. */
bool name_listed_variant(const struct name_word *a, const struct name_word *b);
/* Consonants by class, without vowels; returns how many. `out` has room for NAME_LETTERS. */
size_t name_sound(const struct name_word *word, char *out);
/* Whether two sounds may be of one name: some Latin letters stand for two Arabic ones. */
bool name_same_sound(const struct name_word *a, const struct name_word *b, size_t least);
/* Whether a single word, folded, is a legal form of a business. */
bool name_is_form(struct lfi_slice word);

#endif
