// link: lfi-caller lfi-jose lfi-base
/*
 * A JWT Auth token before its signature is judged: the text as a whole, and (so that the fuzzer
 * need not learn base64) as the JSON of the header and as that of the claims.
 */
#include "base/base64.h"
#include "base/limits.h"
#include "caller/token.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void judge_claims(struct arena *arena, struct lfi_slice payload)
{
    static const char *const audiences[] = {"retail", "business"};
    const struct caller_subject subject = {.o = SLICE("Hub Operator"), .ou = SLICE("ou-1")};
    const struct token_rules rules = {.subject = &subject,
                                      .audiences = audiences,
                                      .audience_count = 2,
                                      .now_s = 1700000000,
                                      .max_life_s = LIMIT_TOKEN_LIFE_S};
    struct token_claims claims;
    struct refusal refusal = {.id = NULL};

    if (token_check_claims(&rules, payload, arena, &claims, &refusal) == 0) {
        expect(claims.audience_count > 0 && claims.jti.len > 0);
        expect(claims.exp_s >= rules.now_s - LIMIT_TOKEN_SKEW_S);
        expect(claims.exp_s <= rules.now_s + LIMIT_TOKEN_SKEW_S + LIMIT_TOKEN_LIFE_S);
    } else {
        expect(refusal.id && refusal.status == 401);
    }
}

static void judge_token(struct arena *arena, struct lfi_slice compact)
{
    struct jose_token token;
    struct lfi_error error = {""};
    struct refusal refusal = {.id = NULL};

    if (jose_token_parse(arena, compact, &token, &error) != 0) {
        expect(error.message[0] != '\0');
        return;
    }
    expect(token.signed_part.len + token.signature.len < compact.len);
    if (token_check_header(&token, &refusal) != 0) {
        expect(refusal.id && refusal.status == 401);
    }
    judge_claims(arena, token.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    struct lfi_slice text = {(const char *)data, size};
    struct buf compact;

    judge_token(arena, text);
    judge_claims(arena, text);
    buf_init(&compact, LIMIT_ARENA_BYTES);
    base64_append_url(&compact, data, size);
    buf_append_text(&compact, ".e30.c2ln");
    judge_token(arena, buf_slice(&compact));
    buf_free(&compact);
    arena_free(arena);
    return 0;
}
