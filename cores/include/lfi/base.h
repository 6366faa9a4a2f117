/*
 * lfi/base.h — what all headers of the core interface share: text, errors, outcomes, the call that
 * says who asks and until when, and the answer that takes records.
 *
 * Sizes. Every struct that crosses the interface begins with its size in bytes, set by whoever made
 * it. Members are only ever added at the end: a member that lies beyond the size must not be
 * touched. A core that is given a query larger than the one it was compiled with refuses it with
 * LFI_FAILED unless the bytes it does not know are all zero (lfi_query_is_known): a filter
 * that is not understood must never be ignored.
 *
 * Ownership. What is passed in is borrowed until the function returns; whoever keeps it copies it.
 * Nothing allocated by one side is ever freed by the other.
 */
#ifndef LFI_BASE_H
#define LFI_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Text that is not NUL-terminated. A null ptr means absent. */
struct lfi_slice {
    const char *ptr;
    size_t len;
};

/* What went wrong, for people and logs. Always NUL-terminated. */
struct lfi_error {
    char message[256];
};

/* An identifier that a core issues: NUL-terminated, at most 64 characters. */
struct lfi_id {
    char text[65];
};

/* What every function of a core returns. */
enum lfi_status {
    LFI_OK = 0,
    LFI_UNKNOWN = -1,     /* no such user, account, … was ever issued by this core */
    LFI_DENIED = -2,      /* credentials or decision not accepted */
    LFI_BLOCKED = -3,     /* known, but barred: fraud hold, deceased, sanctions, too many tries */
    LFI_UNAVAILABLE = -4, /* cannot say at the moment; trying again may help */
    LFI_FAILED = -5,      /* internal error; trying again will not help */
    LFI_STOPPED = -6,     /* the answer took no more records; to be returned at once */
    LFI_IN_DOUBT = -7,    /* begun, and not known whether it happened: never to be repeated */
};

/*
 * Local wall-clock time of the Gulf (UTC+04:00, no summer time) in microseconds since
 * 1970-01-01T00:00:00 of that wall clock. Booking times are compared on it; zone offsets play no
 * part (data sharing, filter rules).
 */
typedef int64_t lfi_wall_us;

#define LFI_WALL_MIN INT64_MIN
#define LFI_WALL_MAX INT64_MAX

struct lfi_call;

enum lfi_log_level { LFI_LOG_INFO, LFI_LOG_WARN, LFI_LOG_ERROR };

/* What the server does for a core. May be used from open() until close() has returned. */
struct lfi_host {
    uint32_t size;
    /* UTC, microseconds since the epoch. A test bank's clock can be moved: use no other. */
    int64_t (*now_us)(const struct lfi_host *host);
    /* The clock of deadlines: microseconds since some instant, never set. */
    int64_t (*monotonic_us)(const struct lfi_host *host);
    /*
     * Writes a line with the interaction id of the call (NULL: none). `event` is a short name in
     * kebab-case, `text` says more: no names, numbers or other personal data. Does not block.
     */
    void (*log)(const struct lfi_host *host, const struct lfi_call *call, enum lfi_log_level level,
                const char *event, const char *text);
    /*
     * Not 0: nobody takes the answer any more. The caller has hung up, the server stops and has
     * waited as long as it may, or the deadline is over. Once not 0 it stays so. Asked through
     * lfi_is_cancelled; never needed by a function that returns within milliseconds.
     *
     * When to ask: before each request to another system, while one is waited for (every 100 ms
     * will do), every some hundred turns of a long loop. It costs one system call at most and does
     * not block. Any thread may ask, but only until the function that got the call has returned.
     *
     * What to do: stop, and return LFI_UNAVAILABLE; LFI_IN_DOUBT when something may have happened.
     * It is a permission, not an order to undo: what has begun to change something at the bank is
     * better carried to its end. A caller that has closed its sending side alone counts as gone.
     */
    int (*cancelled)(const struct lfi_host *host, const struct lfi_call *call);
};

/*
 * Who asks, and until when. A core logs the interaction id, hands the deadline on to the systems
 * that it asks itself, and returns by then: LFI_UNAVAILABLE, or LFI_IN_DOUBT when
 * something may have happened. It may block until then, and may return sooner when nobody takes
 * the answer (lfi_is_cancelled).
 */
struct lfi_call {
    uint32_t size;
    const struct lfi_host *host;
    int64_t deadline_us;             /* of host->monotonic_us */
    struct lfi_slice interaction_id; /* of the Hub, or of the customer's visit; absent: none */
    struct lfi_slice consent_id;     /* absent: no consent plays a part */
    struct lfi_slice user_id;        /* the customer, once known; else absent */
    struct lfi_slice tpp_id;         /* organisation id of the third party; absent: none */
    const void *cancellation;        /* the server's own, for host->cancelled */
};

/* host->cancelled; by a server that is older than it, whether the deadline is over. */
static inline int lfi_is_cancelled(const struct lfi_call *call)
{
    const struct lfi_host *host = call->host;
    if (host->size < offsetof(struct lfi_host, cancelled) + sizeof(host->cancelled)) {
        return host->monotonic_us(host) >= call->deadline_us;
    }
    return host->cancelled(host, call);
}

enum lfi_maybe { LFI_NOT_KNOWN, LFI_YES, LFI_NO };

/* A piece of a list: `limit` records after skipping `offset`. */
struct lfi_window {
    uint64_t offset;
    uint64_t limit;
};

/* What a function is asked about. Queries with more to say begin with this. */
struct lfi_query {
    uint32_t size;               /* of the whole query */
    struct lfi_slice subject_id; /* account, user or IBAN, as the function says */
    struct lfi_window window;    /* of functions that say so; else to be ignored */
};

/*
 * Whether the query says nothing beyond the `known` bytes that the core was compiled with, and has
 * all of these. A core that finds otherwise refuses it with LFI_FAILED.
 */
static inline int lfi_query_is_known(const struct lfi_query *query, size_t known)
{
    const char *bytes = (const char *)query;
    size_t at = known;
    while (at < query->size && bytes[at] == 0) {
        at++;
    }
    return query->size >= known && at >= query->size;
}

/*
 * Takes what a core has to say. The server owns it; it is valid until the function returns.
 *
 * Records are JSON text, UTF-8, one object each, from its opening to its closing brace without
 * white space around it, in the shape that the contract prescribes for one element of the reply.
 * The server checks them against the contract, their number against the total and their identifiers
 * against what was asked for, and sends the bytes as they are. Money in a record is a decimal
 * string, never a number.
 */
struct lfi_answer {
    uint32_t size;
    /*
     * Takes one record, copied or used up before it returns. `facts` is the struct that the
     * function's comment names, else NULL. Not 0: no more are taken, the core returns
     * LFI_STOPPED. Must not be called once the function has returned, and it calls no core.
     */
    int (*record)(struct lfi_answer *answer, struct lfi_slice json, const void *facts);
    /* Of functions with a window: how many records match in all windows. */
    uint64_t total;
    /* For the core to fill: the struct that the function's comment names, else NULL. */
    void *summary;
};

/* Hands over a record without facts. */
static inline int lfi_give(struct lfi_answer *answer, struct lfi_slice json)
{
    return answer->record(answer, json, NULL) == 0 ? LFI_OK : LFI_STOPPED;
}

#ifdef __cplusplus
}
#endif

#endif
