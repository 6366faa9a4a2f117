// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
/*
 * An operation that stands in a document alone, with its row: no code knows it, and the skeleton
 * core serves it.
 */
#include "base/array.h"
#include "flow_world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_served_by_its_row),
        cmocka_unit_test(is_refused_as_every_other),
        cmocka_unit_test(its_permission_is_delivered_where_it_is_offered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
