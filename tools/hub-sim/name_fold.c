#include "name_fold.h"
#include "base/array.h"

#include <string.h>

/* --- UTF-8 ------------------------------------------------------------------------------------ */

uint32_t name_next(struct lfi_slice *text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (text->len == 0) {
        return 0;
    }
    unsigned char first = (unsigned char)*text->ptr;
    size_t more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t character = first < 0x80 ? first : first & (0x3fU >> more);
    bool whole = text->len > more && (first < 0x80 || first >= 0xc2) && first < 0xf5;
    for (size_t i = 1; whole && i <= more; i++) {
        unsigned char next = (unsigned char)text->ptr[i];
        whole = (next & 0xc0) == 0x80;
        character = character << 6 | (next & 0x3f);
    }
    if (!whole || character < least[more] || character == 0) {
        character = 0xfffd;
        more = 0;
    }
    text->ptr += more + 1;
    text->len -= more + 1;
    return character;
}

size_t name_encode(uint32_t character, char *out)
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    size_t more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(heads[more] | character >> (6 * more));
    for (size_t i = 1; i <= more; i++) {
        out[i] = (char)(0x80 | (character >> (6 * (more - i)) & 0x3f));
    }
    return more + 1;
}

/* --- kinds of characters ---------------------------------------------------------------------- */

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last) {
            return true;
        }
    }
    return false;
}
#define IS_IN(character, ranges) is_in((character), (ranges), ARRAY_LEN(ranges))

bool name_is_mark(uint32_t character)
{
    static const struct range marks[] = {{0x0300, 0x036f}, {0x0610, 0x061a}, {0x064b, 0x065f},
                                         {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0xfe20, 0xfe2f}};
    return IS_IN(character, marks);
}

bool name_is_arabic(uint32_t character)
{
    static const struct range letters[] = {
        {0x0620, 0x06d5}, {0x0750, 0x077f}, {0xfb50, 0xfdff}, {0xfe70, 0xfefc}};
    return IS_IN(character, letters);
}

/* What leaves no trace: invisible marks, the tatweel, and apostrophes inside words. */
static bool is_dropped(uint32_t character)
{
    static const struct range dropped[] = {
        {'\'', '\''},     {'`', '`'},       {0x00ad, 0x00ad}, {0x00b4, 0x00b4}, {0x02b0, 0x02ff},
        {0x061c, 0x061c}, {0x0640, 0x0640}, {0x200b, 0x200f}, {0x2018, 0x201b}, {0x202a, 0x202e},
        {0x2060, 0x206f}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}};
    return name_is_mark(character) || IS_IN(character, dropped);
}

static bool is_blank(uint32_t character)
{
    static const struct range blanks[] = {{0, '/'},         {':', '@'},       {'[', '`'},
                                          {'{', 0xbf},      {0x00d7, 0x00d7}, {0x00f7, 0x00f7},
                                          {0x0600, 0x061f}, {0x066a, 0x066d}, {0x06d4, 0x06d4},
                                          {0x2000, 0x206f}, {0x3000, 0x303f}};
    return IS_IN(character, blanks);
}

/* --- Latin ------------------------------------------------------------------------------------ */

/* Of U+00C0 to U+017F, the letter without its accent; digraphs are done before. */
static const char plain[] = "aaaaaaaceeeeiiiidnooooo ouuuuyts"
                            "aaaaaaaceeeeiiiidnooooo ouuuuyty"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllll"
                            "nnnnnnnnnoooooooorrrrrrsssssssstttttt"
                            "uuuuuuuuuuuuwwyyyzzzzzzs";

static const char *digraph_of(uint32_t character)
{
    switch (character) {
    case 0xc6:
    case 0xe6:
        return "ae";
    case 0xde:
    case 0xfe:
        return "th";
    case 0xdf:
        return "ss";
    case 0x152:
    case 0x153:
        return "oe";
    default:
        return NULL;
    }
}

static uint32_t fold_latin(uint32_t character)
{
    if (character >= 0xff01 && character <= 0xff5e) {
        character -= 0xfee0;
    }
    if (character >= 'A' && character <= 'Z') {
        return character - 'A' + 'a';
    }
    if (character >= 0xc0 && character < 0xc0 + sizeof plain - 1 && character != 0xd7 &&
        character != 0xf7) {
        return (unsigned char)plain[character - 0xc0];
    }
    return character;
}

/* --- Arabic ----------------------------------------------------------------------------------- */

/* U+FE80 to U+FEF4: how many shapes each letter has there, in order. */
static const struct {
    uint16_t letter;
    uint8_t shapes;
} shapes[] = {{0x621, 1}, {0x622, 2}, {0x623, 2}, {0x624, 2}, {0x625, 2}, {0x626, 4},
              {0x627, 2}, {0x628, 4}, {0x629, 2}, {0x62a, 4}, {0x62b, 4}, {0x62c, 4},
              {0x62d, 4}, {0x62e, 4}, {0x62f, 2}, {0x630, 2}, {0x631, 2}, {0x632, 2},
              {0x633, 4}, {0x634, 4}, {0x635, 4}, {0x636, 4}, {0x637, 4}, {0x638, 4},
              {0x639, 4}, {0x63a, 4}, {0x641, 4}, {0x642, 4}, {0x643, 4}, {0x644, 4},
              {0x645, 4}, {0x646, 4}, {0x647, 4}, {0x648, 2}, {0x649, 2}, {0x64a, 4}};

static uint32_t letter_of_shape(uint32_t character)
{
    uint32_t first = 0xfe80;
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        if (character >= first && character < first + shapes[i].shapes) {
            return shapes[i].letter;
        }
        first += shapes[i].shapes;
    }
    return character;
}

static uint32_t fold_arabic(uint32_t character)
{
    character = letter_of_shape(character);
    if (character >= 0x660 && character <= 0x669) {
        return '0' + (character - 0x660);
    }
    if (character >= 0x6f0 && character <= 0x6f9) {
        return '0' + (character - 0x6f0);
    }
    switch (character) {
    case 0x622:
    case 0x623:
    case 0x625:
    case 0x671:
        return 0x627;
    case 0x649:
    case 0x626:
    case 0x6cc:
        return 0x64a;
    case 0x629:
        return 0x647;
    case 0x624:
        return 0x648;
    case 0x6a9:
        return 0x643;
    default:
        return character;
    }
}

/* --- all together ----------------------------------------------------------------------------- */

struct output {
    uint32_t *at;
    size_t len, max;
};

static void put(struct output *out, uint32_t character)
{
    bool blank = is_blank(character);
    if (blank && (out->len == 0 || out->at[out->len - 1] == ' ')) {
        return;
    }
    if (out->len < out->max) {
        out->at[out->len++] = blank ? ' ' : character;
    }
}

static void put_text(struct output *out, const char *text)
{
    for (; *text; text++) {
        put(out, (unsigned char)*text);
    }
}

size_t name_fold(struct lfi_slice text, uint32_t *out, size_t max)
{
    struct output output = {out, 0, max};
    uint32_t character;
    while ((character = name_next(&text)) != 0) {
        const char *digraph = digraph_of(character);
        if (is_dropped(character)) {
            continue;
        }
        if (digraph) {
            put_text(&output, digraph);
        } else if (character == '&') {
            put_text(&output, " and ");
        } else if (character >= 0xfef5 && character <= 0xfefc) { /* lam and alef in one */
            put(&output, 0x644);
            put(&output, 0x627);
        } else {
            put(&output, fold_arabic(fold_latin(character)));
        }
    }
    while (output.len > 0 && out[output.len - 1] == ' ') {
        output.len--;
    }
    return output.len;
}
