#include "oauth/client.h"

#include "base/base64.h"
#include "caller/secret_use.h"
#include "oauth/assertion.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* --- credentials of the request --------------------------------------------------------------- */

struct credentials {
    enum client_method method;
    struct lfi_slice client_id;
    struct lfi_slice proof; /* the secret or the assertion */
};

/* Id and secret are form-encoded before they are joined (RFC 6749 2.3.1). */
static int read_basic(struct arena *arena, struct lfi_slice header, struct credentials *out,
                      struct refusal *refusal)
{
    struct lfi_slice scheme, id;

    if (!slice_next(&header, ' ', &scheme) || !slice_equal_nocase(scheme, "basic")) {
        return oauth_refuse_client(refusal, "CLIENT-SCHEME", "the scheme must be Basic");
    }
    struct lfi_slice pair = base64_decode_any(arena, slice_trim(header));
    if (!pair.ptr || !memchr(pair.ptr, ':', pair.len) || !slice_next(&pair, ':', &id)) {
        return oauth_refuse_client(refusal, "CLIENT-BASIC", "not Base64 of an id and a secret");
    }
    out->client_id = request_decode(arena, id, true);
    out->proof = request_decode(arena, pair, true);
    if (!out->client_id.ptr || !out->proof.ptr) {
        return oauth_refuse_client(refusal, "CLIENT-BASIC", "invalid percent-encoding");
    }
    return 0;
}

static int read_assertion(const struct oauth_ask *ask, struct credentials *out,
                          struct refusal *refusal)
{
    out->proof = form_get(ask->form, "client_assertion");
    if (!slice_equal_text(form_get(ask->form, "client_assertion_type"), ASSERTION_TYPE)) {
        return oauth_refuse_client(refusal, "CLIENT-ASSERTION-TYPE",
                                   "client_assertion_type must be jwt-bearer");
    }
    if (!out->client_id.ptr) {
        out->client_id = assertion_subject(ask->request->arena, out->proof);
    }
    return 0;
}

/* More than one method in one request is refused (RFC 6749 2.3). */
static int find_method(const struct oauth_ask *ask, bool basic, enum client_method *out,
                       struct refusal *refusal)
{
    bool post = form_get(ask->form, "client_secret").ptr;
    bool assertion = form_get(ask->form, "client_assertion").ptr ||
                     form_get(ask->form, "client_assertion_type").ptr;

    if (basic + post + assertion > 1) {
        return oauth_refuse_request(refusal, "CLIENT-METHODS",
                                    "More than one method of client authentication is used.");
    }
    *out = basic       ? CLIENT_SECRET_BASIC
           : post      ? CLIENT_SECRET_POST
           : assertion ? CLIENT_PRIVATE_KEY_JWT
                       : CLIENT_TLS;
    return 0;
}

static int read_credentials(const struct oauth_ask *ask, struct credentials *out,
                            struct refusal *refusal)
{
    size_t count = 0;
    struct lfi_slice header = request_header(ask->request, "authorization", &count);
    struct lfi_slice named = form_get(ask->form, "client_id");

    *out = (struct credentials){.client_id = named};
    if (count > 1) {
        return oauth_refuse_request(refusal, "CLIENT-FORM",
                                    "There is more than one Authorization header.");
    }
    if (find_method(ask, count == 1, &out->method, refusal) != 0) {
        return -1;
    }
    if (out->method == CLIENT_SECRET_BASIC) {
        if (read_basic(ask->request->arena, header, out, refusal) != 0) {
            return -1;
        }
        if (named.ptr && !slice_equal(named, out->client_id)) {
            return oauth_refuse_request(refusal, "CLIENT-METHODS",
                                        "client_id is not that of the Authorization header.");
        }
    } else if (out->method == CLIENT_SECRET_POST) {
        out->proof = form_get(ask->form, "client_secret");
    } else if (out->method == CLIENT_PRIVATE_KEY_JWT && read_assertion(ask, out, refusal) != 0) {
        return -1;
    }
    return out->client_id.len > 0
               ? 0
               : oauth_refuse_client(refusal, "CLIENT-MISSING", "no client id, or no credential");
}

/* --- checks ----------------------------------------------------------------------------------- */

static const struct oauth_client *find_client(const struct oauth_clients *clients,
                                              struct lfi_slice id)
{
    for (size_t i = 0; i < clients->count; i++) {
        if (slice_equal_text(id, clients->items[i].settings->id)) {
            return &clients->items[i];
        }
    }
    return NULL;
}

/* Two Hubs call under one OU: where the client's own names are configured, it has one of them. */
static int check_subject(const struct oauth_client *client, const struct oauth_ask *ask,
                         struct refusal *refusal)
{
    const char *const *subject = client->settings->subjects;
    struct lfi_slice own = caller_subject_text(ask->request->arena, ask->request->peer);

    if (!*subject) {
        return 0;
    }
    for (; *subject; subject++) {
        if (slice_equal_text(own, *subject)) {
            return 0;
        }
    }
    return oauth_refuse_client(refusal, "CLIENT-CERTIFICATE",
                               "the certificate's subject is none of this client's");
}

static int check_secret(const struct oauth_client *client, const struct oauth_ask *ask,
                        struct lfi_slice secret, struct refusal *refusal)
{
    size_t found = 0;

    if (!caller_secrets_find(client->secrets, secret, &found)) {
        return oauth_refuse_client(refusal, "CLIENT-SECRET", "no such secret");
    }
    const struct caller_secret *about = caller_secrets_at(client->secrets, found);
    if (!caller_secret_is_valid(about, ask->now_s)) {
        (void)oauth_refuse_client(refusal, "CLIENT-SECRET", "");
        refusal_detail(refusal, "secret %s is %s", about->id,
                       caller_secret_state(about, ask->now_s));
        return -1;
    }
    secret_use_note(client->use, client->secrets, found, client->settings->provider, ask->now_s,
                    ask->log);
    return 0;
}

static int check_proof(const struct oauth_client *client, const struct oauth_ask *ask,
                       const struct credentials *credentials, struct refusal *refusal)
{
    switch (credentials->method) {
    case CLIENT_SECRET_BASIC:
    case CLIENT_SECRET_POST:
        return check_secret(client, ask, credentials->proof, refusal);
    case CLIENT_PRIVATE_KEY_JWT:
        return assertion_check(client, ask, credentials->proof, refusal);
    case CLIENT_TLS: /* the subject has passed, when there is one to compare with */
    case CLIENT_METHODS:
        break;
    }
    return *client->settings->subjects
               ? 0
               : oauth_refuse_client(refusal, "CLIENT-CERTIFICATE", "no subject is configured");
}

int oauth_client_authenticate(const struct oauth_clients *clients, const struct oauth_ask *ask,
                              const struct oauth_client **out, struct refusal *refusal)
{
    struct credentials credentials;

    *out = NULL;
    if (read_credentials(ask, &credentials, refusal) != 0) {
        return -1;
    }
    const struct oauth_client *client = find_client(clients, credentials.client_id);
    if (!client) {
        return oauth_refuse_client(refusal, "CLIENT-UNKNOWN", "no client has this id");
    }
    *out = client;
    if (!(client->settings->methods & 1u << credentials.method)) {
        return oauth_refuse_client(
            refusal, credentials.method == CLIENT_TLS ? "CLIENT-MISSING" : "CLIENT-METHOD",
            "the client may not use this method");
    }
    if (check_subject(client, ask, refusal) != 0) {
        return -1;
    }
    return check_proof(client, ask, &credentials, refusal);
}
