#include "provider/share.h"

#include <stdatomic.h>
#include <stdlib.h>

struct shares {
    atomic_int common; /* places left */
    atomic_int own[];  /* places left of each provider */
};

struct shares *shares_new(size_t provider_count, int workers)
{
    struct shares *shares = calloc(1, sizeof(*shares) + provider_count * sizeof(shares->own[0]));
    int count = (int)provider_count;
    int kept = workers / (2 * count);

    if (kept == 0 && workers > count) {
        kept = 1;
    }
    if (shares) {
        for (size_t i = 0; i < provider_count; i++) {
            atomic_init(&shares->own[i], kept);
        }
        atomic_init(&shares->common, workers - kept * count);
    }
    return shares;
}

void shares_free(struct shares *shares)
{
    free(shares);
}

static int take_one(atomic_int *left)
{
    if (atomic_fetch_sub(left, 1) > 0) {
        return 1;
    }
    atomic_fetch_add(left, 1);
    return 0;
}

enum share share_take(struct shares *shares, size_t provider)
{
    if (take_one(&shares->own[provider])) {
        return SHARE_OWN;
    }
    return take_one(&shares->common) ? SHARE_COMMON : SHARE_NONE;
}

void share_give_back(struct shares *shares, size_t provider, enum share share)
{
    if (share != SHARE_NONE) {
        atomic_fetch_add(share == SHARE_OWN ? &shares->own[provider] : &shares->common, 1);
    }
}
