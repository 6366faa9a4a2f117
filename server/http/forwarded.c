#include "http/forwarded.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "x-forwarded-for"
#define ADDRESS_BITS 128
#define IPV4_BITS 32

/* Bits of the family, 32 or 128; 0: the text is no address. */
static int read_address(const char *text, unsigned char out[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (inet_pton(AF_INET6, text, out) == 1) {
        return ADDRESS_BITS;
    }
    memcpy(out, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, out + sizeof(mapped)) == 1 ? IPV4_BITS : 0;
}

/* One to three digits and nothing else; -1: it is not so. */
static int read_bits(const char *text)
{
    size_t len = strspn(text, "0123456789");
    return len > 0 && len <= 3 && !text[len] ? (int)strtol(text, NULL, 10) : -1;
}

bool forwarded_network_read(struct forwarded_network *out, const char *text)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof(address)) {
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    int family = read_address(address, out->address);
    int bits = slash ? read_bits(slash + 1) : family;
    out->bits = ADDRESS_BITS - family + bits;
    return family > 0 && bits >= 0 && bits <= family;
}

static bool is_inside(const unsigned char address[16], const struct forwarded_network *network)
{
    size_t whole = (size_t)network->bits / 8;
    unsigned left = (unsigned)network->bits % 8;
    unsigned char mask = (unsigned char)(0xff << (8 - left));
    return memcmp(address, network->address, whole) == 0 &&
           (left == 0 || ((address[whole] ^ network->address[whole]) & mask) == 0);
}

/* Whether it is an address, and if so whether it is one of the proxies. */
static bool judge(struct lfi_slice text, const struct forwarded_proxies *proxies, bool *proxy)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[16];
    *proxy = false;
    if (text.len == 0 || text.len >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (read_address(copy, address) == 0) {
        return false;
    }
    for (size_t i = 0; i < proxies->count && !*proxy; i++) {
        *proxy = is_inside(address, &proxies->networks[i]);
    }
    return true;
}

/* Takes the last item of a list off it; absent when there is none. */
static struct lfi_slice take_last(struct lfi_slice *list)
{
    size_t start = list->len;
    if (!list->ptr) {
        return *list;
    }
    while (start > 0 && list->ptr[start - 1] != ',') {
        start--;
    }
    struct lfi_slice item = {list->ptr + start, list->len - start};
    *list = start > 0 ? (struct lfi_slice){list->ptr, start - 1} : (struct lfi_slice){NULL, 0};
    return slice_trim(item);
}

struct lfi_slice forwarded_client(const struct request *request,
                                  const struct forwarded_proxies *proxies)
{
    struct lfi_slice client = slice_of(request->remote ? request->remote : "");
    bool proxy;
    if (!judge(client, proxies, &proxy) || !proxy) {
        return client;
    }
    for (size_t i = request->header_count; i > 0; i--) {
        const struct header *header = &request->headers[i - 1];
        struct lfi_slice list = header->value;
        if (!slice_equal_nocase(header->name, HEADER)) {
            continue;
        }
        while (list.ptr) {
            struct lfi_slice before = take_last(&list);
            if (!judge(before, proxies, &proxy)) {
                return client;
            }
            client = before;
            if (!proxy) {
                return client;
            }
        }
    }
    return client;
}
