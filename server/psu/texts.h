/*
 * Which texts a script of the pages shows, so that a page loads no others.
 *
 * A script names a text by its whole key in single quotes, 'signIn.title'; without the last part,
 * where that is the plural's form; or in a template that begins with whole parts of the key:
 * `error.${id}.title` names all that begin with "error.". It shows what it names, and what the
 * scripts name that it imports with `from './…'`. What it loads later, by import(), is apart.
 */
#ifndef PSU_TEXTS_H
#define PSU_TEXTS_H

#include "base/embed.h"
#include "base/json.h"

/* The texts of a language, sorted by key. `texts`, a flat object, must outlive it and stay as it
 * is. NULL: out of memory. */
struct text_index *text_index_new(const cJSON *texts);
void text_index_free(struct text_index *index);

/* Those that a script of `web` shows, as a JSON object. To be freed with cJSON_free(); NULL: out of
 * memory. */
char *texts_of_script(const struct embed_set *web, const struct embed_file *script,
                      const struct text_index *index);

#endif
