#include "http/connection.h"

#include "base/clock.h"
#include "base/slice.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_BYTES ((size_t)4096) /* most requests fit */

struct connection *connection_new(int fd, struct tls *tls, const struct sockaddr_storage *address,
                                  socklen_t address_len)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (!connection) {
        close(fd);
        return NULL;
    }
    connection->fd = fd;
    connection->address = *address;
    connection->address_len = address_len;
    connection->opened_us = clock_monotonic_us();
    if (tls) {
        connection->ssl = SSL_new(tls_context(tls));
        if (!connection->ssl || SSL_set_fd(connection->ssl, fd) != 1) {
            ERR_clear_error();
            connection_free(connection);
            return NULL;
        }
    }
    return connection;
}

void connection_free(struct connection *connection)
{
    if (connection) {
        SSL_free(connection->ssl);
        tls_peer_clear(&connection->peer);
        if (connection->fd >= 0) {
            close(connection->fd);
        }
        if (connection->input) {
            OPENSSL_cleanse(connection->input, connection->end);
            free(connection->input);
        }
        free(connection);
    }
}

socklen_t connection_unmap(struct sockaddr_storage *address, socklen_t len)
{
    const struct sockaddr_in6 six = *(const struct sockaddr_in6 *)address;

    if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
        return len;
    }
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = six.sin6_port};
    memcpy(&four.sin_addr, six.sin6_addr.s6_addr + 12, sizeof(four.sin_addr));
    memset(address, 0, sizeof(*address));
    memcpy(address, &four, sizeof(four));
    return sizeof(four);
}

uint64_t connection_network(const struct sockaddr_storage *address)
{
    uint64_t bits = 0;

    if (address->ss_family == AF_INET) {
        bits = ((const struct sockaddr_in *)address)->sin_addr.s_addr;
    } else if (address->ss_family == AF_INET6) {
        memcpy(&bits, &((const struct sockaddr_in6 *)address)->sin6_addr, sizeof(bits));
    }
    return bits;
}

void connection_remote(const struct connection *connection, char out[CONNECTION_REMOTE_MAX])
{
    if (getnameinfo((const struct sockaddr *)&connection->address, connection->address_len, out,
                    CONNECTION_REMOTE_MAX, NULL, 0, NI_NUMERICHOST) != 0) {
        out[0] = '\0';
    }
}

/* --- bytes ------------------------------------------------------------------------------------ */

int connection_handshake(struct connection *connection)
{
    ERR_clear_error();
    int result = SSL_accept(connection->ssl);
    int reason = SSL_get_error(connection->ssl, result);

    connection->wants_to_write = reason == SSL_ERROR_WANT_WRITE;
    if (result == 1) {
        return 1;
    }
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void connection_say_end(struct connection *connection)
{
    if (connection->ssl && SSL_is_init_finished(connection->ssl)) {
        ERR_clear_error();
        (void)SSL_shutdown(connection->ssl);
        ERR_clear_error();
    }
}

/* What a TLS call that moved no byte means for a caller that knows sockets. */
static ssize_t explain(struct connection *connection, int result)
{
    int reason = SSL_get_error(connection->ssl, result);

    ERR_clear_error();
    connection->wants_to_write = reason == SSL_ERROR_WANT_WRITE;
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    connection->ended = true;
    if (reason == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    errno = ECONNRESET;
    return -1;
}

ssize_t connection_read(struct connection *connection, void *bytes, size_t len)
{
    if (connection->ssl) {
        ERR_clear_error();
        int got = SSL_read(connection->ssl, bytes, len > INT32_MAX ? INT32_MAX : (int)len);
        return got > 0 ? got : explain(connection, got);
    }
    /* Not recv and send, which lead here (worker.h). */
    ssize_t got = recvfrom(connection->fd, bytes, len, MSG_DONTWAIT, NULL, NULL);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        connection->ended = true;
    }
    return got;
}

ssize_t connection_write(struct connection *connection, const void *bytes, size_t len)
{
    if (connection->ssl) {
        ERR_clear_error();
        int sent = SSL_write(connection->ssl, bytes, len > INT32_MAX ? INT32_MAX : (int)len);
        return sent > 0 ? sent : explain(connection, sent);
    }
    return sendto(connection->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
}

void connection_keep_buffers(struct connection *connection, bool keep)
{
    if (!connection->ssl) {
        return;
    }
    if (keep) {
        (void)SSL_clear_mode(connection->ssl, SSL_MODE_RELEASE_BUFFERS);
    } else {
        (void)SSL_set_mode(connection->ssl, SSL_MODE_RELEASE_BUFFERS);
        connection_free_buffers(connection);
    }
}

void connection_free_buffers(struct connection *connection)
{
    if (connection->ssl) {
        (void)SSL_free_buffers(connection->ssl); /* not while they hold something */
    }
}

bool connection_has_input(const struct connection *connection)
{
    return connection->begin < connection->end || connection->ended ||
           (connection->ssl && SSL_has_pending(connection->ssl) == 1);
}

/* --- a request, before CivetWeb sees it --------------------------------------------------------
 */

/* Unlike realloc it leaves nothing behind of what has come. */
static bool grow(struct connection *connection, size_t capacity)
{
    char *input = malloc(capacity);
    if (!input) {
        return false;
    }
    if (connection->input) {
        memcpy(input, connection->input, connection->end);
        OPENSSL_cleanse(connection->input, connection->end);
        free(connection->input);
    }
    connection->input = input;
    connection->capacity = capacity;
    return true;
}

/* Room for at least one more byte; false when the buffer is as large as it may be. */
static bool make_room(struct connection *connection)
{
    if (connection->begin > 0) {
        size_t there = connection->end - connection->begin;
        memmove(connection->input, connection->input + connection->begin, there);
        OPENSSL_cleanse(connection->input + there, connection->begin);
        connection->end = there;
        connection->begin = 0;
    }
    if (connection->end < connection->capacity) {
        return true;
    }
    size_t capacity = connection->capacity == 0 ? FIRST_BYTES : 2 * connection->capacity;
    capacity = capacity < CONNECTION_INPUT_BYTES ? capacity : CONNECTION_INPUT_BYTES;
    return capacity > connection->capacity && grow(connection, capacity);
}

/* CivetWeb gives up at the first of these. */
static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\r' && c != '\n') || c == 0x7f;
}

/* Whether one of eight bytes is below 0x20 or is 0x7f. */
static bool have_low_or_del(uint64_t eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
    uint64_t del = eight ^ (ones * 0x7f);

    return ((((eight - ones * 0x20) & ~eight) | ((del - ones) & ~del)) & tops) != 0;
}

static bool has_control(const char *bytes, size_t len)
{
    uint64_t eight;

    for (size_t at = 0; at < len;) {
        if (len - at >= sizeof(eight)) {
            memcpy(&eight, bytes + at, sizeof(eight));
            if (!have_low_or_del(eight)) {
                at += sizeof(eight);
                continue;
            }
        }
        if (is_control(bytes[at++])) {
            return true;
        }
    }
    return false;
}

/* The first value counts. */
static void note_field(struct lfi_slice *value, struct lfi_slice line)
{
    line.len -= line.len > 0 && line.ptr[line.len - 1] == '\r';
    *value = value->ptr ? *value : slice_trim(line);
}

/* A guess that only decides who waits for the body; what it really is, the worker finds out. */
static size_t guess_length(struct lfi_slice head)
{
    struct lfi_slice rest = head, line, name, value = {NULL, 0};
    uint64_t length = 0;

    while (slice_next(&rest, '\n', &line)) {
        if (!slice_next(&line, ':', &name) || !line.ptr) {
            continue;
        }
        if (slice_equal_nocase(name, "expect") || slice_equal_nocase(name, "transfer-encoding")) {
            return SIZE_MAX;
        }
        if (slice_equal_nocase(name, "content-length")) {
            note_field(&value, line);
        }
    }
    if (!value.ptr || !slice_to_u64(value, &length)) {
        return head.len;
    }
    return length > CONNECTION_INPUT_BYTES - head.len ? SIZE_MAX : head.len + (size_t)length;
}

/* Whether the line feed at `i` ends the head. */
static bool is_end_of_head(const char *at, size_t i)
{
    return (i >= 3 && memcmp(at + i - 3, "\r\n\r", 3) == 0) || (i >= 1 && at[i - 1] == '\n');
}

/* Looks for the end of the head where CivetWeb sees it. False: no head can come of this. */
static bool find_head(struct connection *connection)
{
    const char *at = connection->input + connection->begin;
    size_t len = connection->end - connection->begin;

    if (at[0] == '\n' || at[0] == ' ' || (len >= 3 && at[0] == '\r' && at[2] == '\r')) {
        return false; /* CivetWeb skips blanks, maybe beyond the end of what it was given */
    }
    while (connection->scanned < len && connection->head == 0) {
        const char *line = at + connection->scanned;
        const char *feed = memchr(line, '\n', len - connection->scanned);
        const char *end = feed ? feed + 1 : at + len;
        if (has_control(line, (size_t)(end - line))) {
            return false;
        }
        connection->scanned = (size_t)(end - at);
        if (feed && is_end_of_head(at, (size_t)(feed - at))) {
            connection->head = connection->scanned;
            connection->wanted = guess_length((struct lfi_slice){at, connection->head});
        }
    }
    return true;
}

static enum connection_input judge(struct connection *connection)
{
    size_t there = connection->end - connection->begin;

    if (there == 0) {
        return INPUT_NONE;
    }
    if (connection->head == 0 && !find_head(connection)) {
        return INPUT_UNUSABLE;
    }
    if (connection->head == 0) {
        return there < CONNECTION_INPUT_BYTES ? INPUT_PARTIAL : INPUT_UNUSABLE;
    }
    if (connection->wanted == SIZE_MAX) {
        return INPUT_HEAD;
    }
    return there >= connection->wanted ? INPUT_COMPLETE : INPUT_PARTIAL;
}

enum connection_input connection_receive(struct connection *connection)
{
    enum connection_input input = judge(connection);

    while (input == INPUT_NONE || input == INPUT_PARTIAL) {
        if (connection->ended) {
            return input == INPUT_NONE    ? INPUT_NONE
                   : connection->head > 0 ? INPUT_HEAD
                                          : INPUT_UNUSABLE;
        }
        if (!make_room(connection)) {
            connection->ended = true;
            return INPUT_UNUSABLE;
        }
        ssize_t got = connection_read(connection, connection->input + connection->end,
                                      connection->capacity - connection->end);
        if (got < 0 && !connection->ended) {
            return input;
        }
        if (got > 0) {
            connection->end += (size_t)got;
            if (connection->received_us == 0) {
                connection->received_us = clock_monotonic_us();
            }
        }
        input = judge(connection);
    }
    return input;
}

size_t connection_take(struct connection *connection, char *bytes, size_t len)
{
    size_t there = connection->end - connection->begin;

    if (connection->head > 0 && there > connection->head) {
        there = connection->head;
    }
    if (len > there) {
        len = there;
    }
    if (len > 0) {
        memcpy(bytes, connection->input + connection->begin, len);
        OPENSSL_cleanse(connection->input + connection->begin, len); /* tokens, passwords */
    }
    connection->begin += len;
    connection->head -= len < connection->head ? len : connection->head;
    connection->scanned = 0;
    return len;
}

bool connection_put_back(struct connection *connection, const char *bytes, size_t len)
{
    size_t there = connection->end - connection->begin;

    if (len + there > connection->capacity && !grow(connection, len + there)) {
        return false;
    }
    if (len > 0) {
        memmove(connection->input + len, connection->input + connection->begin, there);
        memcpy(connection->input, bytes, len);
        connection->begin = 0;
        connection->end = len + there;
    }
    return true;
}
