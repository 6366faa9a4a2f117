#include "query.h"

void query_append_encoded(struct buf *out, struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     c == '-' || c == '_' || c == '.';
        if (plain) {
            buf_append(out, &text.ptr[i], 1);
        } else {
            buf_append_format(out, "%%%02x", c);
        }
    }
}

void query_append_pair(struct buf *out, const char *name, struct lfi_slice value)
{
    buf_append_format(out, "%s%s=", out->len > 0 ? "&" : "", name);
    query_append_encoded(out, value);
}
