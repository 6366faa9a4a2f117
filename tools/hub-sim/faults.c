#include "faults.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct faults {
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopped;
    struct fault set[FAULT_TARGETS];
};

static const char *const target_names[FAULT_TARGETS] = {
    [FAULT_HEIMDALL] = "heimdall", [FAULT_CONSENT_MANAGER] = "consent-manager",
    [FAULT_KEYSTORE] = "keystore", [FAULT_WEBHOOK] = "webhook",
    [FAULT_PAYMENTS] = "payments", [FAULT_CALLER] = "caller",
};

static const char *const kind_names[] = {
    [FAULT_DOWN] = "down",
    [FAULT_SLOW] = "slow",
    [FAULT_500] = "500",
    [FAULT_GARBAGE] = "garbage",
    [FAULT_LOST] = "lost",
    [FAULT_NO_CREDENTIAL] = "no-credential",
    [FAULT_WRONG_CREDENTIAL] = "wrong-credential",
    [FAULT_OTHER_PROVIDER] = "other-provider",
    [FAULT_EXPIRED_TOKEN] = "expired-token",
    [FAULT_RETIRED_KEY] = "retired-key",
};

struct faults *faults_new(void)
{
    struct faults *faults = calloc(1, sizeof *faults);
    if (faults) {
        pthread_mutex_init(&faults->lock, NULL);
        pthread_cond_init(&faults->stop, NULL);
    }
    return faults;
}

void faults_free(struct faults *faults)
{
    if (!faults) {
        return;
    }
    pthread_cond_destroy(&faults->stop);
    pthread_mutex_destroy(&faults->lock);
    free(faults);
}

void faults_set(struct faults *faults, enum fault_target target, const struct fault *fault)
{
    pthread_mutex_lock(&faults->lock);
    faults->set[target] = *fault;
    pthread_mutex_unlock(&faults->lock);
}

void faults_clear(struct faults *faults)
{
    pthread_mutex_lock(&faults->lock);
    memset(faults->set, 0, sizeof faults->set);
    pthread_mutex_unlock(&faults->lock);
}

void faults_stop(struct faults *faults)
{
    pthread_mutex_lock(&faults->lock);
    faults->stopped = true;
    pthread_cond_broadcast(&faults->stop);
    pthread_mutex_unlock(&faults->lock);
}

static struct fault take(struct faults *faults, enum fault_target target)
{
    pthread_mutex_lock(&faults->lock);
    struct fault *set = &faults->set[target];
    struct fault taken = *set;
    if (set->skip > 0) {
        set->skip--;
        taken.kind = FAULT_NONE;
    } else if (set->times > 0 && --set->times == 0) {
        set->kind = set->then;
    }
    pthread_mutex_unlock(&faults->lock);
    return taken;
}

static void wait_ms(struct faults *faults, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&faults->lock);
    while (!faults->stopped && pthread_cond_timedwait(&faults->stop, &faults->lock, &until) == 0) {
        continue;
    }
    pthread_mutex_unlock(&faults->lock);
}

bool faults_apply(struct faults *faults, enum fault_target target, struct reply *reply)
{
    struct fault fault = take(faults, target);
    switch (fault.kind) {
    case FAULT_DOWN:
        reply->hang_up = true;
        return true;
    case FAULT_500:
        reply->status = 500;
        return true;
    case FAULT_GARBAGE:
        reply->status = 200;
        reply->content_type = "application/json";
        buf_append_text(&reply->body, "{\"data\": <garbage>");
        return true;
    case FAULT_SLOW:
        wait_ms(faults, fault.ms);
        return false;
    case FAULT_LOST:
        reply->hang_up = true;
        return false;
    default:
        break;
    }
    return false;
}

enum fault_kind faults_take_caller(struct faults *faults)
{
    return take(faults, FAULT_CALLER).kind;
}

bool faults_fit(enum fault_target target, enum fault_kind kind)
{
    return kind == FAULT_NONE || (target == FAULT_CALLER) == (kind >= FAULT_NO_CREDENTIAL);
}

bool faults_target_named(struct lfi_slice name, enum fault_target *out)
{
    for (int i = 0; i < FAULT_TARGETS; i++) {
        if (slice_equal_text(name, target_names[i])) {
            *out = (enum fault_target)i;
            return true;
        }
    }
    return false;
}

bool faults_kind_named(struct lfi_slice name, enum fault_kind *out)
{
    for (int i = FAULT_DOWN; i < FAULT_KINDS; i++) {
        if (slice_equal_text(name, kind_names[i])) {
            *out = (enum fault_kind)i;
            return true;
        }
    }
    return false;
}
