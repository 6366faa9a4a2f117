/*
 * Background workers: LIMIT_TASK_WORKERS for each provider, so that a Hub that is slow delays no
 * other provider's tasks, and a consent that hangs at its Hub none of the provider's other
 * consents.
 */
#ifndef TASKS_BACKGROUND_H
#define TASKS_BACKGROUND_H

#include <lfi/base.h>
#include <stdbool.h>

struct background;

/* What a worker does each second, and at once again while that returns true. */
struct background_work {
    bool (*run)(void *ctx, size_t provider); /* its index; several threads at once */
    void *ctx;
    size_t provider_count;
};

/* The work's ctx must outlive it. */
int background_start(struct background **out, const struct background_work *work,
                     struct lfi_error *error);
/* Waits for the tasks that are being done; no other is begun. NULL is fine. */
void background_stop(struct background *background);

#endif
