/*
 * parity: do our documents accept and refuse what the official ones do?
 *
 *   parity --ours FOLDER --official FOLDER [--overlay FILE] INTENDED.yaml [MORE.yaml]
 *
 * INTENDED.yaml lists which documents belong together, several of ours where we have split one, and
 * the differences that are meant, each with its reason; MORE.yaml lists further ones. With an
 * overlay, ours are the documents of that later version. Exit status 1 for any other difference,
 * and for a listed one that is no more.
 */
#include "base/descriptors.h"
#include "overlay.h"
#include "parity.h"

#include "lfi_version.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTS 2 /* of intended differences */

struct folders {
    const char *ours, *official;
};

static const struct operation *find_operation(const struct model *model,
                                              const struct operation *wanted)
{
    for (size_t i = 0; i < model->operation_count; i++) {
        if (strcmp(model->operations[i].path, wanted->path) == 0 &&
            strcmp(model->operations[i].method, wanted->method) == 0) {
            return &model->operations[i];
        }
    }
    return NULL;
}

/* One of our documents and the official one; returns how many operations were compared. */
static size_t compare_documents(struct comparison *c, struct node entry,
                                const struct folders *folders)
{
    static const char *const known[] = {"ours", "official", NULL};
    struct model ours = {.source = c->source}, official = {.source = c->source, .foreign = true};
    size_t compared = 0;
    node_only(entry, "a pair of documents", known);
    struct node parts = node_need(entry, "ours");
    for (size_t i = 0; i < (node_is_list(parts) ? node_count(parts) : 1); i++) {
        struct node part = node_is_list(parts) ? node_item(parts, i) : parts;
        model_add_document(&ours,
                           source_format(c->source, "%s/%s", folders->ours, node_string(part)));
    }
    model_add_document(&official, source_format(c->source, "%s/%s", folders->official,
                                                node_string(node_need(entry, "official"))));
    for (size_t i = 0; i < ours.operation_count; i++) {
        const struct operation *other = find_operation(&official, &ours.operations[i]);
        if (other) {
            compare_operations(c, &ours.operations[i], other);
            compared++;
        } else {
            compare_add(c, ours.operations[i].at, ours.operations[i].id, "operation: only ours");
        }
    }
    for (size_t i = 0; i < official.operation_count; i++) {
        if (!find_operation(&ours, &official.operations[i])) {
            compare_add(c, entry, official.operations[i].id, "operation: only official");
        }
    }
    return compared;
}

static bool is_intended(struct node list, bool *used, const struct difference *difference)
{
    bool found = false;
    for (size_t i = 0; list.raw && i < node_count(list); i++) {
        struct node entry = node_item(list, i);
        if (fnmatch(node_string(node_need(entry, "where")), difference->where, 0) == 0 &&
            fnmatch(node_string(node_need(entry, "what")), difference->what, 0) == 0) {
            used[i] = found = true;
        }
    }
    return found;
}

/* What was intended but is not there; how many. */
static size_t report_unused(struct node intended, const bool *used)
{
    size_t findings = 0;
    for (size_t i = 0; intended.raw && i < node_count(intended); i++) {
        if (!used[i]) {
            struct node entry = node_item(intended, i);
            printf("%s:%zu: this difference is no more\n", node_file(entry), node_line(entry));
            findings++;
        }
    }
    return findings;
}

static bool *begin_list(struct source *source, struct node intended)
{
    static const char *const known[] = {"where", "what", "reason", NULL};
    size_t listed = intended.raw ? node_count(intended) : 0;
    for (size_t i = 0; i < listed; i++) {
        node_only(node_item(intended, i), "an intended difference", known);
        node_string(node_need(node_item(intended, i), "reason"));
    }
    return source_array(source, listed + 1, sizeof(bool));
}

/* Prints what is in no list, and what is listed but not there; how many of both. */
static size_t report(const struct comparison *c, const struct node lists[LISTS])
{
    bool *used[LISTS];
    size_t findings = 0;
    for (size_t k = 0; k < LISTS; k++) {
        used[k] = begin_list(c->source, lists[k]);
    }
    for (size_t i = 0; i < c->count; i++) {
        const struct difference *difference = &c->differences[i];
        bool found = false;
        for (size_t k = 0; k < LISTS; k++) {
            found = is_intended(lists[k], used[k], difference) || found;
        }
        if (found) {
            continue;
        }
        printf("%s: %s", difference->where, difference->what);
        if (difference->at.raw) {
            printf("   (%s:%zu)", node_file(difference->at), node_line(difference->at));
        }
        putchar('\n');
        findings++;
    }
    for (size_t k = 0; k < LISTS; k++) {
        findings += report_unused(lists[k], used[k]);
    }
    return findings;
}

static const char usage[] = "usage: parity --ours FOLDER --official FOLDER [--overlay FILE] "
                            "INTENDED.yaml [MORE.yaml]\n";

int main(int argc, char **argv)
{
    static const struct option known[] = {{"ours", required_argument, NULL, 'o'},
                                          {"official", required_argument, NULL, 'f'},
                                          {"overlay", required_argument, NULL, 'v'},
                                          {0}};
    static const char *const members[] = {"documents", "differences", NULL};
    struct folders folders = {0};
    struct node lists[LISTS] = {{0}};
    const char *overlay = NULL;
    struct source source = {0};
    struct comparison c = {.source = &source};
    descriptors_open_standard();
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("parity " LFI_VERSION);
        return 0;
    }
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == 'o') {
            folders.ours = optarg;
        } else if (option == 'f') {
            folders.official = optarg;
        } else if (option == 'v') {
            overlay = optarg;
        } else {
            optind = argc;
        }
    }
    if (!folders.ours || !folders.official || optind >= argc || argc - optind > LISTS) {
        fputs(usage, stderr);
        return 2;
    }
    if (overlay) {
        (void)overlay_apply(&source, overlay);
    }
    struct node documents = {0};
    for (int k = 0; k < argc - optind; k++) {
        struct node root = source_open(&source, argv[optind + k], (struct node){0});
        node_only(root, "the list of intended differences", members);
        lists[k] = node_get(root, "differences");
        documents = k == 0 ? node_need(root, "documents") : documents;
    }
    size_t compared = 0;
    for (size_t i = 0; i < node_count(documents); i++) {
        compared += compare_documents(&c, node_item(documents, i), &folders);
    }
    size_t findings = report(&c, lists);
    printf("%zu operations compared, %zu differences, %zu not as intended\n", compared, c.count,
           findings);
    source_free(&source);
    return findings > 0 || compared == 0;
}
