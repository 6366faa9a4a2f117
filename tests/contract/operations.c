// link: lfi
/* Prints what the server offers: method, path template and documented statuses, a line each. */
#include "connect/families.h"
#include "contract/tables.h"

#include <stdio.h>

int main(void)
{
    struct apis *apis;
    struct lfi_error error;
    if (connect_apis_new(&apis, NULL, &error) != 0) {
        (void)fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (size_t i = 0; i < apis_operation_count(apis); i++) {
        const struct contract_operation *operation = apis_operation_at(apis, i);
        if (apis_row_at(apis, i)->later) {
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
    apis_free(apis);
    return 0;
}
