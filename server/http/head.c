#include "http/head.h"

#include "base/array.h"
#include "base/limits.h"
#include "base/text.h"

#include <civetweb.h>

static int bad(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "GenericError", message);
}

/* --- layout: exactly the delimiters that a strict head has ------------------------------------ */

static const char *end_of(const char *text)
{
    return text + strlen(text);
}

/* One empty line may precede a request (RFC 9112, 2.2). CivetWeb would skip, and miscount, more. */
static bool begins_at(const char *method, const char *input)
{
    return !input || method == input ||
           (method == input + 2 && input[0] == '\r' && input[1] == '\n');
}

/* "METHOD SP target SP HTTP/1.x" */
static int check_request_line(const struct mg_request_info *info, const char *input,
                              struct refusal *refusal)
{
    const char *target_end = end_of(info->request_uri);

    if (info->query_string) {
        target_end = end_of(info->query_string);
    }
    if (!begins_at(info->request_method, input) ||
        end_of(info->request_method) + 1 != info->request_uri ||
        target_end + 1 + strlen("HTTP/") != info->http_version) {
        return bad(refusal, "HTTP-REQUEST-LINE", "The request line is malformed.");
    }
    return 0;
}

/* The gap behind a line: CR and LF, both overwritten, then the next line. */
static int check_line_end(const char *end, const char *next, struct refusal *refusal)
{
    if (next == end + 2) {
        return 0;
    }
    if (next > end + 2 && end[2] == '\0') {
        return bad(refusal, "HTTP-HEADER-FOLD", "Headers must not be folded.");
    }
    return bad(refusal, "HTTP-HEADER-FORM", "A line of the request head is malformed.");
}

/* Behind the last header CivetWeb stopped: at the empty line, or at something it does not take. */
static int check_head_end(const char *end, struct refusal *refusal)
{
    if (end[1] == '\0' && end[2] == '\r') {
        return 0;
    }
    if (end[1] == '\0' && (end[2] == ' ' || end[2] == '\t')) {
        return bad(refusal, "HTTP-HEADER-FOLD", "Headers must not be folded.");
    }
    return bad(refusal, "HTTP-HEADER-FORM", "A line of the request head is malformed.");
}

static bool is_token(struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c))) {
            return false;
        }
    }
    return text.len > 0;
}

/* "name: value": between them one colon (overwritten), then blanks. */
static int check_header(const struct mg_header *header, struct refusal *refusal)
{
    const char *gap = end_of(header->name) + 1;

    if (!is_token(slice_of(header->name))) {
        return bad(refusal, "HTTP-HEADER-FORM", "The name of a header is malformed.");
    }
    if (gap < header->value && *gap == '\0') {
        return bad(refusal, "HTTP-HEADER-SPACE", "A blank must not precede a header's colon.");
    }
    return 0;
}

/* `end` is that of the last line so far. Keeps what is looked at behind it within the buffer, too.
 */
static int check_size(const struct mg_request_info *info, const char *end, struct refusal *refusal)
{
    if (end - info->request_method > LIMIT_HEAD_BYTES - (ptrdiff_t)strlen("\r\n\r\n")) {
        return refusal_set(refusal, "HTTP-HEAD-LARGE", 431, "GenericError",
                           "The request head is too large.");
    }
    return 0;
}

static int check_layout(const struct mg_request_info *info, const char *input,
                        struct refusal *refusal)
{
    const char *end = end_of(info->http_version);

    if (check_request_line(info, input, refusal) != 0 || check_size(info, end, refusal) != 0) {
        return -1;
    }
    for (int i = 0; i < info->num_headers; i++) {
        const struct mg_header *header = &info->http_headers[i];
        if (check_line_end(end, header->name, refusal) != 0 || check_header(header, refusal) != 0) {
            return -1;
        }
        end = end_of(header->value);
        if (check_size(info, end, refusal) != 0) {
            return -1;
        }
    }
    if (info->num_headers > LIMIT_HEADERS) {
        return refusal_set(refusal, "HTTP-HEADERS-MANY", 431, "GenericError",
                           "The request has too many headers.");
    }
    return info->num_headers > 0 ? check_head_end(end, refusal) : 0;
}

/* --- target ----------------------------------------------------------------------------------- */

/* CivetWeb lets no blank, control or 8-bit character pass; here: what percent signs hide. */
static bool is_safe_path(struct lfi_slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '#') {
            return false;
        }
        if (path.ptr[i] != '%') {
            continue;
        }
        if (path.len - i < 3 || text_hex_value(path.ptr[i + 1]) < 0 ||
            text_hex_value(path.ptr[i + 2]) < 0) {
            return false;
        }
        bool is_delete = path.ptr[i + 1] == '7' && (path.ptr[i + 2] | 0x20) == 'f';
        if (path.ptr[i + 1] == '0' || path.ptr[i + 1] == '1' || is_delete) {
            return false;
        }
    }
    return true;
}

static bool is_safe_query(struct lfi_slice query)
{
    for (size_t i = 0; i < query.len; i++) {
        if (query.ptr[i] == '#' || (query.len - i >= 3 && memcmp(query.ptr + i, "%00", 3) == 0)) {
            return false;
        }
    }
    return true;
}

static int check_target(const struct head *head, struct refusal *refusal)
{
    if (!slice_starts_with(head->path, "/") || !is_safe_path(head->path) ||
        !is_safe_query(head->query)) {
        return bad(refusal, "HTTP-TARGET", "The request target is malformed.");
    }
    if (head->query.len > LIMIT_QUERY_BYTES) {
        return refusal_set(refusal, "HTTP-QUERY-LARGE", 414, "GenericError",
                           "The query is too large.");
    }
    return 0;
}

/* --- framing: where the body ends ------------------------------------------------------------- */

static int take_length(struct head *head, struct lfi_slice value, struct refusal *refusal)
{
    uint64_t length;

    if (!slice_to_u64(value, &length) || length > INT64_MAX) {
        return bad(refusal, "HTTP-CL-FORM", "Content-Length must be a number.");
    }
    if (head->has_length && length != head->length) {
        return bad(refusal, "HTTP-CL-DIFFER", "Content-Length was sent with different values.");
    }
    head->has_length = true;
    head->length = length;
    return 0;
}

static int take_encoding(struct head *head, struct lfi_slice value, struct refusal *refusal)
{
    if (head->chunked || !head->http_11 || !slice_equal_nocase(value, "chunked")) {
        return bad(refusal, "HTTP-TE", "Transfer-Encoding must be chunked, once.");
    }
    head->chunked = true;
    return 0;
}

/* As CivetWeb decides: it follows the first Connection header and leaves upgrades aside. */
static void take_connection(struct head *head, struct lfi_slice value, bool first)
{
    struct lfi_slice option;
    bool stay = false;

    while (slice_next(&value, ',', &option)) {
        option = slice_trim(option);
        stay = stay || slice_equal_nocase(option, "keep-alive");
        if (slice_equal_nocase(option, "close") || slice_equal_nocase(option, "upgrade")) {
            head->keep_alive = false;
        }
    }
    if (first && !stay) {
        head->keep_alive = false;
    }
}

/* A name or an address, perhaps a port (RFC 9110, 7.2); whose it is, the handler knows. */
static bool is_host(struct lfi_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"#/<>?@\\^`{|}", c)) {
            return false;
        }
    }
    return true;
}

static int read_headers(struct head *head, const char *host, struct refusal *refusal)
{
    size_t hosts = 0;
    size_t connections = 0;

    for (size_t i = 0; i < head->header_count; i++) {
        const struct header *header = &head->headers[i];
        int status = 0;
        if (slice_equal_nocase(header->name, "content-length")) {
            status = take_length(head, header->value, refusal);
        } else if (slice_equal_nocase(header->name, "transfer-encoding")) {
            status = take_encoding(head, header->value, refusal);
        } else if (slice_equal_nocase(header->name, "connection")) {
            take_connection(head, header->value, connections++ == 0);
        } else if (slice_equal_nocase(header->name, "expect")) {
            head->expects_continue = slice_equal_nocase(header->value, "100-continue");
        } else if (slice_equal_nocase(header->name, "host")) {
            hosts += is_host(header->value) ? 1 : 2;
        }
        if (status != 0) {
            return status;
        }
    }
    if (head->chunked && head->has_length) {
        return bad(refusal, "HTTP-CL-TE",
                   "Content-Length and Transfer-Encoding must not be sent together.");
    }
    if (hosts > 1 || (hosts == 0 && (head->http_11 || host[0] != '\0'))) {
        return bad(refusal, "HTTP-HOST", "Host must be sent once, as a name and perhaps a port.");
    }
    return 0;
}

/* The host of the target, if there is one, takes the place of what the header says. */
static int settle_host(struct header *headers, size_t count, const char *host,
                       struct refusal *refusal)
{
    struct lfi_slice named = slice_of(host);

    if (!is_host(named)) {
        return bad(refusal, "HTTP-TARGET", "The request target is malformed.");
    }
    for (size_t i = 0; named.len > 0 && i < count; i++) {
        if (slice_equal_nocase(headers[i].name, "host")) {
            headers[i].value = named;
        }
    }
    return 0;
}

bool head_is_known_method(const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(method, known[i]) == 0) {
            return true;
        }
    }
    return false;
}

int head_refuse_method(struct refusal *refusal)
{
    return refusal_set(refusal, "HTTP-METHOD", 501, "GenericError", "The method is not supported.");
}

int head_read(const struct head_source *source, struct header *headers, struct head *out,
              struct refusal *refusal)
{
    const struct mg_request_info *info = source->info;

    if (check_layout(info, source->input, refusal) != 0) {
        return -1;
    }
    *out = (struct head){
        .method = slice_of(info->request_method),
        .path = slice_of(info->request_uri),
        .query = slice_of(info->query_string),
        .headers = headers,
        .header_count = (size_t)info->num_headers,
        .http_11 = strcmp(info->http_version, "1.1") == 0,
    };
    out->keep_alive = out->http_11;
    for (size_t i = 0; i < out->header_count; i++) {
        headers[i].name = slice_of(info->http_headers[i].name);
        headers[i].value = slice_trim(slice_of(info->http_headers[i].value));
    }
    if (!head_is_known_method(info->request_method)) {
        return head_refuse_method(refusal);
    }
    if (check_target(out, refusal) != 0 || read_headers(out, source->host, refusal) != 0) {
        return -1;
    }
    return settle_host(headers, out->header_count, source->host, refusal);
}
