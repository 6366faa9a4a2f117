#include "tpp/signed.h"

#include "caller/token.h"
#include "sim.h"

/* None of these may come twice. */
static const char *const once[] = {"iss",
                                   "sub",
                                   "aud",
                                   "exp",
                                   "nbf",
                                   "iat",
                                   "jti",
                                   "client_id",
                                   "response_type",
                                   "redirect_uri",
                                   "scope",
                                   "state",
                                   "nonce",
                                   "code_challenge",
                                   "code_challenge_method",
                                   "max_age",
                                   "authorization_details",
                                   "message",
                                   NULL};

const char *signed_fault_text(enum signed_fault fault)
{
#define SIGNED_TEXT(name, text) [SIGNED_##name] = text,
    static const char *const texts[SIGNED_COUNT] = {SIGNED_FAULTS(SIGNED_TEXT)};
#undef SIGNED_TEXT
    return texts[fault];
}

static bool is_typ(struct lfi_slice typ, const char *const *typs)
{
    for (; *typs; typs++) {
        if (slice_equal_nocase(typ, *typs)) {
            return true;
        }
    }
    return !typ.ptr;
}

enum signed_fault signed_read(struct arena *arena, struct lfi_slice compact, size_t max,
                              const char *const *typs, struct signed_text *out)
{
    struct lfi_error error;
    out->claims = NULL;
    if (jose_token_parse_within(arena, compact, max, &out->token, &error) != 0) {
        return SIGNED_FORM;
    }
    if (!slice_equal_text(out->token.alg, "PS256")) {
        return SIGNED_ALG;
    }
    if (!is_typ(out->token.typ, typs)) {
        return SIGNED_TYP;
    }
    if (out->token.has_crit) {
        return SIGNED_CRIT;
    }
    if (out->token.names_key) {
        return SIGNED_KEY;
    }
    out->claims = jose_parse_object(out->token.payload, once);
    return out->claims ? SIGNED_GOOD : SIGNED_FORM;
}

enum signed_fault signed_verify(const struct signed_text *text, const struct jose_keyset *keys)
{
    struct lfi_error error;
    if (!keys || text->token.kid.len == 0 || !jose_keyset_has(keys, text->token.kid)) {
        return SIGNED_KID;
    }
    return jose_verify(keys, &text->token, &error) == 0 ? SIGNED_GOOD : SIGNED_SIGNATURE;
}

static bool is_ahead(const cJSON *claims, const char *name, double latest)
{
    double date = latest;
    return json_get(claims, name) && (!token_get_date(claims, name, &date) || date > latest);
}

enum signed_fault signed_check_dates(const struct sim *sim, const cJSON *claims)
{
    const int64_t now_s = clock_now_s(sim->clock);
    const int skew_s = switches_get(&sim->switches, SWITCH_SKEW);
    const double latest = (double)(now_s + skew_s);
    double exp = 0;
    if (!token_get_date(claims, "exp", &exp) || exp < (double)(now_s - skew_s)) {
        return SIGNED_EXP;
    }
    if (is_ahead(claims, "nbf", latest)) {
        return SIGNED_NBF;
    }
    return is_ahead(claims, "iat", latest) ? SIGNED_IAT : SIGNED_GOOD;
}
