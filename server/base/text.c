#include "base/text.h"

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

size_t text_write_number(int64_t number, unsigned digits, char out[TEXT_NUMBER_MAX])
{
    char reversed[TEXT_NUMBER_MAX];
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t count = 0, len = 0;

    while (left > 0 || count < digits || count == 0) {
        reversed[count++] = (char)('0' + left % 10);
        left /= 10;
    }
    if (number < 0) {
        out[len++] = '-';
    }
    while (count > 0) {
        out[len++] = reversed[--count];
    }
    return len;
}

void text_append_number(struct buf *out, int64_t number)
{
    char text[TEXT_NUMBER_MAX];
    buf_append(out, text, text_write_number(number, 0, text));
}

void text_append_encoded(struct buf *out, struct lfi_slice text)
{
    size_t run = 0; /* of characters before i that stand for themselves */

    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.ptr[i])) {
            run++;
            continue;
        }
        buf_append(out, &text.ptr[i - run], run);
        buf_append_format(out, "%%%02X", (unsigned char)text.ptr[i]);
        run = 0;
    }
    if (run > 0) {
        buf_append(out, &text.ptr[text.len - run], run);
    }
}
