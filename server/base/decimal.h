/* Amounts of the contract's form: digits, a point and two digits. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <lfi/base.h>

#include <stdint.h>

/* In hundredths; up to 18 digits, which the contract has checked. */
int64_t decimal_minor(struct lfi_slice decimal);

#endif
