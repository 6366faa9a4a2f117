#include "consent/payment_type.h"

#include "base/limits.h"

#include <stdio.h>

static const char single[] = "single-payment", flexi[] = "flexi-pay", multi[] = "MultiPayment";

static const struct payment_type types[PAYMENT_TYPES] = {
    [PAYMENT_SINGLE_INSTANT] = {.id = PAYMENT_SINGLE_INSTANT,
                                .name = "SingleInstantPayment",
                                .kind = single,
                                .schedule = "SinglePayment",
                                .customer_present = true},
    [PAYMENT_FIXED_ON_DEMAND] = {.id = PAYMENT_FIXED_ON_DEMAND,
                                 .name = "FixedOnDemand",
                                 .kind = flexi,
                                 .schedule = multi,
                                 .one_in_flight = true},
    [PAYMENT_VARIABLE_ON_DEMAND] = {.id = PAYMENT_VARIABLE_ON_DEMAND,
                                    .name = "VariableOnDemand",
                                    .kind = flexi,
                                    .schedule = multi,
                                    .one_in_flight = true,
                                    .creditors_may_vary = true},
    [PAYMENT_FIXED_PERIODIC] = {.id = PAYMENT_FIXED_PERIODIC,
                                .name = "FixedPeriodicSchedule",
                                .kind = flexi,
                                .schedule = multi},
    [PAYMENT_VARIABLE_PERIODIC] = {.id = PAYMENT_VARIABLE_PERIODIC,
                                   .name = "VariablePeriodicSchedule",
                                   .kind = flexi,
                                   .schedule = multi},
    [PAYMENT_FIXED_DEFINED] = {.id = PAYMENT_FIXED_DEFINED,
                               .name = "FixedDefinedSchedule",
                               .kind = flexi,
                               .schedule = multi},
    [PAYMENT_VARIABLE_DEFINED] = {.id = PAYMENT_VARIABLE_DEFINED,
                                  .name = "VariableDefinedSchedule",
                                  .kind = flexi,
                                  .schedule = multi},
    [PAYMENT_DELEGATED] = {.id = PAYMENT_DELEGATED,
                           .name = "DelegatedAuthentication",
                           .kind = flexi,
                           .customer_present = true,
                           .delegated = true,
                           .one_in_flight = true,
                           .creditors_may_vary = true},
    [PAYMENT_FILE] = {.id = PAYMENT_FILE,
                      .name = "FilePayment",
                      .kind = "file-payment",
                      .schedule = "FilePayment",
                      .file = true},
};

const struct payment_type *payment_type_at(enum payment_type_id id)
{
    return &types[id];
}

const cJSON *payment_type_terms(const cJSON *consent_schedule)
{
    const cJSON *periodic = json_get(json_get(consent_schedule, multi), "PeriodicSchedule");
    return periodic ? periodic : json_get(consent_schedule, "SinglePayment");
}

const struct payment_type *payment_type_of(const cJSON *control_parameters)
{
    const cJSON *schedule = json_get(control_parameters, "ConsentSchedule");
    struct lfi_slice name = json_get_string(payment_type_terms(schedule), "Type");
    int members = cJSON_GetArraySize(schedule);
    if (members == 1 && json_get(schedule, types[PAYMENT_FILE].schedule)) {
        name = slice_of(types[PAYMENT_FILE].name);
    }
    if (json_get_bool(control_parameters, "IsDelegatedAuthentication", false)) {
        return members == 0 ? &types[PAYMENT_DELEGATED] : NULL;
    }
    for (size_t i = 0; members == 1 && i < PAYMENT_TYPES; i++) {
        if (types[i].schedule && json_get(schedule, types[i].schedule) &&
            slice_equal_text(name, types[i].name)) {
            return &types[i];
        }
    }
    return NULL;
}

bool payment_type_allows(const struct payment_type *type, int creditors)
{
    if (type->file) {
        return creditors == 0;
    }
    return type->creditors_may_vary ? creditors <= LIMIT_CREDITORS : creditors == 1;
}

void payment_type_flag(const struct payment_type *type, int creditors, char out[PAYMENT_FLAG_MAX])
{
    const char *flag = !type->creditors_may_vary ? "Supported"
                       : creditors == 0          ? "OpenBeneficiariesSupported"
                       : creditors == 1          ? "SingleBeneficiarySupported"
                                                 : "MultipleBeneficiariesSupported";
    (void)snprintf(out, PAYMENT_FLAG_MAX, "%s.%s", type->name, flag);
}
