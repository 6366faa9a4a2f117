/* What the files of a listener share. */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include "http/http.h"
#include "http/intake.h"
#include "http/tls.h"
#include "http/worker.h"

struct mg_context;
struct mg_connection;

struct http_listener {
    struct http_listener_config config;
    struct http_tls tls_config;
    struct tls *tls; /* NULL: plain HTTP */
    struct worker_pool pool;
    struct mg_context *server;
};

/*
 * exchange.c: one request and its reply. Returns the status that was sent. The reply to a request
 * that is refused here is the last on its connection.
 */
int exchange_serve(struct worker *worker, struct mg_connection *connection);
int exchange_refuse(struct worker *worker, struct mg_connection *connection,
                    const struct refusal *refusal);
/* For the intake: the same for a connection without a worker. */
void exchange_refuse_waiting(const void *listener, struct connection *connection,
                             const struct refusal *refusal);

#endif
