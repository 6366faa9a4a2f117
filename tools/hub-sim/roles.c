#include "roles.h"

const struct tpp_role_name tpp_role_names[TPP_ROLES] = {
    {TPP_READS_ACCOUNTS, "BDSP", "urn:openfinanceuae:account-access-consent:v2.1"},
    {TPP_PAYS, "BSIP", "urn:openfinanceuae:service-initiation-consent:v2.1"},
    {TPP_INSURES, "ISP", "urn:openfinanceuae:insurance-consent:v2.1"},
};
