/* What makes two requests of a client the same. Internal to this room. */
#ifndef PAYMENTS_IDENTITY_H
#define PAYMENTS_IDENTITY_H

#include "base/slice.h"

#include <lfi/payments.h>
#include <stdbool.h>
#include <stddef.h>

/* A digest of the parts, of which none runs into the next. False: out of memory. */
bool identity_write(const struct lfi_slice *parts, size_t count,
                    unsigned char out[LFI_ORDER_DIGEST_SIZE]);

#endif
