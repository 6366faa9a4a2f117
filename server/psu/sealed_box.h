/*
 * Sealed boxes: a struct of the server as JSON, encrypted and authenticated, in a cookie or a link
 * that any instance can open. A table of members says what is written and what must be there when
 * it is read. A box opens for its own purpose only. Any thread. Internal to this room.
 */
#ifndef PSU_SEALED_BOX_H
#define PSU_SEALED_BOX_H

#include "jose/seal.h"

enum box_type {
    BOX_TEXT,  /* struct lfi_slice; left out when empty */
    BOX_INT,   /* int64_t */
    BOX_BOOL,  /* bool */
    BOX_UNTIL, /* int64_t, seconds since the epoch: the box does not open from then on */
};

struct box_member {
    const char *name; /* in the JSON */
    enum box_type type;
    size_t offset; /* in the struct */
    bool required; /* a box without it does not open; BOX_UNTIL always is */
};

struct box_format {
    const char *purpose; /* unique in the server */
    const struct box_member *members;
    size_t count;
};

/* Appends the box; -1 when it does not fit `out`, or memory is short. */
int sealed_box_close(const struct seal *seal, const struct box_format *format, const void *record,
                     struct buf *out);
/*
 * Sets the members of *record that the format names, texts in the arena, which is wiped when it is
 * reset. False: not sealed by this server for this purpose, expired at `now_s`, or incomplete.
 */
bool sealed_box_open(const struct seal *seal, struct arena *arena, const struct box_format *format,
                     struct lfi_slice box, int64_t now_s, void *record);

#endif
