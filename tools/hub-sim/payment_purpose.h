/* The purposes of payments that Aani knows, of which a Hub takes no other. (Payments 1.) */
#ifndef HUB_SIM_PAYMENT_PURPOSE_H
#define HUB_SIM_PAYMENT_PURPOSE_H

#include "base/slice.h"

bool payment_purpose_is_known(struct lfi_slice code);

#endif
