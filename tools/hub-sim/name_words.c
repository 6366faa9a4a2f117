#include "name_words.h"

#include "base/array.h"
#include "base/slice.h"

/* --- words in tables -------------------------------------------------------------------------- */

static bool equals(const struct name_word *word, struct lfi_slice text)
{
    for (size_t i = 0; i < word->len; i++) {
        if (name_next(&text) != word->letters[i]) {
            return false;
        }
    }
    return text.len == 0;
}

/* The place of a word in a list separated by blanks; -1 when it is not there. */
static int place_in(const struct name_word *word, const char *list)
{
    struct lfi_slice rest = slice_of(list), text;
    for (int place = 0; slice_next(&rest, ' ', &text); place++) {
        if (equals(word, text)) {
            return place;
        }
    }
    return -1;
}

static const char titles[] = "mr mrs ms miss dr eng prof sheikh sheikha sh hh he capt السيد السيده "
                             "الدكتور الدكتوره الشيخ الشيخه المهندس المهندسه";
static const char articles[] = "al el ال";
static const char servants[] = "abd abdul abdel abdal عبد";
static const char sons[] = "bin ibn ben بن ابن b";
static const char daughters[] = "bint binte بنت";

/* Legal forms of businesses: spellings of one form on a line. */
static const struct {
    const char *spelling;
    unsigned form;
} forms[] = {
    {"sole proprietorship", 0},
    {"fz llc", 1},
    {"fz l l c", 1},
    {"l l c", 2},
    {"llc", 2},
    {"ذ م م", 2},
    {"ذمم", 2},
    {"f z e", 3},
    {"fze", 3},
    {"fzco", 4},
    {"fz co", 4},
    {"dmcc", 5},
    {"p j s c", 6},
    {"pjsc", 6},
    {"ش م ع", 6},
    {"psc", 7},
    {"p s c", 7},
    {"establishment", 8},
    {"est", 8},
    {"company", 9},
    {"co", 9},
    {"limited", 10},
    {"ltd", 10},
    {"branch of", 11},
    {"br of", 11},
    {"branch", 11},
    {"spc", 12},
    {"holdings", 13},
    {"holding", 13},
    {"group", 14},
};
#define FORMS ARRAY_LEN(forms)

/* How many words from `at` on are this form; 0 when they are not. */
static size_t length_of_form(const struct name_words *words, size_t at, const char *form)
{
    struct lfi_slice rest = slice_of(form), text;
    size_t len = 0;
    while (slice_next(&rest, ' ', &text)) {
        if (at + len >= words->count || !equals(&words->words[at + len], text)) {
            return 0;
        }
        len++;
    }
    return len;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void cut_words(struct name_words *out, const uint32_t *text, size_t len)
{
    out->count = 0;
    for (size_t i = 0; i < len && out->count < NAME_WORDS;) {
        struct name_word *word = &out->words[out->count++];
        *word = (struct name_word){.len = 0};
        for (; i < len && text[i] != ' '; i++) {
            if (word->len < NAME_LETTERS) {
                word->letters[word->len++] = text[i];
            }
            word->arabic |= name_is_arabic(text[i]);
        }
        i++;
    }
}

static void remove_words(struct name_words *words, size_t at, size_t count)
{
    for (size_t i = at; i + count < words->count; i++) {
        words->words[i] = words->words[i + count];
    }
    words->count -= count;
}

/* Unless nothing else is left. */
static void drop_titles(struct name_words *words)
{
    for (size_t i = 0; i < words->count && words->count > 1;) {
        if (place_in(&words->words[i], titles) >= 0) {
            remove_words(words, i, 1);
        } else {
            i++;
        }
    }
}

static void drop_forms(struct name_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        for (size_t f = 0; f < FORMS; f++) {
            size_t len = length_of_form(words, i, forms[f].spelling);
            if (len > 0 && len < words->count) {
                words->forms |= 1U << forms[f].form;
                remove_words(words, i, len);
                i--;
                break;
            }
        }
    }
}

/* Puts text before a word that goes on from letter `from`. */
static void prepend(struct name_word *word, struct lfi_slice text, size_t from)
{
    struct name_word joined = {.arabic = word->arabic};
    uint32_t letter;
    while ((letter = name_next(&text)) != 0) {
        joined.letters[joined.len++] = letter;
    }
    for (size_t i = from; i < word->len && joined.len < NAME_LETTERS; i++) {
        joined.letters[joined.len++] = word->letters[i];
    }
    *word = joined;
}

/* "al falan" and "el falan" are "alfalan". */
static void join_articles(struct name_words *words)
{
    for (size_t i = 0; i + 1 < words->count; i++) {
        if (place_in(&words->words[i], articles) >= 0) {
            struct name_word *next = &words->words[i + 1];
            prepend(next, words->words[i].arabic ? SLICE("ال") : SLICE("al"), 0);
            remove_words(words, i, 1);
        }
    }
}

static bool begins(const struct name_word *word, const char *text)
{
    struct lfi_slice rest = slice_of(text);
    for (size_t i = 0; i < word->len && rest.len > 0; i++) {
        if (name_next(&rest) != word->letters[i]) {
            return false;
        }
    }
    return rest.len == 0;
}

/* "abdul rahman", "abd al rahman", "abdelrahman" are "abdalrahman"; before articles are joined. */
static void join_servants(struct name_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        struct name_word *word = &words->words[i];
        bool arabic = word->arabic;
        if (i + 1 < words->count && place_in(word, servants) >= 0) {
            remove_words(words, i, 1);
            if (i + 1 < words->count && place_in(&words->words[i], "al ul el ال") >= 0) {
                remove_words(words, i, 1);
            }
            bool has_article = begins(word, arabic ? "ال" : "al");
            prepend(word, arabic ? SLICE("عبدال") : SLICE("abdal"), has_article ? 2 : 0);
        } else if (word->len > 6 && (begins(word, "abdul") || begins(word, "abdel"))) {
            prepend(word, SLICE("abdal"), 5);
        }
    }
}

static void mark_descent(struct name_words *words)
{
    for (size_t i = 1; i + 1 < words->count; i++) {
        struct name_word *word = &words->words[i];
        bool son = place_in(word, sons) >= 0, daughter = place_in(word, daughters) >= 0;
        if (son || daughter || place_in(word, "ould") >= 0) {
            word->len = 0;
            prepend(word, son ? SLICE("bin") : daughter ? SLICE("bint") : SLICE("ould"), 0);
            word->descent = true;
        }
    }
}

void name_split(struct name_words *out, struct lfi_slice name, bool business)
{
    uint32_t text[NAME_CHARACTERS];
    out->forms = 0;
    cut_words(out, text, name_fold(name, text, NAME_CHARACTERS));
    if (business) {
        drop_forms(out);
        return;
    }
    drop_titles(out);
    join_servants(out);
    join_articles(out);
    mark_descent(out);
}

bool name_is_form(struct lfi_slice word)
{
    uint32_t text[NAME_CHARACTERS];
    struct name_words words;
    cut_words(&words, text, name_fold(word, text, NAME_CHARACTERS));
    for (size_t f = 0; f < FORMS; f++) {
        if (words.count > 0 && length_of_form(&words, 0, forms[f].spelling) == words.count) {
            return true;
        }
    }
    return false;
}

/* --- spelling and sound ----------------------------------------------------------------------- */

bool name_same(const struct name_word *a, const struct name_word *b)
{
    return a->len == b->len && memcmp(a->letters, b->letters, a->len * sizeof a->letters[0]) == 0;
}

bool name_listed_variant(const struct name_word *a, const struct name_word *b)
{
    static const char *const variants[] = {
        "محمد mohammed muhammad mohamed mohammad muhammed mohamad",
        "احمد ahmed ahmad",
        "عايشه aisha aysha ayesha aicha",
        "فاطمه fatima fatma fatimah fatema",
        "مريم mariam maryam miriam mariyam",
        "يوسف yusuf youssef yousef yousif",
        "حسن hassan hasan",
        "حسين hussain hussein husain hossein",
        "علي ali aly",
        "عمر omar umar omer",
        "خالد khaled khalid",
        "ساره sara sarah",
        "نوره noura nora noora norah",
        "ليلي layla laila leila",
        "سعيد saeed said saeid",
        "راشد rashid rashed",
        "سالم salem salim",
        "سليمان sulaiman suleiman sulayman soliman",
        "ابراهيم ibrahim ebrahim",
        "عبدالله abdullah abdallah abdulla",
        "عبدالرحمن abdalrahman",
        "يعقوب yaqoub yaqub yacoub",
        "شيخه shaikha sheikha shaykha",
    };
    for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
        if (place_in(a, variants[i]) >= 0) {
            return place_in(b, variants[i]) >= 0;
        }
    }
    return false;
}

/* One class for each letter that stands for one consonant; 0: a vowel, or not heard. */
static char class_of(uint32_t letter)
{
    static const struct {
        const char *letters;
        char sound;
    } classes[] = {{"ب b p v", 'B'}, {"ت ط t", 'T'}, {"ث", 'O'},         {"ج j", 'J'},
                   {"ح ه h", 'H'},   {"خ", 'X'},     {"د ض", 'D'},       {"d", 'D'},
                   {"ذ ز ظ z", 'Z'}, {"ر r", 'R'},   {"س ص s", 'S'},     {"ش", 'C'},
                   {"غ", 'G'},       {"ف f", 'F'},   {"ق ك q k c", 'K'}, {"ل l", 'L'},
                   {"م m", 'M'},     {"ن n", 'N'},   {"g", 'g'},         {"x", 'K'}};
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        struct lfi_slice rest = slice_of(classes[i].letters), text;
        while (slice_next(&rest, ' ', &text)) {
            if (name_next(&text) == letter) {
                return classes[i].sound;
            }
        }
    }
    return 0;
}

/* Two Latin letters for one sound; 'd' is either of two. */
static char class_of_pair(uint32_t first, uint32_t second)
{
    static const char pairs[][3] = {"kh", "sh", "ch", "th", "dh", "gh", "ph"};
    static const char sounds[] = "XCCOdGF";
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (first == (unsigned char)pairs[i][0] && second == (unsigned char)pairs[i][1]) {
            return sounds[i];
        }
    }
    return 0;
}

size_t name_sound(const struct name_word *word, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < word->len; i++) {
        uint32_t letter = word->letters[i], next = i + 1 < word->len ? word->letters[i + 1] : 0;
        char pair = class_of_pair(letter, next), sound = pair ? pair : class_of(letter);
        bool first = i == 0, last = i + 1 == word->len;
        if (pair) {
            i++;
        } else if (letter == next) {
            continue; /* doubled: the second one counts */
        } else if (first && (letter == 'y' || letter == 0x64a)) {
            sound = 'Y';
        } else if (first && (letter == 'w' || letter == 0x648)) {
            sound = 'W';
        } else if (sound == 'H' && last) {
            sound = 0;
        }
        if (sound) {
            out[len++] = sound;
        }
    }
    return len;
}

static bool may_be(char a, char b)
{
    if (b == 'g' || b == 'd') {
        char swap = a;
        a = b;
        b = swap;
    }
    return a == b || (a == 'g' && strchr("KJG", b)) || (a == 'd' && strchr("DZ", b));
}

bool name_same_sound(const struct name_word *a, const struct name_word *b, size_t least)
{
    char sounds[2][NAME_LETTERS];
    size_t len = name_sound(a, sounds[0]);
    if (len < least || name_sound(b, sounds[1]) != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!may_be(sounds[0][i], sounds[1][i])) {
            return false;
        }
    }
    return true;
}
