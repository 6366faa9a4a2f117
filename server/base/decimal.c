#include "base/decimal.h"

int64_t decimal_minor(struct lfi_slice decimal)
{
    int64_t minor = 0;
    for (size_t i = 0; i < decimal.len; i++) {
        minor = decimal.ptr[i] == '.' ? minor : minor * 10 + (decimal.ptr[i] - '0');
    }
    return minor;
}
