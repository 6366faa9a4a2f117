#include "webhook_receiver.h"

#include "base/limits.h"
#include "caller/token.h"
#include "jose/decrypt.h"
#include "jwe_key.h"
#include "store.h"
#include "tpp/signed.h"

#include <stdlib.h>

struct webhook_receiver {
    struct jose_decrypter *decrypter; /* of all TPPs */
    struct jose_keyset *hub_keys;
};

/* --- opening ---------------------------------------------------------------------------------- */

static int open_decrypter(const struct sim *sim, struct webhook_receiver *receiver,
                          struct lfi_error *error)
{
    struct jose_key_file files[SIM_TPPS];
    size_t count = 0;
    for (size_t i = 0; i < sim->config->tpp_count; i++) {
        const struct config_tpp *tpp = &sim->config->tpps[i];
        if (tpp->encryption_key) {
            files[count++] = (struct jose_key_file){tpp->encryption_kid, tpp->encryption_key};
        }
    }
    return count > 0 ? jose_decrypter_new(&receiver->decrypter, files, count, error) : 0;
}

/* As the Hubs publish them, below the bank's organisation. */
static int open_hub_keys(const struct sim *sim, struct webhook_receiver *receiver,
                         struct lfi_error *error)
{
    struct buf jwks;
    buf_init(&jwks, LIMIT_JWKS_BYTES);
    int rc = directory_append_keys(sim->directory, slice_of(sim->config->bank_ou), SLICE(""), &jwks)
                 ? jose_keyset_parse(&receiver->hub_keys, buf_slice(&jwks), JOSE_PS256, error)
                 : error_set(error, "the directory has no keys of the Hubs");
    buf_free(&jwks);
    return rc;
}

int webhook_receiver_open(struct sim *sim, struct lfi_error *error)
{
    if (!sim->config->tpp_url) {
        return 0;
    }
    sim->receiver = calloc(1, sizeof(*sim->receiver));
    if (!sim->receiver) {
        return error_set(error, "out of memory");
    }
    return open_decrypter(sim, sim->receiver, error) || open_hub_keys(sim, sim->receiver, error)
               ? -1
               : 0;
}

void webhook_receiver_close(struct sim *sim)
{
    if (sim->receiver) {
        jose_decrypter_free(sim->receiver->decrypter);
        jose_keyset_free(sim->receiver->hub_keys);
        free(sim->receiver);
        sim->receiver = NULL;
    }
}

/* --- receiving -------------------------------------------------------------------------------- */

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, id, message);
}

static const struct tpp *tpp_of_kid(const struct sim *sim, struct lfi_slice kid)
{
    for (size_t i = 0; i < tpp_count; i++) {
        if (sim->tpp_keys[i] && slice_equal_text(kid, jwe_key_kid(sim->tpp_keys[i]))) {
            return &tpps[i];
        }
    }
    return NULL;
}

static int open_jwe(const struct sim *sim, struct arena *arena, struct lfi_slice body,
                    struct lfi_slice *jws, const struct tpp **tpp)
{
    struct lfi_error error;
    struct jose_jwe jwe;
    if (!sim->receiver || !sim->receiver->decrypter ||
        jose_jwe_parse(arena, body, LIMIT_BODY_BYTES, &jwe, &error) ||
        !slice_equal_text(jwe.alg, "RSA-OAEP-256") || !slice_equal_text(jwe.enc, "A256GCM") ||
        !slice_equal_text(jwe.cty, "JWT") || jwe.has_crit || jwe.has_zip) {
        return -1;
    }
    *tpp = tpp_of_kid(sim, jwe.kid);
    return *tpp ? jose_decrypt(sim->receiver->decrypter, &jwe, arena, jws) : -1;
}

static const struct sim_hub *hub_of_issuer(const struct sim *sim, struct lfi_slice issuer)
{
    for (size_t i = 0; i < sim->hub_count; i++) {
        if (slice_equal_text(issuer, sim->hubs[i].issuer)) {
            return &sim->hubs[i];
        }
    }
    return NULL;
}

/* *hub and the claims, which the caller ends also after a fault. */
static enum signed_fault open_jws(const struct sim *sim, struct arena *arena, struct lfi_slice jws,
                                  const struct tpp *tpp, const struct sim_hub **hub, cJSON **claims)
{
    static const char *const typs[] = {"JWT", NULL};
    struct signed_text text;
    enum signed_fault fault = signed_read(arena, jws, LIMIT_BODY_BYTES, typs, &text);
    *claims = text.claims;
    if (fault == SIGNED_GOOD) {
        fault = signed_verify(&text, sim->receiver->hub_keys);
    }
    if (fault != SIGNED_GOOD) {
        return fault;
    }
    *hub = hub_of_issuer(sim, json_get_string(text.claims, "iss"));
    if (!*hub) {
        return SIGNED_ISS;
    }
    return token_names_audience(json_get(text.claims, "aud"), tpp->client_id)
               ? signed_check_dates(sim, text.claims)
               : SIGNED_AUD;
}

static int keep(const struct sim *sim, const struct sim_hub *hub, const struct tpp *tpp,
                cJSON *claims, struct refusal *refusal)
{
    struct lfi_slice id =
        json_get_string(json_get(json_get(claims, "message"), "Meta"), "ConsentId");
    store_lock(sim->store);
    struct consent *consent = id.ptr ? store_find(sim->store, hub, id) : NULL;
    bool own = consent && consent->tpp == tpp;
    if (own) {
        store_note_event(sim->store, consent,
                         cJSON_DetachItemFromObjectCaseSensitive(claims, "message"));
    }
    store_unlock(sim->store);
    return own ? 0
               : refuse(refusal, "SIM-WEBHOOK-CONSENT", "The event is of no consent of this TPP.");
}

int webhook_receive(const struct sim *sim, struct arena *arena, struct lfi_slice body,
                    struct refusal *refusal)
{
    const struct tpp *tpp = NULL;
    const struct sim_hub *hub = NULL;
    struct lfi_slice jws;
    cJSON *claims = NULL;
    if (open_jwe(sim, arena, body, &jws, &tpp) != 0) {
        return refuse(refusal, "SIM-WEBHOOK-JWE",
                      "The body must be a JWE for a simulated TPP: RSA-OAEP-256, A256GCM, its kid, "
                      "cty JWT.");
    }
    enum signed_fault fault = open_jws(sim, arena, jws, tpp, &hub, &claims);
    int rc = fault == SIGNED_GOOD
                 ? keep(sim, hub, tpp, claims, refusal)
                 : refuse(refusal, "SIM-WEBHOOK-JWS",
                          fault == SIGNED_ISS   ? "iss must be a Hub"
                          : fault == SIGNED_AUD ? "aud must name the TPP whose key it is"
                                                : signed_fault_text(fault));
    cJSON_Delete(claims);
    return rc;
}
