/* What the server depends on: ports, state, cores, and the configuration as a whole. */
#include "doctor.h"

#include "base/clock.h"
#include "http/client.h"
#include "http/http.h"
#include "operator/readiness.h"
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADMIN_MS 2000
#define ADMIN_BYTES (1024 * 1024)
#define NAME_MAX_BYTES 100

/* --- ports ------------------------------------------------------------------------------------ */

/* A server of ours answers on the admin listener, so it has the other ports too. */
static bool is_running(const struct config *config)
{
    const struct http_client_config settings = {.timeout_ms = ADMIN_MS, .reply_bytes = ADMIN_BYTES};
    const char *address = config->admin.address;
    struct http_client *client = NULL;
    struct http_answer answer;
    char url[128];
    bool ours = false;

    if (http_client_new(&client, &settings, NULL) != 0) {
        return false;
    }
    snprintf(url, sizeof(url),
             strchr(address, ':') ? "http://[%s]:%d/metrics" : "http://%s:%d/metrics", address,
             config->admin.port);
    const struct http_call call = {.method = "GET", .url = url};
    http_answer_init(&answer, ADMIN_BYTES);
    if (http_client_call(client, &call, &answer, NULL) == 0 && answer.status == 200) {
        buf_append(&answer.body, "", 1);
        ours = !answer.body.failed && strstr(answer.body.ptr, "lfi_build_info{");
    }
    http_answer_free(&answer);
    http_client_free(client);
    return ours;
}

void doctor_check_listener(struct doctor_job *job)
{
    const struct {
        const char *name;
        const struct config_listener *at;
    } listeners[] = {{"hubListener", &job->config->hub},
                     {"publicListener", &job->config->public_},
                     {"adminListener", &job->config->admin}};
    const struct config_listener *at = listeners[job->index].at;
    const char *name = listeners[job->index].name;
    int reason = http_listener_try(at->address, at->port);

    if (reason == 0) {
        doctor_report(job, DOCTOR_OK, name, "%s port %d is free", at->address, at->port);
    } else if (reason == EADDRINUSE && is_running(job->config)) {
        doctor_report(job, DOCTOR_OK, name, "%s port %d is taken by the running server",
                      at->address, at->port);
    } else if (reason == EADDRINUSE) {
        doctor_report(
            job, DOCTOR_FAIL, name,
            "%s port %d is taken by another program: ss -ltnp 'sport = :%d' names it; end "
            "it or configure another port",
            at->address, at->port, at->port);
    } else {
        doctor_report(job, DOCTOR_FAIL, name, "cannot listen on %s port %d: %s%s", at->address,
                      at->port, strerror(reason),
                      reason == EACCES ? ": ports below 1024 need CAP_NET_BIND_SERVICE" : "");
    }
}

/* --- state ------------------------------------------------------------------------------------ */

void doctor_check_state(struct doctor_job *job)
{
    const struct clock system_time = {0};
    struct state_config config = job->config->state;
    struct state *state = NULL;
    struct state_health health = {0};
    struct lfi_error error = {""};

    config.create = false;
    config.threads = 4;
    if (state_open(&state, &config, &system_time, &error) != 0) {
        doctor_report(job, DOCTOR_FAIL, "state",
                      "%s: it must be a folder that this user may write, or one that can be made",
                      error.message);
        atomic_store(&job->findings->broken, true);
    } else if (access(config.path, F_OK) != 0) {
        doctor_report(job, DOCTOR_OK, "state", "%s is not there yet and can be made", config.path);
    } else if (state_health(state, &health, &error) != 0) {
        doctor_report(job, DOCTOR_FAIL, "state", "%s", error.message);
    } else {
        doctor_report(job, DOCTOR_OK, "state", "%s can be written, %llu of %llu MiB used",
                      config.path, (unsigned long long)health.used_bytes >> 20,
                      (unsigned long long)health.limit_bytes >> 20);
    }
    state_close(state);
}

/* --- cores ------------------------------------------------------------------------------------ */

void doctor_check_core(struct doctor_job *job)
{
    static const struct clock system_time; /* of the core's host, while it is open */
    static const struct log silent = {.fd = -1, .level = LOG_ERROR, .clock = NULL};
    const struct provider_config config = serve_provider(job->config, job->index);
    struct lfi_health health = {.size = sizeof(health)};
    struct provider_set *set = NULL;
    struct lfi_error error = {""};
    char name[NAME_MAX_BYTES], delay[DOCTOR_TIME_BYTES];
    size_t failed = 0;

    snprintf(name, sizeof(name), "core %s", config.id);
    if (provider_set_open(&set, &config, 1, &system_time, &silent, &failed, &error) != 0) {
        doctor_report(job, DOCTOR_FAIL, name, "%s", error.message);
        atomic_store(&job->findings->broken, true);
        return;
    }
    int64_t began_us = clock_monotonic_us();
    if (readiness_ask_core(provider_at(set, 0), &health, &error) != LFI_OK) {
        doctor_report(job, DOCTOR_FAIL, name, "does not answer: %s",
                      error.message[0] ? error.message : "the call failed");
    } else {
        doctor_report(job, DOCTOR_OK, name, "answers%s", doctor_delay(began_us, delay));
    }
    provider_set_close(set);
}

/* --- the rest of --check ---------------------------------------------------------------------- */

static void tell_warning(void *ctx, const char *path, const char *cause)
{
    doctor_report(ctx, DOCTOR_WARN, path + 2, "%s", cause);
}

void doctor_check_rest(struct doctor_job *job)
{
    const struct material_warnings warnings = {tell_warning, job};
    struct material material;
    struct lfi_error error = {""};

    if (atomic_load(&job->findings->broken)) {
        doctor_report(job, DOCTOR_WARN, "configuration",
                      "brands, paths and offers are not checked before the above is corrected");
    } else if (serve_try(job->config, &warnings, &material, &error) != 0) {
        doctor_report(job, DOCTOR_FAIL, "configuration", "%s", error.message);
    } else {
        doctor_report(job, DOCTOR_OK, "configuration", "%s is valid", job->config->path);
    }
}
