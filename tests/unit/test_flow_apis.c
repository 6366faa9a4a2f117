// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
/*
 * APIs side by side: base paths, two documents with the same path, several versions of one
 * document.
 */
#include "base/array.h"
#include "flow_world.h"

#include "rows_added.h"
#include "rows_versioned.h"

#define BALANCES "/accounts/skeleton-account-1/balances"

static int status_of(struct flow_world *world, struct world_request request)
{
    return flow_world_call(world, &request).status;
}

/* --- base paths ------------------------------------------------------------------------------- */

static void a_base_path_stands_before_every_path_of_its_api_alone(void **state)
{
    static const struct {
        const char *path;
        int status;
    } rows[] = {
        {"/one" BALANCES "-again", 200},
        {BALANCES "-again", 404},
        {"/two" BALANCES "-again", 404},
        {"/on" BALANCES "-again", 404},
        {"/one/one" BALANCES, 404},
        {"/oneaccounts/skeleton-account-1/balances-again", 404},
        {"/one", 404},
        {"/one/", 404},
        {"/two/data" BALANCES, 200},
        {"/two" BALANCES, 404},
        {"/TWO/data" BALANCES, 404},
        {"/two/data/../data" BALANCES, 404},
    };
    const struct api apis[] = {{.flow = &flow_added, .base_path = "/one"},
                               {.flow = &flow_versioned, .base_path = "/two/data"}};
    struct flow_world world;
    (void)state;
    assert_int_equal(flow_world_open(&world, apis, 2), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int status = status_of(&world, (struct world_request){.path = rows[i].path});
        if (status != rows[i].status) {
            fail_msg("%s: %d", rows[i].path, status);
        }
    }
    flow_world_close(&world);
}

static void two_documents_may_have_the_same_path_under_base_paths_of_their_own(void **state)
{
    const struct api apart[] = {{.flow = &flow_added, .base_path = "/one"},
                                {.flow = &flow_added, .base_path = "/two"}};
    struct flow_world world;
    (void)state;
    assert_int_equal(flow_world_open(&world, apart, 2), 0);
    assert_int_equal(apis_operation_count(world.apis), 8);
    assert_string_equal(contract_operation_id(apis_operation_at(world.apis, 4)),
                        "findBalancesAgain");
    assert_int_equal(status_of(&world, (struct world_request){.path = "/one/later"}), 501);
    assert_int_equal(status_of(&world, (struct world_request){.path = "/two/later"}), 501);
    flow_world_close(&world);
}

static void documents_may_share_a_path_by_its_methods(void **state)
{
    const struct api apis[] = {{.flow = &flow_added}, {.flow = &flow_versioned}};
    struct flow_world world;
    (void)state;
    assert_int_equal(flow_world_open(&world, apis, 2), 0);
    struct world_request request = {.method = "POST", .path = "/later"};
    assert_int_equal(status_of(&world, request), 501);
    request.method = "GET";
    assert_int_equal(status_of(&world, request), 501);
    request.method = "PUT";
    const struct world_reply reply = flow_world_call(&world, &request);
    assert_int_equal(reply.status, 405);
    assert_non_null(strstr(reply.headers, "Allow: GET, POST\r\n"));
    flow_world_close(&world);
}

static void the_same_path_twice_is_refused(void **state)
{
    static const struct {
        const char *left, *right;
        bool fits;
    } rows[] = {
        {NULL, NULL, false},         {"/one", "/one", false}, {"/accounts/x", NULL, true},
        {"/one", "/one/more", true}, {NULL, "/{any}", true}, /* a base path is text, and a document
                                                                has no path that long */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct api apis[] = {{.flow = &flow_added, .base_path = rows[i].left},
                                   {.flow = &flow_added, .base_path = rows[i].right}};
        struct apis *made;
        struct lfi_error error = {""};
        assert_int_equal(apis_new(&made, apis, 2, &error) == 0, rows[i].fits);
        if (!rows[i].fits) {
            assert_non_null(strstr(error.message, "GET "));
            assert_non_null(strstr(error.message, "base paths must tell them apart"));
        }
        apis_free(made);
    }
}

static void a_document_of_caap_stands_in_for_the_same_paths(void **state)
{
    static const struct provider own = {.id = "own"}, caap = {.id = "caap", .caap = true};
    const struct api items[] = {
        {.flow = &flow_added}, {.flow = &flow_added, .caap = true}, {.flow = &flow_versioned}};
    static const struct {
        enum apis_choice choice;
        const char *path;
        int index; /* of the API; -1: none */
    } rows[] = {
        {APIS_OWN, BALANCES "-again", 0},
        {APIS_CAAP, BALANCES "-again", 1},
        {APIS_EITHER, BALANCES "-again", 0},
        {APIS_OWN, BALANCES, 2},
        {APIS_CAAP, BALANCES, 2},
        {APIS_CAAP, "/nothing", -1},
    };
    struct apis *apis;
    struct lfi_error error;
    (void)state;
    assert_int_equal(apis_new(&apis, items, 3, &error), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct api_match match;
        apis_find(apis, rows[i].choice, SLICE("GET"), slice_of(rows[i].path), &match);
        assert_int_equal(match.found == CONTRACT_FOUND ? (int)match.index : -1, rows[i].index);
    }
    size_t first = contract_operation_count(items[0].flow->contract);
    assert_true(apis_is_for(apis, 0, &own) && !apis_is_for(apis, 0, &caap));
    assert_true(apis_is_for(apis, first, &caap) && !apis_is_for(apis, first, &own));
    assert_true(apis_is_for(apis, 2 * first, &own) && apis_is_for(apis, 2 * first, &caap));
    apis_free(apis);
}

/* --- versions --------------------------------------------------------------------------------- */

static const struct api versioned[] = {{.flow = &flow_versioned, .versioned = true}};

#define V10 "/open-finance/family/v1.0/accounts/{AccountId}/balances"
#define V11 "https://tpp.example/open-finance/family/v1.1/x?y=/v9.9/"

static void a_request_gets_the_version_that_it_names_or_the_nearest_served_one(void **state)
{
    static const struct {
        const char *provider, *api_uri, *path;
        int status;
    } rows[] = {
        {"dhowboth", V10, BALANCES, 200},
        {"dhowboth", V11, BALANCES, 500}, /* v1.1 demands what this core does not give */
        {"dhowboth", V11, "/accounts/skeleton-account-1/same", 200},
        {"dhowboth", NULL, BALANCES, 500}, /* the first that is served */
        {"dhowboth", "/accounts", BALANCES, 500},
        {"dhowboth", "/v1.2/accounts", BALANCES, 400},
        {"dhowboth", "/v2.0/accounts", BALANCES, 400},
        {"dhowboth", "/v0.9/accounts", BALANCES, 400},
        {"dhowolder", NULL, BALANCES, 200},
        {"dhowolder", V10, BALANCES, 200},
        {"dhowolder", V11, BALANCES, 400},
        {"dhowretail", V11, BALANCES, 200}, /* serves no versions: the document as it stands */
        {"dhowretail", "/v7.7/", BALANCES, 200},
        {"dhowboth", V10, BALANCES "?since=yesterday", 200}, /* a parameter of v1.1 alone */
        {"dhowboth", V11, BALANCES "?since=yesterday", 400},
        {"dhowboth", V11, BALANCES "?since=1999-12-31", 400}, /* formats gives it a pattern */
        {"dhowboth", V11, BALANCES "?since=2000-12-31", 500},
    };
    struct flow_world world;
    (void)state;
    assert_int_equal(flow_world_open(&world, versioned, 1), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int status = status_of(&world, (struct world_request){.path = rows[i].path,
                                                              .provider = rows[i].provider,
                                                              .api_uri = rows[i].api_uri});
        if (status != rows[i].status) {
            fail_msg("row %zu: %d", i, status);
        }
    }
    flow_world_close(&world);
}

static void an_operation_that_a_version_lacks_is_no_resource(void **state)
{
    static const struct {
        const char *path, *api_uri;
        int status;
    } rows[] = {{"/old", V10, 501}, {"/old", V11, 404}, {"/new", V10, 404}, {"/new", V11, 501}};
    struct flow_world world;
    (void)state;
    assert_int_equal(flow_world_open(&world, versioned, 1), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(status_of(&world, (struct world_request){.path = rows[i].path,
                                                                  .provider = "dhowboth",
                                                                  .api_uri = rows[i].api_uri}),
                         rows[i].status);
    }
    flow_world_close(&world);
}

static void a_base_path_tells_the_version_when_nothing_else_does(void **state)
{
    const struct api apis[] = {
        {.flow = &flow_versioned, .versioned = true, .base_path = "/data/v1.0"}};
    const struct world_request plain = {.path = "/data/v1.0" BALANCES, .provider = "dhowboth"};
    struct world_request named = plain;
    struct flow_world world;
    (void)state;
    named.api_uri = V11;
    assert_int_equal(flow_world_open(&world, apis, 1), 0);
    assert_int_equal(status_of(&world, plain), 200);
    assert_int_equal(status_of(&world, named), 500);
    flow_world_close(&world);
}

/* What is the same in both versions is there once; what differs, in shape or in row, twice. */
static void versions_share_what_is_the_same(void **state)
{
    static const struct {
        const char *id;
        bool same;
    } rows[] = {
        {"findBalances", false}, {"findSame", true}, {"findRow", false}, {"findCut", false}};
    const struct contract_api *api = flow_versioned.contract;
    (void)state;
    assert_int_equal(contract_operation_count(api), 8);
    for (size_t i = 0; i < 8; i++) {
        const struct contract_operation *first = contract_operation_at(api, i);
        const struct contract_operation *old = contract_operation_in(first, CONTRACT_VERSION(1, 0));
        const struct contract_operation *new = contract_operation_in(first, CONTRACT_VERSION(1, 1));
        assert_ptr_equal(contract_operation_in(first, CONTRACT_VERSION(0, 1)), old);
        assert_ptr_equal(contract_operation_in(first, CONTRACT_VERSION(7, 0)), new);
        for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
            if (strcmp(contract_operation_id(first), rows[k].id) == 0) {
                assert_int_equal(old == new, rows[k].same);
                assert_int_equal(contract_operation_index(new), i);
            }
        }
    }
    assert_int_equal(contract_standing_of(api, CONTRACT_VERSION(1, 0)), CONTRACT_FINAL);
    assert_int_equal(contract_standing_of(api, CONTRACT_VERSION(1, 1)), CONTRACT_DRAFT);
    assert_int_equal(contract_standing_of(api, CONTRACT_VERSION(1, 2)), CONTRACT_UNKNOWN);
}

static const struct contract_operation *operation_named(const char *id, uint32_t version)
{
    const struct contract_operation *operation = NULL;
    for (size_t i = 0; !operation; i++) {
        const struct contract_operation *found = contract_operation_at(flow_versioned.contract, i);
        operation = strcmp(contract_operation_id(found), id) == 0 ? found : NULL;
    }
    return contract_operation_in(operation, version);
}

static int check_cut_reply(uint32_t version, struct buf *body, struct buf *cut,
                           struct contract_violation *violation)
{
    const struct contract_operation *operation = operation_named("findCut", version);
    assert_true(contract_response_cuts(operation, 200));
    assert_false(contract_response_cuts(operation, 404));
    const struct contract_reply reply = {
        .status = 200, .content_type = SLICE("application/json"), .body = body, .cut = cut};
    return contract_check_reply(operation, &reply, NULL, violation);
}

/* The reply of findCut in a version; the rule that it breaks, or what is left of it. */
static const char *reply_in(uint32_t version, const char *json, struct buf *body)
{
    static struct contract_violation violation;
    buf_clear(body);
    buf_append_text(body, json);
    if (check_cut_reply(version, body, NULL, &violation) != 0) {
        return violation.rule;
    }
    buf_append(body, "", 1);
    return body->ptr;
}

static void members_of_another_version_are_left_out_of_answers(void **state)
{
    static const struct {
        const char *json, *in_1_0, *in_1_1;
    } rows[] = {
        {"{}", "{}", "{}"},
        {"{\"first\":{\"late\":\"x\",\"a\":1}}", "{\"first\":{\"a\":1}}",
         "{\"first\":{\"late\":\"x\",\"a\":1}}"},
        {"{ \"first\" : { \"a\" : 1 , \"late\" : \"x\" } }", "{ \"first\" : { \"a\" : 1  } }",
         "{ \"first\" : { \"a\" : 1 , \"late\" : \"x\" } }"},
        {"{\"first\":{\"late\":\"x\",\"a\":1,\"later\":{\"late\":[1,{}]}}}",
         "{\"first\":{\"a\":1}}", "maxProperties"},
        {"{\"first\":{\"later\":{},\"late\":\"x\",\"a\":1}}", "{\"first\":{\"a\":1}}",
         "maxProperties"},
        {"{\"first\":{\"a\":1,\"later\":{},\"late\":\"x\"}}", "{\"first\":{\"a\":1}}",
         "maxProperties"},
        {"{\"first\":{\"early\":1,\"a\":1}}", "{\"first\":{\"early\":1,\"a\":1}}",
         "{\"first\":{\"a\":1}}"},
        {"{\"first\":{\"late\":\"x\"}}", "required", "required"},
        {"{\"first\":{\"a\":1,\"none\":1}}", "additionalProperties", "additionalProperties"},
        {"{\"first\":{\"a\":1,\"late\":1,\"late\":2}}", "json", "type"},
        {"{\"list\":[{\"late\":\"x\",\"kept\":true},{\"late\":\"x\",\"a\":1},{\"a\":2,\"late\":"
         "\"x\"}]}",
         "{\"list\":[{\"late\":\"x\",\"kept\":true},{\"a\":1},{\"a\":2}]}",
         "{\"list\":[{\"late\":\"x\",\"kept\":true},{\"late\":\"x\",\"a\":1},{\"a\":2,\"late\":"
         "\"x\"}]}"},
    };
    struct buf body;
    (void)state;
    buf_init(&body, 1000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(reply_in(CONTRACT_VERSION(1, 0), rows[i].json, &body), rows[i].in_1_0);
        assert_string_equal(reply_in(CONTRACT_VERSION(1, 1), rows[i].json, &body), rows[i].in_1_1);
    }
    buf_free(&body);
}

static void a_member_that_has_moved_gets_the_name_of_its_version(void **state)
{
    static const struct {
        const char *json, *in_1_0; /* in 1.1 it stays as it is */
    } rows[] = {
        {"{\"moved\":{\"id\":[]}}", "{\"moved\":{\"named\":[]}}"},
        {"{\"moved\":{\"named\":[],\"b\":1}}", "{\"moved\":{\"named\":[],\"b\":1}}"},
        {"{\"moved\":{\"b\":1, \"id\" : [] }}", "{\"moved\":{\"b\":1, \"named\" : [] }}"},
        {"{\"moved\":{\"id\":[],\"b\":1},\"first\":{\"late\":\"x\",\"a\":1}}",
         "{\"moved\":{\"named\":[],\"b\":1},\"first\":{\"a\":1}}"},
        /* what is left out of the value */
        {"{\"moved\":{\"id\":[{\"late\":\"x\",\"a\":1},{\"a\":2}]}}",
         "{\"moved\":{\"named\":[{\"a\":1},{\"a\":2}]}}"},
        /* the name is taken, before or behind it */
        {"{\"moved\":{\"named\":[{\"a\":1}],\"id\":[{\"late\":\"x\",\"a\":2}]}}",
         "{\"moved\":{\"named\":[{\"a\":1}]}}"},
        {"{\"moved\":{\"id\":[{\"late\":\"x\",\"a\":2}],\"named\":[{\"a\":1}]}}",
         "{\"moved\":{\"named\":[{\"a\":1}]}}"},
        /* its value is one of that name */
        {"{\"moved\":{\"id\":[{\"late\":\"x\"}]}}", "required"},
        {"{\"moved\":{\"id\":[],\"named\":[],\"id\":[]}}", "json"},
    };
    struct buf body;
    (void)state;
    buf_init(&body, 1000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(reply_in(CONTRACT_VERSION(1, 0), rows[i].json, &body), rows[i].in_1_0);
        const char *newer = reply_in(CONTRACT_VERSION(1, 1), rows[i].json, &body);
        assert_string_equal(newer, strcmp(rows[i].in_1_0, "json") == 0 ? "json" : rows[i].json);
    }
    buf_free(&body);
}

#define ACCENTED "Zo\xc3\xab M\xc3\xbcller"

struct names_row {
    const char *json;
    const char *refusing, *latin;         /* what goes out, or the place that is refused */
    struct contract_misfit_counts counts; /* where names are transliterated */
};

static void check_names(const struct names_row *row, uint32_t version, bool latin)
{
    const struct contract_operation *operation = operation_named("findNames", version);
    const char *expected = version == CONTRACT_VERSION(1, 0) ? row->json
                           : latin                           ? row->latin
                                                             : row->refusing;
    struct contract_violation violation;
    struct contract_misfit_counts counts;
    struct buf body, cut;
    buf_init(&body, 10000);
    buf_init(&cut, 100);
    buf_append_text(&body, row->json);
    const struct contract_reply reply = {.status = 200,
                                         .cut = &cut,
                                         .content_type = SLICE("application/json"),
                                         .body = &body,
                                         .transliterate = latin};
    int rc = contract_check_reply(operation, &reply, &counts, &violation);
    buf_append(&body, "", 1);
    assert_string_equal(rc == 0 ? body.ptr : violation.where, expected);
    if (rc != 0) {
        assert_string_equal(violation.rule, "pattern");
        assert_null(strstr(violation.message, "M"));
    }
    if (version == CONTRACT_VERSION(1, 0)) {
        assert_int_equal(counts.left_out + counts.transliterated + counts.refused, 0);
        assert_int_equal(counts.later,
                         row->counts.left_out + row->counts.transliterated + row->counts.refused);
    } else if (latin && row->counts.refused == 0) {
        assert_int_equal(counts.left_out, row->counts.left_out);
        assert_int_equal(counts.transliterated, row->counts.transliterated);
    }
    if (version != CONTRACT_VERSION(1, 0)) {
        assert_int_equal(counts.refused > 0, rc != 0);
    }
    /* what is told of it names members, and has no part of their values */
    assert_true(cut.len == 0 || (cut.len == 4 && strchr("fn", cut.ptr[0])));
    buf_free(&cut);
    buf_free(&body);
}

/* A reply that has no room for the longer name is refused; one byte more, and it is not. */
static void a_longer_name_needs_room(void **state)
{
    static const char json[] = "{\"moved\":{\"id\":[],\"b\":1}}";
    struct buf body;
    (void)state;
    for (size_t room = 0; room <= 3; room++) {
        buf_init(&body, sizeof(json) - 1 + room);
        const char *told = room < 3 ? "memory" : "{\"moved\":{\"named\":[],\"b\":1}}";
        buf_append_text(&body, json);
        struct contract_violation violation = {0};
        int rc = check_cut_reply(CONTRACT_VERSION(1, 0), &body, NULL, &violation);
        assert_int_equal(rc, room < 3 ? -1 : 0);
        if (rc == 0) {
            assert_int_equal(body.len, strlen(told));
            assert_memory_equal(body.ptr, told, body.len);
        } else {
            assert_string_equal(violation.rule, told);
        }
        buf_free(&body);
    }
}

/* Optional ones are left out, required ones go out in plain letters where that is allowed. */
static void names_that_do_not_fit_are_left_out_or_transliterated(void **state)
{
    static const struct names_row rows[] = {
        {"[{\"full\":\"O'Neil-Smith Jr.\",\"given\":\"A\"}]",
         "[{\"full\":\"O'Neil-Smith Jr.\",\"given\":\"A\"}]",
         "[{\"full\":\"O'Neil-Smith Jr.\",\"given\":\"A\"}]",
         {0}},
        {"[{\"nick\":\"" ACCENTED "\",\"full\":\"A\",\"given\":\"B\"}]",
         "[{\"full\":\"A\",\"given\":\"B\"}]",
         "[{\"full\":\"A\",\"given\":\"B\"}]",
         {.left_out = 1}},
        {"[{\"full\":\"A\",\"given\":\"B\" , \"nick\" : \"\xd8\xb9\xd9\x84\xd9\x8a\" }]",
         "[{\"full\":\"A\",\"given\":\"B\"  }]",
         "[{\"full\":\"A\",\"given\":\"B\"  }]",
         {.left_out = 1}},
        {"[{\"full\":\"" ACCENTED "\",\"given\":\"Zo\xc3\xab\"}]",
         "$[0].full",
         "[{\"full\":\"Zoe Muller\",\"given\":\"Zoe\"}]",
         {.transliterated = 2}},
        {"[{\"given\":\"O\xe2\x80\x99Neil\",\"nick\":\"\xc3\xab\",\"full\":\"Zo\\u00eb\"}]",
         "$[0].given",
         "[{\"given\":\"O'Neil\",\"full\":\"Zoe\"}]",
         {.left_out = 1, .transliterated = 2}},
        /* what is required above may be left out below */
        {"[{\"full\":\"A\",\"given\":\"B\",\"list\":[{\"full\":\"\xc3\xab\",\"nick\":\"C\"}]}]",
         "[{\"full\":\"A\",\"given\":\"B\",\"list\":[{\"nick\":\"C\"}]}]",
         "[{\"full\":\"A\",\"given\":\"B\",\"list\":[{\"nick\":\"C\"}]}]",
         {.left_out = 1}},
        /* nothing is invented */
        {"[{\"full\":\"\xd8\xb9\xd9\x84\xd9\x8a\",\"given\":\"B\"}]",
         "$[0].full",
         "$[0].full",
         {.refused = 1}},
        {"[{\"full\":\"M\xc3\xbcller, Zo\xc3\xab\",\"given\":\"B\"}]",
         "$[0].full",
         "$[0].full",
         {.refused = 1}},
        {"[{\"full\":\"A\",\"given\":\"B1\"}]", "$[0].given", "$[0].given", {.refused = 1}},
    };
    struct lfi_error error;
    (void)state;
    assert_int_equal(contract_init(flow_versioned.contract, &error), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check_names(&rows[i], CONTRACT_VERSION(1, 0), false);
        check_names(&rows[i], CONTRACT_VERSION(1, 1), false);
        check_names(&rows[i], CONTRACT_VERSION(1, 1), true);
    }
    contract_fini(flow_versioned.contract);
}

static void what_is_left_out_is_named_once(void **state)
{
    static const char json[] =
        "{\"first\":{\"late\":\"x\",\"a\":1,\"later\":{}},\"moved\":{\"id\":[{\"late\":"
        "\"x\",\"a\":1}]}}";
    struct contract_violation violation;
    struct buf body, cut;
    (void)state;
    buf_init(&body, 1000);
    buf_init(&cut, 1000);
    buf_append_text(&body, json);
    assert_int_equal(check_cut_reply(CONTRACT_VERSION(1, 0), &body, &cut, &violation), 0);
    assert_int_equal(cut.len, strlen("late, later, id as named"));
    assert_memory_equal(cut.ptr, "late, later, id as named", cut.len);
    buf_clear(&body);
    buf_clear(&cut);
    buf_append_text(&body, "{\"first\":{\"late\":\"x\"}}"); /* it is refused: nothing is left out */
    assert_int_equal(check_cut_reply(CONTRACT_VERSION(1, 0), &body, &cut, &violation), -1);
    assert_int_equal(cut.len, 0);
    buf_free(&body);
    buf_free(&cut);
}

/* More of them than fit the first ranges. */
static void many_members_are_left_out(void **state)
{
    struct buf json, body;
    (void)state;
    buf_init(&json, 10000);
    buf_init(&body, 10000);
    buf_append_text(&json, "{\"list\":[");
    for (unsigned i = 0; i < 100; i++) {
        buf_append_format(&json, "%s{\"late\":\"%u\",\"a\":%u}", i > 0 ? "," : "", i, i);
    }
    buf_append_text(&json, "]}");
    buf_append(&json, "", 1);
    const char *cut = reply_in(CONTRACT_VERSION(1, 0), json.ptr, &body);
    assert_null(strstr(cut, "late"));
    assert_non_null(strstr(cut, "{\"a\":98},{\"a\":99}]}"));
    buf_free(&json);
    buf_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_path_stands_before_every_path_of_its_api_alone),
        cmocka_unit_test(two_documents_may_have_the_same_path_under_base_paths_of_their_own),
        cmocka_unit_test(documents_may_share_a_path_by_its_methods),
        cmocka_unit_test(the_same_path_twice_is_refused),
        cmocka_unit_test(a_document_of_caap_stands_in_for_the_same_paths),
        cmocka_unit_test(a_request_gets_the_version_that_it_names_or_the_nearest_served_one),
        cmocka_unit_test(an_operation_that_a_version_lacks_is_no_resource),
        cmocka_unit_test(a_base_path_tells_the_version_when_nothing_else_does),
        cmocka_unit_test(versions_share_what_is_the_same),
        cmocka_unit_test(members_of_another_version_are_left_out_of_answers),
        cmocka_unit_test(a_member_that_has_moved_gets_the_name_of_its_version),
        cmocka_unit_test(a_longer_name_needs_room),
        cmocka_unit_test(names_that_do_not_fit_are_left_out_or_transliterated),
        cmocka_unit_test(what_is_left_out_is_named_once),
        cmocka_unit_test(many_members_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
