/*
 * Outbound HTTPS: libcurl behind a small face. The only file that knows libcurl is client.c.
 * TLS 1.2 at least, host name verified, only the given trust anchors, redirects never followed,
 * no proxy from the environment, connections kept and reused for GET and for what may be repeated;
 * else what changes something goes out once, on a connection of its own (one handle per thread in a
 * pool).
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

struct http_client_config {
    const char *ca_file;     /* PEM bundle of trust anchors; NULL: plain http addresses only */
    const char *certificate; /* PEM file presented to the server, NULL: none */
    const char *key;
    int timeout_ms;     /* whole call */
    size_t reply_bytes; /* larger answers are an error */
};

struct http_client;

/* Any thread may use it. Reads the files, once: connections of later use what they were then. */
int http_client_new(struct http_client **out, const struct http_client_config *config,
                    struct lfi_error *error);
void http_client_free(struct http_client *client);
/* Whether both call alike: limits, and what their files held when they were read. */
bool http_client_is_same(const struct http_client *one, const struct http_client *other);

struct http_call {
    const char *method;         /* "GET", … */
    const char *url;            /* complete, already encoded: sent byte for byte */
    const char *const *headers; /* "Name: value" lines, NULL-terminated list; may be NULL */
    const char *content_type;   /* of the body; NULL: none */
    struct lfi_slice body;      /* absent: none */
    int timeout_ms;             /* 0: the client's */
    bool repeatable;            /* sent twice it does what it does once */
};

struct http_answer {
    int status;
    struct buf body; /* initialised by the caller with its maximum */
    char *location;  /* exact bytes of the Location header, NULL when missing; freed below */
    char content_type[64];
    int64_t date_s;       /* the Date header, UTC; -1: none */
    char retry_after[32]; /* the header of that name; empty when missing, cut when too long */
};

/* 0 when an HTTP answer came, whatever its status; -1 with a reason (no secrets) otherwise. */
int http_client_call(struct http_client *client, const struct http_call *call,
                     struct http_answer *out, struct lfi_error *error);
void http_answer_init(struct http_answer *answer, size_t max_body);
void http_answer_free(struct http_answer *answer);

#endif
