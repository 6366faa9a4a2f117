#include "psu/limit.h"

#include "base/limits.h"
#include "psu/known_browser.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define GROWING(tries)                                                                             \
    {                                                                                              \
        .times = STATE_USES_MAX, .window_s = LIMIT_SIGN_IN_WINDOW_S, .free = (tries),              \
        .growing_gap_s = LIMIT_SIGN_IN_GAP_S                                                       \
    }

/* A limit, and what its refusal says in the log. */
struct meter {
    const char *kind; /* of its key */
    struct state_allowance allowance;
};

static const struct meter of_browser = {"sign-in-browser", GROWING(LIMIT_SIGN_IN_TRIES)};
static const struct meter of_pair = {"sign-in-pair", GROWING(LIMIT_SIGN_IN_TRIES)};
static const struct meter of_login = {"sign-in-login", GROWING(LIMIT_SIGN_IN_LOGIN_TRIES)};
static const struct meter of_source = {"sign-in-source", GROWING(LIMIT_SIGN_IN_SOURCE_TRIES)};
static const struct meter of_all = {
    "sign-in-total", {.times = LIMIT_SIGN_IN_TOTAL_TRIES, .window_s = LIMIT_SIGN_IN_TOTAL_S}};
static const struct meter of_approvals = {"approval",
                                          {.times = STATE_USES_MAX,
                                           .window_s = LIMIT_APPROVALS_WINDOW_S,
                                           .free = LIMIT_APPROVALS_FREE,
                                           .growing_gap_s = LIMIT_APPROVALS_GAP_S}};

static void undo(struct visit *visit, struct lfi_slice key)
{
    const struct state_ref ref = actor_state(visit_actor(visit), key);
    struct lfi_error error = {{0}};
    int status = state_limit_give_back(&ref, &error);
    if (status != LFI_OK) { /* it counts, although it should not */
        actor_note_state(visit_actor(visit), status, "limit_give_back", &error);
    }
}

void limit_give_back(struct visit *visit, const struct limit_uses *uses)
{
    for (size_t i = 0; i < uses->count; i++) {
        undo(visit, uses->keys[i]);
    }
}

/* 0: taken; else the seconds to wait, or -1 when it cannot be said. What was taken is noted. */
static int64_t take(struct visit *visit, const struct meter *meter, struct lfi_slice key,
                    struct limit_uses *uses)
{
    const struct state_ref ref = actor_state(visit_actor(visit), key);
    struct lfi_error error = {{0}};
    uint32_t wait_s = 0;
    if (state_limit_take(&ref, &meter->allowance, &wait_s, &error) != LFI_OK) {
        visit_refuse_state(visit, &error);
        return -1;
    }
    if (wait_s == 0) {
        uses->keys[uses->count++] = key;
    }
    return wait_s;
}

/* --- sign-in ---------------------------------------------------------------------------------- */

/* Some cores tell letters of logins apart by case and some do not: here they are one. */
static struct lfi_slice lower(struct arena *arena, struct lfi_slice text)
{
    char *copy = arena_text(arena, text);
    for (size_t i = 0; copy && i < text.len; i++) {
        copy[i] = (char)(copy[i] >= 'A' && copy[i] <= 'Z' ? copy[i] - 'A' + 'a' : copy[i]);
    }
    return (struct lfi_slice){copy, copy ? text.len : 0};
}

/* An IPv4 address, or the network of an IPv6 address: a household has a whole one (RFC 6177). */
static struct lfi_slice source_of(struct visit *visit)
{
    struct in6_addr address;
    struct lfi_slice client = forwarded_client(visit->request, &visit->psu->proxies);
    const char *text = arena_text(visit->arena, client);
    if (!text || inet_pton(AF_INET6, text, &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address)) {
        return client;
    }
    const unsigned char *bytes = address.s6_addr;
    return arena_format(visit->arena, "%02x%02x:%02x%02x:%02x%02x:%02x%02x", bytes[0], bytes[1],
                        bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

static bool take_all(struct visit *visit, const struct meter *const *meters,
                     const struct lfi_slice *keys, size_t count, struct limit_uses *out)
{
    for (size_t i = 0; i < count; i++) {
        int64_t wait_s = take(visit, meters[i], keys[i], out);
        if (wait_s == 0) {
            continue;
        }
        limit_give_back(visit, out);
        if (wait_s > 0) {
            metrics_count(visit->psu->metrics, METRICS_SIGN_IN_LIMIT);
            visit_refuse_with(visit, &(struct step_refusal){.id = "SIGN-IN-LIMIT",
                                                            .status = 429,
                                                            .wait_s = (uint32_t)wait_s,
                                                            .detail = meters[i]->kind});
        }
        return false;
    }
    return true;
}

bool limit_take_sign_in(struct visit *visit, struct lfi_slice login, struct limit_uses *out)
{
    static const struct meter *const known[] = {&of_browser};
    static const struct meter *const strange[LIMIT_METERS] = {&of_pair, &of_login, &of_source,
                                                              &of_all};
    const struct lfi_slice nobody = {0};
    struct lfi_slice name = lower(visit->arena, login);
    struct lfi_slice browser = known_browser_find(visit, login);
    struct lfi_slice source = source_of(visit);
    *out = (struct limit_uses){.count = 0};
    if (browser.len > 0) {
        struct lfi_slice key = state_key(visit->arena, of_browser.kind, browser, name);
        return take_all(visit, known, &key, 1, out);
    }
    const struct lfi_slice keys[LIMIT_METERS] = {
        state_key(visit->arena, of_pair.kind, source, name),
        state_key(visit->arena, of_login.kind, nobody, name),
        state_key(visit->arena, of_source.kind, nobody, source),
        state_key(visit->arena, of_all.kind, nobody, SLICE("all")),
    };
    return take_all(visit, strange, keys, LIMIT_METERS, out);
}

/* --- the app ---------------------------------------------------------------------------------- */

static struct lfi_slice approval_key(struct visit *visit)
{
    return state_key(visit->arena, of_approvals.kind, visit->session.user_id, SLICE("app"));
}

bool limit_take_approval(struct visit *visit, struct limit_uses *out)
{
    *out = (struct limit_uses){.count = 0};
    int64_t wait_s = take(visit, &of_approvals, approval_key(visit), out);
    if (wait_s > 0) {
        metrics_count(visit->psu->metrics, METRICS_APPROVAL_REFUSED);
        visit_refuse_with(visit, &(struct step_refusal){.id = "APPROVAL-LIMIT",
                                                        .status = 429,
                                                        .wait_s = (uint32_t)wait_s});
    }
    return wait_s == 0;
}

void limit_give_back_approval(struct visit *visit)
{
    undo(visit, approval_key(visit));
}

/* --- turns ------------------------------------------------------------------------------------ */

struct turns {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned most, running, waiting;
};

struct turns *turns_new(void)
{
    struct turns *turns = calloc(1, sizeof(*turns));
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_condattr_t monotonic;
    if (!turns) {
        return NULL;
    }
    turns->most = processors > 3 ? (unsigned)processors / 2 : 1;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&turns->ended, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&turns->lock, NULL);
    return turns;
}

void turns_free(struct turns *turns)
{
    if (turns) {
        (void)pthread_cond_destroy(&turns->ended);
        (void)pthread_mutex_destroy(&turns->lock);
        free(turns);
    }
}

bool turns_begin(struct turns *turns)
{
    struct timespec until;
    int result = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LIMIT_SIGN_IN_WAIT_MS / 1000;
    (void)pthread_mutex_lock(&turns->lock);
    bool waits = turns->running < turns->most || turns->waiting < LIMIT_SIGN_IN_WAITING;
    turns->waiting += waits;
    while (waits && result == 0 && turns->running >= turns->most) {
        result = pthread_cond_timedwait(&turns->ended, &turns->lock, &until);
    }
    turns->waiting -= waits;
    bool begins = waits && turns->running < turns->most;
    turns->running += begins;
    (void)pthread_mutex_unlock(&turns->lock);
    return begins;
}

void turns_end(struct turns *turns)
{
    (void)pthread_mutex_lock(&turns->lock);
    turns->running--;
    (void)pthread_cond_signal(&turns->ended);
    (void)pthread_mutex_unlock(&turns->lock);
}
