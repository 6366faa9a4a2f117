// link: lfi-caller lfi-base
#include "base/array.h"
#include "caller/secrets.h"

#include "base/base64.h"
#include "base/limits.h"

#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define JULY INT64_C(1782864000) /* 2026-07-01T00:00:00Z */
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAA"
#define TIMES " 2026-07-01T00:00:00Z 2026-08-01T04:00:00+04:00"

static char file[] = "/tmp/lfi-secrets-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(file);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(file);
}

static int load(struct lfi_slice text, struct caller_secrets **out, struct lfi_error *error)
{
    FILE *to = fopen(file, "we");
    assert_non_null(to);
    assert_int_equal(fwrite(text.ptr, 1, text.len, to), text.len);
    assert_int_equal(fclose(to), 0);
    return caller_secrets_load(out, file, error);
}

/* A line of this secret, salted with zeros. */
static void append_line(struct buf *out, const char *secret, const char *rest)
{
    char salted[128] = {0};
    unsigned char hash[SHA256_DIGEST_LENGTH];
    memcpy(salted + SECRET_SALT_BYTES, secret, strlen(secret));
    SHA256((const unsigned char *)salted, SECRET_SALT_BYTES + strlen(secret), hash);
    buf_append_text(out, "id " ZEROS " ");
    base64_append_url(out, hash, sizeof(hash));
    buf_append_text(out, rest);
    buf_append(out, "\n", 1);
}

/* Whether it is one that is valid then. */
static bool is_valid(const struct caller_secrets *secrets, struct lfi_slice secret, int64_t now_s)
{
    size_t index = 0;
    return caller_secrets_find(secrets, secret, &index) &&
           caller_secret_is_valid(caller_secrets_at(secrets, index), now_s);
}

static void a_secret_is_valid_from_its_first_second_to_its_last(void **state)
{
    struct caller_secrets *secrets;
    struct buf text;

    (void)state;
    buf_init(&text, LIMIT_SECRETS_BYTES);
    buf_append_text(&text, "# two at once\n\n");
    append_line(&text, "old", TIMES);
    append_line(&text, "new", " 2026-07-20T00:00:00Z 2027-07-20T00:00:00Z");
    append_line(&text, "gone", TIMES " retired");
    assert_int_equal(load(buf_slice(&text), &secrets, NULL), 0);
    buf_free(&text);
    assert_false(is_valid(secrets, SLICE("old"), JULY - 1));
    assert_true(is_valid(secrets, SLICE("old"), JULY));
    assert_false(is_valid(secrets, SLICE("new"), JULY));
    assert_true(is_valid(secrets, SLICE("new"), JULY + 20 * 86400));
    assert_true(is_valid(secrets, SLICE("old"), JULY + 31 * 86400 - 1));
    assert_false(is_valid(secrets, SLICE("old"), JULY + 31 * 86400));
    assert_false(is_valid(secrets, SLICE("gone"), JULY));
    assert_false(is_valid(secrets, SLICE("ol"), JULY));
    assert_false(is_valid(secrets, SLICE("old "), JULY));
    assert_false(is_valid(secrets, SLICE(""), JULY));
    assert_false(is_valid(secrets, (struct lfi_slice){NULL, 0}, JULY));
    caller_secrets_free(secrets);
}

static void an_id_has_up_to_64_letters_digits_and_three_signs(void **state)
{
    static const char *const wrong[] = {"",    "a b", "a/b", "a:b",     "a@b",
                                        "a[b", "a`b", "a{b", "\xc3\xa4"};
    char id[SECRET_ID_MAX + 2];

    (void)state;
    memset(id, 'a', sizeof(id));
    assert_true(caller_secret_id_fits((struct lfi_slice){id, SECRET_ID_MAX}));
    assert_false(caller_secret_id_fits((struct lfi_slice){id, SECRET_ID_MAX + 1}));
    assert_true(caller_secret_id_fits(SLICE("azAZ09-_.")));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_false(caller_secret_id_fits(slice_of(wrong[i])));
    }
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    struct caller_secrets *secrets;
    struct lfi_error error = {""};

    (void)state;
    assert_int_equal(caller_secrets_load(&secrets, "/no/such/file", &error), -1);
    assert_null(secrets);
    assert_non_null(strstr(error.message, "/no/such/file"));
}

static void malformed_lines_are_named(void **state)
{
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"a b c", ":1: must be ID SALT HASH"},
        {"#\n\nid " ZEROS " " HASH TIMES " gone", ":3: the sixth field can only be retired"},
        {"id " ZEROS " " HASH TIMES " retired x", ":1: has more than six fields"},
        {"i:d " ZEROS " " HASH TIMES, ":1: an id has at most 64 letters, digits, - _ ."},
        {"id AAAA " HASH TIMES, ":1: salt or hash is not base64url"},
        {"id " ZEROS " AAAA" TIMES, ":1: salt or hash is not base64url"},
        {"id " ZEROS " " HASH " 2026-07-01 2026-08-01",
         ":1: a time is not in the form of RFC 3339"},
        {"id " ZEROS " " HASH " 2026-07-01T00:00:00 2026-08-01T00:00:00Z",
         ":1: a time is not in the form of RFC 3339"},
        {"id " ZEROS " " HASH " 2026-07-01T00:00:00Z never",
         ":1: a time is not in the form of RFC 3339"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct caller_secrets *secrets;
        struct lfi_error error = {""};
        assert_int_equal(load(slice_of(rows[i].text), &secrets, &error), -1);
        assert_null(secrets);
        if (strncmp(error.message, file, strlen(file)) != 0 ||
            strncmp(error.message + strlen(file), rows[i].message, strlen(rows[i].message)) != 0) {
            fail_msg("%s, wanted %s", error.message, rows[i].message);
        }
    }
}

static void their_number_is_bounded(void **state)
{
    struct caller_secrets *secrets;
    struct lfi_error error = {""};
    struct buf text;

    (void)state;
    buf_init(&text, LIMIT_SECRETS_BYTES);
    for (int i = 0; i < LIMIT_SECRETS; i++) {
        append_line(&text, "x", TIMES);
    }
    assert_int_equal(load(buf_slice(&text), &secrets, &error), 0);
    caller_secrets_free(secrets);
    append_line(&text, "x", TIMES);
    assert_int_equal(load(buf_slice(&text), &secrets, &error), -1);
    assert_non_null(strstr(error.message, ":17: too many secrets"));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_valid_from_its_first_second_to_its_last),
        cmocka_unit_test(malformed_lines_are_named),
        cmocka_unit_test(an_id_has_up_to_64_letters_digits_and_three_signs),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
        cmocka_unit_test(their_number_is_bounded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
