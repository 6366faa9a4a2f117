// link: lfi
/* Prints what the server offers: method, path template and documented statuses, a line each. */
#include "connect/call.h"
#include "contract/tables.h"
#include "contract_ozone_connect.h"

#include <stdio.h>

int main(void)
{
    for (size_t i = 0; i < contract_operation_count(&contract_ozone_connect); i++) {
        const struct contract_operation *operation =
            contract_operation_at(&contract_ozone_connect, i);
        if (!connect_operations[i]) {
            continue;
        }
        (void)printf("%s %s", operation->method, operation->path);
        for (size_t r = 0; r < operation->response_count; r++) {
            if (operation->responses[r].status > 0) {
                (void)printf(" %d", operation->responses[r].status);
            }
        }
        (void)printf("\n");
    }
    return 0;
}
