/* The dispatcher of the Hub's listener over the skeleton core, with whatever APIs a test gives it.
 */
#ifndef TESTS_FLOW_WORLD_H
#define TESTS_FLOW_WORLD_H

#include "keys.h"

#include "base/limits.h"
#include "connect/connect.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* {"userId":"5f0c6d0e-7a51-4a39-9d0c-1d6f2f1c0001"} and {"userId":"nobody"} */
#define KNOWN "eyJ1c2VySWQiOiI1ZjBjNmQwZS03YTUxLTRhMzktOWQwYy0xZDZmMmYxYzAwMDEifQ"
#define NOBODY "eyJ1c2VySWQiOiJub2JvZHkifQ"

struct flow_world {
    struct clock clock;
    struct log log;
    struct caller *caller;
    X509 *certificate;
    struct arena *arena;
    struct provider_set *providers; /* dhowretail in one version, dhowolder in v1.0, dhowboth */
    struct apis *apis;
    struct connect *connect;
};

struct world_request {
    const char *method; /* NULL: GET */
    const char *path, *psu;
    const char *provider;      /* NULL: dhowretail */
    const char *api_uri;       /* NULL: not sent */
    const char *authorization; /* NULL: not sent */
};

struct world_reply {
    int status;
    const char *body, *headers; /* in the world's arena */
};

static inline int flow_world_open(struct flow_world *w, const struct api *apis, size_t count)
{
    static const char *const ous[] = {"ou-1"};
    static const struct caller_provider hubs[] = {{.id = "dhowretail", .mode = CALLER_MTLS_ONLY},
                                                  {.id = "dhowolder", .mode = CALLER_MTLS_ONLY},
                                                  {.id = "dhowboth", .mode = CALLER_MTLS_ONLY}};
    static const uint32_t older[] = {CONTRACT_VERSION(1, 0), 0},
                          both[] = {CONTRACT_VERSION(1, 1), CONTRACT_VERSION(1, 0), 0};
    static const uint32_t *const versions[] = {NULL, older, both};
    const struct caller_config caller = {
        .allowed_ous = ous, .allowed_ou_count = 1, .providers = hubs, .provider_count = 3};
    struct provider_config providers[3];
    struct lfi_error error = {""};
    size_t failed;
    *w = (struct flow_world){0};
    w->log = (struct log){.fd = open("/dev/null", O_WRONLY), .clock = &w->clock};
    w->certificate = certificate_make((struct attribute[]){{"OU", "ou-1"}, {NULL, NULL}});
    w->arena = arena_new(LIMIT_ARENA_BYTES);
    for (size_t i = 0; i < 3; i++) {
        providers[i] = (struct provider_config){.id = hubs[i].id,
                                                .segment = "retail",
                                                .audience = hubs[i].id,
                                                .library = LFI_CORE_DIR "/libcore-skeleton.so",
                                                .settings = "{}",
                                                .base_dir = ".",
                                                .offers = {.versions = {versions[i], versions[i]}}};
    }
    assert_int_equal(
        provider_set_open(&w->providers, providers, 3, &w->clock, &w->log, &failed, &error), 0);
    assert_int_equal(apis_new(&w->apis, apis, count, &error), 0);
    const struct connect_config config = {
        .apis = w->apis, .providers = w->providers, .workers = 3, .bank_name = "Bank"};
    assert_int_equal(connect_new(&w->connect, &config, &w->clock, &w->log, NULL, &error), 0);
    return caller_new(&w->caller, &caller, &w->clock, &w->log, NULL, NULL);
}

static inline void flow_world_close(struct flow_world *w)
{
    connect_free(w->connect);
    apis_free(w->apis);
    provider_set_close(w->providers);
    caller_free(w->caller);
    arena_free(w->arena);
    X509_free(w->certificate);
    close(w->log.fd);
}

static inline struct world_reply flow_world_call(struct flow_world *w,
                                                 const struct world_request *asked)
{
    struct hub *hubs[3] = {NULL};
    struct reply reply = {0};
    const struct connect_peers peers = {w->caller, hubs, NULL, NULL, NULL};
    struct header headers[6] = {
        {SLICE("o3-provider-id"), slice_of(asked->provider ? asked->provider : "dhowretail")},
        {SLICE("o3-consent-id"), SLICE("consent-1")},
        {SLICE("o3-ozone-interaction-id"), SLICE("interaction-1")},
        {SLICE("o3-psu-identifier"), slice_of(asked->psu ? asked->psu : KNOWN)}};
    size_t header_count = 4;
    if (asked->api_uri) {
        headers[header_count++] = (struct header){SLICE("o3-api-uri"), slice_of(asked->api_uri)};
    }
    if (asked->authorization) {
        headers[header_count++] =
            (struct header){SLICE("Authorization"), slice_of(asked->authorization)};
    }
    const char *query = strchr(asked->path, '?');
    size_t path_len = query ? (size_t)(query - asked->path) : strlen(asked->path);
    const struct request request = {.method = slice_of(asked->method ? asked->method : "GET"),
                                    .path = {asked->path, path_len},
                                    .query = slice_of(query ? query + 1 : NULL),
                                    .headers = headers,
                                    .header_count = header_count,
                                    .peer = w->certificate,
                                    .arena = w->arena};
    buf_init(&reply.headers, 4096);
    buf_init(&reply.body, LIMIT_REPLY_BYTES);
    connect_handle(w->connect, &peers, &request, &reply);
    const struct world_reply out = {reply.status, arena_text(w->arena, buf_slice(&reply.body)),
                                    arena_text(w->arena, buf_slice(&reply.headers))};
    buf_free(&reply.headers);
    buf_free(&reply.body);
    return out;
}

#endif
