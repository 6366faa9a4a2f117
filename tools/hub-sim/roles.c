#include "roles.h"

const struct tpp_role_name tpp_role_names[TPP_ROLES] = {
    {TPP_READS_ACCOUNTS, "BDSP", "account-access-consent"},
    {TPP_PAYS, "BSIP", "service-initiation-consent"},
    {TPP_INSURES, "ISP", "insurance-consent"},
};
