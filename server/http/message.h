/*
 * Request and reply: what a listener hands to a handler and gets back. Plain data, so that the
 * rooms which look at requests need not know the HTTP server.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/cancellation.h"
#include "http/refusal.h"

struct header {
    struct lfi_slice name;
    struct lfi_slice value; /* blanks trimmed */
};

/* The body of a request whose handler reads it in pieces; on the handler's own thread. */
struct request_stream {
    /*
     * The next piece, borrowed until the next call. 1: it is there; 0: the body has ended; -1: it
     * was cut short, is malformed, too large or too slow, as the refusal says.
     */
    int (*next)(struct request_stream *stream, struct lfi_slice *piece, struct refusal *refusal);
};

/* Everything is borrowed and valid until the handler returns. */
struct request {
    struct lfi_slice method;
    struct lfi_slice path;  /* as sent: percent-encodings kept, no query */
    struct lfi_slice query; /* as sent, without '?'; absent when there is none */
    const struct header *headers;
    size_t header_count;
    struct lfi_slice body;         /* empty when there is a stream */
    struct request_stream *stream; /* NULL: the body was read whole */
    struct x509_st *peer;          /* the client certificate whose chain was verified, or NULL */
    const char *remote;            /* numeric address of the peer */
    struct arena *arena;
    int64_t started_us; /* clock_monotonic_us() when the request line was read */
    /* Set when the peer has hung up, or the listener stops and waits no longer. NULL: never. */
    const struct cancellation *cancellation;
};

/* GET or HEAD. */
bool request_is_read(const struct request *request);
/* Absent slice when missing; *count (may be NULL) says how many there are. Case-insensitive. */
struct lfi_slice request_header(const struct request *request, const char *name, size_t *count);
/* Percent-decodes into the arena ('+' becomes a blank when `plus`); absent when malformed. */
struct lfi_slice request_decode(struct arena *arena, struct lfi_slice text, bool plus);
/* First value of a query or form parameter, decoded; *count (may be NULL) says how many there are.
 */
struct lfi_slice request_parameter(struct arena *arena, struct lfi_slice query, const char *name,
                                   size_t *count);
/* The value of a cookie; absent when missing. */
struct lfi_slice request_cookie(const struct request *request, const char *name);

/* What the handler fills. Headers are copied. Content-Length, Date and Connection are added. */
struct reply {
    int status;
    const char *content_type; /* NULL: none, for empty bodies */
    struct buf headers;       /* complete lines "Name: value\r\n", use reply_header */
    struct buf body;          /* set its `secret` before what no freed memory may keep */
    bool hang_up; /* end the connection without an answer, as a broken peer does: simulators */
};

void reply_header(struct reply *reply, const char *name, struct lfi_slice value);
/* Nothing but files of the same origin: no inline script or style, no frame, no other site. */
void reply_page_headers(struct reply *reply);
/*
 * Answers with a file that is the same for everybody: 200, or 304 when the request has its ETag
 * (quoted), or 405. A browser asks each time whether it has changed.
 */
struct static_file {
    const char *type; /* media type */
    const char *etag;
    struct lfi_slice bytes;
};
void reply_file(struct reply *reply, const struct request *request, const struct static_file *file);
/* status and the JSON error body {"errorCode", "errorMessage"}; errorCode left out when NULL. */
void reply_refusal(struct reply *reply, const struct refusal *refusal);

#endif
