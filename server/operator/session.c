#include "operator/session.h"

#include "base/limits.h"
#include "base/text.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_BYTES 32
#define COOKIE_BYTES 512
#define NAME_BYTES 24
static const char PURPOSE[] = "operator-session";

int operator_seal_new(struct seal **out, struct lfi_error *error)
{
    unsigned char key[KEY_BYTES];
    const struct lfi_slice current = {(const char *)key, sizeof(key)};
    if (RAND_bytes(key, sizeof(key)) != 1) {
        return error_set(error, "no random bytes for the key of the operator's sessions");
    }
    int rc = seal_new(out, current, (struct lfi_slice){NULL, 0}, error);
    OPENSSL_cleanse(key, sizeof(key));
    return rc;
}

/* "lfi-operator-9441": with the port that the browser called. */
static void cookie_name(char out[NAME_BYTES], const struct request *request)
{
    struct lfi_slice host = request_header(request, "host", NULL);
    size_t digits = 0;
    while (digits < host.len && digits < 5 && host.ptr[host.len - 1 - digits] >= '0' &&
           host.ptr[host.len - 1 - digits] <= '9') {
        digits++;
    }
    (void)snprintf(out, NAME_BYTES, "lfi-operator-%.*s", (int)digits,
                   digits > 0 ? host.ptr + host.len - digits : "");
}

bool operator_session_lives(const struct seal *seal, const struct request *request, int64_t now_s)
{
    char name[NAME_BYTES], text[24];
    cookie_name(name, request);
    struct lfi_slice box = request_cookie(request, name);
    if (!box.ptr) {
        return false;
    }
    struct lfi_slice until = seal_open(seal, request->arena, PURPOSE, box);
    (void)snprintf(text, sizeof(text), "%.*s", SLICE_ARG(slice_cut(until, sizeof(text) - 1)));
    return until.ptr && now_s < strtoll(text, NULL, 10);
}

bool operator_is_own_page(const struct request *request)
{
    struct lfi_slice host = request_header(request, "host", NULL);
    struct lfi_slice origin = request_header(request, "origin", NULL);
    struct lfi_slice site = request_header(request, "sec-fetch-site", NULL);
    if (origin.ptr) {
        return slice_starts_with(origin, "http://") && origin.len == host.len + 7 &&
               memcmp(origin.ptr + 7, host.ptr, host.len) == 0;
    }
    return request_is_read(request) && (!site.ptr || slice_equal_text(site, "same-origin"));
}

static int add_cookie(const struct request *request, struct lfi_slice value, int64_t seconds,
                      struct reply *reply)
{
    char name[NAME_BYTES];
    struct buf cookie;
    buf_init(&cookie, COOKIE_BYTES);
    cookie_name(name, request);
    buf_append_format(&cookie, "%s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld", name,
                      SLICE_ARG(value), (long long)seconds);
    int rc = cookie.failed ? -1 : 0;
    if (rc == 0) {
        reply_header(reply, "Set-Cookie", buf_slice(&cookie));
    }
    buf_free(&cookie);
    return rc;
}

int operator_session_begin(const struct seal *seal, const struct request *request, int64_t now_s,
                           struct reply *reply)
{
    char until[24];
    struct buf box;
    buf_init(&box, COOKIE_BYTES);
    (void)snprintf(until, sizeof(until), "%lld", (long long)(now_s + LIMIT_OPERATOR_SESSION_S));
    int rc = seal_close(seal, PURPOSE, slice_of(until), &box) == 0 && !box.failed
                 ? add_cookie(request, buf_slice(&box), LIMIT_OPERATOR_SESSION_S, reply)
                 : -1;
    buf_free(&box);
    return rc;
}

void operator_session_end(const struct request *request, struct reply *reply)
{
    (void)add_cookie(request, SLICE(""), 0, reply);
}
