/*
 * HTTP listeners: CivetWeb behind a small face. The only room that knows CivetWeb.
 *
 * A listener accepts connections on its own thread pool, enforces the framing rules and limits
 * that CivetWeb leaves open, and calls one handler per well-formed request, on a pool thread. The
 * handler fills a reply; the listener sends head and body in one write. A request that breaks a
 * rule is answered here and never reaches the handler (ids HTTP-…).
 *
 * Refused here: Transfer-Encoding together with Content-Length or anything but "chunked"; differing
 * or malformed Content-Length; a blank before a header's colon; folded headers; HTTP/1.1 without
 * Host, a doubled Host; control characters or %00 in the target; more than LIMIT_HEADERS headers;
 * head or query too large (431, 414); body too large (413); a request not complete within the
 * deadline (408); no free worker (503, at once).
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/error.h"
#include "base/log.h"
#include "base/message.h"
#include "base/metrics.h"

typedef void http_handler_fn(void *ctx, const struct request *request, struct reply *reply);

struct http_tls {
    const char *certificate; /* PEM file: leaf, then issuing CAs */
    const char *key;         /* PEM file */
    const char *client_ca;   /* PEM bundle; NULL: no client certificate is asked for */
    bool client_required;    /* refuse the handshake without one */
    int min_version;         /* 12 or 13 */
};

struct http_limits {
    size_t body_bytes;
    size_t reply_bytes;
    int request_ms;
    int idle_ms;
    int threads; /* connections served at once */
};

struct http_listener_config {
    const char *name;           /* for logs: "hub", "public", "admin" */
    const char *address;        /* numeric: "127.0.0.1", "::1", "0.0.0.0" */
    int port;                   /* 0: any free one, see http_listener_port */
    const struct http_tls *tls; /* NULL: plain HTTP */
    struct http_limits limits;
    http_handler_fn *handler;
    void *ctx;
    const struct log *log;
    struct metrics *metrics; /* may be NULL */
};

struct http_listener;

/* Copies the configuration's own fields; the texts, log, metrics and ctx must outlive it. */
int http_listener_start(struct http_listener **out, const struct http_listener_config *config,
                        struct lfi_error *error);
int http_listener_port(const struct http_listener *listener);
/* Reads certificate, key and CA bundle again for new connections; the old stay on failure. */
int http_listener_reload(struct http_listener *listener, struct lfi_error *error);
/* Stops accepting, lets running requests finish (at most `drain_ms`), ends the threads, frees. */
void http_listener_stop(struct http_listener *listener, int drain_ms);

#endif
