// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base dl
/*
 * What a read costs the core, in calls: for a core across a network each is a round trip. And what
 * a read does when memory is short, allocation by allocation.
 */
#include "base/array.h"
#include "hub_request.h"
#include "keys.h"

#include "base/limits.h"
#include "connect/connect.h"
#include "connect/families.h"

#include "failing.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

FAILING(void *, NULL, malloc, (size_t size), (size))
FAILING(void *, NULL, calloc, (size_t count, size_t size), (count, size))
FAILING(void *, NULL, realloc, (void *old, size_t size), (old, size))
FAILING(void *, NULL, arena_alloc, (struct arena * arena, size_t size), (arena, size))

#define COUNTING BROKEN_DIR "/libcounting.so"
#define FIRST "eyJ1c2VySWQiOiJmaXJzdCJ9" /* {"userId":"first"} */

static struct fixture {
    struct clock clock;
    struct log log;
    struct caller *caller;
    X509 *certificate;
    struct provider_set *providers;
    struct apis *apis;
    struct connect *connect;
    void *library;
    unsigned (*take)(void);
} f;

static int set_up(void **state)
{
    static const char *const ous[] = {"ou-1"};
    static const struct caller_provider hub = {.id = "dhowretail", .mode = CALLER_MTLS_ONLY};
    const struct caller_config caller = {
        .allowed_ous = ous, .allowed_ou_count = 1, .providers = &hub, .provider_count = 1};
    const struct provider_config provider = {.id = "dhowretail",
                                             .segment = "retail",
                                             .audience = "dhowretail",
                                             .library = COUNTING,
                                             .settings = "{}",
                                             .base_dir = "."};
    struct lfi_error error = {""};
    size_t failed;
    (void)state;
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .clock = &f.clock};
    f.certificate = certificate_make((struct attribute[]){{"OU", "ou-1"}, {NULL, NULL}});
    assert_int_equal(
        provider_set_open(&f.providers, &provider, 1, &f.clock, &f.log, &failed, &error), 0);
    f.library = dlopen(COUNTING, RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(f.library);
    void *symbol = dlsym(f.library, "counting_take");
    assert_non_null(symbol);
    memcpy(&f.take, &symbol, sizeof(f.take));
    assert_int_equal(connect_apis_new(&f.apis, NULL, &error), 0);
    const struct connect_config config = {.apis = f.apis,
                                          .providers = f.providers,
                                          .workers = 1,
                                          .check_responses = CONTRACT_REPLIES_ENFORCE,
                                          .bank_name = "Bank"};
    assert_int_equal(connect_new(&f.connect, &config, &f.clock, &f.log, NULL, &error), 0);
    return caller_new(&f.caller, &caller, &f.clock, &f.log, NULL, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    connect_free(f.connect);
    apis_free(f.apis);
    (void)dlclose(f.library);
    provider_set_close(f.providers);
    caller_free(f.caller);
    X509_free(f.certificate);
    close(f.log.fd);
    return 0;
}

/* The status of GET `path`; *body begins with the first bytes of the reply. */
static int get(const char *path, char body[64])
{
    struct hub *hub = NULL;
    struct reply reply = {0};
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    const struct connect_peers peers = {f.caller, &hub, NULL, NULL, NULL};
    struct hub_request asked;
    body[0] = '\0';
    if (!arena) {
        return 0;
    }
    buf_init(&reply.headers, 4096);
    buf_init(&reply.body, LIMIT_REPLY_BYTES);
    connect_handle(f.connect, &peers, hub_get(&asked, path, FIRST, f.certificate, arena), &reply);
    bool sent = !reply.body.failed && !reply.headers.failed;
    if (sent) {
        (void)snprintf(body, 64, "%.*s", (int)reply.body.len, reply.body.ptr ? reply.body.ptr : "");
    }
    int status = sent ? reply.status : 0;
    buf_free(&reply.headers);
    buf_free(&reply.body);
    arena_free(arena);
    return status;
}

static void a_read_costs_one_call_besides_its_list(void **state)
{
    static const struct {
        const char *path;
        unsigned calls;
    } rows[] = {
        {"/accounts/a1/balances", 2},
        {"/accounts/a1/direct-debits", 2},
        {"/accounts/a1/transactions", 2},
        {"/accounts/a1/statements", 2},
        {"/accounts/a1", 1},
        {"/accounts?accountIds=a1,a2", 1},
        {"/customer", 2},
        {"/accounts/a3/balances", 1}, /* refused: another's */
    };
    char body[64];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)f.take();
        int status = get(rows[i].path, body);
        unsigned calls = f.take();
        if (calls != rows[i].calls || status != (strstr(rows[i].path, "a3") ? 403 : 200)) {
            fail_msg("%s: %d, %u calls of the core: %s", rows[i].path, status, calls, body);
        }
    }
}

/* 0: whole; -1: refused. Never half a reply. (A caller that cannot be read is none: 403.) */
static int read_once(void *path)
{
    char body[64];
    int status = get(path, body);
    if (status == 200) {
        assert_ptr_equal(strstr(body, "{\"data\":"), body);
        return 0;
    }
    if (status != 0 && (status < 400 || !strstr(body, "errorCode"))) {
        fail_msg("%s: %d %s", (const char *)path, status, body);
    }
    return -1;
}

static void a_read_without_memory_is_refused_whole(void **state)
{
    static const char *const paths[] = {"/accounts/a1/balances", "/accounts/a1/transactions",
                                        "/accounts/a1/statements", "/accounts?accountIds=a1,a2",
                                        "/customer"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        int silent;
        assert_int_equal(read_once((void *)(uintptr_t)paths[i]), 0);
        assert_true(fail_each(read_once, (void *)(uintptr_t)paths[i], &silent) > 0);
        assert_int_equal(silent, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_costs_one_call_besides_its_list),
        cmocka_unit_test(a_read_without_memory_is_refused_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
