/* Patterns through PCRE2. openapi-compile refuses those that do not compile. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "contract/check.h"

#include <pcre2.h>
#include <stdlib.h>

/* Steps of one match. The documents' patterns need some ten per character at worst. */
#define LIMIT_PATTERN_STEPS 200000

struct contract_pattern_code {
    pcre2_code *code;
    pcre2_match_context *context;
    bool generated; /* into machine code */
};

static void drop_pattern(struct contract_pattern *pattern)
{
    if (--pattern->users > 0) {
        return;
    }
    if (pattern->code) {
        pcre2_match_context_free(pattern->code->context);
        pcre2_code_free(pattern->code->code);
    }
    free(pattern->code);
    pattern->code = NULL;
}

static int compile_pattern(struct contract_pattern *pattern, struct lfi_error *error)
{
    int number;
    PCRE2_SIZE offset;
    if (pattern->users++ > 0) {
        return 0;
    }
    pattern->code = calloc(1, sizeof(*pattern->code));
    if (!pattern->code) {
        return error_set(error, "out of memory");
    }
    pattern->code->context = pcre2_match_context_create(NULL);
    pattern->code->code = pcre2_compile((PCRE2_SPTR)pattern->text, PCRE2_ZERO_TERMINATED,
                                        CONTRACT_PATTERN_OPTIONS, &number, &offset, NULL);
    if (!pattern->code->context || !pattern->code->code) {
        return error_set(error, "pattern %s does not compile", pattern->text);
    }
    pcre2_set_match_limit(pattern->code->context, LIMIT_PATTERN_STEPS);
    /* where the system forbids generated code the interpreter does the work */
    pattern->code->generated = pcre2_jit_compile(pattern->code->code, PCRE2_JIT_COMPLETE) == 0;
    return 0;
}

int contract_init(const struct contract_api *api, struct lfi_error *error)
{
    for (size_t i = 0; i < api->pattern_count; i++) {
        if (compile_pattern(&api->patterns[i], error) != 0) {
            for (size_t k = 0; k <= i; k++) {
                drop_pattern(&api->patterns[k]);
            }
            return -1;
        }
    }
    return 0;
}

void contract_fini(const struct contract_api *api)
{
    for (size_t i = 0; i < api->pattern_count; i++) {
        drop_pattern(&api->patterns[i]);
    }
}

/* Memory of a check's match data: its own bytes first, then the heap (the interpreter needs more).
 */
static void *scratch_take(size_t size, void *ctx)
{
    struct contract_scratch *scratch = ctx;
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (size > sizeof(scratch->bytes) - scratch->used) {
        return malloc(size);
    }
    void *out = scratch->bytes + scratch->used;
    scratch->used += size;
    return out;
}

static void scratch_give(void *memory, void *ctx)
{
    struct contract_scratch *scratch = ctx;
    uintptr_t at = (uintptr_t)memory, from = (uintptr_t)scratch->bytes;
    if (at < from || at >= from + sizeof(scratch->bytes)) {
        free(memory);
    }
}

static bool scratch_begin(struct contract_scratch *scratch)
{
    scratch->used = 0;
    pcre2_general_context *general =
        pcre2_general_context_create(scratch_take, scratch_give, scratch);
    if (!general) {
        return false;
    }
    scratch->match = pcre2_match_data_create(1, general);
    pcre2_general_context_free(general);
    return scratch->match;
}

void contract_scratch_end(struct contract_scratch *scratch)
{
    if (scratch->match) {
        pcre2_match_data_free(scratch->match);
    }
    scratch->match = NULL;
}

bool contract_pattern_fits(const struct contract_pattern *pattern, struct lfi_slice text,
                           struct contract_scratch *scratch)
{
    const struct contract_pattern_code *code = pattern->code;
    if (!scratch->match && !scratch_begin(scratch)) {
        return false;
    }
    int result = code->generated ? pcre2_jit_match(code->code, (PCRE2_SPTR)text.ptr, text.len, 0, 0,
                                                   scratch->match, code->context)
                                 : pcre2_match(code->code, (PCRE2_SPTR)text.ptr, text.len, 0,
                                               PCRE2_NO_UTF_CHECK, scratch->match, code->context);
    return result >= 0; /* 0: more groups than the scratch has room for */
}
