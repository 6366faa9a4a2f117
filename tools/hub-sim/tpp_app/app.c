#include "tpp_app/app.h"

#include "base/limits.h"
#include "roles.h"
#include "tpps.h"

#include <stdlib.h>

#define HUB_MS 20000 /* longer than a Hub waits for its bank */

int tpp_app_open(struct tpp_app **out, const struct sim *sim, struct lfi_error *error)
{
    const struct sim_config *config = sim->config;
    struct tpp_app *app = NULL;
    for (size_t i = 0; config->tpp_url && i < config->tpp_count; i++) {
        const struct config_tpp *own = &config->tpps[i];
        const struct http_client_config client = {.ca_file = config->client_ca,
                                                  .certificate = own->transport_cert,
                                                  .key = own->transport_key,
                                                  .timeout_ms = HUB_MS,
                                                  .reply_bytes = LIMIT_REPLY_BYTES};
        if (!own->transport_cert) {
            continue;
        }
        if (!own->transport_key) {
            return error_set(error, "tpps: the transportCert of %s needs a transportKey",
                             own->slug);
        }
        if (!app) {
            app = calloc(1, sizeof *app);
            if (!app) {
                return error_set(error, "out of memory");
            }
            app->sim = sim;
            pthread_mutex_init(&app->refreshing, NULL);
            *out = app;
            if (flows_open(&app->flows, sim, error) != 0) {
                return -1;
            }
        }
        const struct tpp *tpp = tpp_of_slug(slice_of(own->slug));
        if (http_client_new(&app->clients[tpp - tpps], &client, error) != 0) {
            return -1;
        }
    }
    return 0;
}

void tpp_app_close(struct tpp_app *app)
{
    if (!app) {
        return;
    }
    for (size_t i = 0; i < SIM_TPPS; i++) {
        http_client_free(app->clients[i]);
    }
    flows_close(app->flows);
    pthread_mutex_destroy(&app->refreshing);
    free(app);
}

bool tpp_app_calls(const struct tpp_app *app, size_t place)
{
    return app && app->clients[place];
}

bool tpp_app_may(const struct tpp_app *app, size_t place, enum tpp_role role)
{
    const struct sim_config *config = app ? app->sim->config : NULL;
    for (size_t i = 0; config && i < config->tpp_count; i++) {
        if (strcmp(config->tpps[i].slug, tpps[place].slug) == 0) {
            return tpp_app_calls(app, place) && (config->tpps[i].roles & role) != 0;
        }
    }
    return false;
}
