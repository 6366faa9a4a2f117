#include "base/text.h"

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void text_append_encoded(struct buf *out, struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.ptr[i])) {
            buf_append(out, &text.ptr[i], 1);
        } else {
            buf_append_format(out, "%%%02X", (unsigned char)text.ptr[i]);
        }
    }
}
