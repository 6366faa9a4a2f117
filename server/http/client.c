#include "http/client.h"

#include "base/file.h"
#include "base/limits.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define IDLE_HANDLES 32    /* each keeps its connections; more are closed after use */
#define KEPT_CONNECTIONS 2 /* of a handle: the Hub's two addresses */
#define DATE_MAX 40        /* "Sun, 06 Nov 1994 08:49:37 GMT" and more than that is none */
#define CONNECT_SHARE 2    /* half of the time-out may go into connecting */

struct http_client {
    struct buf ca, certificate, key; /* PEM; empty: none */
    int timeout_ms;
    size_t reply_bytes;
    pthread_mutex_t lock;
    CURL *idle[IDLE_HANDLES];
    size_t idle_count;
};

/* What the callbacks of one call share. */
struct exchange {
    struct http_answer *answer;
    size_t max_body;
    bool too_large;
    bool second_location;
};

/* A PEM file as it stands there now: a connection that is made later must not see it change. */
static int read_pem(struct buf *out, const char *file, struct lfi_error *error)
{
    buf_init_secret(out, LIMIT_PEM_BYTES); /* it may be a private key */
    return file ? file_read(file, out, error) : 0;
}

int http_client_new(struct http_client **out, const struct http_client_config *config,
                    struct lfi_error *error)
{
    struct http_client *client = calloc(1, sizeof(*client));

    if (!client || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(client);
        return error_set(error, "HTTP client: out of memory");
    }
    pthread_mutex_init(&client->lock, NULL);
    client->timeout_ms = config->timeout_ms;
    client->reply_bytes = config->reply_bytes;
    if (read_pem(&client->ca, config->ca_file, error) != 0 ||
        read_pem(&client->certificate, config->certificate, error) != 0 ||
        read_pem(&client->key, config->key, error) != 0) {
        http_client_free(client);
        return -1;
    }
    *out = client;
    return 0;
}

void http_client_free(struct http_client *client)
{
    if (!client) {
        return;
    }
    while (client->idle_count > 0) {
        curl_easy_cleanup(client->idle[--client->idle_count]);
    }
    pthread_mutex_destroy(&client->lock);
    buf_free(&client->ca);
    buf_free(&client->certificate);
    buf_free(&client->key);
    free(client);
    curl_global_cleanup();
}

static bool is_same_pem(const struct buf *one, const struct buf *other)
{
    return slice_equal(buf_slice(one), buf_slice(other));
}

bool http_client_is_same(const struct http_client *one, const struct http_client *other)
{
    return one->timeout_ms == other->timeout_ms && one->reply_bytes == other->reply_bytes &&
           is_same_pem(&one->ca, &other->ca) &&
           is_same_pem(&one->certificate, &other->certificate) &&
           is_same_pem(&one->key, &other->key);
}

void http_answer_init(struct http_answer *answer, size_t max_body)
{
    *answer = (struct http_answer){.date_s = -1};
    buf_init(&answer->body, max_body);
}

void http_answer_free(struct http_answer *answer)
{
    buf_free(&answer->body);
    free(answer->location);
    answer->location = NULL;
}

/* --- what comes back -------------------------------------------------------------------------- */

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct exchange *exchange = ctx;
    struct buf *body = &exchange->answer->body;
    size_t len = size * count;

    if (len > exchange->max_body - body->len) {
        exchange->too_large = true;
        return 0;
    }
    buf_append(body, bytes, len);
    exchange->too_large = body->failed;
    return body->failed ? 0 : len;
}

static int64_t date_of(struct lfi_slice value)
{
    char text[DATE_MAX];

    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(value));
    return (int64_t)curl_getdate(text, NULL);
}

/* Header lines come whole and unchanged; a status line begins anew (after an interim 100). */
static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct exchange *exchange = ctx;
    struct http_answer *answer = exchange->answer;
    struct lfi_slice value = {bytes, size * count};
    struct lfi_slice name;

    while (value.len > 0 &&
           (value.ptr[value.len - 1] == '\n' || value.ptr[value.len - 1] == '\r')) {
        value.len--;
    }
    if (slice_starts_with(value, "HTTP/")) {
        free(answer->location);
        answer->location = NULL;
        answer->retry_after[0] = '\0';
        answer->date_s = -1;
        exchange->second_location = false;
    } else if (slice_next(&value, ':', &name) && value.ptr &&
               slice_equal_nocase(name, "location")) {
        value = slice_trim(value);
        if (answer->location) {
            exchange->second_location = true;
        } else if (!(answer->location = strndup(value.ptr, value.len))) {
            return 0;
        }
    } else if (value.ptr && slice_equal_nocase(name, "date")) {
        answer->date_s = date_of(slice_trim(value));
    } else if (value.ptr && slice_equal_nocase(name, "retry-after")) {
        value = slice_trim(value);
        (void)snprintf(answer->retry_after, sizeof answer->retry_after, "%.*s", SLICE_ARG(value));
    }
    return size * count;
}

/* --- what goes out ---------------------------------------------------------------------------- */

static CURL *take_handle(struct http_client *client)
{
    CURL *handle = NULL;

    pthread_mutex_lock(&client->lock);
    if (client->idle_count > 0) {
        handle = client->idle[--client->idle_count];
    }
    pthread_mutex_unlock(&client->lock);
    if (!handle) {
        return curl_easy_init();
    }
    curl_easy_reset(handle); /* forgets the options, keeps the connections */
    return handle;
}

static void give_back(struct http_client *client, CURL *handle)
{
    pthread_mutex_lock(&client->lock);
    if (client->idle_count < IDLE_HANDLES) {
        client->idle[client->idle_count++] = handle;
        handle = NULL;
    }
    pthread_mutex_unlock(&client->lock);
    if (handle) {
        curl_easy_cleanup(handle);
    }
}

/* Borrowed by the handle until it is reset, which comes before the client ends. */
static bool set_blob(CURL *handle, CURLoption option, const struct buf *pem)
{
    struct curl_blob blob = {pem->ptr, pem->len, CURL_BLOB_NOCOPY};

    return pem->len == 0 || curl_easy_setopt(handle, option, &blob) == CURLE_OK;
}

/* Explicitly none where libcurl has defaults of its own: proxies, system trust, redirects. */
static bool set_transport(CURL *handle, const struct http_client *client, long timeout_ms)
{
    bool tls = client->ca.len > 0;

    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http") == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
               CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms / CONNECT_SHARE) ==
               CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
               CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_CAINFO, NULL) == CURLE_OK &&
           set_blob(handle, CURLOPT_CAINFO_BLOB, &client->ca) &&
           set_blob(handle, CURLOPT_SSLCERT_BLOB, &client->certificate) &&
           set_blob(handle, CURLOPT_SSLKEY_BLOB, &client->key);
}

static bool set_request(CURL *handle, const struct http_call *call, struct curl_slist *headers)
{
    bool plain = strcmp(call->method, "GET") == 0 || strcmp(call->method, "DELETE") == 0;

    if (curl_easy_setopt(handle, CURLOPT_URL, call->url) != CURLE_OK ||
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers) != CURLE_OK) {
        return false;
    }
    if (call->body.ptr || !plain) {
        const char *body = call->body.ptr ? call->body.ptr : "";
        if (curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len) !=
                CURLE_OK ||
            curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body) != CURLE_OK) {
            return false;
        }
    }
    /* On a kept connection that ends without an answer libcurl would send the request again. */
    long once = strcmp(call->method, "GET") != 0 && !call->repeatable;
    return curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, once) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call->method) == CURLE_OK;
}

static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer) {
        *list = longer;
    }
    return longer;
}

/* The empty ones keep libcurl from adding its own. */
static bool make_headers(struct curl_slist **list, const struct http_call *call)
{
    char type[128] = "Content-Type:";

    if (call->content_type) {
        snprintf(type, sizeof(type), "Content-Type: %s", call->content_type);
    }
    if (!append(list, "Expect:") || !append(list, type)) {
        return false;
    }
    for (const char *const *line = call->headers; line && *line; line++) {
        if (!append(list, *line)) {
            return false;
        }
    }
    return true;
}

static int take_status(CURL *handle, struct http_answer *answer)
{
    const char *type = NULL;
    long status = 0;

    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    snprintf(answer->content_type, sizeof(answer->content_type), "%s", type ? type : "");
    answer->status = (int)status;
    return status > 0 ? 0 : -1;
}

int http_client_call(struct http_client *client, const struct http_call *call,
                     struct http_answer *out, struct lfi_error *error)
{
    struct exchange exchange = {.answer = out, .max_body = client->reply_bytes};
    struct curl_slist *headers = NULL;
    char reason[CURL_ERROR_SIZE] = ""; /* says more than the code: which name, which alert */
    int result = -1;

    CURL *handle = take_handle(client);
    long timeout_ms = call->timeout_ms > 0 ? call->timeout_ms : client->timeout_ms;
    if (!handle || !make_headers(&headers, call) || !set_transport(handle, client, timeout_ms) ||
        !set_request(handle, call, headers) ||
        curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason) != CURLE_OK ||
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange) != CURLE_OK ||
        curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK ||
        curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange) != CURLE_OK) {
        error_set(error, "HTTP client: cannot be set up");
        goto out;
    }
    buf_clear(&out->body);
    CURLcode code = curl_easy_perform(handle);
    if (exchange.too_large) {
        error_set(error, "the answer is larger than %zu bytes", exchange.max_body);
    } else if (code != CURLE_OK) {
        error_set(error, "%s", reason[0] ? reason : curl_easy_strerror(code));
    } else if (exchange.second_location) {
        error_set(error, "the answer has more than one Location");
    } else if (take_status(handle, out) != 0) {
        error_set(error, "the answer has no status");
    } else {
        result = 0;
    }
out:
    if (handle) {
        (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, NULL);
        give_back(client, handle);
    }
    curl_slist_free_all(headers);
    return result;
}
