/* The configuration and its files, read again while the server answers. */
#include "connect/connect.h"
#include "serve.h"
#include "serve_parts.h"

#include <stdlib.h>

#define SWITCH_RETRY_S 60 /* after the switch to another certificate failed */

static int refuse_restart(const struct serve *serve, const struct config *config,
                          struct lfi_error *error)
{
    static const char cause[] = "cannot change without a restart";
    char path[CONFIG_PATH_MAX];

    if (config_needs_restart(serve->config, config, path)) {
        return config_error(config, path, cause, error);
    }
    if (!serve->config->public_.pairs[0].certificate != !config->public_.pairs[0].certificate) {
        return config_error(config, "$.publicListener.certificate", cause, error);
    }
    if (serve->operator_api && !operator_token_is_same(serve->operator_api)) {
        return config_error(config, "$.adminListener.operatorToken",
                            "its content cannot change without a restart", error);
    }
    return 0;
}

static int prepare_listeners(struct serve *serve, const struct config *config,
                             const struct material *material, struct lfi_error *error)
{
    const struct http_tls hub = serve_tls(&config->hub, material->in_use[MATERIAL_HUB_LISTENER]);
    const struct http_tls public_ =
        serve_tls(&config->public_, material->in_use[MATERIAL_PUBLIC_LISTENER]);

    return http_listener_prepare(serve->hub_listener, &hub, error) != 0
               ? -1
               : http_listener_prepare(serve->public_listener, &public_, error);
}

/* Everything is read and judged aside before anything of it counts. */
static int take_config(struct serve *serve, struct config *config, struct lfi_error *error)
{
    const uint64_t fingerprint = watch_fingerprint(config);
    struct material material;

    watch_take(&serve->watch, fingerprint);
    if (refuse_restart(serve, config, error) != 0 ||
        serve_check_material(serve, config, &material, error) != 0 ||
        prepare_listeners(serve, config, &material, error) != 0) {
        return -1;
    }
    if (watch_fingerprint(config) != fingerprint) {
        return error_set(error, "%s: its files changed while they were read", config->path);
    }
    if (generations_replace(serve->generations, config,
                            &config->hub_pairs[material.in_use[MATERIAL_HUB]], error) != 0) {
        return -1;
    }
    http_listener_commit(serve->hub_listener);
    http_listener_commit(serve->public_listener);
    readiness_set_material(serve->readiness, &material);
    atomic_store(&serve->log.level, config->log_level);
    connect_set_check(serve->connect, config->check_responses);
    serve->material = material;
    serve->in_force = config;
    return 0;
}

/* `cause` says what led to it. */
static int reload(struct serve *serve, int loaded, struct config *config, const char *cause,
                  struct lfi_error *error)
{
    int status = loaded == 0 ? take_config(serve, config, error) : -1;

    if (status != 0) {
        config_free(config);
        LOG_EVENT(&serve->log, LOG_ERROR, "reload-failed",
                  LOG_TEXT("reason", slice_of(error->message)), LOG_TEXT("cause", slice_of(cause)));
    } else {
        LOG_EVENT(&serve->log, LOG_INFO, "reloaded", LOG_TEXT("cause", slice_of(cause)));
    }
    return status;
}

void serve_reload(struct serve *serve)
{
    struct lfi_error error = {""};
    struct config *config = NULL;
    int loaded = config_load(&config, serve->config->path, &error);

    (void)reload(serve, loaded, config, "signal", &error);
}

void serve_poll(struct serve *serve)
{
    const struct clock system_time = {0};
    const time_t switch_at = serve->material.changes_at;
    const int64_t now_us = clock_monotonic_us();
    bool due = switch_at != 0 && switch_at <= (time_t)clock_now_s(&system_time) &&
               now_us >= serve->retry_us;
    bool changed = serve->in_force->watch_files && watch_poll(&serve->watch, serve->in_force);
    struct lfi_error error = {""};
    struct config *config = NULL;

    if (!due && !changed) {
        return;
    }
    int loaded = config_load_again(&config, serve->in_force, &error);
    if (reload(serve, loaded, config, changed ? "files" : "dates", &error) != 0) {
        serve->retry_us = now_us + (int64_t)SWITCH_RETRY_S * 1000000;
    }
}
