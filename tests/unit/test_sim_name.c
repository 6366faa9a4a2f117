// link: hub-sim-parts
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/slice.h"
#include "name_fold.h"
#include "name_match.h"

#define YES NAME_YES
#define PARTIAL NAME_PARTIAL
#define NO NAME_NO

struct vector {
    const char *submitted, *held;
    enum name_verdict verdict;
};

static const struct vector persons[] = {
    {"Layla Hassan Alfalan", "Layla Hassan Alfalan", YES},
    {"LAYLA  hassan ALFALAN ", "Layla Hassan Alfalan", YES},
    {"Mrs. Layla Hassan Alfalan", "Layla Hassan Alfalan", YES},
    {"Sheikh Dr Saif Almathal", "Saif Almathal", YES},
    {"Layla Hassan Al Falan", "Layla Hassan Alfalan", YES},
    {"Layla Hassan El-Falan", "Layla Hassan Al-Falan", YES},
    {"Alfalan Layla Hassan", "Layla Hassan Alfalan", YES},
    {"Saif bin Rashid Almathal", "Saif Rashid Almathal", YES},
    {"Saif ibn Rashid Almathal", "Saif bin Rashid Almathal", YES},
    {"Abdul Rahman Alfalan", "Abdulrahman Al Falan", YES},
    {"Abd Al-Rahman Alfalan", "Abdelrahman Alfalan", YES},
    {"Amelie d'Exemple",
     "Am\xc3\xa9lie D\xe2\x80\x99"
     "Exemple",
     YES},
    {"Jurgen Musterstrasse",
     "J\xc3\xbcrgen Musterstra\xc3\x9f"
     "e",
     YES},
    {"Ame\xcc\x81lie Exemple", "Am\xc3\xa9lie Exemple", YES},
    {"Jane Sample-Specimen", "Jane Sample Specimen", YES},
    {"\xef\xbc\xa1\xef\xbd\x8e\xef\xbd\x8e Sample", "Ann Sample", YES}, /* full width */
    {"Ann Sample", "Ann\xe2\x80\x8b Sam\xe2\x80\x8fple", YES},          /* invisible marks */
    {"Layla Alfalan", "Layla Hassan Alfalan", PARTIAL},                 /* no middle name */
    {"Layla Hassan Alfalan", "Layla Alfalan", PARTIAL},
    {"L. Hassan Alfalan", "Layla Hassan Alfalan", PARTIAL},
    {"Layla H Alfalan", "Layla Hassan Alfalan", PARTIAL},
    {"Layla Hassan Alfalen", "Layla Hassan Alfalan", PARTIAL}, /* one letter */
    {"Laila Alfalan", "Layla Alfalan", PARTIAL},
    {"Mohamed Alfalan", "Muhammad Alfalan", PARTIAL},
    {"Alfalan Mohammad", "Muhammed Al Falan", PARTIAL},
    {"Saif bin Rashid Almathal", "Saifa bint Rashid Almathal", PARTIAL},
    {"Layla Alfalan", "Layla Almathal", NO}, /* another family */
    {"Jane Sample", "Jane Specimen", NO},    /* maiden and married name */
    {"Fatima Alfalan", "Mariam Alfalan", NO},
    {"Omar Alfalan", "Amira Alfalan", NO},
    {"Alfalan", "Layla Hassan Alfalan", NO},
    {"Layla", "Layla Alfalan", NO},
    {"Ann Sample", "Tom Specimen", NO},
    {"Mononym", "Mononym", YES},
    {"Mononim", "Mononym", PARTIAL},
    {"Other", "Mononym", NO},
    {"Eng", "Eng", YES}, /* a title that is the whole name */
    {"", "Layla Alfalan", NO},
    {"...", "Layla Alfalan", NO},
    /* Arabic */
    {"ليلى حسن الفلان", "لَيْلى حَسَن الفُلان", YES},
    {"احمد الفلان", "أحمد الفـــلان", YES},
    {"فاطمه الفلان", "فاطمة الفلان", YES},
    {"السيدة فاطمة ال فلان", "فاطمة الفلان", YES},
    {"عبد الرحمن الفلان", "عبدالرحمن الفلان", YES},
    {"سيف بن راشد المثال", "سيف راشد المثال", YES},
    {"کریم الفلان", "كريم الفلان", YES},                                 /* Persian letters */
    {"\xef\xbb\x9f\xef\xbb\xbc\xef\xbb\xa1 الفلان", "للام الفلان", YES}, /* shapes and ligature */
    {"محمد الفلان", "ليلى المثال", NO},
    /* across scripts */
    {"ليلى حسن الفلان", "Layla Hassan Alfalan", PARTIAL},
    {"Layla Hassan Alfalan", "ليلى حسن الفلان", PARTIAL},
    {"Yousef Alfalan", "يوسف الفلان", PARTIAL},
    {"Gamal Alfalan", "جمال الفلان", PARTIAL},
    {"Khalid Ramadhan", "خالد رمضان", PARTIAL},
    {"محمد علي", "Mohammed Ali", YES}, /* both in the list of spellings */
    {"محمد الفلان", "Layla Almathal", NO},
};

static const struct vector businesses[] = {
    {"Falcon Sample Trading LLC", "Falcon Sample Trading L.L.C.", YES},
    {"falcon sample trading (llc)", "Falcon Sample Trading LLC", YES},
    {"Palm & Pearl Trading LLC", "Palm and Pearl Trading LLC", YES},
    {"Palm Pearl FZ-LLC", "Palm Pearl FZ LLC", YES},
    {"Palm Pearl Co. Ltd.", "Palm Pearl Company Limited", YES},
    {"مثال للتجارة ذ.م.م", "مثال للتجارة ذ م م", YES},
    {"Falcon Sample Trading", "Falcon Sample Trading LLC", PARTIAL},
    {"Falcon Sample Trading PJSC", "Falcon Sample Trading LLC", PARTIAL},
    {"Falcon Sample Trading FZE", "Falcon Sample Trading FZCO", PARTIAL},
    {"Falcn Sample Trading LLC", "Falcon Sample Trading LLC", PARTIAL},
    {"Falcon Sample", "Falcon Sample Trading LLC", PARTIAL},
    {"Sample", "Sample LLC", PARTIAL},
    {"Blue Dune Cafe", "Falcon Sample Trading LLC", NO}, /* trade name */
    {"Trading LLC", "Falcon Sample Trading LLC", NO},
    {"LLC", "Falcon Sample Trading LLC", NO},
};

static void check(const struct vector *vectors, size_t count, bool business)
{
    size_t best;
    for (size_t i = 0; i < count; i++) {
        struct name_holder holder = {slice_of(vectors[i].held), business};
        enum name_verdict verdict = name_match(slice_of(vectors[i].submitted), &holder, 1, &best);
        if (verdict != vectors[i].verdict) {
            fail_msg("\"%s\" against \"%s\": %d, not %d", vectors[i].submitted, vectors[i].held,
                     (int)verdict, (int)vectors[i].verdict);
        }
    }
}

static void persons_are_compared(void **state)
{
    (void)state;
    check(persons, ARRAY_LEN(persons), false);
}

static void businesses_are_compared(void **state)
{
    (void)state;
    check(businesses, ARRAY_LEN(businesses), true);
}

static void the_best_holder_counts(void **state)
{
    static const struct {
        const char *submitted;
        enum name_verdict verdict;
        size_t best;
    } vectors[] = {
        {"Layla Alfalan", YES, 0},
        {"Saif Rashid Almathal", YES, 1},
        {"Saif Almathal", PARTIAL, 1},
        {"Layla Alfalan and Saif Rashid Almathal", YES, 0},
        {"Saif Rashid Almathal / Layla Alfalan", YES, 1},
        {"Saif Almathal & Layla Alfalan", PARTIAL, 0},
        {"Layla Alfalan and Tom Specimen", NO, 0},
        {"Layla Alfalan and Layla Alfalan", NO, 0}, /* one holder is not two */
        {"Tom Specimen", NO, 0},
    };
    static const struct name_holder holders[] = {{{"Layla Alfalan", 13}, false},
                                                 {{"Saif Rashid Almathal", 20}, false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        size_t best = 9;
        enum name_verdict verdict = name_match(slice_of(vectors[i].submitted), holders, 2, &best);
        if (verdict != vectors[i].verdict) {
            fail_msg("\"%s\": %d, not %d", vectors[i].submitted, (int)verdict,
                     (int)vectors[i].verdict);
        }
        assert_true(best < 2);
        if (verdict == YES && i < 2) {
            assert_int_equal(best, vectors[i].best);
        }
    }
}

static void very_long_names_are_compared(void **state)
{
    char name[141], other[4000];
    size_t best;
    (void)state;
    for (size_t i = 0; i < sizeof name - 1; i++) {
        name[i] = i % 7 == 6 ? ' ' : (char)('a' + (i * 5) % 26);
    }
    name[sizeof name - 1] = '\0';
    struct name_holder holder = {slice_of(name), false};
    assert_int_equal(name_match(slice_of(name), &holder, 1, &best), YES);
    memset(other, 'a', sizeof other);
    assert_int_equal(name_match((struct lfi_slice){other, sizeof other}, &holder, 1, &best), NO);
    for (size_t i = 1; i < sizeof other; i += 2) {
        other[i] = ' ';
    }
    (void)name_match((struct lfi_slice){other, sizeof other}, &holder, 1, &best);
}

static void broken_text_is_harmless(void **state)
{
    static const char *const texts[] = {"\xff\xfe", "Layla \xd9", "\xc0\x80",        "\xe2\x80",
                                        "\xf5",     "\xed\xa0",   "\xf0\x9f\x98\x80"};
    size_t best;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct name_holder holder = {slice_of(texts[i]), i % 2 == 0};
        (void)name_match(slice_of("Layla Alfalan"), &holder, 1, &best);
        struct lfi_slice rest = slice_of(texts[i]);
        while (name_next(&rest) != 0) {
        }
        assert_int_equal(rest.len, 0);
    }
}

static void masks_hide_the_last_word(void **state)
{
    static const struct {
        const char *name, *mask;
        bool business;
    } vectors[] = {
        {"Layla Hassan Alfalan", "Layla Hassan A******", false},
        {"Mononym", "M******", false},
        {"Layla Al", "Layla Al", false},
        {"ليلى الفلان", "ليلى ا*****", false},
        {"ليلى فُلان", "ليلى فُ***", false},
        {"Am\xc3\xa9lie \xc3\x89toile", "Am\xc3\xa9lie \xc3\x89*****", false},
        {"Falcon Sample LLC", "Falcon S***** LLC", true},
        {"Falcon Trading L.L.C.", "Falcon T****** L.L.C.", true},
        {"Falcon LLC", "F***** LLC", true},
        {"", "", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        struct name_holder holder = {slice_of(vectors[i].name), vectors[i].business};
        struct buf out;
        buf_init(&out, NAME_MASK_BYTES);
        name_mask(&holder, &out);
        struct lfi_slice got = buf_slice(&out);
        if (!slice_equal_text(got, vectors[i].mask)) {
            fail_msg("\"%s\" is shown as \"%.*s\"", vectors[i].name, SLICE_ARG(got));
        }
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(persons_are_compared),    cmocka_unit_test(businesses_are_compared),
        cmocka_unit_test(the_best_holder_counts),  cmocka_unit_test(very_long_names_are_compared),
        cmocka_unit_test(broken_text_is_harmless), cmocka_unit_test(masks_hide_the_last_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
