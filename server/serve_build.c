/* What a configuration is made into before anybody is served. */
#include "base/json.h"
#include "base/limits.h"
#include "connect/connect.h"
#include "connect/families.h"
#include "operator/callers.h"
#include "psu/task.h"
#include "serve.h"
#include "serve_parts.h"

#include <stdio.h>
#include <stdlib.h>

#define THREADS_BESIDE 32 /* that call a core and belong to no listener, and reserves */

/* Each listener has some more of its own, and there are a few beside. */
static uint32_t count_threads(const struct config *config)
{
    int threads = config->hub.threads + config->public_.threads + config->admin.threads;
    size_t workers = config->provider_count * LIMIT_TASK_WORKERS;

    return (uint32_t)(threads + threads / 8 + THREADS_BESIDE) + (uint32_t)workers;
}

/* In development the cores' settings may be those of a demonstration. */
static void tell_warnings_of_cores(struct serve *serve)
{
    char path[CONFIG_PATH_MAX];

    for (size_t i = 0; i < provider_count(serve->providers) && !serve->config->development; i++) {
        const char *cause = provider_at(serve->providers, i)->warning.message;
        snprintf(path, sizeof(path), "$.providers[%zu].core.settings", i);
        if (cause[0]) {
            serve->warnings.warn(serve->warnings.ctx, path, cause);
        }
    }
}

struct provider_config serve_provider(const struct config *config, size_t index)
{
    const struct config_provider *from = &config->providers[index];

    return (struct provider_config){.id = from->id,
                                    .segment = from->segment,
                                    .audience = from->audience,
                                    .library = from->core_library,
                                    .settings = from->core_settings,
                                    .base_dir = config->base_dir,
                                    .threads = count_threads(config),
                                    .caap = from->caap,
                                    .caap_rules = from->caap_rules,
                                    .offers = from->offers,
                                    .statement_day = from->statement_day,
                                    .payment_rules = from->payment_rules};
}

static int open_providers(struct serve *serve, struct lfi_error *error)
{
    const struct config *config = serve->config;
    struct provider_config *providers = calloc(config->provider_count, sizeof(*providers));

    if (!providers) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < config->provider_count; i++) {
        providers[i] = serve_provider(config, i);
    }
    struct lfi_error cause = {""};
    size_t failed = 0;
    int status = provider_set_open(&serve->providers, providers, config->provider_count,
                                   &serve->clock, &serve->log, &failed, &cause);
    free(providers);
    if (status != 0) {
        char path[CONFIG_PATH_MAX];
        snprintf(path, sizeof(path), "$.providers[%zu].core", failed);
        (void)config_error(config, path, cause.message, error);
        return status;
    }
    tell_warnings_of_cores(serve);
    return 0;
}

/* `create`: make the store when it is not there yet. */
static int open_state(struct serve *serve, bool create, struct lfi_error *error)
{
    struct state_config config = serve->config->state;
    struct lfi_error cause = {""};

    config.create = create;
    config.threads = count_threads(serve->config);
    return state_open(&serve->state, &config, &serve->clock, &cause) == 0
               ? 0
               : config_error(serve->config, "$.state", cause.message, error);
}

static int make_apis(struct serve *serve, struct lfi_error *error)
{
    struct lfi_error cause = {""};
    if (connect_apis_new(&serve->apis, serve->config->base_paths, &cause) != 0) {
        return config_error(serve->config, "$.hubListener.basePaths", cause.message, error);
    }
    return 0;
}

static void warn_of_version(const struct serve *serve, const char *path, uint32_t version)
{
    enum contract_standing standing = apis_standing_of(serve->apis, version);
    char cause[120];
    if (standing == CONTRACT_FINAL) {
        return;
    }
    snprintf(cause, sizeof(cause), "v%u.%u is %s", version >> 16, version & 0xffff,
             standing == CONTRACT_DRAFT
                 ? "a draft"
                 : "not known here: its calls are answered as those of the version before");
    serve->warnings.warn(serve->warnings.ctx, path, cause);
}

/* Of a list that stands for several families, once. */
static void warn_of_versions(const struct serve *serve)
{
    char path[CONFIG_PATH_MAX];
    const struct config *config = serve->config;
    for (size_t i = 0; i < config->provider_count; i++) {
        const uint32_t *const *lists = config->providers[i].offers.versions;
        for (size_t family = 0; family < CONTRACT_FAMILIES; family++) {
            const uint32_t *all = lists[CONTRACT_CONSENT_EVENTS]; /* has no list of its own */
            if (family != CONTRACT_CONSENT_EVENTS && lists[family] == all) {
                continue;
            }
            snprintf(path, sizeof(path), "$.providers[%zu].offers.%s%s", i,
                     lists[family] == all ? "standardVersions" : "familyVersions.",
                     lists[family] == all ? "" : contract_family_names[family]);
            for (const uint32_t *version = lists[family]; *version; version++) {
                warn_of_version(serve, path, *version);
            }
        }
    }
}

/* Those of the Hub's APIs, then those of the token endpoint; as many as there is room for. */
static size_t name_operations(const struct serve *serve, const char **out, size_t room)
{
    const struct contract_api *tokens = oauth_contract();
    size_t of_apis = apis_operation_count(serve->apis);
    size_t count = of_apis + contract_operation_count(tokens);

    for (size_t i = 0; i < count && i < room; i++) {
        out[i] = contract_operation_id(i < of_apis ? apis_operation_at(serve->apis, i)
                                                   : contract_operation_at(tokens, i - of_apis));
    }
    return count;
}

static int make_metrics(struct serve *serve, struct lfi_error *error)
{
    const struct config *config = serve->config;
    size_t operation_count = name_operations(serve, NULL, 0);
    const struct contract_api *versioned = apis_versioned(serve->apis);
    size_t version_count = contract_version_count(versioned);
    const char **names = calloc(config->provider_count + operation_count, sizeof(*names));
    uint32_t *versions = calloc(version_count + 1, sizeof(*versions));

    if (names && versions) {
        for (size_t i = 0; i < version_count; i++) {
            versions[i] = contract_version_at(versioned, i);
        }
        for (size_t i = 0; i < config->provider_count; i++) {
            names[i] = config->providers[i].id;
        }
        (void)name_operations(serve, names + config->provider_count, operation_count);
        serve->metrics = metrics_new(
            &(struct metrics_labels){names, config->provider_count, names + config->provider_count,
                                     operation_count, versions, version_count});
    }
    free(names);
    free(versions);
    serve->admin.metrics = serve->metrics;
    return serve->metrics ? 0 : error_set(error, "out of memory");
}

static void append_callers(void *ctx, size_t provider, struct json_writer *w)
{
    const struct serve *serve = ctx;
    struct generation *generation = generations_hold(serve->generations);
    callers_append(w, generation->config, provider);
    generations_release(generation);
}

static void use_hub(void *ctx, size_t provider,
                    void (*use)(void *use_ctx, struct hub *hub, const struct offers *offers),
                    void *use_ctx)
{
    const struct serve *serve = ctx;
    struct generation *generation = generations_hold(serve->generations);
    use(use_ctx, generation->hubs[provider], generation->offers[provider]);
    generations_release(generation);
}

static int make_operator_api(struct serve *serve, struct lfi_error *error)
{
    serve->explain = explain_new();
    serve->overrides = overrides_new();
    serve->calls = serve->config->operator_token_file ? call_log_new() : NULL;
    serve->figures = figures_new(serve->metrics, serve->state);
    if (!serve->explain || !serve->overrides || !serve->figures ||
        (serve->config->operator_token_file && !serve->calls)) {
        return error_set(error, "out of memory");
    }
    const struct operator_config config = {.token_file = serve->config->operator_token_file,
                                           .places_file = serve->config->places_file,
                                           .demonstration_file = serve->config->demonstration_file,
                                           .providers = serve->providers,
                                           .state = serve->state,
                                           .apis = serve->apis,
                                           .is_step = psu_is_step,
                                           .retry_task = task_retry,
                                           .drop_task = task_drop,
                                           .overrides = serve->overrides,
                                           .explain = serve->explain,
                                           .append_callers = append_callers,
                                           .append_callers_ctx = serve,
                                           .use_hub = use_hub,
                                           .use_hub_ctx = serve,
                                           .figures = serve->figures,
                                           .metrics = serve->metrics,
                                           .calls = serve->calls,
                                           .readiness = &serve->admin.readiness,
                                           .clock = &serve->clock,
                                           .log = &serve->log};
    struct lfi_error cause = {""};
    if (config.token_file && operator_new(&serve->operator_api, &config, &cause) != 0) {
        return config_error(serve->config, "$.adminListener.operatorToken", cause.message, error);
    }
    serve->admin.log = &serve->log;
    serve->admin.operator_api = serve->operator_api;
    return 0;
}

int serve_check_material(struct serve *serve, const struct config *config,
                         struct material *material, struct lfi_error *error)
{
    if (config->operator_token_file) {
        serve->warnings.warn(
            serve->warnings.ctx, "$.adminListener.operatorToken",
            "the operator's levers are switched on: they change clock, accounts, answers");
    }
    return material_check(config, &serve->warnings, material, error);
}

int serve_build(struct serve *serve, bool create, struct lfi_error *error)
{
    const struct config *config = serve->config;

    if (serve_check_material(serve, config, &serve->material, error) != 0 ||
        make_apis(serve, error) != 0 || make_metrics(serve, error) != 0 ||
        open_providers(serve, error) != 0 || open_state(serve, create, error) != 0 ||
        make_operator_api(serve, error) != 0) {
        return -1;
    }
    warn_of_versions(serve);
    const struct connect_config connect = {.apis = serve->apis,
                                           .providers = serve->providers,
                                           .state = serve->state,
                                           .workers = config->hub.threads,
                                           .check_responses = config->check_responses,
                                           .host_name = config->host_name,
                                           .bank_name = config->bank_name,
                                           .explain = serve->explain,
                                           .overrides = serve->overrides,
                                           .calls = serve->calls};
    serve->public_shares = shares_new(provider_count(serve->providers), config->public_.threads);
    const struct generation_shared shared = {
        .providers = serve->providers,
        .state = serve->state,
        .clock = &serve->clock,
        .log = &serve->log,
        .metrics = serve->metrics,
        .first_token_operation = apis_operation_count(serve->apis),
        .explain = serve->explain,
        .overrides = serve->overrides,
        .calls = serve->calls,
        .public_shares = serve->public_shares,
    };
    if (!serve->public_shares) {
        return error_set(error, "out of memory");
    }
    if (connect_new(&serve->connect, &connect, &serve->clock, &serve->log, serve->metrics, error) !=
        0) {
        return -1;
    }
    return generations_new(&serve->generations, &shared, config,
                           &config->hub_pairs[serve->material.in_use[MATERIAL_HUB]], error);
}
