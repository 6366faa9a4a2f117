// link: lfi-message lfi-base
/* Counters as Prometheus reads them. */
#include "base/array.h"
#include "http/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *find(const struct buf *text, const char *needle)
{
    return strstr(text->ptr, needle);
}

static void metrics_as_text(void **state)
{
    static const char *const providers[] = {"retail"};
    static const char *const operations[] = {"getA", "getB"};
    static const uint32_t versions[] = {2u << 16 | 1u, 2u << 16 | 2u};
    struct metrics *metrics =
        metrics_new(&(struct metrics_labels){providers, 1, operations, 2, versions, 2});
    struct buf out;

    (void)state;
    assert_non_null(metrics);
    metrics_request(metrics, 0, 1, 200, 100);
    metrics_request(metrics, 0, 1, 200, 101);
    metrics_request(metrics, 0, 1, 418, INT64_C(9000000000));
    metrics_request(metrics, METRICS_NONE, METRICS_NONE, 404, -1);
    metrics_request(NULL, 0, 0, 200, 1);
    metrics_request(metrics, 2, 0, 200, 1); /* out of the table: dropped */
    metrics_version(metrics, 0, 2u << 16 | 2u, METRICS_VERSION_URI);
    metrics_version(metrics, 0, 2u << 16 | 2u, METRICS_VERSION_URI);
    metrics_version(metrics, 0, 2u << 16 | 1u, METRICS_VERSION_DEFAULT);
    metrics_version(metrics, 0, 9u << 16, METRICS_VERSION_BASE_PATH);
    metrics_version(metrics, METRICS_NONE, 0, METRICS_VERSION_URI);
    metrics_version(metrics, 2, 0, METRICS_VERSION_URI); /* out of the table: dropped */
    metrics_version(NULL, 0, 0, METRICS_VERSION_URI);
    metrics_listener_request(metrics, METRICS_PUBLIC, 404, 300);
    metrics_listener_request(NULL, METRICS_PUBLIC, 404, 300);
    metrics_listener_count(metrics, METRICS_PUBLIC, METRICS_REFUSED_BUSY);
    metrics_listener_count(NULL, METRICS_PUBLIC, METRICS_REFUSED_BUSY);
    metrics_count(metrics, METRICS_HUB_CALLS);
    metrics_count(NULL, METRICS_HUB_CALLS);
    buf_init(&out, 1 << 20);
    metrics_render(metrics, &out);
    buf_append(&out, "", 1);
    assert_non_null(find(
        &out, "lfi_requests_total{provider=\"retail\",operation=\"getB\",status=\"200\"} 2\n"));
    assert_non_null(find(&out, "operation=\"getB\",status=\"other\"} 1\n"));
    assert_non_null(find(&out, "{provider=\"none\",operation=\"none\",status=\"404\"} 1\n"));
    assert_non_null(find(&out, "operation=\"getB\",le=\"0.000100\"} 1\n"));
    assert_non_null(find(&out, "operation=\"getB\",le=\"0.000250\"} 2\n"));
    assert_non_null(find(&out, "operation=\"getB\",le=\"+Inf\"} 3\n"));
    assert_non_null(find(&out, "operation=\"getB\"} 9000.000201\n"));
    assert_non_null(
        find(&out, "lfi_listener_requests_total{listener=\"public\",status=\"404\"} 1\n"));
    assert_non_null(
        find(&out, "lfi_listener_request_duration_seconds_count{listener=\"public\"} 1\n"));
    assert_null(find(&out, "lfi_listener_requests_total{listener=\"hub\""));
    assert_non_null(find(&out, "lfi_refused_busy_total{listener=\"public\"} 1\n"));
    assert_non_null(find(&out, "lfi_refused_busy_total{listener=\"hub\"} 0\n"));
    static const char *const by_version[] = {
        "{provider=\"retail\",version=\"v2.2\",from=\"uri\"} 2\n",
        "{provider=\"retail\",version=\"v2.1\",from=\"default\"} 1\n",
        "{provider=\"retail\",version=\"other\",from=\"basePath\"} 1\n",
        "{provider=\"none\",version=\"none\",from=\"uri\"} 1\n"};
    for (size_t i = 0; i < ARRAY_LEN(by_version); i++) {
        assert_non_null(find(&out, by_version[i]));
    }
    assert_non_null(find(&out, "lfi_hub_calls_total 1\n"));
    assert_non_null(find(&out, "process_resident_memory_bytes "));
    assert_null(find(&out, "getA"));
    buf_free(&out);
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
