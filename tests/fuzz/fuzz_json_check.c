// link: contract_data_sharing contract_test_schemas lfi-contract lfi-base
/*
 * The JSON check, against a page of transactions and against one schema per rule. What it lets pass
 * must be JSON to the parser that reads it next; what it refuses must be told within bounds.
 */
#include "base/array.h"
#include "base/json.h"
#include "contract/contract.h"
#include "contract_data_sharing.h"
#include "contract_test_schemas.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"Anything", "Set",  "Closed", "Map",    "OneOf",  "AnyOf",
                                    "AllOf",    "Not",  "Chosen", "Nested", "Length", "Enum",
                                    "Pattern",  "Open", "Uri",    "Email"};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct lfi_error error;
    (void)argc;
    (void)argv;
    if (contract_init(&contract_data_sharing, &error) != 0 ||
        contract_init(&contract_test_schemas, &error) != 0) {
        abort();
    }
    return 0;
}

static void judge(int rc, size_t size, const struct contract_violation *violation)
{
    if (rc == 0) {
        return;
    }
    if (!violation->rule || violation->where[0] != '$' || violation->offset > size ||
        !memchr(violation->where, '\0', sizeof(violation->where)) ||
        !memchr(violation->message, '\0', sizeof(violation->message)) || !violation->message[0]) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lfi_slice text = {(const char *)data, size};
    struct contract_match match;
    struct contract_violation violation = {0};
    contract_match(&contract_data_sharing, SLICE("GET"), SLICE("/accounts/a/transactions"), &match);
    judge(
        contract_check_response(match.operation, 200, SLICE("application/json"), text, &violation),
        size, &violation);

    int json = contract_check_json(NULL, text, &violation);
    judge(json, size, &violation);
    cJSON *tree = json_parse(text);
    if (json == 0 && !tree) {
        abort();
    }
    cJSON_Delete(tree);

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int rc = contract_check_json(contract_schema_named(&contract_test_schemas, names[i]), text,
                                     &violation);
        judge(rc, size, &violation);
        if (rc == 0 && json != 0) {
            abort();
        }
    }
    return 0;
}
