/* A configuration file that is right, in a folder of its own, for tests to change. */
#ifndef TESTS_CONFIG_FILE_H
#define TESTS_CONFIG_FILE_H

#include "base/array.h"
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char good[] = "{\n"
                           "  \"hostName\": \"bank.example\",\n"
                           "  \"hubListener\": {\n"
                           "    \"address\": \"127.0.0.1\", \"port\": 9443,\n"
                           "    \"certificate\": \"a.pem\", \"key\": \"a.key\",\n"
                           "    \"clientCa\": \"ca.pem\"\n"
                           "  },\n"
                           "  \"publicListener\": {\"address\": \"::1\", \"port\": 9440,\n"
                           "    \"url\": \"https://bank.example\"},\n"
                           "  \"adminListener\": {\"port\": 9441},\n"
                           "  \"caller\": {\"mode\": \"jwt\",\n"
                           "    \"organisationUnits\": [\"ou-1\", \"ou-2\"],\n"
                           "    \"jwksBase\": \"https://keys.example\",\n"
                           "    \"jwksCa\": \"ca.pem\"},\n"
                           "  \"hub\": {\"ca\": \"ca.pem\", \"certificate\": \"a.pem\",\n"
                           "    \"key\": \"a.key\"},\n"
                           "  \"journey\": {\"bankName\": \"Test Bank\",\n"
                           "    \"sessionKey\": \"session.key\"},\n"
                           "  \"providers\": [\n"
                           "    {\"id\": \"one\", \"segment\": \"retail\",\n"
                           "      \"core\": {\"library\": \"core.so\",\n"
                           "        \"settings\": {\"store\": [1, \"}\\\"\"]}}},\n"
                           "    {\"id\": \"two\", \"segment\": \"sme\",\n"
                           "      \"core\": {\"library\": \"core.so\"},\n"
                           "      \"authorizePath\": \"/authorize/two\",\n"
                           "      \"heimdall\": \"https://hub.example/h\",\n"
                           "      \"consentManager\": \"https://hub.example/c\"}\n"
                           "  ],\n"
                           "  \"state\": {\"path\": \"memory\"}\n"
                           "}\n";

static inline void write_file(const char *folder, const char *name, const char *bytes, size_t len)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline int load(const char *folder, const char *text, struct config **out,
                       struct lfi_error *error)
{
    char path[256];
    write_file(folder, "server.json", text, strlen(text));
    snprintf(path, sizeof(path), "%s/server.json", folder);
    return config_load(out, path, error);
}

/* The text with `from` replaced by `to`. */
static inline char *replaced_in(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at) {
        fail_msg("not in the file: %s", from);
    }
    size_t before = (size_t)(at - text), size = strlen(text) + strlen(to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    snprintf(out, size, "%.*s%s%s", (int)before, text, to, at + strlen(from));
    return out;
}

static inline char *replaced(const char *from, const char *to)
{
    return replaced_in(good, from, to);
}

static inline int set_up(void **state)
{
    static const char key[33] = "0123456789abcdef0123456789abcdef";
    char *folder = strdup("/tmp/lfi-config-XXXXXX");
    if (!folder || !mkdtemp(folder)) {
        return -1;
    }
    static const char *const names[] = {"a.pem", "a.key", "ca.pem", "core.so"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        write_file(folder, names[i], "x", 1);
    }
    write_file(folder, "session.key", key, 32);
    *state = folder;
    return 0;
}

static inline int tear_down(void **state)
{
    static const char *const names[] = {"a.pem",   "a.key",       "ca.pem",
                                        "core.so", "session.key", "server.json"};
    char path[256];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", (const char *)*state, names[i]);
        unlink(path);
    }
    rmdir(*state);
    free(*state);
    return 0;
}

#endif
