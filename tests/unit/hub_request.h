/* A GET of the Hub for the provider dhowretail, with every header that the contract asks for. */
#ifndef TESTS_HUB_REQUEST_H
#define TESTS_HUB_REQUEST_H

#include "base/array.h"
#include "http/message.h"

#include <openssl/x509.h>
#include <string.h>

#define HUB_INTERACTION "interaction-1"

struct hub_request {
    struct header headers[9];
    struct request request; /* borrows the headers, and what hub_get() was given */
};

/* `psu` is the value of o3-psu-identifier. Fills `out`. */
static inline const struct request *hub_get(struct hub_request *out, const char *path,
                                            const char *psu, X509 *peer, struct arena *arena)
{
    const char *query = strchr(path, '?');
    const struct header headers[] = {
        {SLICE("o3-provider-id"), SLICE("dhowretail")},
        {SLICE("o3-caller-org-id"), SLICE("org")},
        {SLICE("o3-caller-client-id"), SLICE("client")},
        {SLICE("o3-caller-software-statement-id"), SLICE("software")},
        {SLICE("o3-api-uri"), SLICE("/x")},
        {SLICE("o3-api-operation"), SLICE("GET")},
        {SLICE("o3-consent-id"), SLICE("consent-1")},
        {SLICE("o3-ozone-interaction-id"), SLICE(HUB_INTERACTION)},
        {SLICE("o3-psu-identifier"), slice_of(psu)},
    };
    memcpy(out->headers, headers, sizeof(headers));
    out->request = (struct request){.method = SLICE("GET"),
                                    .path = {path, query ? (size_t)(query - path) : strlen(path)},
                                    .query = slice_of(query ? query + 1 : NULL),
                                    .headers = out->headers,
                                    .header_count = ARRAY_LEN(headers),
                                    .peer = peer,
                                    .arena = arena};
    return &out->request;
}

#endif
