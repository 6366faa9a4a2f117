#include "output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

FILE *output_open(const struct output *output, const char *stem, const char *end)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s_%s.%s", output->folder, stem, output->name, end);
    FILE *file = fopen(path, "wb");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

void output_close(FILE *file)
{
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        fputs("writing failed\n", stderr);
        exit(1);
    }
}

void output_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20 || c > 0x7e || c == '?') {
            fprintf(out, "\\%03o", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

void output_text(FILE *out, const char *text)
{
    fputc('{', out);
    output_quoted(out, text);
    fprintf(out, ", %zu}", strlen(text));
}

void output_upper(FILE *out, const char *word)
{
    for (const char *p = word; *p; p++) {
        fputc(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p, out);
    }
}
