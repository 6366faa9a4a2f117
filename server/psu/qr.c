#include "psu/qr.h"

#include <qrencode.h>

#define DARK 1 /* the lowest bit of a module */

static void append_row(struct buf *out, const unsigned char *row, int width, int y)
{
    for (int x = 0; x < width; x++) {
        int from = x;
        while (x < width && (row[x] & DARK) != 0) {
            x++;
        }
        if (x > from) {
            buf_append_format(out, "M%d %dh%dv1h-%dz", from, y, x - from, x - from);
        }
    }
}

bool qr_append_path(struct buf *out, struct lfi_slice text, int *size)
{
    QRcode *code =
        QRcode_encodeData((int)text.len, (const unsigned char *)text.ptr, 0, QR_ECLEVEL_L);
    if (!code) {
        return false;
    }
    for (int y = 0; y < code->width; y++) {
        append_row(out, code->data + (size_t)y * (size_t)code->width, code->width, y);
    }
    *size = code->width;
    QRcode_free(code);
    return !out->failed;
}
