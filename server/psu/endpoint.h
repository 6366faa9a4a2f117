/* Where customers of a provider arrive. */
#ifndef PSU_ENDPOINT_H
#define PSU_ENDPOINT_H

#include "caller/connect_token.h"
#include "hub/hub.h"
#include "provider/provider.h"

/*
 * One authorization endpoint: the path the TPPs send customers to, for one provider. A provider
 * whose customers decide at CAAP has no path and no pages, and tells the Hub of payments alone.
 */
struct psu_endpoint {
    const char *path; /* "/authorize/dhowretail"; NULL: no pages */
    const struct provider *provider;
    size_t provider_index; /* in psu_config.shares */
    struct hub *hub;
    const struct offers *offers;                 /* of the provider, as they are now */
    const struct connect_tokens *connect_tokens; /* for the consents to payments; NULL: none */
    const char *brand;      /* JSON text of the configuration's Brand; NULL: none */
    const char *brand_logo; /* files; NULL: none */
    const char *scheme_logo, *scheme_mark;
};

#endif
