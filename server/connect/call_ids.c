#include "connect/operation.h"

#define ID_MAX 128 /* as long as the contract lets a consent id be */

bool call_is_id(struct lfi_slice text)
{
    bool dots = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    c == '-' || c == '_' || c == '.' || c == ':';
        if (!fine) {
            return false;
        }
        dots = dots && c == '.'; /* a step in a path, not a name */
    }
    return !dots && text.len <= ID_MAX;
}

struct lfi_slice call_logged_header(const struct request *request, const char *name)
{
    struct lfi_slice id = request_header(request, name, NULL);
    return id.len == 0 || call_is_id(id) ? id : SLICE("(malformed)");
}
