/* What of a request for an insurance quote decides what becomes of it. */
#include "store/cover.h"
#include "store/steer.h"

#include <stdio.h>
#include <string.h>

/* How CustomerId begins. */
static const struct {
    const char *begins;
    enum cover_plan plan;
    const char *place, *shows, *status;
} ends[] = {
    {"refused-", COVER_REJECT, "quote-refused",
     "this customer: the insurer refuses the application", "Rejected"},
    {"withdrawn-", COVER_CANCEL, "quote-withdrawn", "this customer: cancels in place of paying",
     "CustomerCancelled"},
};
#define END_COUNT (sizeof(ends) / sizeof(ends[0]))

static const struct {
    const char *place, *shows, *status;
} others[] = {
    {"quote-available", "a price at once", "Available"},
    {"quote-completed", "applied for: becomes a policy by itself", "Completed"},
    {"quote-expired", "nobody applies within its fourteen days", "Expired"},
};
#define OTHER_COUNT (sizeof(others) / sizeof(others[0]))

enum cover_plan cover_plan_of(const char *customer)
{
    for (size_t i = 0; i < END_COUNT; i++) {
        if (strncmp(customer, ends[i].begins, strlen(ends[i].begins)) == 0) {
            return ends[i].plan;
        }
    }
    return COVER_COMPLETE;
}

bool store_steer_quote(size_t n, struct store_steer *out)
{
    if (n < END_COUNT) {
        *out = (struct store_steer){.place = ends[n].place, .status = ends[n].status};
        (void)snprintf(out->shows, sizeof(out->shows), "%s", ends[n].shows);
        (void)snprintf(out->request, sizeof(out->request), "{\"CustomerId\":\"%s1\"}",
                       ends[n].begins);
    } else if (n - END_COUNT < OTHER_COUNT) {
        size_t i = n - END_COUNT;
        *out = (struct store_steer){.place = others[i].place, .status = others[i].status};
        (void)snprintf(out->shows, sizeof(out->shows), "%s", others[i].shows);
        (void)snprintf(out->request, sizeof(out->request), "{}");
    } else {
        return false;
    }
    return true;
}
