/*
 * A core that lacks what the environment variable LACKING names: the required family or function
 * of this name, "ops" for all, "size" for a structure that ends before the required ones, "newer"
 * for one that ends behind them, "family-size" for a family that ends before a required function,
 * "health" for a core that is not well. Its settings name its storage.
 */
#include <lfi/core.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct core {
    unsigned long device, inode;
};

static int lacking_open(void **out, const struct lfi_core_config *config, struct lfi_error *error)
{
    struct core *core = calloc(1, sizeof(*core));
    (void)error;
    if (!core || sscanf(config->settings, "{\"device\":%lu,\"inode\":%lu}", &core->device,
                        &core->inode) != 2) {
        free(core);
        return LFI_FAILED;
    }
    *out = core;
    return LFI_OK;
}

static void lacking_close(void *core)
{
    free(core);
}

static int unknown_user(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                        struct lfi_error *error)
{
    (void)core, (void)call, (void)user_id, (void)error;
    return LFI_UNKNOWN;
}

static int unknown_subject(void *core, const struct lfi_call *call,
                           const struct lfi_subject_query *query, struct lfi_account_facts *out,
                           struct lfi_error *error)
{
    (void)core, (void)call, (void)query, (void)out, (void)error;
    return LFI_UNKNOWN;
}

static int unknown_held(void *core, const struct lfi_call *call, const struct lfi_held_query *query,
                        struct lfi_answer *answer, struct lfi_error *error)
{
    (void)core, (void)call, (void)query, (void)answer, (void)error;
    return LFI_UNKNOWN;
}

static int lacks(const char *what)
{
    const char *lacking = getenv("LACKING");
    return lacking && strcmp(lacking, what) == 0;
}

static int health(void *core, const struct lfi_call *call, struct lfi_health *out,
                  struct lfi_error *error)
{
    const struct core *own = core;
    (void)call;
    (void)snprintf(error->message, sizeof(error->message), "a fever");
    out->storage_device = own->device;
    out->storage_inode = own->inode;
    return lacks("health") ? LFI_FAILED : LFI_OK;
}

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    static struct lfi_core_ops ops;
    static struct lfi_accounts accounts;
    static struct lfi_customers customers;
    accounts = (struct lfi_accounts){.size = sizeof(accounts),
                                     .subject = lacks("subject") ? NULL : unknown_subject,
                                     .held = lacks("held") ? NULL : unknown_held};
    customers = (struct lfi_customers){.size = sizeof(customers),
                                       .exists = lacks("exists") ? NULL : unknown_user};
    if (lacks("family-size")) {
        accounts.size = (uint32_t)offsetof(struct lfi_accounts, held);
    }
    ops = (struct lfi_core_ops){.abi = LFI_CORE_ABI, .size = sizeof(ops), .health = health};
    ops.name = lacks("name") ? NULL : "lacking";
    ops.open = lacks("open") ? NULL : lacking_open;
    ops.close = lacks("close") ? NULL : lacking_close;
    ops.accounts = lacks("accounts") ? NULL : &accounts;
    ops.customers = lacks("customers") ? NULL : &customers;
    if (lacks("size") || lacks("newer")) {
        ops.size = (uint32_t)offsetof(struct lfi_core_ops, open_data);
        ops.size += lacks("newer") ? (uint32_t)sizeof(ops.open_data) : 0;
    }
    return lacks("ops") ? NULL : &ops;
}
