// link: lfi-psu
#include "psu/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct page_texts *plain;
static struct pages *made;
static struct lfi_error error;

static int make(const char *json, const char *logo)
{
    struct brand_config config = {
        .json = json, .files = {[BRAND_LOGO] = logo}, .bank_name = "Dhow Bank"};
    pages_free(made);
    return pages_new(&made, "dhowretail", &config, plain, &error);
}

static int set_up_all(void **state)
{
    (void)state;
    return page_texts_new(&plain, NULL, &error);
}

static int tear_down_all(void **state)
{
    (void)state;
    page_texts_free(plain);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pages_free(made);
    made = NULL;
    return 0;
}

/* What is served under a name; NUL-terminated. */
static void fetch(const char *name, char *out, size_t size)
{
    struct request request = {.method = SLICE("GET")};
    struct reply reply = {0};
    buf_init(&reply.headers, 4096);
    buf_init(&reply.body, 256 * 1024);
    assert_true(pages_serve_brand(made, &request, slice_of(name), &reply));
    assert_int_equal(reply.status, 200);
    snprintf(out, size, "%.*s", SLICE_ARG(buf_slice(&reply.body)));
    buf_free(&reply.headers);
    buf_free(&reply.body);
}

static void without_a_brand_nothing_changes(void **state)
{
    static char text[128 * 1024];
    (void)state;
    assert_int_equal(make(NULL, NULL), 0);
    fetch("style.css", text, sizeof(text));
    assert_string_equal(text, "");
    fetch("journey.ar.json", text, sizeof(text));
    assert_non_null(strstr(text, "\"signIn.submit\":"));
    assert_null(strstr(text, "\"own.tab.current\":"));
    struct request request = {.method = SLICE("GET")};
    struct reply reply = {0};
    assert_false(pages_serve_brand(made, &request, SLICE("logo"), &reply));
    assert_false(pages_serve_brand(made, &request, SLICE("../journey.en.json"), &reply));
    assert_false(pages_serve_brand(made, &request, (struct lfi_slice){0}, &reply));
}

static void colours_and_texts_are_the_banks(void **state)
{
    static char text[128 * 1024];
    (void)state;
    assert_int_equal(make("{\"light\":{\"brand\":\"#7a1f5c\"},\"dark\":{\"brand\":\"#f0a6d8\"},"
                          "\"texts\":{\"en\":{\"review.approve\":\"Agree\"}}}",
                          NULL),
                     0);
    fetch("style.css", text, sizeof(text));
    assert_non_null(strstr(text, ":root{--brand:#7a1f5c;--focus:#7a1f5c;--brand-text:#fff;"));
    assert_non_null(strstr(text, "--brand:#f0a6d8;--focus:#f0a6d8;--brand-text:#061418;"));
    fetch("views-review.en.json", text, sizeof(text));
    assert_non_null(strstr(text, "\"review.approve\":\"Agree\""));
}

static void a_brands_texts_are_its_own(void **state)
{
    static char text[128 * 1024];
    (void)state;
    assert_int_equal(make("{\"texts\":{\"en\":{\"review.approve\":\"Agree\"}}}", NULL), 0);
    fetch("views-review.en.json", text, sizeof(text));
    assert_non_null(strstr(text, "\"review.approve\":\"Agree\""));
    assert_int_equal(make(NULL, NULL), 0);
    fetch("views-review.en.json", text, sizeof(text));
    assert_non_null(strstr(text, "\"review.approve\":"));
    assert_null(strstr(text, "\"Agree\""));
}

static void unreadable_colours_are_refused(void **state)
{
    (void)state;
    assert_int_equal(make("{\"light\":{\"brand\":\"#ffdd00\"}}", NULL), -1);
    assert_non_null(strstr(error.message, "brand.light.brand"));
    assert_non_null(strstr(error.message, "contrast"));
    assert_int_equal(make("{\"dark\":{\"brand\":\"#101010\"}}", NULL), -1);
    assert_non_null(strstr(error.message, "brand.dark.brand"));
    assert_null(made);
}

static void texts_that_no_page_has_are_refused(void **state)
{
    (void)state;
    assert_int_equal(make("{\"texts\":{\"en\":{\"review.aprove\":\"Agree\"}}}", NULL), -1);
    assert_non_null(strstr(error.message, "review.aprove"));
    assert_int_equal(make("{\"texts\":{\"ar\":{\"review.approve\":7}}}", NULL), -1);
    assert_non_null(strstr(error.message, "brand.texts.ar"));
}

static void a_logo_is_a_small_picture(void **state)
{
    char file[] = "/tmp/lfi-logo-XXXXXX.svg";
    static char text[64];
    (void)state;
    int fd = mkstemps(file, 4);
    assert_int_equal(write(fd, "<svg/>", 6), 6);
    assert_int_equal(make("{}", file), 0);
    fetch("logo", text, sizeof(text));
    assert_string_equal(text, "<svg/>");
    for (int i = 0; i < 1024; i++) {
        assert_int_equal(write(fd, "123456789012345678901234567890123456789012345678", 48), 48);
    }
    close(fd);
    assert_int_equal(make("{}", file), -1);
    unlink(file);
    assert_int_equal(make("{}", file), -1);
    assert_int_equal(make("{}", "/etc/hostname"), -1);
    assert_non_null(strstr(error.message, ".svg or .png"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_a_brand_nothing_changes, tear_down),
        cmocka_unit_test_teardown(colours_and_texts_are_the_banks, tear_down),
        cmocka_unit_test_teardown(unreadable_colours_are_refused, tear_down),
        cmocka_unit_test_teardown(a_brands_texts_are_its_own, tear_down),
        cmocka_unit_test_teardown(texts_that_no_page_has_are_refused, tear_down),
        cmocka_unit_test_teardown(a_logo_is_a_small_picture, tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
