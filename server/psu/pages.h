/*
 * What browsers load: HTML pages filled in with the texts of a language, and static files, built
 * into the program from web/; and of each provider its brand. Constant after pages_new(), any
 * thread.
 *
 * In a page, {{name}} stands for a text of the locale or one of: lang, dir, languages, bank, brand,
 * logo, schemeLogo, schemeMark, errorTitle, errorText, reference, demoHidden. All are escaped.
 */
#ifndef PSU_PAGES_H
#define PSU_PAGES_H

#include "base/error.h"
#include "http/message.h"
#include "psu/page_texts.h"

struct pages;

/* The pages of a provider. The brand's texts replace those of the same key in `texts`, the
 * program's own, which must outlive the pages. */
int pages_new(struct pages **out, const char *provider_id, const struct brand_config *brand,
              const struct page_texts *texts, struct lfi_error *error);
void pages_free(struct pages *pages);

struct web_page {
    const char *name;           /* "journey.html" */
    const char *error_id;       /* error.html: names the texts error.{id}.title and .text */
    struct lfi_slice reference; /* error.html */
    bool demo;                  /* start.html: say where the demonstration begins */
};

/* Fills the reply with a page in the request's language; 200. */
void pages_render(const struct pages *pages, const struct request *request,
                  const struct web_page *page, struct reply *reply);
/*
 * Answers with a static file: 200, 304 when the browser has it, 405 without a body when it is not
 * to be read. False: there is none.
 */
bool pages_serve_file(const struct request *request, struct lfi_slice path, struct reply *reply);
/* The same with a file of the brand: "style.css", "logo", "journey.en.json" (the texts of a
 * script). */
bool pages_serve_brand(const struct pages *pages, const struct request *request,
                       struct lfi_slice name, struct reply *reply);
/* The policy headers of every answer. */
void pages_add_headers(struct reply *reply, bool secure);

#endif
