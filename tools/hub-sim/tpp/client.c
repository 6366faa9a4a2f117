#include "tpp/client.h"

#include "base/base64.h"
#include "base/limits.h"
#include "caller/subject.h"
#include "caller/token.h"
#include "tpp/signed.h"

#include <math.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>

#define JTI_MAX 128

#define SIGNED_PREFIX "CLIENT-ASSERTION"
static const char *const ids[SIGNED_COUNT] = {SIGNED_FAULTS(SIGNED_ID)};

/* --- the certificate -------------------------------------------------------------------------- */

bool client_read_certificate(struct tpp_call *call)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf text;
    const X509 *certificate = call->base.base.request->peer;
    if (!certificate || X509_digest(certificate, EVP_sha256(), digest, &len) != 1) {
        return false;
    }
    buf_init(&text, ACCESS_THUMBPRINT_MAX - 1);
    base64_append_url(&text, digest, len);
    (void)snprintf(call->thumbprint, sizeof(call->thumbprint), "%.*s", SLICE_ARG(buf_slice(&text)));
    buf_free(&text);
    return call->thumbprint[0] != '\0';
}

bool client_holds_certificate(const struct tpp_call *call, const struct tpp *tpp)
{
    const struct caller_subject subject =
        subject_of(call->base.base.arena, call->base.base.request->peer);
    return slice_equal_text(subject.ou, tpp->org_id) &&
           (slice_equal_text(subject.cn, tpp->software_id) ||
            slice_equal_text(subject.cn, tpp->client_id));
}

const struct tpp *client_of_certificate(const struct tpp_call *call)
{
    for (size_t i = 0; call->thumbprint[0] && i < tpp_count; i++) {
        if (call->side->registered[i] && client_holds_certificate(call, &tpps[i])) {
            return &tpps[i];
        }
    }
    return NULL;
}

/* --- the assertion ---------------------------------------------------------------------------- */

static int refuse(struct tpp_call *call, enum signed_fault fault)
{
    return tpp_refuse(call, ids[fault], "invalid_client", signed_fault_text(fault));
}

static const struct tpp *registered_client(const struct tpp_call *call, struct lfi_slice id)
{
    const struct tpp *tpp = tpp_find(id);
    return tpp && call->side->registered[tpp - tpps] ? tpp : NULL;
}

/* The window that the guides give, with the skew of clocks; without iat it begins now. */
static bool is_too_long(const struct tpp_call *call, const cJSON *claims)
{
    double now = (double)clock_now_s(call->base.sim->clock), exp = 0, iat = now;
    int most = tpp_switch(call, SWITCH_ASSERTION_LIFE) + tpp_switch(call, SWITCH_SKEW);
    (void)token_get_date(claims, "exp", &exp);
    (void)token_get_date(claims, "iat", &iat);
    return exp - iat > most || exp - now > most;
}

static enum signed_fault check_claims(const struct tpp_call *call, const cJSON *claims,
                                      const struct tpp *tpp)
{
    struct lfi_slice jti = json_get_string(claims, "jti");
    if (!slice_equal_text(json_get_string(claims, "iss"), tpp->client_id)) {
        return SIGNED_ISS;
    }
    if (!slice_equal_text(json_get_string(claims, "aud"), call->base.hub->issuer)) {
        return SIGNED_AUD;
    }
    enum signed_fault fault = signed_check_dates(call->base.sim, claims);
    if (fault != SIGNED_GOOD) {
        return fault;
    }
    if (tpp_switch(call, SWITCH_REQUIRE_IAT) && !json_get(claims, "iat")) {
        return SIGNED_IAT;
    }
    if (is_too_long(call, claims)) {
        return SIGNED_LIFE;
    }
    return jti.len > 0 && jti.len <= JTI_MAX ? SIGNED_GOOD : SIGNED_JTI;
}

/* A genuine assertion is used up by its first use, at an endpoint or at all. */
static bool is_first_use(const struct tpp_call *call, const cJSON *claims, const struct tpp *tpp,
                         enum tpp_endpoint endpoint)
{
    double exp = 0;
    int scope = tpp_switch(call, SWITCH_REPLAY_SCOPE);
    int where = scope == REPLAY_GLOBAL ? (int)TPP_ENDPOINTS : (int)endpoint;
    (void)token_get_date(claims, "exp", &exp);
    struct lfi_slice id = arena_format(call->base.base.arena, "assertion %d %s %s %s", where,
                                       call->base.hub->config->provider_id, tpp->client_id,
                                       json_get(claims, "jti")->valuestring);
    return scope == REPLAY_OFF ||
           (id.ptr && used_remember(call->side->used, call->base.base.arena, id,
                                    (int64_t)ceil(exp) + tpp_switch(call, SWITCH_SKEW) + 1));
}

static int check_assertion(struct tpp_call *call, const struct signed_text *text,
                           enum tpp_endpoint endpoint)
{
    struct lfi_slice sub = json_get_string(text->claims, "sub");
    const struct tpp *tpp = sub.ptr ? registered_client(call, sub) : NULL;
    if (!sub.ptr) {
        return refuse(call, SIGNED_SUB);
    }
    if (!tpp) {
        return tpp_refuse(call, "CLIENT-UNKNOWN", "invalid_client", "the client is not known");
    }
    enum signed_fault fault = signed_verify(text, call->side->keysets[tpp - tpps]);
    if (fault == SIGNED_GOOD) {
        fault = check_claims(call, text->claims, tpp);
    }
    if (fault != SIGNED_GOOD) {
        return refuse(call, fault);
    }
    if (!client_holds_certificate(call, tpp)) {
        return tpp_refuse(call, "CLIENT-CERTIFICATE", "invalid_client",
                          "the certificate is not this client's");
    }
    if (!is_first_use(call, text->claims, tpp, endpoint)) {
        return refuse(call, SIGNED_REPLAY);
    }
    call->tpp = tpp;
    return 0;
}

static int check_form(struct tpp_call *call)
{
    struct lfi_slice type = form_get(&call->form, "client_assertion_type");
    if (!call->thumbprint[0]) {
        return tpp_refuse(call, "CLIENT-CERTIFICATE", "invalid_client",
                          "a client certificate is required");
    }
    if (!slice_equal_text(type, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")) {
        return tpp_refuse(call, "CLIENT-FORM", "invalid_request",
                          "client_assertion_type must be "
                          "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    }
    return form_get(&call->form, "client_assertion").ptr
               ? 0
               : tpp_refuse(call, "CLIENT-FORM", "invalid_request", "client_assertion is missing");
}

int client_authenticate(struct tpp_call *call, enum tpp_endpoint endpoint)
{
    static const char *const typs[] = {"JWT", "client-authentication+jwt", NULL};
    struct signed_text text;
    if (check_form(call) != 0) {
        return -1;
    }
    enum signed_fault fault =
        signed_read(call->base.base.arena, form_get(&call->form, "client_assertion"),
                    LIMIT_TOKEN_BYTES, typs, &text);
    if (fault != SIGNED_GOOD) {
        return refuse(call, fault);
    }
    int rc = check_assertion(call, &text, endpoint);
    cJSON_Delete(text.claims);
    struct lfi_slice named = form_get(&call->form, "client_id");
    if (rc == 0 && named.ptr && !slice_equal_text(named, call->tpp->client_id)) {
        return tpp_refuse(call, "CLIENT-ID", "invalid_client",
                          "client_id is not the client of the assertion");
    }
    return rc;
}
