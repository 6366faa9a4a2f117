/*
 * openapi-compile: OpenAPI documents, or files of schemas, to C tables for server/contract.
 *
 *   openapi-compile --name NAME --out FOLDER [--rows] [--schemas] FILE.yaml…
 *
 * A document that is wrong, or says something that the tables cannot express, is refused with file
 * and line (exit status 1); nothing is skipped silently but texts for people.
 *
 * Besides OpenAPI 3.0 it knows: on an operation `x-lfi`, its row (see below); on a parameter
 * `x-lfi-lenient: true` (its value is not checked). Deprecated parameters and those with a default
 * are not demanded.
 *
 * Members of x-lfi: `serves: FAMILY.FUNCTION` of the core interface; `subject`: nobody, user or
 * account; `reply`: one, list or pages; `record`: member of each record that names the account;
 * `query`, `shape`, `handler`: C functions (server/flow/row.h says what each does); `permissions`:
 * codes of consents that open it; `auth: none`: no credential is asked for; `later: true`: not
 * built yet.
 */
#include "base/descriptors.h"
#include "emit.h"

#include "lfi_version.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

FILE *emit_open(const struct emit_options *options, const char *stem, const char *end)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s_%s.%s", options->folder, stem, options->name, end);
    FILE *file = fopen(path, "wb");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

void emit_close(FILE *file)
{
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        fputs("writing failed\n", stderr);
        exit(1);
    }
}

/* For the build system: what the tables were made from. */
static void write_dependencies(const struct source *source, const struct emit_options *options)
{
    FILE *out = emit_open(options, "contract", "d");
    fprintf(out, "%s/contract_%s.c:", options->folder, options->name);
    for (const struct source_file *file = source->files; file; file = file->next)
        fprintf(out, " %s", file->path);
    fputc('\n', out);
    emit_close(out);
}

static const char usage_text[] =
    "usage: openapi-compile --name NAME --out FOLDER [--rows] [--schemas] FILE.yaml...\n";

static int usage(void)
{
    fputs(usage_text, stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"name", required_argument, NULL, 'n'},
                                          {"out", required_argument, NULL, 'o'},
                                          {"rows", no_argument, NULL, 'r'},
                                          {"schemas", no_argument, NULL, 's'},
                                          {0}};
    struct source source = {0};
    struct model model = {.source = &source};
    struct emit_options options = {0};
    bool schemas = false;
    descriptors_open_standard();
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage_text, stdout);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("openapi-compile " LFI_VERSION);
        return 0;
    }
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == 'n')
            options.name = optarg;
        else if (option == 'o')
            options.folder = optarg;
        else if (option == 'r')
            options.rows = true;
        else if (option == 's')
            schemas = true;
        else
            return usage();
    }
    if (!options.name || !options.folder || optind == argc || (schemas && options.rows))
        return usage();
    for (int i = optind; i < argc; i++)
        if (schemas)
            model_add_schemas(&model, argv[i]);
        else
            model_add_document(&model, argv[i]);
    emit_tables(&model, &options);
    if (options.rows)
        emit_rows(&model, &options);
    write_dependencies(&source, &options);
    source_free(&source);
    return 0;
}
