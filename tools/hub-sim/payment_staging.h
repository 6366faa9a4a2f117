/*
 * What a Hub checks of the terms of a payment consent when a TPP pushes its authorization request,
 * before the bank is asked. The contract has judged the shape already. (TPP side 7.4.)
 */
#ifndef HUB_SIM_PAYMENT_STAGING_H
#define HUB_SIM_PAYMENT_STAGING_H

#include "base/clock.h"
#include "base/json.h"
#include "http/refusal.h"

/*
 * `terms` is the TPP's consent object. Refusals, 400 with the code "invalid_request" that the TPP
 * hears: SIM-TERMS-TYPE, -EXPIRY, -DEADLINE, -PURPOSE, -PERMISSION, -CURRENCY, -PII, -COUNT,
 * -START, -DATES, -LAST-DATE.
 */
int payment_staging_check(const cJSON *terms, const struct clock *clock, struct refusal *refusal);

/* When the consent ends at the latest by its own list of dates; 0: it has none. UTC, us. */
int64_t payment_staging_end_us(const cJSON *terms);

#endif
