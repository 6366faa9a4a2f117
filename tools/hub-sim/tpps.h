/* The TPPs that the simulator plays: a constant table of invented companies. */
#ifndef HUB_SIM_TPPS_H
#define HUB_SIM_TPPS_H

#include "base/json.h"

struct tpp {
    const char *name, *slug, *client_id, *org_id, *software_id;
    const char *segment; /* whose accounts it usually asks for */
    const char *purpose; /* of the contract's billing purposes */
    const char *pitch;   /* what it would do with the data, for the app's page */
};

extern const struct tpp tpps[];
extern const size_t tpp_count;

/* NULL when no TPP has this client id. */
const struct tpp *tpp_find(struct lfi_slice client_id);
const struct tpp *tpp_of_slug(struct lfi_slice slug);
/* Where a TPP gets its customers back. */
#define TPP_CALLBACK_PATH "/tpp/callback"

#endif
