// link: lfi-config lfi-contract lfi-base
/* Every member of the configuration's schema: a reload applies it, or refuses it by its name. */
#include "base/array.h"
#include "config/config.h"
#include "contract/tables.h"
#include "contract_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What a reload applies, with all below it; whatever else the schema has needs a restart. */
static const char *const applied[] = {
    "$.log.level",
    "$.watchFiles",
    "$.hubListener.certificate",
    "$.hubListener.key",
    "$.hubListener.next.certificate",
    "$.hubListener.next.key",
    "$.hubListener.clientCa",
    "$.hubListener.clientCrl",
    "$.publicListener.url",
    "$.publicListener.proxies",
    "$.publicListener.certificate",
    "$.publicListener.key",
    "$.publicListener.next.certificate",
    "$.publicListener.next.key",
    "$.caller.mode",
    "$.caller.organisationUnits",
    "$.caller.jwksBase",
    "$.caller.jwksOverride",
    "$.caller.jwksCa",
    "$.caller.maxTokenLifeSeconds",
    "$.caller.replayEntries",
    "$.caller.issuer",
    "$.caller.tokenKey",
    "$.caller.previousTokenKey",
    "$.caller.connectTokenKey",
    "$.caller.previousConnectTokenKey",
    "$.contract.responses",
    "$.hub.ca",
    "$.hub.certificate",
    "$.hub.key",
    "$.hub.next.certificate",
    "$.hub.next.key",
    "$.hub.signingKey",
    "$.hub.kid",
    "$.hub.timeoutMs",
    "$.journey.sessionKey",
    "$.journey.previousSessionKey",
    "$.journey.sessionSeconds",
    "$.journey.maxAttempts",
    "$.journey.stepUp",
    "$.journey.demoApp",
    "$.encryption.keys[0].kid",
    "$.encryption.keys[0].key",
    "$.encryption.signatures.jwksBase",
    "$.encryption.signatures.jwksCa",
    "$.encryption.signatures.audience",
    "$.encryption.signatures.judgeTimesLater",
    "$.encryption.payeeVerdicts.jwksUrls",
    "$.providers[0].callers[0].organisationUnit",
    "$.providers[0].callers[0].commonName",
    "$.providers[0].callers[0].operations",
    "$.providers[0].callerAuth.mode",
    "$.providers[0].callerAuth.connectTokens",
    "$.providers[0].callerAuth.apiKeys.file",
    "$.providers[0].callerAuth.apiKeys.prefix",
    "$.providers[0].callerAuth.clients.id",
    "$.providers[0].callerAuth.clients.file",
    "$.providers[0].callerAuth.clients.methods",
    "$.providers[0].callerAuth.clients.subjects",
    "$.providers[0].callerAuth.clients.scopes",
    "$.providers[0].callerAuth.clients.lifeSeconds",
    "$.providers[0].callerAuth.clients.tokens",
    "$.providers[0].callerAuth.issuer.issuer",
    "$.providers[0].callerAuth.issuer.jwksUrl",
    "$.providers[0].callerAuth.issuer.audience",
    "$.providers[0].callerAuth.issuer.algorithms",
    "$.providers[0].callerAuth.issuer.clientId",
    "$.providers[0].callerAuth.issuer.scopes",
    "$.providers[0].callerAuth.issuer.certificateBound",
    "$.providers[0].authorizePath",
    "$.providers[0].heimdall",
    "$.providers[0].consentManager",
    "$.providers[0].hubAudience",
    "$.providers[0].brand.name.ar",
    "$.providers[0].brand.name.en",
    "$.providers[0].brand.light.brand",
    "$.providers[0].brand.dark.brand",
    "$.providers[0].brand.logo",
    "$.providers[0].brand.schemeLogo",
    "$.providers[0].brand.schemeMark",
    "$.providers[0].brand.texts.ar",
    "$.providers[0].brand.texts.en",
    "$.providers[0].offers.standardVersions",
    "$.providers[0].offers.familyVersions.dataSharing",
    "$.providers[0].offers.familyVersions.products",
    "$.providers[0].offers.familyVersions.openData",
    "$.providers[0].offers.familyVersions.serviceInitiation",
    "$.providers[0].offers.familyVersions.insurance",
    "$.providers[0].offers.closingVersions",
    "$.providers[0].offers.unfitNames",
    "$.providers[0].paymentLog",
    "$.providers[0].quoteLog",
};
#define APPLIED ARRAY_LEN(applied)

struct walk {
    bool seen[APPLIED];
    size_t refused;
};

/* A file in which the member at this path has the value, beside another that never changes. */
static void write_text(char out[1024], const char *path, int value)
{
    char ends[64] = "";
    size_t used = 0, depth = 0;
    for (const char *p = path + 1; *p;) {
        size_t len = strcspn(p + 1, ".[");
        bool item = *p == '[';
        used += (size_t)snprintf(out + used, 1024 - used,
                                 item ? "[" : "{\"other\":1,\"%.*s\":", (int)len, p + 1);
        ends[depth++] = item ? ']' : '}';
        p += 1 + len;
    }
    used += (size_t)snprintf(out + used, 1024 - used, "%d", value);
    while (depth > 0) {
        out[used++] = ends[--depth];
    }
    out[used] = '\0';
}

static bool is_refused(const char *path, char named[CONFIG_PATH_MAX])
{
    char old_text[1024], new_text[1024];
    struct config old = {0}, new = {0};
    write_text(old_text, path, 1);
    write_text(new_text, path, 2);
    old.text = slice_of(old_text);
    new.text = slice_of(new_text);
    assert_false(config_needs_restart(&old, &old, named));
    return config_needs_restart(&old, &new, named);
}

static void check_member(struct walk *walk, const char *path)
{
    char named[CONFIG_PATH_MAX] = "";
    bool wanted = true;
    for (size_t i = 0; i < APPLIED; i++) {
        if (strcmp(applied[i], path) == 0) {
            walk->seen[i] = true;
            wanted = false;
        }
    }
    if (is_refused(path, named) != wanted) {
        fail_msg("%s: wanted that a reload %s it", path, wanted ? "refuses" : "applies");
    }
    if (wanted) {
        assert_string_equal(named, path);
        walk->refused++;
    }
}

static void walk_schema(struct walk *walk, const struct contract_schema *schema, const char *path)
{
    char inner[256];
    const struct contract_object_rules *object = schema ? schema->object : NULL;
    const struct contract_schema *items = schema && schema->array ? schema->array->items : NULL;
    if (items && items->object) {
        snprintf(inner, sizeof(inner), "%s[0]", path);
        walk_schema(walk, items, inner);
    } else if (!object || object->member_count == 0) {
        check_member(walk, path);
    } else {
        for (size_t i = 0; i < object->member_count; i++) {
            snprintf(inner, sizeof(inner), "%s.%s", path, object->members[i].name.ptr);
            walk_schema(walk, object->members[i].schema, inner);
        }
    }
}

static void each_member_is_applied_or_refused_by_name(void **state)
{
    struct walk walk = {0};
    (void)state;
    walk_schema(&walk, contract_schema_named(&contract_config, "Config"), "$");
    for (size_t i = 0; i < APPLIED; i++) {
        if (!walk.seen[i]) {
            fail_msg("%s: the schema has no such member", applied[i]);
        }
    }
    assert_true(walk.refused >= 40);
}

static void another_number_of_items_is_refused(void **state)
{
    char named[CONFIG_PATH_MAX];
    struct config old = {.text = SLICE("{\"providers\":[{\"id\":\"a\"}]}")};
    struct config new = {.text = SLICE("{\"providers\":[{\"id\":\"a\"},{\"id\":\"b\"}]}")};
    (void)state;
    assert_true(config_needs_restart(&old, &new, named));
    assert_string_equal(named, "$.providers");
}

static void a_member_that_comes_or_goes_is_a_change(void **state)
{
    char named[CONFIG_PATH_MAX];
    struct config old = {.text = SLICE("{\"limits\":{\"idleMs\":1}}")};
    struct config new = {.text = SLICE("{}")};
    (void)state;
    assert_true(config_needs_restart(&old, &new, named));
    assert_string_equal(named, "$.limits");
    assert_true(config_needs_restart(&new, &old, named));
    assert_string_equal(named, "$.limits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_member_is_applied_or_refused_by_name),
        cmocka_unit_test(another_number_of_items_is_refused),
        cmocka_unit_test(a_member_that_comes_or_goes_is_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
