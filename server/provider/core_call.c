#include "provider/core_call.h"

#include "base/array.h"
#include "base/limits.h"

static const struct core_host *host_of(const struct lfi_host *host)
{
    return (const struct core_host *)host; /* the first member */
}

static int64_t host_now_us(const struct lfi_host *host)
{
    return clock_now_us(host_of(host)->clock);
}

static int64_t host_monotonic_us(const struct lfi_host *host)
{
    (void)host;
    return clock_monotonic_us();
}

static void host_log(const struct lfi_host *host, const struct lfi_call *call,
                     enum lfi_log_level level, const char *event, const char *text)
{
    static const enum log_level levels[] = {
        [LFI_LOG_INFO] = LOG_INFO, [LFI_LOG_WARN] = LOG_WARN, [LFI_LOG_ERROR] = LOG_ERROR};
    const struct core_host *self = host_of(host);
    bool known = (size_t)level < ARRAY_LEN(levels);
    LOG_EVENT(self->log, known ? levels[level] : LOG_ERROR, "core",
              LOG_TEXT("provider", slice_of(self->provider_id)), LOG_TEXT("event", slice_of(event)),
              LOG_TEXT("text", slice_of(text)),
              LOG_TEXT("interaction", call ? call->interaction_id : slice_of(NULL)));
}

static int host_cancelled(const struct lfi_host *host, const struct lfi_call *call)
{
    return host_monotonic_us(host) >= call->deadline_us || cancellation_is_set(call->cancellation);
}

void core_host_init(struct core_host *host, const char *provider_id, const struct clock *clock,
                    const struct log *log)
{
    *host = (struct core_host){.base = {.size = sizeof(host->base),
                                        .now_us = host_now_us,
                                        .monotonic_us = host_monotonic_us,
                                        .log = host_log,
                                        .cancelled = host_cancelled},
                               .clock = clock,
                               .log = log,
                               .provider_id = provider_id};
}

struct lfi_call core_call(const struct lfi_host *host, const struct cancellation *cancellation)
{
    return (struct lfi_call){.size = sizeof(struct lfi_call),
                             .host = host,
                             .deadline_us =
                                 clock_monotonic_us() + INT64_C(1000) * LIMIT_CORE_CALL_MS,
                             .cancellation = cancellation};
}
