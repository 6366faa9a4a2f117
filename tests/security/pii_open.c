// link: lfi-payments lfi-base
/*
 * Opens the PII of payments, for pii.test.mjs: a line of JSON in, a line of JSON out.
 *
 *   security-pii-open [--jwks-base URL --audience TEXT] KID=FILE...
 */
#include "base/limits.h"
#include "payments/pii.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS_MAX 8
#define ANSWER_BYTES ((size_t)2 * LIMIT_PII_BYTES)

static int usage(void)
{
    fputs("usage: security-pii-open [--jwks-base URL --audience TEXT] KID=FILE...\n", stderr);
    return 2;
}

static void answer(struct pii_reader *reader, const cJSON *question, struct arena *arena)
{
    struct pii pii;
    struct refusal refusal = {.id = NULL};
    struct json_writer w;
    struct buf out;
    int64_t created_s = 0;

    json_get_int(question, "createdS", &created_s);
    const struct pii_query query = {
        .member = json_get(question, "pii"),
        .stage = slice_equal_text(json_get_string(question, "stage"), "payment") ? PII_OF_PAYMENT
                                                                                 : PII_OF_CONSENT,
        .client_id = json_get_string(question, "clientId"),
        .software_id = json_get_string(question, "softwareId"),
        .created_s = created_s,
        .audience = cJSON_GetStringValue(json_get(question, "audience")),
        .forms = (json_get_bool(question, "nested", false) ? PII_FORM_NESTED : 0) |
                 (json_get_bool(question, "several", false) ? PII_FORM_CONSENT : 0),
    };
    buf_init(&out, ANSWER_BYTES);
    json_begin(&w, &out);
    json_open_object(&w, NULL);
    if (pii_open(reader, &query, arena, &pii, &refusal) == 0) {
        json_string(&w, "payload", pii.payload);
        pii_close(&pii);
    } else {
        json_text(&w, "refused", refusal.id);
        json_int(&w, "status", refusal.status);
        json_text(&w, "code", refusal.error_code);
        json_text(&w, "message", refusal.error_message);
        json_text(&w, "detail", refusal.detail);
    }
    json_close_object(&w);
    printf("%.*s\n", SLICE_ARG(buf_slice(&out)));
    buf_free(&out);
}

static int answer_all(struct pii_reader *reader)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    while ((len = getline(&line, &room, stdin)) > 0) {
        struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
        cJSON *question = json_parse((struct lfi_slice){line, (size_t)len - 1});
        if (!arena || !question) {
            return 1;
        }
        answer(reader, question, arena);
        cJSON_Delete(question);
        arena_free(arena);
    }
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    const struct clock clock = {0};
    const struct log log = {.fd = STDERR_FILENO, .level = LOG_ERROR, .clock = &clock};
    struct jose_key_file keys[KEYS_MAX];
    struct pii_config config = {.keys = keys};
    struct pii_reader *reader = NULL;
    struct lfi_error error = {""};

    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (strcmp(argv[i], "--jwks-base") == 0 && i + 1 < argc) {
            config.jwks_base = argv[++i];
        } else if (strcmp(argv[i], "--audience") == 0 && i + 1 < argc) {
            config.audience = argv[++i];
        } else if (strcmp(argv[i], "--skip-later-times") == 0) {
            config.skip_later_times = true;
        } else if (equals && config.key_count < KEYS_MAX) {
            *equals = '\0';
            keys[config.key_count++] = (struct jose_key_file){argv[i], equals + 1};
        } else {
            return usage();
        }
    }
    if (pii_init(&error) != 0 ||
        pii_reader_new(&reader, &config, &clock, &log, NULL, &error) != 0) {
        fprintf(stderr, "security-pii-open: %s\n", error.message);
        return 1;
    }
    int rc = answer_all(reader);
    pii_reader_free(reader);
    pii_fini();
    return rc;
}
