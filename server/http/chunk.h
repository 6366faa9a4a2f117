/*
 * A chunked body, read with strict eyes (RFC 9112, 7.1): hexadecimal sizes, CR LF line ends, no
 * control characters, extensions and trailer fields well-formed. Extensions and trailers are
 * thrown away, but count: with the body they may have as many bytes as a body.
 */
#ifndef HTTP_CHUNK_H
#define HTTP_CHUNK_H

#include "base/buf.h"

enum chunk_result {
    CHUNK_MORE,      /* all taken; the body goes on */
    CHUNK_DONE,      /* the body has ended */
    CHUNK_MALFORMED, /* the connection cannot be used any more */
    CHUNK_LARGE,     /* body, extensions and trailers exceed the maximum */
};

struct chunk_reader {
    struct buf *body; /* appended to; may be emptied between two calls */
    uint64_t max;     /* of all bytes; the maximum of the buffer, unless the caller raises it */
    uint64_t taken;   /* bytes of the body */
    int state;
    unsigned digits;      /* of the size */
    uint64_t left;        /* bytes of this chunk */
    uint64_t discarded;   /* bytes of extensions and trailers */
    bool quoted, escaped; /* inside a quoted value of an extension */
    bool named;           /* the trailer field has its colon */
    size_t in_line;       /* bytes of the trailer line, or of an extension's name */
};

void chunk_begin(struct chunk_reader *reader, struct buf *body);
/* Takes bytes up to the end of the body; *used says how many. */
enum chunk_result chunk_feed(struct chunk_reader *reader, struct lfi_slice bytes, size_t *used);

#endif
