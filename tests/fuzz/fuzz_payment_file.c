// link: lfi-store
#include "store/file_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What a reader hands on is as file_reader.h says, and adds up. */
struct sum {
    uint64_t count;
    int64_t minor;
};

static bool take(void *ctx, const struct instruction *instruction)
{
    struct sum *sum = ctx;
    if (instruction->id.len == 0 || instruction->id.len > FILE_ID_MAX ||
        memchr("=+-@", instruction->id.ptr[0], 4) || instruction->iban.len > FILE_IBAN_MAX ||
        instruction->name.len > FILE_NAME_MAX || !file_is_utf8(instruction->name) ||
        instruction->minor <= 0) {
        abort();
    }
    sum->count++;
    sum->minor += instruction->minor;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the file type, the second how large the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sum sum = {0};
    enum file_result result = FILE_FINE;
    if (size < 2) {
        return 0;
    }
    struct file_reader reader = {
        .kind = data[0] % 2 ? &file_csv : &file_pain001, .take = take, .ctx = &sum};
    size_t piece = data[1] == 0 ? size : data[1];
    if (reader.kind->begin(&reader) != 0) {
        return 0;
    }
    for (size_t at = 2; at < size && result == FILE_FINE; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        result = reader.kind->feed(&reader, (struct lfi_slice){(const char *)data + at, len});
    }
    if (result == FILE_FINE) {
        result = reader.kind->end(&reader);
    }
    if (reader.count != sum.count || reader.total_minor != sum.minor ||
        (result == FILE_FINE) != !reader.why[0]) {
        abort();
    }
    reader.kind->free(&reader);
    return 0;
}
