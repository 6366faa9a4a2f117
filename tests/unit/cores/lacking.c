/*
 * A core that lacks what the environment variable LACKING names: the required operation of this
 * name, "ops" for all, "size" for a structure that ends before the required ones, "newer" for one
 * that ends behind them, "health" for a core that is not well. Its settings name its storage.
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
        return LFI_CORE_FAILED;
    }
    *out = core;
    return LFI_CORE_OK;
}

static void lacking_close(void *core)
{
    free(core);
}

static int unknown_user(void *core, struct lfi_slice user_id, struct lfi_error *error)
{
    (void)core, (void)user_id, (void)error;
    return LFI_CORE_UNKNOWN;
}

static int unknown_access(void *core, struct lfi_slice user_id, struct lfi_slice account_id,
                          enum lfi_account_status *out, struct lfi_error *error)
{
    (void)core, (void)user_id, (void)account_id, (void)out, (void)error;
    return LFI_CORE_UNKNOWN;
}

static int unknown_record(void *core, struct lfi_slice id, struct lfi_sink sink,
                          struct lfi_error *error)
{
    (void)core, (void)id, (void)sink, (void)error;
    return LFI_CORE_UNKNOWN;
}

static int lacks(const char *what)
{
    const char *lacking = getenv("LACKING");
    return lacking && strcmp(lacking, what) == 0;
}

static int health(void *core, struct lfi_health *out, struct lfi_error *error)
{
    const struct core *own = core;
    (void)snprintf(error->message, sizeof(error->message), "a fever");
    out->storage_device = own->device;
    out->storage_inode = own->inode;
    return lacks("health") ? LFI_CORE_FAILED : LFI_CORE_OK;
}

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    static struct lfi_core_ops ops;
    ops = (struct lfi_core_ops){.abi = LFI_CORE_ABI, .size = sizeof(ops), .health = health};
    ops.name = lacks("name") ? NULL : "lacking";
    ops.open = lacks("open") ? NULL : lacking_open;
    ops.close = lacks("close") ? NULL : lacking_close;
    ops.user_exists = lacks("user_exists") ? NULL : unknown_user;
    ops.account_access = lacks("account_access") ? NULL : unknown_access;
    ops.account = lacks("account") ? NULL : unknown_record;
    ops.accounts_of_user = lacks("accounts_of_user") ? NULL : unknown_record;
    if (lacks("size") || lacks("newer")) {
        ops.size = (uint32_t)offsetof(struct lfi_core_ops, accounts_of_user);
        ops.size += lacks("newer") ? (uint32_t)sizeof(ops.accounts_of_user) : 0;
    }
    return lacks("ops") ? NULL : &ops;
}
