#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define REPLY_BYTES ((size_t)32 * 1024 * 1024)
#define READ_BYTES ((size_t)32 * 1024) /* room for one read: more than a TLS record */
#define TLS_BUFFER_BYTES (128 * 1024)  /* what one system call may fetch: several records */
#define TIMEOUT_S 20

static int fail_tls(struct lfi_error *error, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

    error_set(error, "%s: %s", what, reason ? reason : strerror(errno));
    ERR_clear_error();
    return -1;
}

int endpoint_init(struct endpoint *out, const char *host, int port,
                  const struct endpoint_files *files, struct lfi_error *error)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    *out = (struct endpoint){.tls = tls, .host = host, .port = port};
    if (!tls || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1) {
        return fail_tls(error, "TLS");
    }
    if (SSL_CTX_load_verify_locations(tls, files->ca, NULL) != 1) {
        return fail_tls(error, files->ca);
    }
    if (SSL_CTX_use_certificate_chain_file(tls, files->cert) != 1) {
        return fail_tls(error, files->cert);
    }
    if (SSL_CTX_use_PrivateKey_file(tls, files->key, SSL_FILETYPE_PEM) != 1) {
        return fail_tls(error, files->key);
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_default_read_buffer_len(tls, TLS_BUFFER_BYTES);
    return 0;
}

void endpoint_free(struct endpoint *endpoint)
{
    SSL_CTX_free(endpoint->tls);
    endpoint->tls = NULL;
}

void connection_init(struct connection *connection)
{
    *connection = (struct connection){.fd = -1};
    buf_init(&connection->received, REPLY_BYTES);
}

static int connect_tcp(int port, struct lfi_error *error)
{
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};
    const int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0) {
        error_set(error, "port %d: %s", port, strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    return fd;
}

int connection_open(struct connection *connection, const struct endpoint *endpoint,
                    struct lfi_error *error)
{
    connection->fd = connect_tcp(endpoint->port, error);
    if (connection->fd < 0) {
        return -1;
    }
    connection->ssl = SSL_new(endpoint->tls);
    if (!connection->ssl || SSL_set_fd(connection->ssl, connection->fd) != 1 ||
        SSL_set1_host(connection->ssl, endpoint->host) != 1 || SSL_connect(connection->ssl) != 1) {
        (void)fail_tls(error, "handshake");
        connection_close(connection);
        return -1;
    }
    return 0;
}

void connection_close(struct connection *connection)
{
    if (connection->ssl) {
        if (SSL_is_init_finished(connection->ssl)) {
            (void)SSL_shutdown(connection->ssl);
        }
        SSL_free(connection->ssl);
        connection->ssl = NULL;
    }
    if (connection->fd >= 0) {
        (void)close(connection->fd);
        connection->fd = -1;
    }
    ERR_clear_error();
}

void connection_free(struct connection *connection)
{
    connection_close(connection);
    buf_free(&connection->received);
}

static int receive(struct connection *connection, struct lfi_error *error)
{
    char *room = buf_reserve(&connection->received, READ_BYTES);
    int n;

    if (!room) {
        return error_set(error, "the reply is too large");
    }
    n = SSL_read(connection->ssl, room, (int)READ_BYTES);
    if (n <= 0) {
        return fail_tls(error, "reading the reply");
    }
    connection->received.len += (size_t)n;
    return 0;
}

/* The end of the head, just past its empty line; 0 when it is not there yet. */
static size_t find_head(const struct buf *received)
{
    const char *end =
        received->len > 0 ? memmem(received->ptr, received->len, "\r\n\r\n", 4) : NULL;

    return end ? (size_t)(end - received->ptr) + 4 : 0;
}

/* What the head says. Content-Length is the only framing that is expected of a server here. */
static int read_head(struct lfi_slice head, struct reply_seen *out, uint64_t *length)
{
    struct lfi_slice line, name;
    uint64_t status = 0;
    bool has_length = false;

    if (!slice_starts_with(head, "HTTP/1.1 ") || head.len < 13 ||
        !slice_to_u64((struct lfi_slice){head.ptr + 9, 3}, &status)) {
        return -1;
    }
    *out = (struct reply_seen){.status = (int)status};
    (void)slice_next(&head, '\n', &line);
    while (slice_next(&head, '\n', &line)) {
        if (!slice_next(&line, ':', &name)) {
            continue;
        }
        if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
            line.len--;
        }
        line = slice_trim(line);
        if (slice_equal_nocase(name, "content-length")) {
            has_length = slice_to_u64(line, length);
        } else if (slice_equal_nocase(name, "connection")) {
            out->closes = slice_equal_nocase(line, "close");
        }
    }
    return has_length && *length <= REPLY_BYTES ? 0 : -1;
}

int connection_exchange(struct connection *connection, struct lfi_slice request,
                        struct reply_seen *out, struct lfi_error *error)
{
    struct buf *received = &connection->received;
    uint64_t length = 0;
    size_t head = 0;

    buf_clear(received);
    if (SSL_write(connection->ssl, request.ptr, (int)request.len) != (int)request.len) {
        return fail_tls(error, "sending the request");
    }
    while (head == 0) {
        if (receive(connection, error) != 0) {
            return -1;
        }
        head = find_head(received);
    }
    if (read_head((struct lfi_slice){received->ptr, head}, out, &length) != 0) {
        return error_set(error, "the reply's head is not understood");
    }
    while (received->len < head + length) {
        if (receive(connection, error) != 0) {
            return -1;
        }
    }
    if (received->len != head + length) {
        return error_set(error, "more bytes than Content-Length says");
    }
    out->body = (struct lfi_slice){received->ptr + head, (size_t)length};
    return 0;
}
