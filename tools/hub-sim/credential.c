#include "credential.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define TOKEN_LIFE_S 30 /* of the tokens that the Hub signs */
#define EXPIRED_S 600   /* since an expired one began; more than any clock skew */
#define RENEW_S 10      /* before the end of an access token */
#define SECRET_BYTES 512
#define FORM_BYTES 1024

struct credential {
    char *secret;  /* API key, or the client's secret; NULL: the mode has none */
    char *retired; /* API key that the bank has retired; NULL: none */
    pthread_mutex_t lock;
    char *access_token; /* NULL: none yet */
    int64_t renew_s;    /* when to fetch another */
};

/* The first line of the file. */
static int read_secret(char **out, const char *file, struct lfi_error *error)
{
    struct buf text;
    buf_init(&text, SECRET_BYTES);
    int rc = file_read(file, &text, error);
    if (rc == 0) {
        size_t len = 0;
        while (len < text.len && text.ptr[len] != '\n') {
            len++;
        }
        *out = strndup(text.ptr, len);
        rc = *out ? 0 : error_set(error, "out of memory");
    }
    buf_free(&text);
    return rc;
}

int credential_open(struct credential **out, const struct config_hub *config,
                    struct lfi_error *error)
{
    struct credential *credential = calloc(1, sizeof *credential);
    if (!credential) {
        return error_set(error, "out of memory");
    }
    pthread_mutex_init(&credential->lock, NULL);
    *out = credential;
    int rc = 0;
    if (config->secret_file) {
        rc = read_secret(&credential->secret, config->secret_file, error);
    }
    if (rc == 0 && config->retired_file) {
        rc = read_secret(&credential->retired, config->retired_file, error);
    }
    return rc;
}

static void forget(char *secret)
{
    if (secret) {
        OPENSSL_cleanse(secret, strlen(secret));
    }
    free(secret);
}

void credential_free(struct credential *credential)
{
    if (!credential) {
        return;
    }
    forget(credential->secret);
    forget(credential->retired);
    forget(credential->access_token);
    pthread_mutex_destroy(&credential->lock);
    free(credential);
}

/* --- access tokens ---------------------------------------------------------------------------- */

static int take_answer(const struct sim *sim, struct credential *credential,
                       const struct http_answer *answer, struct lfi_error *error)
{
    int64_t life_s = 0;
    cJSON *body = json_parse(buf_slice(&answer->body));
    const char *token = cJSON_GetStringValue(json_get(body, "access_token"));
    int rc = -1;
    if (answer->status == 200 && token && json_get_int(body, "expires_in", &life_s)) {
        forget(credential->access_token);
        credential->access_token = strdup(token);
        credential->renew_s = clock_now_s(sim->clock) + life_s - RENEW_S;
        rc = credential->access_token ? 0 : error_set(error, "out of memory");
    } else {
        (void)error_set(error, "the token endpoint answered %d without a token", answer->status);
    }
    cJSON_Delete(body);
    return rc;
}

/* By client_secret_basic. Ids and secrets are of characters that need no encoding in a form. */
static int fetch(const struct sim *sim, const struct sim_hub *hub, struct lfi_error *error)
{
    const struct config_hub *config = hub->config;
    struct buf pair, line, form;
    struct http_answer answer;
    buf_init(&pair, FORM_BYTES);
    buf_init(&line, 2 * FORM_BYTES);
    buf_init(&form, FORM_BYTES);
    http_answer_init(&answer, LIMIT_TOKEN_BYTES * 2);
    buf_append_format(&pair, "%s:%s", config->client_id, hub->credential->secret);
    buf_append_text(&line, "Authorization: Basic ");
    base64_append_standard(&line, pair.ptr, pair.len);
    buf_append(&line, "", 1);
    buf_append_text(&form, "grant_type=client_credentials");
    const char *const headers[] = {line.ptr, NULL};
    const struct http_call call = {.method = "POST",
                                   .url = config->token_url,
                                   .headers = headers,
                                   .content_type = "application/x-www-form-urlencoded",
                                   .body = buf_slice(&form)};
    int rc = pair.failed || line.failed || form.failed
                 ? error_set(error, "out of memory")
                 : http_client_call(hub->client, &call, &answer, error);
    if (rc == 0) {
        rc = take_answer(sim, hub->credential, &answer, error);
    }
    http_answer_free(&answer);
    OPENSSL_cleanse(pair.ptr, pair.len);
    OPENSSL_cleanse(line.ptr, line.len);
    buf_free(&pair);
    buf_free(&line);
    buf_free(&form);
    return rc;
}

static bool kept_token_serves(const struct sim *sim, const struct credential *credential,
                              enum credential_use use)
{
    return credential->access_token &&
           (use == CREDENTIAL_EXPIRED ||
            (use == CREDENTIAL_USUAL && clock_now_s(sim->clock) < credential->renew_s));
}

static int append_access_token(const struct sim *sim, const struct sim_hub *hub,
                               enum credential_use use, struct buf *out, struct lfi_error *error)
{
    struct credential *credential = hub->credential;
    int rc = 0;
    pthread_mutex_lock(&credential->lock);
    if (!kept_token_serves(sim, credential, use)) {
        rc = fetch(sim, hub, error);
    }
    if (rc == 0) {
        buf_append_format(out, "Bearer %s", credential->access_token);
    }
    pthread_mutex_unlock(&credential->lock);
    return rc;
}

/* --- every mode ------------------------------------------------------------------------------- */

static int append_signed(const struct sim *sim, const struct sim_hub *hub, enum credential_use use,
                         struct buf *out, struct lfi_error *error)
{
    int64_t now_s = clock_now_s(sim->clock) - (use == CREDENTIAL_EXPIRED ? EXPIRED_S : 0);
    buf_append_text(out, "Bearer ");
    return jose_sign(hub->signer,
                     &(struct jose_claims){.iss = hub->subject.o,
                                           .sub = hub->subject.ou,
                                           .aud = hub->config->audience,
                                           .now_s = now_s,
                                           .life_s = TOKEN_LIFE_S},
                     out, error);
}

int credential_append(const struct sim *sim, const struct sim_hub *hub, enum credential_use use,
                      struct buf *out, struct lfi_error *error)
{
    switch (hub->config->auth) {
    case HUB_AUTH_JWT:
        return append_signed(sim, hub, use, out, error);
    case HUB_AUTH_API_KEY:
        buf_append_text(out, use == CREDENTIAL_RETIRED && hub->credential->retired
                                 ? hub->credential->retired
                                 : hub->credential->secret);
        break;
    case HUB_AUTH_CLIENT_CREDENTIALS:
        return append_access_token(sim, hub, use, out, error);
    case HUB_AUTH_MTLS:
        break;
    }
    return 0;
}

bool credential_can_renew(const struct sim_hub *hub)
{
    return hub->config->auth == HUB_AUTH_CLIENT_CREDENTIALS;
}
