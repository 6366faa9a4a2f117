// link: lfi-http lfi-base
/* Chunked bodies: whatever comes, in whatever pieces, the outcome and the body are the same. */
#include "http/chunk.h"

#include <stdlib.h>

#define BODY_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum chunk_result feed(struct buf *body, struct lfi_slice bytes, size_t piece, size_t *used)
{
    struct chunk_reader reader;
    enum chunk_result result = CHUNK_MORE;

    buf_init(body, BODY_MAX);
    chunk_begin(&reader, body);
    *used = 0;
    while (*used < bytes.len && result == CHUNK_MORE) {
        size_t len = bytes.len - *used < piece ? bytes.len - *used : piece;
        size_t taken;
        result = chunk_feed(&reader, (struct lfi_slice){bytes.ptr + *used, len}, &taken);
        if (taken > len || reader.discarded + body->len > BODY_MAX + 1) {
            abort();
        }
        *used += taken;
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct lfi_slice bytes = {(const char *)data, size};
    struct buf whole, pieces;
    size_t used_whole, used_pieces;

    if (feed(&whole, bytes, SIZE_MAX, &used_whole) != feed(&pieces, bytes, 1, &used_pieces)) {
        abort();
    }
    if (!slice_equal(buf_slice(&whole), buf_slice(&pieces)) || used_whole != used_pieces) {
        abort();
    }
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
