/*
 * openapi-compile: OpenAPI documents, or files of schemas, to C tables for server/contract.
 *
 *   openapi-compile --name NAME --out FOLDER [--rows] [--overlay FILE.yaml]… FILE.yaml…
 *   openapi-compile --name NAME --out FOLDER --schemas FILE.yaml…
 *   openapi-compile --bundle FOLDER [--overlay FILE.yaml]… [--samples FILE] [--answers FILE]
 * FILE.yaml…
 *
 * A document that is wrong, or says something that the tables cannot express, is refused with file
 * and line (exit status 1); nothing is skipped silently but texts for people. An overlay makes one
 * more version of the documents (overlay.h): operations that differ are there once for each form.
 * --bundle writes each document whole instead, as JSON for people and clients (bundle.h).
 *
 * Besides OpenAPI 3.0 it knows: on a document `x-lfi-closed: true` (an object whose properties are
 * listed has no others where additionalProperties is not said: so that two documents can share a
 * schema, of which one is open); on an operation `x-lfi`, its row (see below); on a parameter
 * `x-lfi-lenient: true` (its value is not checked); on a text with a pattern `x-lfi-tolerant: true`
 * (an answer of ours may hold one that does not fit: contract_check_reply says what becomes of it).
 * Deprecated parameters and those with a default are not demanded. A body of any media type,
 * `*`/`*`, is taken as bytes: minLength and maxLength are counted in bytes.
 *
 * Members of x-lfi: `serves: FAMILY.FUNCTION` of the core interface, `also` one that is needed
 * besides; `subject`: nobody, user or account; `reply`: one, list or pages; `record`: member of
 * each record that names the account; `query`, `shape`, `handler`: C functions (server/flow/row.h
 * says what each does); `permissions`: codes of consents that open it; `stages`: of a customer's
 * session in which it is allowed (psu/session.h); `auth`: none, no credential is asked for, or
 * connect-token, that of the consent may stand in its place; `stream: true`: the handler reads the
 * body in pieces; `later: true`: not built yet.
 */
#include "base/descriptors.h"
#include "bundle.h"
#include "others.h"
#include "set.h"
#include "tables.h"

#include "lfi_version.h"

#include <getopt.h>
#include <string.h>

static const char usage_text[] =
    "usage: openapi-compile --name NAME --out FOLDER [--rows] [--overlay FILE.yaml]... "
    "FILE.yaml...\n"
    "       openapi-compile --name NAME --out FOLDER --schemas [--overlay FILE.yaml]... "
    "FILE.yaml...\n"
    "       openapi-compile --bundle FOLDER [--overlay FILE.yaml]... [--samples FILE] "
    "[--answers FILE] FILE.yaml...\n";

struct options {
    struct output output;
    struct bundle_options bundle;
    const char *overlays[SET_VERSIONS];
    size_t overlay_count;
    bool rows, schemas;
};

static bool parse(struct options *out, int argc, char **argv)
{
    static const struct option known[] = {{"name", required_argument, NULL, 'n'},
                                          {"out", required_argument, NULL, 'o'},
                                          {"rows", no_argument, NULL, 'r'},
                                          {"schemas", no_argument, NULL, 's'},
                                          {"overlay", required_argument, NULL, 'v'},
                                          {"bundle", required_argument, NULL, 'b'},
                                          {"samples", required_argument, NULL, 'e'},
                                          {"answers", required_argument, NULL, 'a'},
                                          {0}};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == 'n') {
            out->output.name = optarg;
        } else if (option == 'o') {
            out->output.folder = optarg;
        } else if (option == 'r') {
            out->rows = true;
        } else if (option == 's') {
            out->schemas = true;
        } else if (option == 'b') {
            out->bundle.folder = optarg;
        } else if (option == 'e') {
            out->bundle.samples = optarg;
        } else if (option == 'a') {
            out->bundle.answers = optarg;
        } else if (option == 'v' && out->overlay_count < SET_VERSIONS - 1) {
            out->overlays[out->overlay_count++] = optarg;
        } else {
            return false;
        }
    }
    bool tables = out->output.name && out->output.folder;
    bool bundle = out->bundle.folder && !out->output.name && !out->output.folder && !out->rows;
    return tables != bundle && optind < argc && !(out->schemas && (bundle || out->rows));
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct set set = {0};
    descriptors_open_standard();
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage_text, stdout);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("openapi-compile " LFI_VERSION);
        return 0;
    }
    if (!parse(&options, argc, argv)) {
        fputs(usage_text, stderr);
        return 2;
    }
    set.name = options.output.name;
    set_read_versions(&set, options.overlays, options.overlay_count);
    others_find(&set, options.overlays, options.overlay_count);
    if (options.schemas) {
        for (int i = optind; i < argc; i++) {
            set_read_schemas(&set, argv[i]);
        }
    } else {
        set_read_documents(&set, argv + optind, (size_t)(argc - optind));
        others_find_later(&set);
    }
    if (options.bundle.folder) {
        bundle_write(&set, &options.bundle, argv + optind, (size_t)(argc - optind));
    } else {
        tables_write(&set, &options.output, options.rows);
    }
    set_free(&set);
    return 0;
}
