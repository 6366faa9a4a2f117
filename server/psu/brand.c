#include "psu/brand.h"

#include "base/array.h"
#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define IMAGE_BYTES (48 * 1024)
#define STYLE_BYTES 2048
#define CONTRAST_LEAST 4.5

/* Red, green, blue. */
struct colour {
    unsigned char part[3];
};

/* Background of text and buttons in style.css, in light and dark. */
static const struct scheme {
    const char *name;
    struct colour card;
} schemes[] = {{"light", {{0xff, 0xff, 0xff}}}, {"dark", {{0x14, 0x20, 0x24}}}};

static const struct colour white = {{0xff, 0xff, 0xff}};
static const struct colour ink = {{0x06, 0x14, 0x18}};

static struct colour parse_colour(const char *text) /* "#0b5563", checked by the schema */
{
    unsigned red = 0, green = 0, blue = 0;
    (void)sscanf(text, "#%2x%2x%2x", &red, &green, &blue);
    return (struct colour){{(unsigned char)red, (unsigned char)green, (unsigned char)blue}};
}

/* WCAG 2.1: relative luminance, and the contrast of two colours. */
static double luminance(struct colour colour)
{
    static const double weights[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double part = colour.part[i] / 255.0;
        sum += weights[i] * (part <= 0.03928 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(struct colour a, struct colour b)
{
    double x = luminance(a), y = luminance(b);
    return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

static int append_scheme(struct brand *brand, const struct scheme *scheme, struct lfi_error *error)
{
    const char *text = cJSON_GetStringValue(json_get(json_get(brand->tree, scheme->name), "brand"));
    bool dark = strcmp(scheme->name, "dark") == 0;
    if (!text) {
        return 0;
    }
    struct colour colour = parse_colour(text);
    double seen = contrast(colour, scheme->card);
    if (seen < CONTRAST_LEAST) {
        return error_set(error,
                         "brand.%s.brand: %s has a contrast of %.1f to the page; %.1f is least",
                         scheme->name, text, seen, CONTRAST_LEAST);
    }
    const char *on_it = contrast(colour, white) >= contrast(colour, ink) ? "#fff" : "#061418";
    buf_append_format(&brand->style,
                      "%s:root{--brand:%s;--focus:%s;--brand-text:%s;"
                      "--brand-soft:color-mix(in srgb,%s 12%%,var(--card))}%s\n",
                      dark ? "@media (prefers-color-scheme:dark){" : "", text, text, on_it, text,
                      dark ? "}" : "");
    return 0;
}

static int read_image(struct brand *brand, enum brand_image image, const char *file,
                      struct lfi_error *error)
{
    static const char svg[] = ".svg", png[] = ".png";
    size_t len = !file ? 0 : strlen(file);
    if (!file) {
        return 0;
    }
    const char *end = len > 4 ? file + len - 4 : "";
    const char *type = strcmp(end, svg) == 0   ? "image/svg+xml"
                       : strcmp(end, png) == 0 ? "image/png"
                                               : NULL;
    brand->images[image].type = type;
    return type ? file_read(file, &brand->images[image].bytes, error)
                : error_set(error, "%s: a logo is .svg or .png", file);
}

int brand_read(struct brand *out, const struct brand_config *config, struct lfi_error *error)
{
    *out = (struct brand){.bank_name = config->bank_name};
    buf_init(&out->style, STYLE_BYTES);
    for (size_t i = 0; i < BRAND_IMAGES; i++) {
        buf_init(&out->images[i].bytes, IMAGE_BYTES);
    }
    if (config->json && !(out->tree = json_parse(slice_of(config->json)))) {
        return error_set(error, "brand: not JSON, or out of memory");
    }
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (append_scheme(out, &schemes[i], error) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < BRAND_IMAGES; i++) {
        if (read_image(out, (enum brand_image)i, config->files[i], error) != 0) {
            return -1;
        }
    }
    return 0;
}

void brand_free(struct brand *brand)
{
    cJSON_Delete(brand->tree);
    buf_free(&brand->style);
    for (size_t i = 0; i < BRAND_IMAGES; i++) {
        buf_free(&brand->images[i].bytes);
    }
}

struct lfi_slice brand_name(const struct brand *brand, const char *language)
{
    struct lfi_slice name = json_get_string(json_get(brand->tree, "name"), language);
    return name.len > 0 ? name : slice_of(brand->bank_name);
}

bool brand_has_texts(const struct brand *brand)
{
    return json_get(brand->tree, "texts");
}

const cJSON *brand_texts(const struct brand *brand, const char *language)
{
    return json_get(json_get(brand->tree, "texts"), language);
}
