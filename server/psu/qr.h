/* QR codes, by libqrencode. Any thread. Internal to this room. */
#ifndef PSU_QR_H
#define PSU_QR_H

#include "base/buf.h"

/*
 * Appends the dark squares of a text's QR code as the path of an SVG in which a square is 1 wide;
 * *size is the width of the code. False when the text is too long or memory is short.
 */
bool qr_append_path(struct buf *out, struct lfi_slice text, int *size);

#endif
