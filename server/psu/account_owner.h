/*
 * What the review says of an account beyond its own record: its balance, and whose it is when it is
 * not the customer's alone. Read through the core when the page is shown. What the core does not
 * offer, or cannot say now, is left out: the customer can decide without it.
 */
#ifndef PSU_ACCOUNT_OWNER_H
#define PSU_ACCOUNT_OWNER_H

#include "base/arena.h"
#include "base/json.h"
#include "provider/provider.h"

/* Who looks, call->user_id. Texts in the arena. */
struct account_owner {
    const struct provider *provider;
    struct arena *arena;
    const struct lfi_call *call;
    struct lfi_slice customer_id; /* absent when the core does not say */
    struct lfi_slice business;    /* name of the business that the login stands for, or absent */
};

void account_owner_find(struct account_owner *out, const struct provider *provider,
                        struct arena *arena, const struct lfi_call *call);
/* Appends "balance": {"value", "currency"}, negative when the customer owes it. */
void account_owner_append_balance(const struct account_owner *owner, struct lfi_slice account_id,
                                  struct lfi_slice sub_type, struct json_writer *writer);
/*
 * When others have a part in the account, appends "relation": "joint" or "behalf" with "holder",
 * whose account it is.
 */
void account_owner_append(const struct account_owner *owner, struct lfi_slice account_id,
                          struct json_writer *writer);

#endif
