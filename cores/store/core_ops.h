/* The core interface over a store: a core adds its name and the exported symbol. */
#ifndef STORE_CORE_OPS_H
#define STORE_CORE_OPS_H

#include "store/store.h"

/*
 * Settings: {"store": "folder", "mapMiB": 8192, "instances": 4,
 * "passwordRounds": 600000, "uaeftsOpens": 8, "uaeftsCloses": 18}; all but the first are optional.
 * mapMiB is the most that the store can hold; instances is how many processes may share it.
 * passwordRounds is the work of a password's hash (10000 to 10000000); a hash of other rounds is
 * replaced at its login's next right password. uaeftsOpens and uaeftsCloses are the hours in the
 * Gulf between which UAEFTS, which is simulated, confirms payments from Monday to Friday. Payments
 * are kept in a folder beside the store, named as it is with ".payments" behind it. Fails when the
 * store was built for another segment than the configuration's, if that is known; warns of fewer
 * passwordRounds than 600000.
 */
int store_core_open(void **out, const struct lfi_core_config *config, struct lfi_error *error);

/* Initialisers for a struct lfi_core_ops; name, and open of a core that adds to it, are its own. */
#define STORE_CORE_MEMBERS                                                                         \
    .abi = LFI_CORE_ABI, .size = sizeof(struct lfi_core_ops), .close = store_close,                \
    .accounts = &store_accounts, .customers = &store_customers, .payee = &store_payee,             \
    .open_data = &store_open_data, .signin = &store_signin, .levers = &store_levers,               \
    .health = store_health, .payments = &store_payments, .identity = &store_identity,              \
    .opening = &store_opening, .fx = &store_fx, .files = &store_files

#endif
