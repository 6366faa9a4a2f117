#include "flow/api.h"

#include "contract/version.h"

#include <stdlib.h>

struct entry {
    struct api api;
    struct lfi_slice base_path;
    uint32_t base_version;
    size_t first; /* number of its first operation */
};

struct apis {
    size_t count, operation_count;
    size_t prepared; /* entries whose contract is prepared */
    struct entry entries[];
};

/* --- two APIs that claim the same path -------------------------------------------------------- */

/* A path template in full: the base path and the document's own. */
struct template
{
    struct lfi_slice base_path, path;
};

/* The next segment; false at the end. */
static bool next_segment(struct template *template, struct lfi_slice *out)
{
    struct lfi_slice *rest = template->base_path.len > 0 ? &template->base_path : &template->path;
    if (rest->len == 0) {
        return false;
    }
    const char *slash = memchr(rest->ptr + 1, '/', rest->len - 1);
    size_t len = slash ? (size_t)(slash - rest->ptr) : rest->len;
    *out = (struct lfi_slice){rest->ptr + 1, len - 1};
    rest->ptr += len;
    rest->len -= len;
    return true;
}

static bool is_parameter(struct lfi_slice segment)
{
    return segment.len > 0 && segment.ptr[0] == '{';
}

/* Whether one path could fit both. */
static bool overlap(struct template a, struct template b)
{
    for (;;) {
        struct lfi_slice left, right;
        bool more = next_segment(&a, &left);
        if (next_segment(&b, &right) != more) {
            return false;
        }
        if (!more) {
            return true;
        }
        if (!is_parameter(left) && !is_parameter(right) && !slice_equal(left, right)) {
            return false;
        }
    }
}

static struct template template_of(const struct entry *entry,
                                   const struct contract_operation *operation)
{
    return (struct template){entry->base_path, slice_of(contract_operation_path(operation))};
}

static int check_operation(const struct entry *entry, const struct contract_operation *operation,
                           const struct entry *other, struct lfi_error *error)
{
    for (size_t i = 0; i < contract_operation_count(other->api.flow->contract); i++) {
        const struct contract_operation *taken =
            contract_operation_at(other->api.flow->contract, i);
        if (strcmp(contract_operation_method(operation), contract_operation_method(taken)) == 0 &&
            overlap(template_of(entry, operation), template_of(other, taken))) {
            return error_set(
                error, "%s %.*s%s and %.*s%s are the same path: base paths must tell them apart",
                contract_operation_method(operation), SLICE_ARG(other->base_path),
                contract_operation_path(taken), SLICE_ARG(entry->base_path),
                contract_operation_path(operation));
        }
    }
    return 0;
}

/* Against all before it. */
static int check_entry(const struct apis *apis, const struct entry *entry, struct lfi_error *error)
{
    const struct contract_api *contract = entry->api.flow->contract;
    for (const struct entry *other = apis->entries; other < entry; other++) {
        bool apart = other->api.caap != entry->api.caap; /* no provider has both */
        for (size_t i = 0; !apart && i < contract_operation_count(contract); i++) {
            if (check_operation(entry, contract_operation_at(contract, i), other, error) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

int apis_new(struct apis **out, const struct api *items, size_t count, struct lfi_error *error)
{
    *out = NULL;
    struct apis *apis = calloc(1, sizeof(*apis) + count * sizeof(apis->entries[0]));
    if (!apis) {
        return error_set(error, "out of memory");
    }
    apis->count = count;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &apis->entries[i];
        const char *base_path = items[i].base_path ? items[i].base_path : "";
        *entry = (struct entry){.api = items[i],
                                .base_path = slice_of(base_path),
                                .base_version = version_of_address(slice_of(base_path)),
                                .first = apis->operation_count};
        apis->operation_count += contract_operation_count(items[i].flow->contract);
        if (check_entry(apis, entry, error) != 0 ||
            contract_init(items[i].flow->contract, error) != 0) {
            apis_free(apis);
            return -1;
        }
        apis->prepared++;
    }
    *out = apis;
    return 0;
}

void apis_free(struct apis *apis)
{
    for (size_t i = 0; apis && i < apis->prepared; i++) {
        contract_fini(apis->entries[i].api.flow->contract);
    }
    free(apis);
}

/* --- search ----------------------------------------------------------------------------------- */

/* The path below the API's base path; absent when it is not below it. */
static struct lfi_slice path_below(const struct entry *entry, struct lfi_slice path)
{
    struct lfi_slice base = entry->base_path;
    if (base.len == 0) {
        return path;
    }
    if (path.len <= base.len || memcmp(path.ptr, base.ptr, base.len) != 0) {
        return (struct lfi_slice){NULL, 0};
    }
    return (struct lfi_slice){path.ptr + base.len, path.len - base.len};
}

/* True: an API of the kind has the operation. With another method out->found says so. */
static bool find_among(const struct apis *apis, bool caap, struct lfi_slice method,
                       struct lfi_slice path, struct api_match *out)
{
    for (size_t i = 0; i < apis->count; i++) {
        const struct entry *entry = &apis->entries[i];
        if (entry->api.caap != caap) {
            continue;
        }
        enum contract_found found = contract_match(entry->api.flow->contract, method,
                                                   path_below(entry, path), &out->contract);
        if (found == CONTRACT_FOUND) {
            size_t index = contract_operation_index(out->contract.operation);
            out->found = found;
            out->api = &entry->api;
            out->index = i;
            out->base_version = entry->base_version;
            out->row = flow_row_of(entry->api.flow, out->contract.operation);
            out->number = entry->first + index;
            return true;
        }
        if (found == CONTRACT_NO_METHOD) {
            out->found = found; /* another API may offer it */
        }
    }
    return false;
}

void apis_find(const struct apis *apis, enum apis_choice choice, struct lfi_slice method,
               struct lfi_slice path, struct api_match *out)
{
    bool caap_first = choice == APIS_CAAP;
    out->found = CONTRACT_NO_PATH;
    if (!find_among(apis, caap_first, method, path, out) && choice != APIS_OWN) {
        (void)find_among(apis, !caap_first, method, path, out);
    }
}

void apis_append_methods(const struct apis *apis, enum apis_choice choice, struct lfi_slice path,
                         struct buf *out)
{
    for (size_t i = 0; i < apis->count; i++) {
        const struct entry *entry = &apis->entries[i];
        if (!entry->api.caap || choice != APIS_OWN) {
            contract_append_methods(entry->api.flow->contract, path_below(entry, path), out);
        }
    }
}

/* --- all operations --------------------------------------------------------------------------- */

size_t apis_operation_count(const struct apis *apis)
{
    return apis->operation_count;
}

static const struct entry *entry_of(const struct apis *apis, size_t number)
{
    const struct entry *entry = &apis->entries[apis->count - 1];
    while (entry->first > number) {
        entry--;
    }
    return entry;
}

const struct contract_operation *apis_operation_at(const struct apis *apis, size_t number)
{
    const struct entry *entry = entry_of(apis, number);
    return contract_operation_at(entry->api.flow->contract, number - entry->first);
}

const struct flow_row *apis_row_at(const struct apis *apis, size_t number)
{
    const struct entry *entry = entry_of(apis, number);
    return flow_row_of(entry->api.flow, apis_operation_at(apis, number));
}

bool apis_is_for(const struct apis *apis, size_t number, const struct provider *provider)
{
    struct api_match match;
    const struct entry *entry = entry_of(apis, number);
    const struct contract_operation *operation = apis_operation_at(apis, number);
    if (entry->api.caap || !provider->caap) {
        return entry->api.caap == provider->caap;
    }
    return !find_among(apis, true, slice_of(contract_operation_method(operation)),
                       slice_of(contract_operation_path(operation)), &match);
}

void apis_append_path(const struct apis *apis, const char *id, struct buf *out)
{
    for (size_t i = 0; i < apis->operation_count; i++) {
        const struct contract_operation *operation = apis_operation_at(apis, i);
        if (strcmp(contract_operation_id(operation), id) == 0) {
            buf_append_slice(out, entry_of(apis, i)->base_path);
            buf_append_text(out, contract_operation_path(operation));
            return;
        }
    }
}

const struct contract_api *apis_versioned(const struct apis *apis)
{
    for (size_t i = 0; i < apis->count; i++) {
        if (apis->entries[i].api.versioned) {
            return apis->entries[i].api.flow->contract;
        }
    }
    return NULL;
}

enum contract_standing apis_standing_of(const struct apis *apis, uint32_t version)
{
    enum contract_standing best = CONTRACT_UNKNOWN;
    for (size_t i = 0; i < apis->count; i++) {
        enum contract_standing standing =
            contract_standing_of(apis->entries[i].api.flow->contract, version);
        best = standing > best ? standing : best;
    }
    return best;
}

bool apis_has_operation(const struct apis *apis, struct lfi_slice id)
{
    for (size_t i = 0; i < apis->operation_count; i++) {
        if (slice_equal_text(id, contract_operation_id(apis_operation_at(apis, i)))) {
            return true;
        }
    }
    return false;
}

static bool lists(const char *const *permissions, struct lfi_slice permission)
{
    for (; permissions && *permissions; permissions++) {
        if (slice_equal_text(permission, *permissions)) {
            return true;
        }
    }
    return false;
}

bool apis_deliver(const struct apis *apis, const struct provider *provider,
                  struct lfi_slice permission)
{
    for (size_t i = 0; i < apis->operation_count; i++) {
        const struct flow_row *row = apis_row_at(apis, i);
        if (lists(row->permissions, permission) && flow_offers(row, provider)) {
            return true;
        }
    }
    return false;
}
