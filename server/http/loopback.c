#include "http/loopback.h"

#include "base/array.h"

#include <string.h>

static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"}; /* as a Host has them */

bool loopback_is_address(const char *address)
{
    return strcmp(address, "localhost") == 0 || strncmp(address, "127.", 4) == 0 ||
           strcmp(address, "::1") == 0;
}

bool loopback_is_called(const struct request *request)
{
    struct lfi_slice host = request_header(request, "host", NULL);
    bool own = !host.ptr;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct lfi_slice name = {host.ptr, strlen(names[i])};
        if (host.len >= name.len && slice_equal_nocase(name, names[i])) {
            own = own || host.len == name.len || host.ptr[name.len] == ':';
        }
    }
    return own;
}
