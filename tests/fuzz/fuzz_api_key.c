// link: lfi-caller lfi-jose lfi-http lfi-base
/*
 * A file of shared secrets, and the Authorization header of a provider of mode api-key that has
 * this file: the input is the header, a line feed, and the file. What is not let in is refused with
 * an id.
 */
#define _GNU_SOURCE /* memfd_create */
#include "base/limits.h"
#include "caller/api_key.h"
#include "caller/mode.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void ask(struct caller *caller, struct lfi_slice value)
{
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    const struct header header = {SLICE("authorization"), value};
    const struct request request = {.headers = &header, .header_count = 1, .arena = arena};
    struct caller_identity identity = {.subject = {.o = {NULL, 0}}};
    struct refusal refusal = {.id = NULL};
    if (caller_authenticate(caller, CALLER_NO_PROVIDER, &request, &identity, &refusal) != 0) {
        expect(refusal.id && refusal.status == 401);
    } else {
        expect(value.len > 0);
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct lfi_slice rest = {(const char *)data, size}, value;
    if (size == 0 || !slice_next(&rest, '\n', &value)) {
        return 0;
    }
    int fd = memfd_create("secrets", MFD_CLOEXEC);
    expect(fd >= 0 && write(fd, rest.len > 0 ? rest.ptr : "", rest.len) == (ssize_t)rest.len);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const struct api_keys keys = {.file = path, .prefix = size % 2 ? "Key " : ""};
    const struct caller_provider provider = {
        .id = "dhowprivate", .mode = CALLER_API_KEY, .api_keys = &keys};
    const struct caller_config config = {.providers = &provider, .provider_count = 1};
    const struct clock clock = {0};
    struct caller *caller;
    struct lfi_error error = {""};
    if (caller_new(&caller, &config, &clock, NULL, NULL, &error) == 0) {
        ask(caller, value);
        caller_free(caller);
    } else {
        expect(error.message[0] != '\0');
    }
    (void)close(fd);
    return 0;
}
