/* Latin letters with diacritics, and typographic marks, as plain letters of ASCII. */
#include "base/array.h"
#include "contract/misfit.h"

/* U+00C0 to U+017F, a letter or two each; "": no letter. */
#define FIRST_LETTER 0xc0
static const char letters[][3] = {
    "A", "A", "A",  "A",  "A", "A", "AE", "C",  "E",  "E", "E", "E", "I",  "I",  "I", "I", "D", "N",
    "O", "O", "O",  "O",  "O", "",  "O",  "U",  "U",  "U", "U", "Y", "Th", "ss", "a", "a", "a", "a",
    "a", "a", "ae", "c",  "e", "e", "e",  "e",  "i",  "i", "i", "i", "d",  "n",  "o", "o", "o", "o",
    "o", "",  "o",  "u",  "u", "u", "u",  "y",  "th", "y", "A", "a", "A",  "a",  "A", "a", "C", "c",
    "C", "c", "C",  "c",  "C", "c", "D",  "d",  "D",  "d", "E", "e", "E",  "e",  "E", "e", "E", "e",
    "E", "e", "G",  "g",  "G", "g", "G",  "g",  "G",  "g", "H", "h", "H",  "h",  "I", "i", "I", "i",
    "I", "i", "I",  "i",  "I", "i", "IJ", "ij", "J",  "j", "K", "k", "k",  "L",  "l", "L", "l", "L",
    "l", "L", "l",  "L",  "l", "N", "n",  "N",  "n",  "N", "n", "n", "N",  "n",  "O", "o", "O", "o",
    "O", "o", "OE", "oe", "R", "r", "R",  "r",  "R",  "r", "S", "s", "S",  "s",  "S", "s", "S", "s",
    "T", "t", "T",  "t",  "T", "t", "U",  "u",  "U",  "u", "U", "u", "U",  "u",  "U", "u", "U", "u",
    "W", "w", "Y",  "y",  "Y", "Z", "z",  "Z",  "z",  "Z", "z", "s",
};

static const struct {
    uint32_t point;
    char plain;
} marks[] = {
    {0x00a0, ' '},  {0x00b4, '\''}, {0x0060, '\''}, {0x02b9, '\''}, {0x02bb, '\''},
    {0x02bc, '\''}, {0x2010, '-'},  {0x2011, '-'},  {0x2012, '-'},  {0x2013, '-'},
    {0x2018, '\''}, {0x2019, '\''}, {0x201b, '\''}, {0x202f, ' '},  {0x2032, '\''},
    {0x0218, 'S'},  {0x0219, 's'},  {0x021a, 'T'},  {0x021b, 't'},
};

/* A code point of UTF-8, which the text is known to be. */
static uint32_t next_point(const char **p)
{
    const unsigned char *at = (const unsigned char *)*p;
    unsigned more = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;
    uint32_t point = more == 0 ? at[0] : at[0] & (0x3fu >> more);
    for (unsigned i = 1; i <= more; i++) {
        point = point << 6 | (at[i] & 0x3f);
    }
    *p += more + 1;
    return point;
}

/* At most two bytes, for a point of two; NULL: it has no plain form. */
static const char *plain_of(uint32_t point, char one[2])
{
    if (point < 0x80 && point != '`') {
        one[0] = (char)point;
        return one;
    }
    if (point >= 0x300 && point < 0x370) { /* diacritics that stand by themselves */
        return "";
    }
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (marks[i].point == point) {
            one[0] = marks[i].plain;
            return one;
        }
    }
    bool letter = point >= FIRST_LETTER && point - FIRST_LETTER < ARRAY_LEN(letters);
    return letter && letters[point - FIRST_LETTER][0] ? letters[point - FIRST_LETTER] : NULL;
}

bool contract_fold_latin(struct lfi_slice text, char *out, size_t *len)
{
    const char *end = text.ptr + text.len;
    *len = 0;
    for (const char *p = text.ptr; p < end;) {
        char one[2] = "";
        const char *plain = plain_of(next_point(&p), one);
        if (!plain) {
            return false;
        }
        for (; *plain; plain++) {
            out[(*len)++] = *plain;
        }
    }
    return true;
}
