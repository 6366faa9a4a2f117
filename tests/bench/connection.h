/*
 * One client connection over mutual TLS 1.3: a request out, a whole reply in, as cheaply as a
 * client can, since it shares the processors with the server that it measures. Blocking; one
 * thread.
 */
#ifndef BENCH_CONNECTION_H
#define BENCH_CONNECTION_H

#include "base/buf.h"
#include "base/error.h"

#include <openssl/ssl.h>

/* Where to and as whom. Constant after endpoint_init, shared by all connections. */
struct endpoint {
    SSL_CTX *tls;
    const char *host; /* the name in the server's certificate, and in Host */
    int port;         /* of 127.0.0.1 */
};

struct endpoint_files {
    const char *ca;   /* trust anchors of the server's certificate */
    const char *cert; /* client certificate and its issuers */
    const char *key;
};

int endpoint_init(struct endpoint *out, const char *host, int port,
                  const struct endpoint_files *files, struct lfi_error *error);
void endpoint_free(struct endpoint *endpoint);

struct connection {
    SSL *ssl; /* NULL: closed */
    int fd;
    struct buf received; /* the latest reply, head and body; its memory is kept between requests */
};

struct reply_seen {
    int status;
    struct lfi_slice body; /* in the connection's buffer, until the next exchange */
    bool closes;           /* the server ends the connection after this reply */
};

void connection_init(struct connection *connection);
/* TCP and a full TLS handshake: sessions are never resumed. */
int connection_open(struct connection *connection, const struct endpoint *endpoint,
                    struct lfi_error *error);
int connection_exchange(struct connection *connection, struct lfi_slice request,
                        struct reply_seen *out, struct lfi_error *error);
void connection_close(struct connection *connection); /* may be opened again */
void connection_free(struct connection *connection);

#endif
