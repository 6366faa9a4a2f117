// link: lfi-message lfi-base
/* Behind proxies a customer is told by X-Forwarded-For, and nobody can pose as another with it. */
#include "http/forwarded.h"

#include "base/array.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void networks_are_read(void **state)
{
    static const struct {
        const char *text;
        int bits; /* -1: refused */
    } cases[] = {
        {"192.0.2.1", 128},
        {"10.0.0.0/8", 104},
        {"0.0.0.0/0", 96},
        {"192.0.2.1/32", 128},
        {"2001:db8::/32", 32},
        {"::1", 128},
        {"::/0", 0},
        {"2001:db8::1/128", 128},
        {"", -1},
        {"/8", -1},
        {"10.0.0.0/", -1},
        {"10.0.0.0/33", -1},
        {"10.0.0.0/-1", -1},
        {"10.0.0.0/8 ", -1},
        {"10.0.0/8", -1},
        {"2001:db8::/129", -1},
        {"localhost", -1},
        {"10.0.0.0/+8", -1},
        {"10.0.0.0/0008", -1},
        {"::1%lo", -1},
    };
    struct forwarded_network network;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (forwarded_network_read(&network, cases[i].text) != (cases[i].bits >= 0)) {
            fail_msg("%s", cases[i].text);
        }
        if (cases[i].bits >= 0 && network.bits != cases[i].bits) {
            fail_msg("%s: %d bits", cases[i].text, network.bits);
        }
    }
}

static void the_last_address_that_is_no_proxy_counts(void **state)
{
    static const char *const texts[] = {"192.0.2.7", "10.20.0.0/15", "2001:db8:aa00::/39"};
    static const struct {
        const char *remote, *first, *second, *client;
    } cases[] = {
        {"192.0.2.7", "203.0.113.5", NULL, "203.0.113.5"},
        {"192.0.2.7", "203.0.113.5, 10.21.255.1", NULL, "203.0.113.5"},
        {"192.0.2.7", "203.0.113.5 ,\t10.20.0.1,192.0.2.7", NULL, "203.0.113.5"},
        {"192.0.2.7", "203.0.113.5", "10.21.0.1", "203.0.113.5"},
        {"2001:db8:abff::1", "2001:db8:ffff::5", NULL, "2001:db8:ffff::5"},
        {"::ffff:192.0.2.7", "203.0.113.5", NULL, "203.0.113.5"},
        /* what a customer wrote himself stands before the address that the proxy saw */
        {"192.0.2.7", "198.51.100.1, 203.0.113.5", NULL, "203.0.113.5"},
        {"192.0.2.7", "198.51.100.1", "203.0.113.5", "203.0.113.5"},
        /* only our own proxies are trusted */
        {"192.0.2.8", "203.0.113.5", NULL, "192.0.2.8"},
        {"10.22.0.1", "203.0.113.5", NULL, "10.22.0.1"},
        {"2001:db8:ac00::1", "203.0.113.5", NULL, "2001:db8:ac00::1"},
        /* no address where one must be: the last proxy stands for all behind it */
        {"192.0.2.7", NULL, NULL, "192.0.2.7"},
        {"192.0.2.7", "", NULL, "192.0.2.7"},
        {"192.0.2.7", "unknown", NULL, "192.0.2.7"},
        {"192.0.2.7", "203.0.113.5,", NULL, "192.0.2.7"},
        {"192.0.2.7", "203.0.113.5:4711", NULL, "192.0.2.7"},
        {"192.0.2.7", "203.0.113.5, unknown, 10.20.0.1", NULL, "10.20.0.1"},
        {"192.0.2.7", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", NULL, "192.0.2.7"},
        /* a chain of proxies alone */
        {"192.0.2.7", "10.20.0.1, 10.21.0.1", NULL, "10.20.0.1"},
    };
    struct forwarded_proxies proxies = {.count = 3};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(forwarded_network_read(&proxies.networks[i], texts[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct header headers[] = {
            {SLICE("Accept"), SLICE("203.0.113.99")},
            {SLICE("X-Forwarded-For"), slice_of(cases[i].first)},
            {SLICE("x-forwarded-for"), slice_of(cases[i].second)},
        };
        const struct request request = {.remote = cases[i].remote,
                                        .headers = headers,
                                        .header_count = cases[i].second  ? 3
                                                        : cases[i].first ? 2
                                                                         : 1};
        struct lfi_slice client = forwarded_client(&request, &proxies);
        if (!slice_equal_text(client, cases[i].client)) {
            fail_msg("%s, %s: %.*s", cases[i].remote, cases[i].first, SLICE_ARG(client));
        }
    }
}

static void without_proxies_the_header_is_nothing(void **state)
{
    const struct header header = {SLICE("X-Forwarded-For"), SLICE("203.0.113.5")};
    const struct request request = {.remote = "192.0.2.7", .headers = &header, .header_count = 1};
    const struct request unknown = {.headers = &header, .header_count = 1};
    const struct forwarded_proxies none = {.count = 0};
    (void)state;
    assert_true(slice_equal_text(forwarded_client(&request, &none), "192.0.2.7"));
    assert_true(slice_equal_text(forwarded_client(&unknown, &none), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_read),
        cmocka_unit_test(the_last_address_that_is_no_proxy_counts),
        cmocka_unit_test(without_proxies_the_header_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
