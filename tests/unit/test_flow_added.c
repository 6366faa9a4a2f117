// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
/*
 * An operation that stands in a document alone, with its row: no code knows it, and the skeleton
 * core serves it.
 */
#include "base/array.h"
#include "flow_world.h"

#include "caller/connect_token.h"

#include "rows_added.h"

#define ACCOUNT "/accounts/skeleton-account-1"

static struct flow_world world;

static int set_up(void **state)
{
    (void)state;
    return flow_world_open(&world, &(struct api){.flow = &flow_added}, 1);
}

static int tear_down(void **state)
{
    (void)state;
    flow_world_close(&world);
    return 0;
}

static int get(const char *path, const char *psu, const char **body)
{
    const struct world_reply reply =
        flow_world_call(&world, &(struct world_request){.path = path, .psu = psu});
    *body = reply.body;
    return reply.status;
}

static void is_served_by_its_row(void **state)
{
    const char *body;
    (void)state;
    assert_int_equal(get(ACCOUNT "/balances-again", KNOWN, &body), 200);
    assert_ptr_equal(strstr(body, "{\"data\":[{\"accountId\":\"skeleton-account-1\","), body);
    assert_non_null(strstr(body, "\"meta\":{\"totalPages\":1,\"totalRecords\":1}}"));
    assert_int_equal(get(ACCOUNT "/balances-again?page=2&page-size=1", KNOWN, &body), 200);
    assert_ptr_equal(strstr(body, "{\"data\":[],"), body);
}

static void is_refused_as_every_other(void **state)
{
    static const struct {
        const char *path, *psu;
        int status;
        const char *code;
    } rows[] = {
        {ACCOUNT "/balances-again", NOBODY, 400, "Consent.InvalidUserIdentifier"},
        {ACCOUNT "/balances-again", "%", 400, "Consent.InvalidUserIdentifier"},
        {"/accounts/another/balances-again", KNOWN, 403, "Consent.PermanentAccountAccessFailure"},
        {ACCOUNT "/balances-again?page=0", KNOWN, 400, "Resource.InvalidFormat"},
        {ACCOUNT "/balances", KNOWN, 404, "GenericError"},
        {ACCOUNT "/beneficiaries-again", KNOWN, 400, "GenericError"}, /* not offered */
        {"/later", KNOWN, 501, "GenericError"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *body;
        assert_int_equal(get(rows[i].path, rows[i].psu, &body), rows[i].status);
        assert_non_null(strstr(body, rows[i].code));
    }
}

/* What a consent may ask for follows from the rows too. */
static void its_permission_is_delivered_where_it_is_offered(void **state)
{
    const struct provider *provider = provider_at(world.providers, 0);
    (void)state;
    assert_true(apis_deliver(world.apis, provider, SLICE("ReadAgain")));
    assert_false(apis_deliver(world.apis, provider, SLICE("ReadOthers")));
    assert_false(apis_deliver(world.apis, provider, SLICE("ReadBalances")));
}

/* Wherever the memory of the request ends, it is not the caller who is told to be at fault. */
static void is_refused_with_500_when_memory_is_short(void **state)
{
    struct arena *whole = world.arena;
    int status = 0, refused = 0;
    (void)state;
    for (size_t max = 0; status != 200; max += 16) {
        const char *body;
        world.arena = arena_new(max);
        status = get(ACCOUNT "/balances-again", KNOWN, &body);
        assert_true(status == 200 || status == 500);
        refused += status == 500;
        arena_free(world.arena);
    }
    assert_true(refused > 5);
    world.arena = whole;
}

/* --- a ConnectToken in place of the credential ------------------------------------------------ */

static struct connect_tokens *use_connect_tokens(void)
{
    static const char *const ous[] = {"ou-1"};
    static const struct caller_provider hubs[] = {
        {.id = "dhowretail", .mode = CALLER_JWT, .audience = "x", .takes_connect_tokens = true},
        {.id = "dhowolder", .mode = CALLER_JWT, .audience = "x"},
        {.id = "dhowboth", .mode = CALLER_JWT, .audience = "x"}};
    struct caller_config config = {.allowed_ous = ous,
                                   .allowed_ou_count = 1,
                                   .providers = hubs,
                                   .provider_count = ARRAY_LEN(hubs),
                                   .jwks_base = "http://127.0.0.1:1"};
    struct connect_tokens *tokens = NULL;

    assert_int_equal(connect_tokens_new(&tokens, SLICE("0123456789abcdef0123456789abcdef"),
                                        (struct lfi_slice){NULL, 0}, NULL),
                     0);
    config.connect_tokens = tokens;
    caller_free(world.caller);
    assert_int_equal(caller_new(&world.caller, &config, &world.clock, &world.log, NULL, NULL), 0);
    return tokens;
}

static int call_with(const char *path, const char *provider, const char *authorization)
{
    return flow_world_call(&world, &(struct world_request){.path = path,
                                                           .psu = KNOWN,
                                                           .provider = provider,
                                                           .authorization = authorization})
        .status;
}

static void a_connect_token_is_for_the_operations_that_name_it(void **state)
{
    struct connect_tokens *tokens = use_connect_tokens();
    struct buf text;

    (void)state;
    buf_init(&text, 256);
    buf_append_text(&text, "Bearer ");
    assert_int_equal(connect_token_make(tokens, "dhowretail", SLICE("consent-1"), &text), 0);
    const char *good = arena_text(world.arena, buf_slice(&text));
    assert_int_equal(call_with(ACCOUNT "/balances-by-token", "dhowretail", good), 200);
    assert_int_equal(call_with(ACCOUNT "/balances-by-token", "dhowretail", NULL), 401);
    assert_int_equal(call_with(ACCOUNT "/balances-by-token", "dhowretail", "Bearer x"), 401);
    assert_int_equal(call_with(ACCOUNT "/balances-by-token", "dhowolder", good), 401);
    assert_int_equal(call_with(ACCOUNT "/balances-by-token", "nobody", good), 401);
    assert_int_equal(call_with(ACCOUNT "/balances-again", "dhowretail", good), 401);
    buf_clear(&text);
    buf_append_text(&text, "Bearer ");
    assert_int_equal(connect_token_make(tokens, "dhowretail", SLICE("consent-2"), &text), 0);
    assert_int_equal(call_with(ACCOUNT "/balances-by-token", "dhowretail",
                               arena_text(world.arena, buf_slice(&text))),
                     401);
    buf_free(&text);
    connect_tokens_free(tokens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_served_by_its_row),
        cmocka_unit_test(is_refused_as_every_other),
        cmocka_unit_test(is_refused_with_500_when_memory_is_short),
        cmocka_unit_test(its_permission_is_delivered_where_it_is_offered),
        cmocka_unit_test(
            a_connect_token_is_for_the_operations_that_name_it), /* replaces the caller */
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
