/*
 * The customer's address behind the bank's own proxies. A proxy appends the address of whoever
 * called it to X-Forwarded-For; what stands before that anybody may have written. So the list is
 * read from its end, as far as the addresses are proxies of ours.
 */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include "http/message.h"

#define FORWARDED_NETWORKS_MAX 16

/* IPv4 networks as ::ffff:0:0/96 has them (RFC 4291 2.5.5.2). */
struct forwarded_network {
    unsigned char address[16];
    int bits; /* of the address that count, 0 to 128 */
};

/* The proxies of one listener. */
struct forwarded_proxies {
    struct forwarded_network networks[FORWARDED_NETWORKS_MAX];
    size_t count;
};

/* "192.0.2.1", "10.0.0.0/8", "2001:db8::/32". False: it is none. */
bool forwarded_network_read(struct forwarded_network *out, const char *text);

/*
 * Numeric address of the one that called the first of our proxies; request->remote when that is no
 * proxy of ours, or when the header holds no address where one must be. Valid as the request is.
 */
struct lfi_slice forwarded_client(const struct request *request,
                                  const struct forwarded_proxies *proxies);

#endif
