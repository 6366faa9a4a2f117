// link: contract_data_sharing lfi-contract lfi-base
/*
 * Path, query and headers of a request for transactions: the first line is the path, the second the
 * query, each further one a header.
 */
#include "contract/contract.h"
#include "contract_data_sharing.h"

#include "base/slice.h"

#include <stdlib.h>

#define HEADERS 32

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct lfi_error error;
    (void)argc;
    (void)argv;
    if (contract_init(&contract_data_sharing, &error) != 0) {
        abort();
    }
    return 0;
}

/* What passed must be usable: numbers are numbers, what is demanded is there. */
static void judge_parameters(const struct contract_parameters *parameters)
{
    struct lfi_slice page = contract_parameter(parameters, DATA_SHARING_PAGE);
    uint64_t value;
    bool negative = page.len > 0 && page.ptr[0] == '-';
    if (!slice_to_u64((struct lfi_slice){page.ptr + negative, page.len - negative}, &value)) {
        abort();
    }
    if (!contract_parameter(parameters, DATA_SHARING_O3_CONSENT_ID).ptr) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lfi_slice rest = {(const char *)data, size}, line;
    struct header headers[HEADERS];
    struct request request = {.method = SLICE("GET"), .headers = headers};
    slice_next(&rest, '\n', &request.path);
    slice_next(&rest, '\n', &request.query);
    while (request.header_count < HEADERS && slice_next(&rest, '\n', &line)) {
        struct header *header = &headers[request.header_count++];
        *header = (struct header){.value = line};
        slice_next(&header->value, ':', &header->name);
        header->value = slice_trim(header->value);
    }
    request.arena = arena_new(1 << 20);
    if (!request.arena) {
        return 0;
    }
    struct contract_match match;
    struct contract_parameters parameters = {0};
    struct contract_violation violation = {0};
    const char *in = NULL;
    if (contract_match(&contract_data_sharing, request.method, request.path, &match) ==
        CONTRACT_FOUND) {
        int rc = contract_check_request(&match, &request, &parameters, &in, &violation);
        if (rc != 0 && (!violation.rule || !in || !violation.where[0])) {
            abort();
        }
        if (rc == 0 && contract_parameter(&parameters, DATA_SHARING_O3_FX_TRANSACTIONS).ptr) {
            judge_parameters(&parameters);
        }
    }
    arena_free(request.arena);
    return 0;
}
