#include "http/chunk.h"

#define SIZE_DIGITS 16 /* no size overflows, and zeros in front are bounded */

enum state {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    TRAILER_LF,
    END_LF,
};

void chunk_begin(struct chunk_reader *reader, struct buf *body)
{
    *reader = (struct chunk_reader){.body = body, .max = body->max, .state = SIZE};
}

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* What is thrown away counts like the body. */
static enum chunk_result discard(struct chunk_reader *reader)
{
    reader->discarded++;
    return reader->discarded + reader->taken > reader->max ? CHUNK_LARGE : CHUNK_MORE;
}

static enum chunk_result take_size(struct chunk_reader *reader, char c)
{
    int digit = digit_of(c);

    if (digit >= 0 && reader->digits < SIZE_DIGITS) {
        reader->digits++;
        reader->left = reader->left * 16 + (unsigned)digit;
        return reader->left <= INT64_MAX ? CHUNK_MORE : CHUNK_MALFORMED;
    }
    if (reader->digits == 0) {
        return CHUNK_MALFORMED;
    }
    if (c == '\r') {
        reader->state = SIZE_LF;
        return CHUNK_MORE;
    }
    if (c != ';' && !is_blank(c)) {
        return CHUNK_MALFORMED;
    }
    reader->state = EXTENSION;
    reader->in_line = 0;
    reader->named = c == ';';
    return discard(reader);
}

/* *( ";" name [ "=" value ] ), blanks around; `named` says that a name may stand here. */
static enum chunk_result take_extension(struct chunk_reader *reader, char c)
{
    if (reader->quoted) {
        bool ends = c == '"' && !reader->escaped;
        reader->escaped = c == '\\' && !reader->escaped;
        reader->quoted = !ends;
        return is_control(c) ? CHUNK_MALFORMED : discard(reader);
    }
    if (c == '\r') {
        reader->state = SIZE_LF;
        return reader->in_line > 0 ? CHUNK_MORE : CHUNK_MALFORMED;
    }
    if (c == ';') {
        if (reader->named && reader->in_line == 0) {
            return CHUNK_MALFORMED;
        }
        reader->named = true;
        reader->in_line = 0;
    } else if (c == '"') {
        reader->quoted = true;
    } else if (is_token(c)) {
        reader->in_line++;
    } else if (c != '=' && !is_blank(c)) {
        return CHUNK_MALFORMED;
    }
    if (!is_blank(c) && !reader->named) {
        return CHUNK_MALFORMED;
    }
    if ((c == '=' || c == '"') && reader->in_line == 0) {
        return CHUNK_MALFORMED;
    }
    return discard(reader);
}

static enum chunk_result take_trailer(struct chunk_reader *reader, char c)
{
    if (c == '\r') {
        bool empty = reader->in_line == 0;
        reader->state = empty ? END_LF : TRAILER_LF;
        return empty || reader->named ? CHUNK_MORE : CHUNK_MALFORMED;
    }
    if (!reader->named && c == ':' && reader->in_line > 0) {
        reader->named = true;
    } else if (reader->named ? is_control(c) : !is_token(c)) {
        return CHUNK_MALFORMED;
    }
    reader->in_line++;
    return discard(reader);
}

/* A line feed, and what comes behind it. */
static enum chunk_result take_line_feed(struct chunk_reader *reader, char c)
{
    if (c != '\n') {
        return CHUNK_MALFORMED;
    }
    if (reader->state == END_LF) {
        return CHUNK_DONE;
    }
    bool ends_size = reader->state == SIZE_LF;
    reader->state = !ends_size ? TRAILER : reader->left > 0 ? DATA : TRAILER;
    reader->in_line = 0;
    reader->named = false;
    return CHUNK_MORE;
}

static enum chunk_result take_byte(struct chunk_reader *reader, char c)
{
    switch (reader->state) {
    case SIZE:
        return take_size(reader, c);
    case EXTENSION:
        return take_extension(reader, c);
    case DATA_CR:
        reader->state = DATA_LF;
        return c == '\r' ? CHUNK_MORE : CHUNK_MALFORMED;
    case DATA_LF:
        reader->state = SIZE;
        reader->digits = 0;
        return c == '\n' ? CHUNK_MORE : CHUNK_MALFORMED;
    case TRAILER:
        return take_trailer(reader, c);
    default:
        return take_line_feed(reader, c);
    }
}

/* All of a chunk that is there, in one piece. */
static enum chunk_result take_data(struct chunk_reader *reader, struct lfi_slice bytes,
                                   size_t *used)
{
    size_t len = bytes.len < reader->left ? bytes.len : (size_t)reader->left;

    *used += len;
    reader->left -= len;
    reader->taken += len;
    if (reader->left == 0) {
        reader->state = DATA_CR;
    }
    buf_append(reader->body, bytes.ptr, len);
    return reader->body->failed ? CHUNK_LARGE : CHUNK_MORE;
}

enum chunk_result chunk_feed(struct chunk_reader *reader, struct lfi_slice bytes, size_t *used)
{
    enum chunk_result result = CHUNK_MORE;

    *used = 0;
    while (*used < bytes.len && result == CHUNK_MORE) {
        const struct lfi_slice rest = {bytes.ptr + *used, bytes.len - *used};
        if (reader->state == DATA) {
            if (reader->left > reader->max - reader->taken - reader->discarded) {
                return CHUNK_LARGE;
            }
            result = take_data(reader, rest, used);
        } else {
            result = take_byte(reader, rest.ptr[0]);
            (*used)++;
        }
    }
    return result;
}
