/* Rules on single values: texts and numbers, and what to say when they are broken. */
#include "base/array.h"
#include "contract/check.h"

#include <stdio.h>
#include <stdlib.h>

int contract_compare_text(const struct contract_text *choice, struct lfi_slice text)
{
    if (choice->len != text.len) {
        return choice->len < text.len ? -1 : 1;
    }
    return memcmp(choice->ptr, text.ptr, text.len);
}

static bool is_choice(const struct contract_text_rules *rules, struct lfi_slice text)
{
    size_t low = 0, high = rules->choice_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = contract_compare_text(&rules->choices[middle], text);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* The rule that a text breaks, or NULL. */
const char *contract_broken_text_rule(const struct contract_text_rules *rules,
                                      struct lfi_slice text, size_t points,
                                      struct contract_scratch *scratch)
{
    if (points < rules->min_length) {
        return "minLength";
    }
    if (rules->max_length && points > rules->max_length) {
        return "maxLength";
    }
    if (rules->choices && !is_choice(rules, text)) {
        return "enum";
    }
    if (rules->format && !contract_format_fits(rules->format, text)) {
        return "format";
    }
    if (rules->pattern && !contract_pattern_fits(rules->pattern, text, scratch)) {
        return "pattern";
    }
    return NULL;
}

/* The values, if they are few enough to be read. */
static void describe_choices(const struct contract_text_rules *rules, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "must be one of");
    for (size_t i = 0; i < rules->choice_count && used < size; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s %s", i > 0 ? "," : "",
                                 rules->choices[i].ptr);
    }
    if (used >= size) {
        snprintf(out, size, "is not one of the %u values allowed", (unsigned)rules->choice_count);
    }
}

void contract_describe_text_rule(const struct contract_text_rules *rules, const char *rule,
                                 char *out, size_t size)
{
    if (strcmp(rule, "minLength") == 0) {
        snprintf(out, size, "must have at least %u characters", (unsigned)rules->min_length);
    } else if (strcmp(rule, "maxLength") == 0) {
        snprintf(out, size, "must have at most %u characters", (unsigned)rules->max_length);
    } else if (strcmp(rule, "enum") == 0) {
        describe_choices(rules, out, size);
    } else if (strcmp(rule, "pattern") == 0) {
        snprintf(out, size, "must have the form %s", rules->pattern->text);
    } else {
        snprintf(out, size, "does not match the required format");
    }
}

/* The decimal exponent; beyond any that matters it may be another just as large. */
static int64_t read_exponent(const char *p, const char *end)
{
    int64_t value = 0;
    bool negative = p < end && *p == '-';
    for (p += p < end && (*p == '-' || *p == '+'); p < end; p++) {
        value = value < 1000000 ? value * 10 + (*p - '0') : value;
    }
    return negative ? -value : value;
}

/*
 * Exactly, digit by digit: number = digits * 10^shift / 10^decimals, without its trailing zeros. 64
 * tens hold every 2 and 5 of a divisor of that size, so more of them change nothing.
 */
static bool is_multiple(const struct contract_multiple *rules, struct lfi_slice number)
{
    const char *p = number.ptr, *end = number.ptr + number.len;
    uint64_t rest = 0;
    int64_t zeros = 0, shift = rules->decimals;
    bool fraction = false, zero = true;
    for (p += *p == '-'; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        shift -= fraction;
        zeros++;
        if (*p == '0') {
            continue;
        }
        for (; zeros > 0; zeros--) {
            rest = rest * 10 % rules->divisor;
        }
        rest = (rest + (uint64_t)(*p - '0')) % rules->divisor;
        zero = false;
    }
    if (zero) {
        return true;
    }
    shift += zeros + (p < end ? read_exponent(p + 1, end) : 0);
    for (int64_t i = 0; i < shift && i < 64; i++) {
        rest = rest * 10 % rules->divisor;
    }
    return shift >= 0 && rest == 0;
}

const char *contract_broken_number_rule(const struct contract_number_rules *rules,
                                        struct lfi_slice number)
{
    char text[64];
    if (number.len >= sizeof(text)) {
        return "type";
    }
    memcpy(text, number.ptr, number.len);
    text[number.len] = '\0';
    double value = strtod(text, NULL);
    if (rules->min.set &&
        (value < rules->min.value || (rules->min.exclusive && value <= rules->min.value))) {
        return "minimum";
    }
    if (rules->max.set &&
        (value > rules->max.value || (rules->max.exclusive && value >= rules->max.value))) {
        return "maximum";
    }
    if (rules->multiple.divisor > 0 && !is_multiple(&rules->multiple, number)) {
        return "multipleOf";
    }
    return NULL;
}

void contract_describe_number_rule(const struct contract_number_rules *rules, const char *rule,
                                   char *out, size_t size)
{
    if (strcmp(rule, "minimum") == 0) {
        snprintf(out, size, "must be %s %.15g", rules->min.exclusive ? "more than" : "at least",
                 rules->min.value);
    } else if (strcmp(rule, "maximum") == 0) {
        snprintf(out, size, "must be %s %.15g", rules->max.exclusive ? "less than" : "at most",
                 rules->max.value);
    } else if (strcmp(rule, "multipleOf") == 0) {
        snprintf(out, size, "must be a multiple of %s", rules->multiple.text);
    } else {
        snprintf(out, size, "is a number of too many digits");
    }
}

void contract_describe_kinds(unsigned kinds, char *out, size_t size)
{
    static const char *const names[] = {"null",     "true or false", "an integer", "a number",
                                        "a string", "an array",      "an object"};
    size_t used = (size_t)snprintf(out, size, "must be");
    if (kinds & CONTRACT_NUMBER) {
        kinds &= ~(unsigned)CONTRACT_INTEGER;
    }
    const char *between = " ";
    for (size_t i = 0; i < ARRAY_LEN(names) && used < size; i++) {
        if (kinds & (1u << i)) {
            used += (size_t)snprintf(out + used, size - used, "%s%s", between, names[i]);
            between = " or ";
        }
    }
}
