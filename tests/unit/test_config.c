// link: lfi-config lfi-contract lfi-base
/* The configuration file: what is taken from it, and that each mistake is told with its line. */
#include "config_file.h"

#include "config/locate.h"
#include "contract/contract.h"

static void takes_what_is_said(void **state)
{
    struct config *config;
    struct lfi_error error = {""};
    if (load(*state, good, &config, &error) != 0) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(config->base_dir, *state);
    assert_string_equal(config->host_name, "bank.example");
    assert_int_equal(config->hub.port, 9443);
    assert_string_equal(config->public_.address, "::1");
    assert_string_equal(config->public_url, "https://bank.example");
    assert_int_equal(config->caller_ou_count, 2);
    assert_string_equal(config->caller_ous[1], "ou-2");
    assert_string_equal(config->jwks_base, "https://keys.example");
    assert_int_equal(config->provider_count, 2);
    assert_string_equal(config->providers[0].core_settings, "{\"store\": [1, \"}\\\"\"]}");
    assert_string_equal(config->providers[1].authorize_path, "/authorize/two");

    char file[256];
    snprintf(file, sizeof(file), "%s/memory", (const char *)*state);
    assert_string_equal(config->state.path, file);
    snprintf(file, sizeof(file), "%s/a.pem", (const char *)*state);
    assert_string_equal(config->hub.pairs[0].certificate, file);
    config_free(config);
}

/* The defaults that config.schema.yaml names. */
static void fills_in_defaults(void **state)
{
    struct config *config;
    struct lfi_error error;
    assert_int_equal(load(*state, good, &config, &error), 0);
    assert_false(config->development);
    assert_int_equal(config->log_level, LOG_INFO);
    assert_int_equal(config->hub.threads, 256);
    assert_int_equal(config->hub.min_tls, 12);
    assert_int_equal(config->public_.threads, 256);
    assert_null(config->public_.pairs[0].certificate);
    assert_null(config->public_.client_ca);
    assert_string_equal(config->admin.address, "127.0.0.1");
    assert_int_equal(config->body_bytes, 1048576);
    assert_int_equal(config->request_ms, 10000);
    assert_int_equal(config->idle_ms, 5000);
    assert_int_equal(config->token_max_life_s, 300);
    assert_int_equal(config->replay_entries, 0);
    assert_int_equal(config->check_responses, CONTRACT_REPLIES_ENFORCE);
    assert_null(config->hub_signing_key);
    assert_int_equal(config->hub_timeout_ms, 5000);
    assert_int_equal(config->session_s, 900);
    assert_int_equal(config->max_attempts, 3);
    assert_false(config->demo_app);
    assert_false(config->step_up_data_sharing);
    assert_string_equal(config->state.driver, "lmdb");
    assert_int_equal(config->state.max_megabytes, 1024);
    assert_int_equal(config->state.max_tasks, 100000);
    assert_int_equal(config->state.instances, 4);
    assert_string_equal(config->providers[0].audience, "one");
    assert_string_equal(config->providers[0].hub_audience, "one");
    assert_string_equal(config->providers[1].core_settings, "{}");
    const struct offers *offers = &config->providers[0].offers;
    assert_string_equal(offers->consent_types[0], "cbuae-account-access-consents");
    assert_null(offers->consent_types[1]);
    assert_string_equal(offers->account_types[0], "Retail");
    assert_null(offers->account_types[1]);
    assert_string_equal(offers->account_sub_types[4], "Finance");
    assert_null(offers->account_sub_types[5]);
    for (size_t family = 0; family < CONTRACT_FAMILIES; family++) {
        assert_int_equal(offers->versions[family][0], CONTRACT_VERSION(2, 1));
        assert_int_equal(offers->versions[family][1], 0);
    }
    assert_null(offers->closing);
    assert_string_equal(config->base_paths[CONTRACT_DATA_SHARING], "");
    assert_string_equal(config->providers[1].offers.account_types[0], "SME");
    config_free(config);
}

static void a_segment_of_the_banks_own_naming_has_all_account_types(void **state)
{
    struct config *config;
    struct lfi_error error = {""};
    char *text = replaced("\"sme\"", "\"wealth\"");
    if (load(*state, text, &config, &error) != 0) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(config->providers[1].segment, "wealth");
    const struct offers *offers = &config->providers[1].offers;
    assert_string_equal(offers->account_types[0], "Retail");
    assert_string_equal(offers->account_types[1], "SME");
    assert_string_equal(offers->account_types[2], "Corporate");
    assert_null(offers->account_types[3]);
    config_free(config);
    free(text);
}

static void takes_offers_as_listed(void **state)
{
    struct config *config;
    struct lfi_error error = {""};
    char *text = replaced("\"sme\",", "\"corporate\", \"offers\": {\"consentTypes\": [],"
                                      "\"accountTypes\": [\"SME\", \"Retail\"]},");
    if (load(*state, text, &config, &error) != 0) {
        fail_msg("%s", error.message);
    }
    const struct offers *offers = &config->providers[1].offers;
    assert_null(offers->consent_types[0]);
    assert_string_equal(offers->account_types[0], "SME");
    assert_string_equal(offers->account_types[1], "Retail");
    assert_null(offers->account_types[2]);
    assert_string_equal(offers->account_sub_types[0], "CurrentAccount");
    config_free(config);
    free(text);
}

/* Words become enums: each that the schema allows, and what it stands for; one that it does not. */
struct word_row {
    const char *member, *head, *tail; /* in place of the member: head, the word, tail */
    struct {
        const char *word;
        int value;
    } words[5];
    size_t offset; /* of an int in struct config, or in that of its second provider */
    bool of_provider;
};

#define IN_CONFIG(member) offsetof(struct config, member), false
#define IN_PROVIDER(member) offsetof(struct config_provider, member), true

static const struct word_row word_rows[] = {
    {"\"hostName\"",
     "\"log\": {\"level\": \"",
     "\"}, \"hostName\"",
     {{"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warn", LOG_WARN}, {"error", LOG_ERROR}},
     IN_CONFIG(log_level)},
    {"\"hostName\"",
     "\"contract\": {\"responses\": \"",
     "\"}, \"hostName\"",
     {{"enforce", CONTRACT_REPLIES_ENFORCE},
      {"log", CONTRACT_REPLIES_LOG},
      {"off", CONTRACT_REPLIES_OFF}},
     IN_CONFIG(check_responses)},
    {"\"jwt\"",
     "\"",
     "\"",
     {{"jwt", CALLER_JWT}, {"mtls", CALLER_MTLS_ONLY}},
     IN_PROVIDER(caller.mode)},
    {"\"sme\"",
     "\"sme\", \"callerAuth\": {\"mode\": \"",
     "\"}",
     {{"jwt", CALLER_JWT}, {"mtls", CALLER_MTLS_ONLY}},
     IN_PROVIDER(caller.mode)},
    {"\"clientCa\"",
     "\"minTls\": \"",
     "\", \"clientCa\"",
     {{"1.2", 12}, {"1.3", 13}},
     IN_CONFIG(hub.min_tls)},
    {"\"sme\"",
     "\"sme\", \"statementsBy\": \"",
     "\"",
     {{"OpeningDate", LFI_STATEMENT_OPENING_DATE}, {"StatementDate", LFI_STATEMENT_STATEMENT_DATE}},
     IN_PROVIDER(statement_day)},
    {"\"sme\"",
     "\"sme\", \"paymentLog\": \"",
     "\"",
     {{"v2.1", HUB_FORM_2_1}, {"v2.2", HUB_FORM_2_2}},
     IN_PROVIDER(offers.payment_log)},
    {"\"sme\"",
     "\"sme\", \"quoteLog\": \"",
     "\"",
     {{"v2.1", HUB_FORM_2_1}, {"v2.2", HUB_FORM_2_2}},
     IN_PROVIDER(offers.quote_log)},
};

/* The value of the word, or -1 with the reason. */
static int value_of(const char *folder, const struct word_row *row, const char *word,
                    struct lfi_error *error)
{
    struct config *config;
    char with[128];
    int value = -1;
    snprintf(with, sizeof(with), "%s%s%s", row->head, word, row->tail);
    char *text = replaced(row->member, with);
    if (load(folder, text, &config, error) == 0) {
        const char *base =
            row->of_provider ? (const char *)&config->providers[1] : (const char *)config;
        memcpy(&value, base + row->offset, sizeof(value));
        config_free(config);
    }
    free(text);
    return value;
}

static void takes_each_word_as_what_it_means(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(word_rows); i++) {
        const struct word_row *row = &word_rows[i];
        struct lfi_error error = {""};
        for (size_t w = 0; row->words[w].word; w++) {
            assert_int_equal(value_of(*state, row, row->words[w].word, &error),
                             row->words[w].value);
        }
        assert_int_equal(value_of(*state, row, "wrong", &error), -1);
        assert_non_null(strstr(error.message, "must be one of"));
    }
}

struct mistake {
    const char *from, *to, *message;
};

static void tell_each(const char *folder, const struct mistake *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct config *config;
        struct lfi_error error = {""};
        char expected[512], *text = replaced(rows[i].from, rows[i].to);
        snprintf(expected, sizeof(expected), "%s/server.json%s", folder, rows[i].message);
        assert_int_equal(load(folder, text, &config, &error), -1);
        assert_null(config);
        if (strncmp(error.message, expected, strlen(expected)) != 0) {
            fail_msg("%s, wanted %s", error.message, expected);
        }
        free(text);
    }
}

static void reports_each_mistake_with_its_line(void **state)
{
    static const struct mistake rows[] = {
        {"{\n", "{\n\"x\":,\n", ":2: $.x: "},
        {"\"hostName\": \"bank.example\",", "", ":1: $.hostName: is missing"},
        {"127.0.0.1", "1.2.3", ":4: $.hubListener.address: must be a numeric address"},
        {"127.0.0.1", "localhost.", ":4: $.hubListener.address: must have the form"},
        {",\n    \"clientCa\": \"ca.pem\"", "", ":3: $.hubListener.clientCa: is missing"},
        {"\"certificate\": \"a.pem\", ", "", ":3: $.hubListener.certificate: is missing"},
        {"\"clientCa\": \"ca.pem\"", "\"clientCa\": \"none.pem\"",
         ":6: $.hubListener.clientCa: there is no such file, or it cannot be read: "},
        {"\"clientCa\": \"ca.pem\"", "\"clientCa\": \".\"",
         ":6: $.hubListener.clientCa: there is no such file, or it cannot be read: "},
        {"9440", "9443", ":8: $.publicListener.port: is the port of hubListener"},
        {"9441", "9440", ":10: $.adminListener.port: is the port of another listener"},
        {"{\"port\": 9441}", "{\"port\": 9441, \"address\": \"0.0.0.0\"}",
         ":10: $.adminListener.address: must be one of"},
        {"https://bank", "http://bank", ":9: $.publicListener.url: must be https"},
        {"bank.example\"}", "bank.example/\"}", ":9: $.publicListener.url: must have the form"},
        {"bank.example\"}", "bank.example\", \"proxies\": [\"10.0.0.0/8\", \"10.0.0.0/33\"]}",
         ":9: $.publicListener.proxies: each must be an address or a network"},
        {"bank.example\"}", "bank.example\", \"key\": \"a.key\"}",
         ":8: $.publicListener: certificate and key go together"},
        {"\"jwt\"", "\"none\"", ":11: $.caller.mode: must be one of"},
        {"[\"ou-1\", \"ou-2\"]", "[]", ":12: $.caller.organisationUnits: must have at least 1"},
        {"\"ou-2\"", "\"ou-1\"", ":12: $.caller.organisationUnits[1]: is duplicated"},
        {"\"jwksBase\": \"https://keys.example\",", "", ":11: $.caller: mode jwt needs jwksBase"},
        {",\n    \"jwksCa\": \"ca.pem\"", "",
         ":13: $.caller.jwksBase: a key store with https needs jwksCa"},
        {"https://keys", "http://keys", ":13: $.caller.jwksBase: must be https"},
        {"\"key\": \"a.key\"},\n  \"journey\"",
         "\"key\": \"a.key\", \"kid\": \"k\"},\n  \"journey\"",
         ":16: $.hub.kid: needs signingKey beside it"},
        {"\"session.key\"", "\"a.key\"", ":18: $.journey.sessionKey: the file must have 32 bytes"},
        {"\"session.key\"", "\"session.key\", \"stepUp\": [\"data-sharing\"]",
         ":18: $.journey.stepUp: must name payments"},
        {"\"session.key\"", "\"session.key\", \"demoApp\": true",
         ":18: $.journey.demoApp: is for development only"},
        {"\"clientCa\": \"ca.pem\"", "\"clientCa\": \"ca.pem\", \"basePaths\": {\"atm\": \"/a\"}",
         ":6: $.hubListener.basePaths.atm: is not allowed here"},
        {"\"clientCa\": \"ca.pem\"",
         "\"clientCa\": \"ca.pem\", \"basePaths\": {\"products\": \"/a/\"}",
         ":6: $.hubListener.basePaths.products: must have the form"},
        {"\"two\"", "\"one\"",
         ":23: $.providers[1].id: another provider has this id (it is \"one\")"},
        {"\"two\"", "\"Two\"", ":23: $.providers[1].id: must have the form ^[a-z0-9]+$"},
        {"core.so", "gone.so", ":21: $.providers[0].core.library: there is no such file"},
        {"\"sme\",", "\"SME\",", ":23: $.providers[1].segment: must have the form"},
        {"\"sme\",", "\"sme\", \"audience\": \"\",", ":23: $.providers[1].audience: must have"},
        {"\"sme\",", "\"sme\", \"offers\": {\"accountTypes\": []},",
         ":23: $.providers[1].offers.accountTypes: must have at least 1"},
        {"\"sme\",", "\"sme\", \"offers\": {\"accountSubTypes\": [\"Loan\"]},",
         ":23: $.providers[1].offers.accountSubTypes[0]: must be one of"},
        {"\"sme\",", "\"sme\", \"offers\": {\"standardVersions\": [\"2.1\"]},",
         ":23: $.providers[1].offers.standardVersions[0]: must have the form"},
        {"\"sme\",", "\"sme\", \"offers\": {\"familyVersions\": {\"products\": []}},",
         ":23: $.providers[1].offers.familyVersions.products: must have at least 1"},
        {"\"sme\",", "\"sme\", \"offers\": {\"closingVersions\": [\"v2.2\"]},",
         ":23: $.providers[1].offers.closingVersions: names a version in which data sharing"},
        {"\"sme\",", "\"sme\", \"offers\": {\"closingVersions\": [\"v2.1\"]},",
         ":23: $.providers[1].offers.closingVersions: must leave a version for new consents"},
        {"\"sme\",", "\"sme\", \"offers\": {\"consentTypes\": [\"cbuae-pet-consents\"]},",
         ":23: $.providers[1].offers.consentTypes[0]: must be one of"},
        {"\"retail\",", "\"retail\", \"authorizePath\": \"/a\",",
         ":20: $.providers[0]: authorizePath needs heimdall"},
        {"\"retail\",",
         "\"retail\", \"authorizePath\": \"/authorize/two\", \"heimdall\": \"https://h.example\","
         "\"consentManager\": \"https://c.example\",",
         ":25: $.providers[1].authorizePath: another provider has this path"},
        {"\"/authorize/two\"", "\"/a?b\"", ":25: $.providers[1].authorizePath: must have the form"},
        {"https://hub.example/h", "https://hub.example/h/",
         ":26: $.providers[1].heimdall: must have the form"},
        {"https://hub.example/c", "http://hub.example/c",
         ":27: $.providers[1].consentManager: must be https outside development"},
    };
    tell_each(*state, rows, ARRAY_LEN(rows));
}

/* Blanks around a name would keep it from ever being equal to another. */
static void says_what_was_there_and_what_may_be(void **state)
{
    static const struct mistake rows[] = {
        {"\"hostName\"", "\"hostname\"",
         ":2: $.hostname: is not allowed here: what may stand there is development, watchFiles, "
         "hostName, log, "},
        {"9443", "\"9443\"", ":4: $.hubListener.port: must be an integer (it is \"9443\")"},
        {"9443", "0", ":4: $.hubListener.port: must be at least 1 (it is 0)"},
        {"9443", "65536", ":4: $.hubListener.port: must be at most 65535 (it is 65536)"},
        {"9443", "9443.5", ":4: $.hubListener.port: must be an integer (it is 9443.5)"},
        {"9443", "\"a\\\"b\"", ":4: $.hubListener.port: must be an integer (it is \"a\\\"b\")"},
        {"9443", "{}", ":4: $.hubListener.port: must be an integer"},
        {"9443", "9443,\n\"port\": 1", ":5: $.hubListener.port: is duplicated"},
        {"\"ou-2\"", "\"ou-2\\n\"", ":12: $.caller.organisationUnits[1]: must have the form"},
        {"\"ou-2\"", "\" ou-2\"", ":12: $.caller.organisationUnits[1]: must have the form"},
        {"\"sme\",", "\"sme\", \"audience\": \"two \",", ":23: $.providers[1].audience: must have"},
        {"\"/authorize/two\"", "\"/authorize/../two\"", ":25: $.providers[1].authorizePath: must"},
        {"\"/authorize/two\"", "\"/authorize//two\"", ":25: $.providers[1].authorizePath: must"},
    };
    tell_each(*state, rows, ARRAY_LEN(rows));
}

static void reports_each_mistake_of_the_state(void **state)
{
    static const struct mistake rows[] = {
        {",\n  \"state\": {\"path\": \"memory\"}", "", ":1: $.state: is missing"},
        {"\"path\": \"memory\"", "", ":29: $.state.path: is missing"},
        {"\"memory\"", "\"memory\", \"driver\": \"files\"", ":29: $.state.driver: must be one of"},
        {"\"memory\"", "\"memory\", \"maxMegabytes\": 0",
         ":29: $.state.maxMegabytes: must be at least 1"},
        {"\"memory\"", "\"memory\", \"maxTasks\": 10000001",
         ":29: $.state.maxTasks: must be at most 10000000"},
        {"\"memory\"", "\"memory\", \"instances\": 65",
         ":29: $.state.instances: must be at most 64"},
    };
    tell_each(*state, rows, ARRAY_LEN(rows));
}

/* The second provider with this as its callerAuth; to be freed. */
static char *with_auth(const char *auth)
{
    char to[1024];
    snprintf(to, sizeof(to), "\"sme\", \"callerAuth\": {\"mode\": \"client-credentials\", %s},",
             auth);
    return replaced("\"sme\",", to);
}

static void takes_clients_of_the_token_endpoint(void **state)
{
    struct config *config;
    struct lfi_error error = {""};
    char *text = with_auth("\"clients\": {\"file\": \"ca.pem\", \"scopes\": [\"a\", \"b\"]}");
    assert_int_equal(load(*state, text, &config, &error), 0);
    assert_null(config->providers[0].client.id);
    const struct config_provider *two = &config->providers[1];
    assert_int_equal(two->caller.mode, CALLER_CLIENT_CREDENTIALS);
    assert_string_equal(config->issuer, "https://bank.example:9443");
    assert_string_equal(two->client.id, "two");
    assert_string_equal(two->client.provider, "two");
    assert_int_equal(two->client.methods, 1 << CLIENT_SECRET_BASIC | 1 << CLIENT_SECRET_POST);
    assert_non_null(strstr(two->client.secrets_file, "/ca.pem"));
    assert_null(two->client.subjects[0]);
    assert_string_equal(two->client.scopes[1], "b");
    assert_null(two->client.scopes[2]);
    assert_int_equal(two->client.life_s, 300);
    assert_int_equal(two->client.form, ACCESS_OPAQUE);
    assert_string_equal(two->access.client, "two");
    assert_ptr_equal(two->access.scopes, two->client.scopes);
    config_free(config);
    free(text);

    text = with_auth("\"clients\": {\"id\": \"hub\", \"lifeSeconds\": 600, "
                     "\"methods\": [\"tls_client_auth\", \"private_key_jwt\"], "
                     "\"subjects\": [\"CN=x\"]}");
    assert_int_equal(load(*state, text, &config, &error), 0);
    two = &config->providers[1];
    assert_string_equal(two->client.id, "hub");
    assert_int_equal(two->client.methods, 1 << CLIENT_TLS | 1 << CLIENT_PRIVATE_KEY_JWT);
    assert_string_equal(two->client.subjects[0], "CN=x");
    assert_int_equal(two->client.life_s, 600);
    config_free(config);
    free(text);
}

#define ISSUER                                                                                     \
    "\"issuer\": {\"issuer\": \"https://as.example\", \"audience\": \"oc\", "                      \
    "\"jwksUrl\": \"https://as.example/jwks\""

static void takes_another_servers_tokens(void **state)
{
    struct config *config;
    struct lfi_error error = {""};
    char *text = with_auth(ISSUER "}");
    assert_int_equal(load(*state, text, &config, &error), 0);
    const struct access_rules *access = &config->providers[1].access;
    assert_null(config->providers[1].client.id);
    assert_string_equal(access->provider, "two");
    assert_null(access->client);
    assert_null(access->scopes[0]);
    assert_string_equal(access->issuer, "https://as.example");
    assert_string_equal(access->audience, "oc");
    assert_string_equal(access->jwks_url, "https://as.example/jwks");
    assert_false(access->allow_unbound);
    assert_int_equal(access->algorithms, JOSE_PS256);
    config_free(config);
    free(text);
    text = with_auth(ISSUER ", \"clientId\": \"hub\", \"certificateBound\": false, "
                            "\"algorithms\": [\"RS256\", \"ES256\"]}");
    assert_int_equal(load(*state, text, &config, &error), 0);
    assert_int_equal(config->providers[1].access.algorithms, JOSE_ES256 | JOSE_RS256);
    assert_string_equal(config->providers[1].access.client, "hub");
    assert_true(config->providers[1].access.allow_unbound);
    config_free(config);
    free(text);
}

static void takes_connect_tokens_where_configured(void **state)
{
    struct config *config;
    struct lfi_error error = {""};
    char *one = replaced("\"organisationUnits\"",
                         "\"connectTokenKey\": \"session.key\", \"organisationUnits\"");
    char *both = replaced_in(
        one, "\"sme\",", "\"sme\", \"callerAuth\": {\"mode\": \"mtls\", \"connectTokens\": true},");
    assert_int_equal(load(*state, both, &config, &error), 0);
    assert_false(config->providers[0].caller.takes_connect_tokens);
    assert_true(config->providers[1].caller.takes_connect_tokens);
    assert_non_null(strstr(config->connect_token_key_file, "session.key"));
    config_free(config);
    free(both);
    free(one);
}

static void a_client_id_tells_one_provider(void **state)
{
    struct config *config;
    struct lfi_error error = {""};
    char *one = with_auth("\"clients\": {\"file\": \"ca.pem\", \"id\": \"one\"}");
    char *both = replaced_in(one, "\"retail\",",
                             "\"retail\", \"callerAuth\": {\"mode\": \"client-credentials\", "
                             "\"clients\": {\"file\": \"ca.pem\"}},");
    assert_int_equal(load(*state, both, &config, &error), -1);
    assert_non_null(strstr(error.message, "callerAuth: another provider has a client of this id"));
    free(both);
    free(one);
}

#define JOURNEY "  \"journey\""

static void takes_keys_for_personal_data(void **state)
{
    struct config *config;
    struct lfi_error error = {""};
    char *text = replaced(JOURNEY, "\"encryption\": {\"keys\": [{\"key\": \"a.key\"},\n"
                                   "{\"kid\": \"old\", \"key\": \"ca.pem\"}], \"signatures\": {\n"
                                   "\"jwksBase\": \"https://keys.example\",\n"
                                   "\"jwksCa\": \"ca.pem\", \"audience\": \"us\"},\n"
                                   "\"payeeVerdicts\": {\"jwksUrls\": [\n"
                                   "\"https://a.example\", \"https://b.example\"]}},\n" JOURNEY);
    if (load(*state, text, &config, &error) != 0) {
        fail_msg("%s", error.message);
    }
    free(text);
    const struct config_encryption *encryption = &config->encryption;
    assert_int_equal(encryption->key_count, 2);
    assert_null(encryption->keys[0].kid);
    assert_non_null(strstr(encryption->keys[0].file, "/a.key"));
    assert_string_equal(encryption->keys[1].kid, "old");
    assert_non_null(strstr(encryption->keys[1].file, "/ca.pem"));
    assert_string_equal(encryption->jwks_base, "https://keys.example");
    assert_non_null(strstr(encryption->jwks_ca, "/ca.pem"));
    assert_string_equal(encryption->audience, "us");
    assert_string_equal(encryption->verdict_jwks_urls[1], "https://b.example");
    assert_null(encryption->verdict_jwks_urls[2]);
    config_free(config);
    assert_int_equal(load(*state, good, &config, &error), 0);
    assert_int_equal(config->encryption.key_count, 0);
    assert_null(config->encryption.verdict_jwks_urls[0]);
    config_free(config);
}

static void reports_each_mistake_of_encryption(void **state)
{
#define ENCRYPTION "\"encryption\": {\"keys\": [{\"key\": \"a.key\"}"
    static const struct mistake rows[] = {
        {JOURNEY, "\"encryption\": {},\n" JOURNEY, ":17: $.encryption.keys: is missing"},
        {JOURNEY, "\"encryption\": {\"keys\": []},\n" JOURNEY, ":17: $.encryption.keys: must have"},
        {JOURNEY, ENCRYPTION ", {\"key\": \"none\"}]},\n" JOURNEY,
         ":17: $.encryption.keys[1].key: there is no such file"},
        {JOURNEY, ENCRYPTION ", {\"kid\": \"\", \"key\": \"a.key\"}]},\n" JOURNEY,
         ":17: $.encryption.keys[1].kid: must have at least 1"},
        {JOURNEY,
         ENCRYPTION "], \"signatures\": {\"jwksBase\": \"https://keys.example\"}},\n" JOURNEY,
         ":17: $.encryption.signatures.audience: is missing"},
        {JOURNEY,
         ENCRYPTION "], \"signatures\": {\"jwksBase\": \"https://keys.example\", "
                    "\"audience\": \"us\"}},\n" JOURNEY,
         ":17: $.encryption.signatures.jwksBase: a key store with https needs jwksCa"},
        {JOURNEY,
         ENCRYPTION "], \"signatures\": {\"jwksBase\": \"http://keys.example\", "
                    "\"audience\": \"us\"}},\n" JOURNEY,
         ":17: $.encryption.signatures.jwksBase: must be https outside development"},
        {JOURNEY, ENCRYPTION "], \"payeeVerdicts\": {\"jwksUrls\": []}},\n" JOURNEY,
         ":17: $.encryption.payeeVerdicts.jwksUrls: must have"},
        {JOURNEY,
         ENCRYPTION "], \"payeeVerdicts\": {\"jwksUrls\": [\"http://k.example\"]}},\n" JOURNEY,
         ":17: $.encryption.payeeVerdicts.jwksUrls[0]: must be https outside development"},
    };
    tell_each(*state, rows, ARRAY_LEN(rows));
}

static void reports_each_mistake_of_client_credentials(void **state)
{
#define AUTH "\"sme\", \"callerAuth\": {\"mode\": \"client-credentials\""
#define KEYS "\"sme\", \"callerAuth\": {\"mode\": \"api-key\", \"apiKeys\": {\"file\": "
    static const struct mistake rows[] = {
        {"\"sme\",", AUTH "},",
         ":23: $.providers[1].callerAuth: mode client-credentials needs clients or issuer"},
        {"\"sme\",", AUTH ", \"clients\": {\"file\": \"ca.pem\"}, " ISSUER "}},",
         ":23: $.providers[1].callerAuth: mode client-credentials needs clients or issuer"},
        {"\"sme\",", "\"sme\", \"callerAuth\": {\"mode\": \"mtls\", " ISSUER "}},",
         ":23: $.providers[1].callerAuth: clients and issuer are for mode client-credentials"},
        {"\"sme\",", "\"sme\", \"callerAuth\": {\"mode\": \"api-key\"},",
         ":23: $.providers[1].callerAuth: mode api-key needs apiKeys"},
        {"\"sme\",", AUTH ", \"apiKeys\": {\"file\": \"ca.pem\"}},",
         ":23: $.providers[1].callerAuth: apiKeys are for mode api-key"},
        {"\"sme\",", KEYS "\"none\"}},",
         ":23: $.providers[1].callerAuth.apiKeys.file: there is no such file"},
        {"\"sme\",", KEYS "\"ca.pem\", \"prefix\": \"\"}},",
         ":23: $.providers[1].callerAuth.apiKeys.prefix: must have at least 1"},
        {"\"sme\",", KEYS "\"ca.pem\", \"prefix\": \" Key\"}},",
         ":23: $.providers[1].callerAuth.apiKeys.prefix: must have the form"},
        {"\"sme\",", AUTH ", \"clients\": {}},",
         ":23: $.providers[1].callerAuth.clients: client_secret_basic and client_secret_post need"},
        {"\"sme\",", AUTH ", \"clients\": {\"file\": \"none\"}},",
         ":23: $.providers[1].callerAuth.clients.file: there is no such file"},
        {"\"sme\",", AUTH ", \"clients\": {\"methods\": [\"tls_client_auth\"]}},",
         ":23: $.providers[1].callerAuth.clients: tls_client_auth needs subjects"},
        {"\"sme\",", AUTH ", \"clients\": {\"methods\": [\"none\"]}},",
         ":23: $.providers[1].callerAuth.clients.methods[0]: must be one of"},
        {"\"sme\",", AUTH ", \"clients\": {\"file\": \"ca.pem\", \"tokens\": \"jwt\"}},",
         ":23: $.providers[1].callerAuth.clients: tokens that are a JWT need caller.tokenKey"},
        {"\"sme\",", AUTH ", \"clients\": {\"file\": \"ca.pem\", \"lifeSeconds\": 601}},",
         ":23: $.providers[1].callerAuth.clients.lifeSeconds: must be at most 600"},
        {"\"sme\",", AUTH ", \"clients\": {\"file\": \"ca.pem\", \"scopes\": [\"a b\"]}},",
         ":23: $.providers[1].callerAuth.clients.scopes[0]: must have the form"},
        {"\"sme\",", AUTH ", \"issuer\": {\"issuer\": \"https://as.example\"}},",
         ":23: $.providers[1].callerAuth.issuer"},
        {"\"sme\",",
         AUTH ", \"issuer\": {\"issuer\": \"x\", \"audience\": \"x\", "
              "\"jwksUrl\": \"http://as.example\"}},",
         ":23: $.providers[1].callerAuth.issuer.jwksUrl: must be https outside development"},
        {"\"sme\",", AUTH ", " ISSUER ", \"algorithms\": [\"none\"]}}},",
         ":23: $.providers[1].callerAuth.issuer.algorithms[0]: must be one of"},
        {"\"sme\",", AUTH ", " ISSUER ", \"algorithms\": [\"HS256\"]}}},",
         ":23: $.providers[1].callerAuth.issuer.algorithms[0]: must be one of"},
        {"\"sme\",", AUTH ", " ISSUER ", \"algorithms\": []}}},",
         ":23: $.providers[1].callerAuth.issuer.algorithms: must have at least 1"},
        {"\"organisationUnits\"", "\"previousTokenKey\": \"a.key\", \"organisationUnits\"",
         ":12: $.caller.previousTokenKey: needs tokenKey beside it"},
        {"\"organisationUnits\"",
         "\"previousConnectTokenKey\": \"session.key\", \"organisationUnits\"",
         ":12: $.caller.previousConnectTokenKey: needs connectTokenKey beside it"},
        {"\"organisationUnits\"", "\"connectTokenKey\": \"a.key\", \"organisationUnits\"",
         ":12: $.caller.connectTokenKey: the file must have 32 bytes"},
        {"\"sme\",", "\"sme\", \"callerAuth\": {\"mode\": \"mtls\", \"connectTokens\": true},",
         ":23: $.providers[1].callerAuth: connectTokens need caller.connectTokenKey"},
        {"\"organisationUnits\"", "\"issuer\": \"http://a.example\", \"organisationUnits\"",
         ":12: $.caller.issuer: must be https outside development"},
    };
    tell_each(*state, rows, ARRAY_LEN(rows));
}

static void allows_more_in_development(void **state)
{
    struct config *config;
    struct lfi_error error;
    char *text =
        replaced("https://bank.example\"},", "http://bank.example\"}, \"development\": true,");
    assert_int_equal(load(*state, text, &config, &error), 0);
    assert_string_equal(config->public_url, "http://bank.example");
    config_free(config);
    free(text);
    text = replaced("https://keys.example\",\n    \"jwksCa\": \"ca.pem\"},",
                    "http://keys.example\"}, \"development\": true,");
    assert_int_equal(load(*state, text, &config, &error), 0);
    assert_true(config->development);
    assert_null(config->jwks_ca);
    config_free(config);
    free(text);
}

/* Addresses that could not be fetched from or called, although http is allowed there. */
static void refuses_http_beside_authorities_to_believe(void **state)
{
#define DEVELOPMENT "\"development\": true, \"hostName\""
    static const char by_https[] = "with jwksCa keys are fetched by https alone";
    static const struct {
        const char *old, *new, *path;
    } rows[] = {
        {"https://keys", "http://keys", "$.caller.jwksBase: "},
        {"\"jwksBase\": \"https", "\"jwksOverride\": \"http", "$.caller.jwksOverride: "},
        {"\"sme\",",
         "\"sme\", \"callerAuth\": {\"mode\": \"client-credentials\", \"issuer\": {\"issuer\": "
         "\"x\", "
         "\"audience\": \"x\", \"jwksUrl\": \"http://as.example\"}},",
         "$.providers[1].callerAuth.issuer.jwksUrl: "},
        {"https://hub.example/h", "http://hub.example/h",
         "$.providers[1].heimdall: the Hub is called by https alone"},
        {"https://hub.example/c", "http://hub.example/c",
         "$.providers[1].consentManager: the Hub is called by https alone"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config *config;
        struct lfi_error error = {""};
        char *text = replaced("\"hostName\"", DEVELOPMENT);
        char *mistaken = replaced_in(text, rows[i].old, rows[i].new);
        assert_int_equal(load(*state, mistaken, &config, &error), -1);
        assert_non_null(strstr(error.message, rows[i].path));
        assert_true(i > 2 || strstr(error.message, by_https));
        free(mistaken);
        free(text);
    }
}

static void refuses_files_it_cannot_use(void **state)
{
    struct config *config;
    struct lfi_error error = {""};
    assert_int_equal(config_load(&config, "no-such-folder/server.json", &error), -1);
    assert_null(config);
    assert_true(strncmp(error.message, "no-such-folder/server.json: ", 28) == 0);

    size_t size = (256 * 1024) + 1;
    char *large = malloc(size + 1);
    assert_non_null(large);
    memset(large, ' ', size);
    large[size] = '\0';
    assert_int_equal(load(*state, large, &config, &error), -1);
    assert_non_null(strstr(error.message, "larger than"));
    free(large);
    assert_int_equal(load(*state, "", &config, &error), -1);
    assert_non_null(strstr(error.message, ":1: $: ends too early"));
}

static void locates_values(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value;
    } rows[] = {
        {"$", "{\"a\":[1,{\"b\":\"x]\\\"\"}],\"ab\":-2.5}"},
        {"$.a", "[1,{\"b\":\"x]\\\"\"}]"},
        {"$.a[0]", "1"},
        {"$.a[1].b", "\"x]\\\"\""},
        {"$.ab", "-2.5"},
        {"$.a[7]", "[1,{\"b\":\"x]\\\"\"}]"},
        {"$.ab.c.d", "-2.5"},
        {"$.a[1].c", "{\"b\":\"x]\\\"\"}"},
    };
    struct lfi_slice json = SLICE(" {\"a\":[1,{\"b\":\"x]\\\"\"}],\"ab\":-2.5} ");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!slice_equal_text(config_locate(json, rows[i].path), rows[i].value)) {
            fail_msg("%s: %.*s", rows[i].path, SLICE_ARG(config_locate(json, rows[i].path)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_said),
        cmocka_unit_test(fills_in_defaults),
        cmocka_unit_test(takes_offers_as_listed),
        cmocka_unit_test(a_segment_of_the_banks_own_naming_has_all_account_types),
        cmocka_unit_test(takes_each_word_as_what_it_means),
        cmocka_unit_test(reports_each_mistake_with_its_line),
        cmocka_unit_test(says_what_was_there_and_what_may_be),
        cmocka_unit_test(reports_each_mistake_of_the_state),
        cmocka_unit_test(takes_clients_of_the_token_endpoint),
        cmocka_unit_test(takes_another_servers_tokens),
        cmocka_unit_test(takes_connect_tokens_where_configured),
        cmocka_unit_test(a_client_id_tells_one_provider),
        cmocka_unit_test(reports_each_mistake_of_client_credentials),
        cmocka_unit_test(takes_keys_for_personal_data),
        cmocka_unit_test(reports_each_mistake_of_encryption),
        cmocka_unit_test(allows_more_in_development),
        cmocka_unit_test(refuses_http_beside_authorities_to_believe),
        cmocka_unit_test(refuses_files_it_cannot_use),
        cmocka_unit_test(locates_values),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
