/*
 * The head of a request as CivetWeb parsed it, looked at again with strict eyes (RFC 9112).
 *
 * CivetWeb's parser is lenient: it skips blanks, takes lone line feeds, stops at a folded header
 * and drops the rest. But it works in place, overwriting each delimiter with NUL, so the gaps it
 * leaves tell what was there.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "http/message.h"

struct mg_request_info;

struct head {
    struct lfi_slice method, path, query; /* query absent when there is none */
    const struct header *headers;
    size_t header_count;
    bool http_11;
    bool chunked;
    bool has_length; /* Content-Length was sent */
    uint64_t length;
    bool keep_alive; /* the caller wants the connection to stay, and CivetWeb will keep it */
    bool expects_continue;
};

/* What a head is read from. */
struct head_source {
    const struct mg_request_info *info; /* as CivetWeb parsed it */
    const char *input;                  /* into the memory that begins here; NULL: unknown */
    const char *host;                   /* of the target (request_line.h), counts for Host; "" */
};

/*
 * Fills `out`, its headers into `headers` of LIMIT_HEADERS elements. -1 with a refusal HTTP-… when
 * a rule is broken; the connection must then be closed. Borrows from `source`.
 */
int head_read(const struct head_source *source, struct header *headers, struct head *out,
              struct refusal *refusal);

/* Whether a handler may be asked for it. Any other method is answered 501 (RFC 9110, 9.1). */
bool head_is_known_method(const char *method);
int head_refuse_method(struct refusal *refusal);

#endif
