#include "base/core_answer.h"

static int take_record(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    const struct core_answer *self = (const struct core_answer *)answer; /* the first member */
    return self->take(self->ctx, json, facts);
}

struct core_answer core_answer(core_record_fn *take, void *ctx)
{
    return (struct core_answer){.base = {.size = sizeof(struct lfi_answer),
                                         .record = take_record,
                                         .total = CORE_TOTAL_UNKNOWN},
                                .take = take,
                                .ctx = ctx};
}
