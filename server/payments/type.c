#include "payments/type.h"

#include "base/array.h"

static const struct payment_type delegated = {.name = "DelegatedAuthentication",
                                              .customer_present = true,
                                              .delegated = true,
                                              .one_in_flight = true,
                                              .creditors_may_vary = true};

/* By the member of ConsentSchedule, and the Type inside. */
static const struct {
    const char *member;
    struct payment_type type;
} schedules[] = {
    {"SinglePayment", {.name = "SingleInstantPayment", .customer_present = true}},
    {"MultiPayment", {.name = "FixedOnDemand", .one_in_flight = true}},
    {"MultiPayment",
     {.name = "VariableOnDemand", .one_in_flight = true, .creditors_may_vary = true}},
    {"MultiPayment", {.name = "FixedPeriodicSchedule"}},
    {"MultiPayment", {.name = "VariablePeriodicSchedule"}},
    {"MultiPayment", {.name = "FixedDefinedSchedule"}},
    {"MultiPayment", {.name = "VariableDefinedSchedule"}},
};

static struct lfi_slice type_in(const cJSON *schedule, const char *member)
{
    const cJSON *found = json_get(schedule, member);
    const cJSON *periodic = json_get(found, "PeriodicSchedule");
    return json_get_string(periodic ? periodic : found, "Type");
}

const struct payment_type *payment_type_of(const cJSON *control_parameters)
{
    const cJSON *schedule = json_get(control_parameters, "ConsentSchedule");
    int members = cJSON_GetArraySize(schedule);
    if (json_get_bool(control_parameters, "IsDelegatedAuthentication", false)) {
        return members == 0 ? &delegated : NULL;
    }
    for (size_t i = 0; members == 1 && i < ARRAY_LEN(schedules); i++) {
        if (slice_equal_text(type_in(schedule, schedules[i].member), schedules[i].type.name)) {
            return &schedules[i].type;
        }
    }
    return NULL;
}
