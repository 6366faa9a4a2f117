#include "store/file_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum file_result file_malformed(struct file_reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reader->why, sizeof(reader->why), format, args);
    va_end(args);
    return FILE_MALFORMED;
}

/* --- texts ------------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool file_number(struct lfi_slice text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i])) {
            return false;
        }
        *out = *out * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return text.len > 0 && text.len <= 15;
}

bool file_amount(struct lfi_slice text, int64_t *minor)
{
    uint64_t whole = 0;
    const char *point = text.len > 0 ? memchr(text.ptr, '.', text.len) : NULL;
    size_t before = point ? (size_t)(point - text.ptr) : text.len;
    size_t after = point ? text.len - before - 1 : 0;
    if (!file_number((struct lfi_slice){text.ptr, before}, &whole) || after > 2 ||
        (point && after == 0)) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        char c = i < after ? point[1 + i] : '0';
        if (!is_digit(c)) {
            return false;
        }
        whole = whole * 10 + (uint64_t)(c - '0');
    }
    *minor = (int64_t)whole;
    return whole > 0;
}

/* How many bytes the character has that begins here; 0: it is none (RFC 3629). */
static size_t character_at(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char first, last, second_low, second_high;
        size_t len;
    } forms[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
                 {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
                 {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    if (at[0] < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (at[0] < forms[i].first || at[0] > forms[i].last) {
            continue;
        }
        bool whole =
            left >= forms[i].len && at[1] >= forms[i].second_low && at[1] <= forms[i].second_high;
        for (size_t k = 2; whole && k < forms[i].len; k++) {
            whole = (at[k] & 0xc0) == 0x80;
        }
        return whole ? forms[i].len : 0;
    }
    return 0;
}

bool file_is_utf8(struct lfi_slice text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    for (size_t i = 0; i < text.len;) {
        size_t len = character_at(bytes + i, text.len - i);
        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

/* --- an instruction --------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_plain_id(struct lfi_slice id)
{
    if (id.len == 0 || id.len > FILE_ID_MAX || memchr("+-", id.ptr[0], 2)) {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!is_letter(c) && !is_digit(c) && !memchr("/-?:().,'+ ", c, 11)) {
            return false;
        }
    }
    return true;
}

static bool is_iban_text(struct lfi_slice iban)
{
    if (iban.len < 5 || iban.len > FILE_IBAN_MAX) {
        return false;
    }
    for (size_t i = 0; i < iban.len; i++) {
        char c = iban.ptr[i];
        if (!(c >= 'A' && c <= 'Z') && !is_digit(c)) {
            return false;
        }
    }
    return true;
}

static bool is_name(struct lfi_slice name)
{
    if (name.len == 0 || name.len > FILE_NAME_MAX || !file_is_utf8(name)) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

enum file_result file_take(struct file_reader *reader, const char *where,
                           const struct instruction *instruction)
{
    if (!is_plain_id(instruction->id)) {
        return file_malformed(reader,
                              "%s: EndToEndId must have 1 to 35 letters, digits and / - ? : ( ) . "
                              ", ' + and begin with none of + -",
                              where);
    }
    if (!is_iban_text(instruction->iban)) {
        return file_malformed(
            reader, "%s: the creditor's IBAN must have 5 to 34 capitals and digits", where);
    }
    if (!is_name(instruction->name)) {
        return file_malformed(reader, "%s: the creditor's name must have 1 to 70 characters",
                              where);
    }
    if (reader->count == FILE_INSTRUCTIONS_MAX) {
        return file_malformed(reader, "there are more than %d instructions", FILE_INSTRUCTIONS_MAX);
    }
    if (__builtin_add_overflow(reader->total_minor, instruction->minor, &reader->total_minor)) {
        return file_malformed(reader, "%s: the sum of the amounts is too large", where);
    }
    reader->count++;
    return reader->take(reader->ctx, instruction) ? FILE_FINE : FILE_FAILED;
}
