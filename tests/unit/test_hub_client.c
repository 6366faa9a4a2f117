// link: lfi-hub
#include "base/array.h"
#include "keys.h"

#include "http/client.h"
#include "hub/hub.h"
#include "jose/jose.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>

#define BACK "https://tpp.example/cb?code=a%2Fb+c&state=%7e&x=%C3%A9"
#define TERMS                                                                                      \
    "{\"ConsentId\":\"c-1\",\"Permissions\":[\"ReadBalances\"],\"ExpirationDateTime\":"            \
    "\"2099-01-01T00:00:00Z\",\"OpenFinanceBilling\":{\"UserType\":\"Retail\","                    \
    "\"Purpose\":\"AccountAggregation\"}}"
#define ORGANISATION "11111111-2222-4333-8444-555555555555"
#define TPP                                                                                        \
    "{\"clientId\":\"" ORGANISATION "\",\"orgId\":\"" ORGANISATION "\",\"tppId\":\"t\","           \
    "\"softwareStatementId\":\"s\",\"tppName\":\"Falcon Budget\",\"decodedSsa\":{}}"
#define CONSENT_OBJECT                                                                             \
    "{\"id\":\"c-1\",\"consentType\":\"cbuae-account-access-consents\","                           \
    "\"status\":\"AwaitingAuthorization\",\"request\":{\"type\":"                                  \
    "\"urn:openfinanceuae:account-access-consent:v2.1\",\"consent\":" TERMS "},"                   \
    "\"requestHeaders\":{},\"consentBody\":{\"Data\":" TERMS "},\"tpp\":" TPP "}"
#define CONSENT "{\"data\":" CONSENT_OBJECT ",\"meta\":{}}"

/* What the Hub answers next, and what it was asked last: in place of http/client.c. */
static struct {
    int status; /* 0: no answer */
    const char *body, *location, *content_type;
    int calls, lost; /* the call that gets no answer; 0: all get one */
    char method[8], url[512], sent[512], authorization[2048];
    const char *sent_type;
} fake;

static struct fixture {
    struct clock clock;
    struct log log;
    struct hub_identity *identity;
    struct hub *hub;
    struct arena *arena;
    char key[KEY_PATH_MAX], certificate[KEY_PATH_MAX];
} f;

int http_client_new(struct http_client **out, const struct http_client_config *config,
                    struct lfi_error *error)
{
    (void)config;
    (void)error;
    *out = NULL;
    return 0;
}

void http_client_free(struct http_client *client)
{
    (void)client;
}

void http_answer_init(struct http_answer *answer, size_t max_body)
{
    memset(answer, 0, sizeof(*answer));
    buf_init(&answer->body, max_body);
}

void http_answer_free(struct http_answer *answer)
{
    buf_free(&answer->body);
    free(answer->location);
}

int http_client_call(struct http_client *client, const struct http_call *call,
                     struct http_answer *out, struct lfi_error *error)
{
    (void)client;
    fake.calls++;
    snprintf(fake.method, sizeof(fake.method), "%s", call->method);
    snprintf(fake.url, sizeof(fake.url), "%s", call->url);
    snprintf(fake.sent, sizeof(fake.sent), "%.*s", SLICE_ARG(call->body));
    fake.sent_type = call->content_type;
    fake.authorization[0] = '\0';
    for (size_t i = 0; call->headers[i]; i++) {
        if (strncmp(call->headers[i], "Authorization: ", 15) == 0) {
            snprintf(fake.authorization, sizeof(fake.authorization), "%s", call->headers[i] + 15);
        }
    }
    if (fake.status == 0 || fake.calls == fake.lost) {
        return error_set(error, "connection refused");
    }
    out->status = fake.status;
    if (fake.location) {
        out->location = strdup(fake.location);
    }
    snprintf(out->content_type, sizeof(out->content_type), "%s",
             fake.content_type ? fake.content_type : "application/json");
    buf_append_text(&out->body, fake.body ? fake.body : "");
    return 0;
}

/* A certificate of the bank with this subject, and a client that shows it. */
static int open_hub(const struct attribute *names, struct lfi_error *error)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *certificate = certificate_make(names);
    key_write(key, NULL, f.key);
    X509_set_pubkey(certificate, key);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_sign(certificate, key, EVP_sha256());
    snprintf(f.certificate, sizeof(f.certificate), "/tmp/lfi-cert-XXXXXX");
    FILE *file = fdopen(mkstemp(f.certificate), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (hub_identity_new(&f.identity, f.certificate, f.key, NULL, error) != 0) {
        return -1;
    }
    const struct hub_config config = {.provider_id = "dhowretail",
                                      .heimdall_url = "https://hub.example/hh",
                                      .consent_manager_url = "https://hub.example/cm",
                                      .certificate = f.certificate,
                                      .key = f.key,
                                      .identity = f.identity,
                                      .audience = "hub-audience",
                                      .timeout_ms = 1000};
    return hub_new(&f.hub, &config, &f.clock, &f.log, NULL, error);
}

static int set_up(void **state)
{
    (void)state;
    const struct attribute names[] = {{"O", "Dhow Bank"}, {"OU", "ou-1"}, {"CN", "cn-1"}, {0}};
    struct lfi_error error = {{0}};
    memset(&fake, 0, sizeof(fake));
    f.arena = arena_new(1024 * 1024);
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .clock = &f.clock};
    if (open_hub(names, &error) != 0) {
        fail_msg("%s", error.message);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hub_free(f.hub);
    hub_identity_free(f.identity);
    arena_free(f.arena);
    close(f.log.fd);
    unlink(f.key);
    unlink(f.certificate);
    return 0;
}

static void answer(int status, const char *body, const char *location)
{
    fake.status = status;
    fake.body = body;
    fake.location = location;
}

static enum hub_outcome get_auth(struct hub_authorization *out)
{
    return hub_get_auth(f.hub, f.arena, SLICE("client_id=x&odd=%2f+%C3%A9&odd"), out, NULL);
}

static void forwards_the_query_and_keeps_the_location(void **state)
{
    (void)state;
    struct hub_authorization out;
    answer(303, NULL, BACK);
    assert_int_equal(get_auth(&out), HUB_OK);
    assert_string_equal(fake.url, "https://hub.example/hh/auth?client_id=x&odd=%2f+%C3%A9&odd");
    assert_true(out.redirect && slice_equal_text(out.location, BACK));
}

static void finds_the_consent_of_an_interaction(void **state)
{
    static const struct {
        const char *body;
        enum hub_outcome outcome;
    } cases[] = {
        {"{\"interaction\":{\"interactionId\":\"i\",\"consentIdsList\":[\"c\"]}}", HUB_OK},
        {"{\"interaction\":{\"interactionId\":\"i\",\"consentId\":\"c\"}}", HUB_OK},
        {"{\"interaction\":{\"interactionId\":\"i\",\"consentId\":\"c\",\"consentIdsList\":[]}}",
         HUB_WRONG},
        {"{\"interaction\":{\"interactionId\":\"i\",\"consentIdsList\":[\"c\",\"d\"]}}", HUB_WRONG},
        {"{\"interaction\":{\"interactionId\":\"i\",\"consentIdsList\":[7]}}", HUB_WRONG},
        {"{\"interaction\":{\"interactionId\":\"i\"}}", HUB_WRONG},
        {"{\"interaction\":{\"consentIdsList\":[\"c\"]}}", HUB_WRONG},
        {"{\"interaction\":[]}", HUB_WRONG},
        {"{}", HUB_WRONG},
        {"<html>", HUB_WRONG},
        {"", HUB_WRONG},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct hub_authorization out;
        answer(200, cases[i].body, NULL);
        assert_int_equal(get_auth(&out), cases[i].outcome);
        if (cases[i].outcome == HUB_OK) {
            assert_true(slice_equal_text(out.interaction_id, "i"));
            assert_true(slice_equal_text(out.consent_id, "c"));
        }
    }
}

static void tells_refused_from_unreachable_from_wrong(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum hub_outcome outcome;
        const char *error;
    } cases[] = {
        {400, "{\"error\":\"invalid_client\",\"error_description\":\"d\"}", HUB_REFUSED,
         "invalid_client"},
        {400, "{\"error\":\"invalid_client\"}", HUB_WRONG, NULL},
        {401, "", HUB_REFUSED, NULL},
        {404, "{}", HUB_REFUSED, NULL},
        {500, "", HUB_UNREACHABLE, NULL},
        {503, "{}", HUB_UNREACHABLE, NULL},
        {0, NULL, HUB_UNREACHABLE, NULL},
        {204, "", HUB_WRONG, NULL},
        {302, "", HUB_WRONG, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct hub_authorization out;
        answer(cases[i].status, cases[i].body, NULL);
        assert_int_equal(get_auth(&out), cases[i].outcome);
        assert_true(slice_equal(out.error, slice_of(cases[i].error)));
    }
}

static void believes_only_locations_that_a_browser_may_follow(void **state)
{
    static const char *const locations[] = {NULL,
                                            "",
                                            "/cb",
                                            "javascript:alert(1)",
                                            "https://tpp.example/a b",
                                            "https://tpp.example/\x01"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(locations); i++) {
        struct lfi_slice location;
        answer(303, NULL, locations[i]);
        assert_int_equal(hub_do_confirm(f.hub, f.arena, SLICE("i"), &location, NULL), HUB_WRONG);
        assert_null(location.ptr);
    }
}

static void ends_an_interaction_with_a_form(void **state)
{
    (void)state;
    struct lfi_slice location;
    answer(303, NULL, BACK);
    assert_int_equal(hub_do_confirm(f.hub, f.arena, SLICE("i/1?"), &location, NULL), HUB_OK);
    assert_string_equal(fake.url, "https://hub.example/hh/auth/i%2F1%3F/doConfirm");
    assert_string_equal(fake.method, "POST");
    assert_string_equal(fake.sent, "");
    assert_string_equal(fake.sent_type, "application/x-www-form-urlencoded");
    assert_true(slice_equal_text(location, BACK));
    assert_int_equal(
        hub_do_fail(f.hub, f.arena, SLICE("i"), "access_denied", "a b&c", &location, NULL), HUB_OK);
    assert_string_equal(fake.sent, "error=access_denied&error_description=a%20b%26c");
    answer(200, "{}", NULL);
    assert_int_not_equal(hub_do_confirm(f.hub, f.arena, SLICE("i"), &location, NULL), HUB_OK);
    answer(400, "{}", NULL);
    assert_int_not_equal(hub_do_confirm(f.hub, f.arena, SLICE("i"), &location, NULL), HUB_OK);
}

static void signs_every_call_afresh(void **state)
{
    (void)state;
    struct hub_authorization out;
    struct jose_token token;
    char first[sizeof(fake.authorization)];
    answer(303, NULL, BACK);
    (void)get_auth(&out);
    memcpy(first, fake.authorization, sizeof(first));
    (void)get_auth(&out);
    assert_string_not_equal(first, fake.authorization);
    assert_true(strncmp(first, "Bearer ", 7) == 0);
    assert_int_equal(jose_token_parse(f.arena, slice_of(first + 7), &token, NULL), 0);
    cJSON *claims = json_parse(token.payload);
    assert_true(slice_equal_text(json_get_string(claims, "iss"), "Dhow Bank"));
    assert_true(slice_equal_text(json_get_string(claims, "sub"), "ou-1"));
    assert_true(slice_equal_text(json_get_string(claims, "aud"), "hub-audience"));
    cJSON_Delete(claims);
}

static void reads_the_consent_that_was_asked_for(void **state)
{
    (void)state;
    cJSON *consent = NULL;
    struct lfi_error error = {{0}};
    answer(200, CONSENT, NULL);
    enum hub_outcome outcome = hub_get_consent(f.hub, f.arena, SLICE("c-1"), &consent, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(outcome, HUB_OK);
    assert_string_equal(fake.url, "https://hub.example/cm/consents/c-1");
    assert_true(slice_equal_text(json_get_string(consent, "id"), "c-1"));
    cJSON_Delete(consent);
    assert_int_equal(hub_get_consent(f.hub, f.arena, SLICE("c-2"), &consent, NULL), HUB_WRONG);
    assert_null(consent);
    answer(200, "{\"data\":{},\"meta\":{}}", NULL);
    assert_int_equal(hub_get_consent(f.hub, f.arena, SLICE("c-1"), &consent, NULL), HUB_WRONG);
    answer(400, "{\"errorCode\":\"GenericError\",\"errorMessage\":\"m\"}", NULL);
    assert_int_equal(hub_get_consent(f.hub, f.arena, SLICE("c-1"), &consent, NULL), HUB_REFUSED);
}

static void sends_only_patches_that_the_hub_allows(void **state)
{
    static const struct {
        const char *patch;
        bool sound;
    } cases[] = {
        {"{\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"u\"},\"accountIds\":[\"a\"],"
         "\"authorizationChannel\":\"Web\"}",
         true},
        {"{\"status\":\"Rejected\",\"psuIdentifiers\":{\"userId\":\"u\"},"
         "\"authorizationChannel\":\"Web\"}",
         true},
        {"{\"status\":\"Authorized\"}", false},
        {"{\"status\":\"AwaitingAuthorization\",\"authorizationChannel\":\"Web\"}", false},
        {"{\"authorizationChannel\":\"Phone\"}", false},
        {"{\"psuIdentifiers\":{},\"authorizationChannel\":\"Web\"}", false},
        {"{\"consentBody\":{\"Data\":{\"Status\":\"Rejected\"}},\"authorizationChannel\":\"Web\"}",
         false},
        {"{\"more\":1,\"authorizationChannel\":\"Web\"}", false},
        {"not json", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fake.calls = 0;
        answer(204, NULL, NULL);
        assert_int_equal(
            hub_patch_consent(f.hub, f.arena, SLICE("c-1"), slice_of(cases[i].patch), NULL),
            cases[i].sound ? HUB_OK : HUB_WRONG);
        assert_int_equal(fake.calls, cases[i].sound ? 1 : 0);
    }
    answer(200, "{}", NULL);
    assert_int_not_equal(
        hub_patch_consent(f.hub, f.arena, SLICE("c-1"), slice_of(cases[0].patch), NULL), HUB_OK);
}

static void revokes_with_the_action(void **state)
{
    (void)state;
    answer(204, NULL, NULL);
    assert_int_equal(hub_revoke_consent(f.hub, f.arena, SLICE("c-1"), "LFI", NULL), HUB_OK);
    assert_string_equal(fake.url, "https://hub.example/cm/consents/c-1/action/revoke");
    assert_string_equal(fake.sent, "{\"revokedBy\":\"LFI\"}");
    fake.calls = 0;
    assert_int_equal(hub_revoke_consent(f.hub, f.arena, SLICE("c-1"), "me", NULL), HUB_WRONG);
    assert_int_equal(fake.calls, 0);
}

#define CONSENT_PAGE(pages)                                                                        \
    "{\"data\":[" CONSENT_OBJECT "],\"meta\":{\"totalPages\":" pages ",\"totalRecords\":3}}"

static void reads_all_pages_of_a_list(void **state)
{
    cJSON *all = NULL;
    struct lfi_error error;
    (void)state;
    fake.status = 200;
    fake.body = CONSENT_PAGE("3");
    assert_int_equal(hub_list_of_user(f.hub, f.arena, SLICE("u/1"), NULL, &all, &error), HUB_OK);
    assert_int_equal(fake.calls, 3);
    assert_int_equal(cJSON_GetArraySize(all), 3);
    assert_non_null(strstr(fake.url, "/psu/u%2F1/consents?page=3&pageSize=100"));
    cJSON_Delete(all);
    fake.calls = 0;
    assert_int_equal(hub_list_of_user(f.hub, f.arena, SLICE("u/1"), "Suspended", &all, &error),
                     HUB_OK);
    assert_int_equal(fake.calls, 3);
    assert_non_null(strstr(fake.url, "/consents?status=Suspended&pageSize=100&page=3"));
    cJSON_Delete(all);
    fake.body = "{\"data\":[],\"meta\":{\"totalPages\":0,\"totalRecords\":0}}";
    assert_int_equal(hub_list_of_group(f.hub, f.arena, SLICE("c-1"), &all, &error), HUB_OK);
    assert_int_equal(cJSON_GetArraySize(all), 0);
    assert_non_null(strstr(fake.url, "/consent-groups/c-1/consents?page=1&pageSize=100"));
    cJSON_Delete(all);
}

/* Before v2.2 the log of payments is whole and knows no pages; since, it has pages of 25. */
static void reads_the_payments_of_both_versions(void **state)
{
    cJSON *all = NULL;
    struct lfi_error error;
    (void)state;
    fake.status = 200;
    fake.body = "{\"data\":[],\"meta\":{}}";
    assert_int_equal(hub_list_payments(f.hub, f.arena, SLICE("c-1"), &all, &error), HUB_OK);
    assert_int_equal(fake.calls, 1);
    assert_string_equal(strchr(fake.url, '?'), "?consentId=c-1");
    cJSON_Delete(all);
    fake.calls = 0;
    fake.body = "{\"data\":[],\"meta\":{\"pageNumber\":1,\"pageSize\":25,\"totalPages\":3,"
                "\"totalRecords\":51}}";
    assert_int_equal(hub_list_payments(f.hub, f.arena, SLICE("c-1"), &all, &error), HUB_OK);
    assert_int_equal(fake.calls, 3);
    assert_string_equal(strchr(fake.url, '?'), "?consentId=c-1&page=3");
    cJSON_Delete(all);
    fake.body = "{\"data\":[],\"meta\":{\"totalPages\":81,\"totalRecords\":2025}}";
    assert_int_equal(hub_list_payments(f.hub, f.arena, SLICE("c-1"), &all, &error), HUB_WRONG);
    assert_null(all);
}

static void count_items(void *ctx, cJSON *page)
{
    *(int *)ctx += cJSON_GetArraySize(page);
}

static void walks_through_the_consents_of_all(void **state)
{
    int count = 0;
    struct lfi_error error = {""};
    const struct hub_visitor visitor = {count_items, &count};
    (void)state;
    fake.status = 200;
    fake.body = CONSENT_PAGE("3");
    assert_int_equal(hub_each_consent(f.hub, visitor, &error), HUB_OK);
    assert_int_equal(count, 3);
    assert_non_null(strstr(fake.url, "/cm/consents?page=3&pageSize=100"));
    fake.calls = 0;
    fake.body = CONSENT_PAGE("501");
    assert_int_equal(hub_each_consent(f.hub, visitor, &error), HUB_WRONG);
    assert_int_equal(fake.calls, 1);
    assert_string_equal(error.message, "the Hub's list has more than 500 pages");
    fake.body = CONSENT_PAGE("3");
    fake.calls = 0;
    fake.lost = 2;
    assert_int_equal(hub_each_consent(f.hub, visitor, &error), HUB_UNREACHABLE);
}

/* Half a list would hide a consent, so it is none. */
static void a_list_is_whole_or_none(void **state)
{
    cJSON *all = NULL;
    struct lfi_error error;
    (void)state;
    fake.status = 200;
    fake.body = CONSENT_PAGE("3");
    fake.lost = 2;
    assert_int_equal(hub_list_of_user(f.hub, f.arena, SLICE("u-1"), NULL, &all, &error),
                     HUB_UNREACHABLE);
    assert_null(all);
    fake.lost = 0;
    fake.body = CONSENT_PAGE("9999");
    assert_int_equal(hub_list_of_user(f.hub, f.arena, SLICE("u-1"), NULL, &all, &error), HUB_WRONG);
    assert_null(all);
}

/* Which of two units our tokens should name as their subject is not ours to choose. */
static void a_certificate_with_two_units_is_refused(void **state)
{
    const struct attribute subjects[][4] = {
        {{"O", "Dhow Bank"}, {"OU", "ou-1"}, {"OU", "ou-2"}, {0}},
        {{"O", "Dhow Bank"}, {"O", "Other"}, {"OU", "ou-1"}, {0}},
        {{"O", "Dhow Bank"}, {"CN", "cn-1"}, {0}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
        struct lfi_error error = {{0}};
        assert_int_equal(open_hub(subjects[i], &error), -1);
        assert_non_null(strstr(error.message, "must have one O and one OU"));
        unlink(f.key);
        unlink(f.certificate);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(forwards_the_query_and_keeps_the_location),
        CASE(finds_the_consent_of_an_interaction),
        CASE(tells_refused_from_unreachable_from_wrong),
        CASE(believes_only_locations_that_a_browser_may_follow),
        CASE(ends_an_interaction_with_a_form),
        CASE(signs_every_call_afresh),
        CASE(reads_the_consent_that_was_asked_for),
        CASE(sends_only_patches_that_the_hub_allows),
        CASE(revokes_with_the_action),
        CASE(reads_all_pages_of_a_list),
        CASE(reads_the_payments_of_both_versions),
        CASE(walks_through_the_consents_of_all),
        CASE(a_list_is_whole_or_none),
        cmocka_unit_test(a_certificate_with_two_units_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
