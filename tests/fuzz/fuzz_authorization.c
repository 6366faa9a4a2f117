// link: lfi-oauth lfi-caller lfi-jose lfi-http lfi-state lfi-base
/*
 * The Authorization header as each mode reads it, and as the token endpoint does: a header a line.
 * What is not let in is refused with an id, and nobody is let in but by mTLS alone.
 */
#define _GNU_SOURCE /* memfd_create */
#include "base/limits.h"
#include "caller/access_check.h"
#include "caller/api_key.h"
#include "caller/caller.h"
#include "caller/secrets.h"
#include "oauth/client.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADERS_MAX 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JWT, KEYED, OWN_TOKENS, OTHER_TOKENS, OPEN, PROVIDERS };

static const char *const none[] = {NULL};
static const char *const scopes[] = {"accounts", NULL};

/* Made for the first input and kept. */
static struct world {
    struct clock clock;
    struct log log;
    char secrets_file[64];
    struct access_keys *keys;
    struct api_keys api_keys;
    struct access_rules own, other;
    struct caller_provider providers[PROVIDERS];
    struct caller *caller;
    struct client settings;
    struct oauth_client client;
    X509 *certificate;
} w;

static void expect(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void write_secrets(void)
{
    const struct caller_secret about = {.id = "a", .not_before_s = 0, .not_after_s = INT32_MAX};
    struct buf secret, line;
    int fd = memfd_create("secrets", MFD_CLOEXEC);

    buf_init(&secret, 256);
    buf_init(&line, 1024);
    expect(caller_secret_make(&about, &secret, &line) == 0);
    expect(fd >= 0 && write(fd, line.ptr, line.len) == (ssize_t)line.len);
    (void)snprintf(w.secrets_file, sizeof(w.secrets_file), "/proc/self/fd/%d", fd);
    buf_free(&secret);
    buf_free(&line);
}

/* Nothing listens at port 1: a token that comes so far finds no keys. */
static void make_world(void)
{
    const struct access_keys_config keys = {.issuer = "https://bank.example",
                                            .seal_key = SLICE("0123456789abcdef0123456789abcdef")};
    const struct caller_config config = {.providers = w.providers,
                                         .provider_count = PROVIDERS,
                                         .jwks_base = "http://127.0.0.1:1",
                                         .max_life_s = LIMIT_TOKEN_LIFE_S,
                                         .replay_entries = 10};
    struct lfi_error error = {""};

    w.log = (struct log){.fd = -1, .level = LOG_ERROR, .clock = &w.clock};
    write_secrets();
    expect(access_keys_new(&w.keys, &keys, &error) == 0);
    w.api_keys = (struct api_keys){.file = w.secrets_file, .prefix = "Key "};
    w.own =
        (struct access_rules){.provider = "own", .client = "hub", .scopes = scopes, .keys = w.keys};
    w.other = (struct access_rules){.provider = "other",
                                    .scopes = none,
                                    .issuer = "https://as.example",
                                    .audience = "bank",
                                    .jwks_url = "http://127.0.0.1:1/jwks",
                                    .algorithms = JOSE_PS256 | JOSE_ES256 | JOSE_RS256};
    w.providers[JWT] = (struct caller_provider){.id = "jwt", .mode = CALLER_JWT, .audience = "jwt"};
    w.providers[KEYED] =
        (struct caller_provider){.id = "keyed", .mode = CALLER_API_KEY, .api_keys = &w.api_keys};
    w.providers[OWN_TOKENS] =
        (struct caller_provider){.id = "own", .mode = CALLER_CLIENT_CREDENTIALS, .access = &w.own};
    w.providers[OTHER_TOKENS] = (struct caller_provider){
        .id = "other", .mode = CALLER_CLIENT_CREDENTIALS, .access = &w.other};
    w.providers[OPEN] = (struct caller_provider){.id = "open", .mode = CALLER_MTLS_ONLY};
    expect(caller_new(&w.caller, &config, &w.clock, &w.log, NULL, &error) == 0);
    w.settings = (struct client){.id = "hub",
                                 .provider = "own",
                                 .methods = 1u << CLIENT_SECRET_BASIC,
                                 .secrets_file = w.secrets_file,
                                 .subjects = none,
                                 .scopes = scopes};
    w.client.settings = &w.settings;
    expect(caller_secrets_load(&w.client.secrets, w.secrets_file, &error) == 0);
    w.certificate = X509_new();
    expect(w.certificate);
}

static void ask(size_t provider, const struct request *request)
{
    struct caller_identity identity = {
        .subject = {.o = SLICE("Hub Operator"), .ou = SLICE("ou-1"), .cn = SLICE("cn-1")}};
    struct refusal refusal = {.id = NULL};

    if (caller_authenticate(w.caller, provider, request, &identity, &refusal) == 0) {
        expect(provider == OPEN || provider == CALLER_NO_PROVIDER);
        return;
    }
    expect(refusal.id && provider != OPEN);
    expect(refusal.status == 401 || strcmp(refusal.id, "JWKS-UNAVAILABLE") == 0);
}

static void ask_for_token(const struct request *request)
{
    static const struct form form = {.count = 0};
    const struct caller_subject subject = {.ou = SLICE("ou-1")};
    const struct oauth_clients clients = {&w.client, 1};
    const struct oauth_ask ask = {.request = request,
                                  .form = &form,
                                  .subject = &subject,
                                  .caller = w.caller,
                                  .log = &w.log,
                                  .issuer = "https://bank.example",
                                  .endpoint = "https://bank.example/token",
                                  .now_s = clock_now_s(&w.clock)};
    const struct oauth_client *client = NULL;
    struct refusal refusal = {.id = NULL};

    expect(oauth_client_authenticate(&clients, &ask, &client, &refusal) != 0);
    expect(refusal.id && (refusal.status == 401 || refusal.status == 400));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    struct header headers[HEADERS_MAX];
    struct request request = {.headers = headers, .arena = arena};
    struct lfi_slice rest = {(const char *)data, size}, value;

    if (!w.caller) {
        make_world();
    }
    request.peer = w.certificate;
    while (request.header_count < HEADERS_MAX && slice_next(&rest, '\n', &value)) {
        headers[request.header_count++] = (struct header){SLICE("Authorization"), value};
    }
    for (size_t i = 0; i < PROVIDERS; i++) {
        ask(i, &request);
    }
    ask(CALLER_NO_PROVIDER, &request);
    ask_for_token(&request);
    arena_free(arena);
    return 0;
}
