/* Accounts that a query names, as both forms of GET /accounts take them. Internal to this room. */
#ifndef CONNECT_ACCOUNT_IDS_H
#define CONNECT_ACCOUNT_IDS_H

#include "connect/operation.h"

/* Distinct ids, in their order. */
struct account_ids {
    struct lfi_slice *items;
    size_t count;
};

/* Of a list with commas. Refuses: ACCOUNT-IDS, when there is none. */
int account_ids_read(struct call *call, struct lfi_slice list, struct account_ids *out);
/* Asks the core for those of them that the user holds; others are left out. */
int account_ids_ask(struct call *call, const struct account_ids *wanted, core_record_fn *take,
                    void *ctx);
/* One of them is not held. */
int account_ids_refuse(struct call *call);
/*
 * Asks for one, which must be held and readable: *json is a copy of its record. Who writes it says
 * so by call->records.
 */
int account_ids_one(struct call *call, struct lfi_slice account_id, struct lfi_slice *json);

#endif
