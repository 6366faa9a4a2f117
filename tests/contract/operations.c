// link: lfi
/* Prints what the server offers: method, path template and documented statuses, a line each. */
#include "contract/tables.h"
#include "rows_ozone_connect.h"

#include <stdio.h>

int main(void)
{
    const struct flow_api *api = &flow_ozone_connect;
    for (size_t i = 0; i < contract_operation_count(api->contract); i++) {
        const struct contract_operation *operation = contract_operation_at(api->contract, i);
        if (api->rows[i].later) {
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
