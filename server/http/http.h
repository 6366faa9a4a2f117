/*
 * HTTP listeners: CivetWeb behind a small face. The only room that knows CivetWeb.
 *
 * A listener accepts connections on its own thread pool, enforces the framing rules and limits
 * that CivetWeb leaves open, and calls one handler per well-formed request, on a pool thread. The
 * handler fills a reply; the listener sends head and body in one write. A request that breaks a
 * rule is answered here and never reaches the handler (ids HTTP-…).
 *
 * Refused here, with 400 where no other status is given, the connection then being closed:
 *
 *   HTTP-REQUEST-LINE   other than one blank between its parts, or blanks before it
 *   HTTP-TARGET         neither a path nor http://HOST before one; controls, half escapes, %00
 *   HTTP-HEADER-FORM    name, colon or line end malformed
 *   HTTP-HEADER-SPACE   a blank before the colon
 *   HTTP-HEADER-FOLD    a header that goes on in the next line
 *   HTTP-HEAD-FORM      anything else that is no request head
 *   HTTP-HOST           missing in HTTP/1.1, doubled, or not a name or address
 *   HTTP-CL-FORM        Content-Length that is not a number
 *   HTTP-CL-DIFFER      Content-Length twice with different values
 *   HTTP-TE             Transfer-Encoding other than "chunked", once, in HTTP/1.1
 *   HTTP-CL-TE          both of them
 *   HTTP-BODY-FORM      chunks, extensions or trailers malformed, or the body cut short
 *   HTTP-METHOD         501: none of GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH; or OPTIONS *
 *   TLS-CERT-…          401: the client certificate is not good any more (tls.h)
 *   HTTP-TIMEOUT        408: not complete within request_ms of its first byte; of a body that is
 *                       read in pieces, a piece not within request_ms, or all slower than
 *                       LIMIT_STREAM_BYTES_PER_S
 *   HTTP-BODY-LARGE     413: more than body_bytes, or stream_bytes where the body is read in
 * pieces; chunk extensions and trailers included HTTP-QUERY-LARGE    414: more than
 * LIMIT_QUERY_BYTES HTTP-HEADERS-MANY   431: more than LIMIT_HEADERS HTTP-HEAD-LARGE     431: more
 * than LIMIT_HEAD_BYTES HTTP-REPLY          500: the handler gave no status or more than
 * reply_bytes HTTP-BUSY           503, with Retry-After: no thread was free within queue_ms
 *   HTTP-MEMORY         503
 *   HTTP-VERSION        505: not HTTP/1
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/error.h"
#include "base/log.h"
#include "http/message.h"
#include "http/metrics.h"

typedef void http_handler_fn(void *ctx, const struct request *request, struct reply *reply);
/* Whether the handler reads the body of this request, of which the head is there, in pieces. */
typedef bool http_streams_fn(void *ctx, const struct request *request);

struct http_tls {
    const char *certificate; /* PEM file: leaf, then issuing CAs */
    const char *key;         /* PEM file */
    const char *client_ca;   /* PEM bundle; NULL: no client certificate is asked for */
    const char *client_crl;  /* PEM revocation lists of its issuers; NULL: none is looked at */
    bool client_required;    /* refuse the handshake without one */
    int min_version;         /* 12 or 13 */
    int session_s;           /* 0: LIMIT_SESSION_S */
};

struct http_limits {
    size_t body_bytes;
    size_t reply_bytes;
    uint64_t stream_bytes; /* of a body that is read in pieces */
    int request_ms;
    int idle_ms;
    int threads; /* requests served at once */
    /* 0: the defaults of limits.h */
    int queue_ms;         /* how long a request waits for a thread */
    int pending;          /* connections that are not being served; with certificate as many more */
    int pending_per_peer; /* of these from one address, when they are slow */
    int connection_s;     /* age of a connection */
};

struct http_listener_config {
    const char *name; /* for logs: "hub", "public", "admin" */
    /* Numeric; "::" for all of both families; "localhost" for the loopback addresses of both */
    const char *address;
    int port;                   /* 0: any free one, see http_listener_port */
    const struct http_tls *tls; /* NULL: plain HTTP */
    struct http_limits limits;
    http_handler_fn *handler;
    http_streams_fn *streams; /* NULL: every body is read whole */
    void *ctx;
    const struct log *log;
    struct metrics *metrics; /* may be NULL */
    enum metrics_listener metrics_label;
};

struct http_listener;

/* Copies the configuration's own fields; the texts, log, metrics and ctx must outlive it. */
int http_listener_start(struct http_listener **out, const struct http_listener_config *config,
                        struct lfi_error *error);
int http_listener_port(const struct http_listener *listener);
/*
 * Reads the files that `tls` names; they count from the commit on. NULL for a listener without TLS.
 */
int http_listener_prepare(struct http_listener *listener, const struct http_tls *tls,
                          struct lfi_error *error);
void http_listener_commit(struct http_listener *listener);
/* The reason, an errno, why the address cannot be listened on now; 0: it can. */
int http_listener_try(const char *address, int port);

struct http_listener_use {
    int workers, workers_busy;
    int connections, connections_limit; /* open; those that no worker serves are bounded */
};

/* How much of its limits is in use. Any thread. */
void http_listener_look(const struct http_listener *listener, struct http_listener_use *out);
/* Its accepting thread goes round. Any thread. */
bool http_listener_is_alive(const struct http_listener *listener);
/* Takes no new connections from now on, so that several listeners stop at once. */
void http_listener_close(struct http_listener *listener);
/*
 * Stops accepting, lets running requests finish (at most `drain_ms`), ends the threads, frees. What
 * had to be cut is counted in the log (requests-cut). -1: a handler did not come back in time, and
 * its thread cannot be ended. Then nothing is freed, and the program must leave by _exit.
 */
int http_listener_stop(struct http_listener *listener, int drain_ms);

#endif
