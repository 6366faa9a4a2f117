/* An answer for a core (lfi/base.h) that hands each record on to a function. */
#ifndef BASE_CORE_ANSWER_H
#define BASE_CORE_ANSWER_H

#include <lfi/base.h>

/* Takes one record, borrowed until it returns. Not 0: no more are wanted. */
typedef int core_record_fn(void *ctx, struct lfi_slice json, const void *facts);

struct core_answer {
    struct lfi_answer base;
    core_record_fn *take;
    void *ctx;
};

/* An answer whose total is not known yet: CORE_TOTAL_UNKNOWN until the core sets it. */
struct core_answer core_answer(core_record_fn *take, void *ctx);
#define CORE_TOTAL_UNKNOWN UINT64_MAX

#endif
