/*
 * How a provider's pages look and speak where the bank wants it otherwise: colours, logos, name and
 * texts, from the configuration (Brand in config.schema.yaml). Colours that could not be read are
 * refused: WCAG 2.1, 1.4.3 asks for a contrast of 4.5 to what they stand on.
 */
#ifndef PSU_BRAND_H
#define PSU_BRAND_H

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* Its pictures. */
enum brand_image {
    BRAND_LOGO,        /* of the bank */
    BRAND_SCHEME_LOGO, /* of the scheme, above every page */
    BRAND_SCHEME_MARK, /* the same, inside the main button */
    BRAND_IMAGES,
};

struct brand_config {
    const char *json;                /* the configuration's object; NULL: the pages as they are */
    const char *files[BRAND_IMAGES]; /* NULL: none */
    const char *bank_name;           /* where the brand says none */
};

struct brand {
    cJSON *tree; /* NULL: none */
    const char *bank_name;
    struct buf style; /* CSS that sets the colours; empty when there are none */
    struct {
        struct buf bytes; /* empty when there is none */
        const char *type;
    } images[BRAND_IMAGES];
};

/* `bank_name` must outlive the brand; the rest is copied. */
int brand_read(struct brand *out, const struct brand_config *config, struct lfi_error *error);
void brand_free(struct brand *brand);
/* The bank's name in a language. */
struct lfi_slice brand_name(const struct brand *brand, const char *language);
bool brand_has_texts(const struct brand *brand);
/* The bank's own texts in a language, an object; NULL: none. */
const cJSON *brand_texts(const struct brand *brand, const char *language);

#endif
