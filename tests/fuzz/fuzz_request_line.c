// link: lfi-http lfi-base
/* Request lines: a head never grows, its host is bounded, and what is settled stays as it is. */
#include "base/slice.h"
#include "http/request_line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char host[REQUEST_LINE_HOST_MAX], none[REQUEST_LINE_HOST_MAX];
    char *head = malloc(size + 1);

    if (!head) {
        return 0;
    }
    memcpy(head, data, size);
    size_t len = request_line_settle(head, size, host);
    if (len > size || !memchr(host, '\0', sizeof(host))) {
        abort();
    }
    if ((host[0] == '\0') != (len == size)) {
        abort();
    }
    if (request_line_settle(head, len, none) != len || none[0] != '\0') {
        abort();
    }
    free(head);
    return 0;
}
