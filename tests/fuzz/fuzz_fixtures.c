// link: lfi-fixture-bank
#include "contract_fixtures.h"
#include "reader.h"

#include <stdlib.h>

/* The shared files, read once; each input is a persona file of that world. */
static struct bank *world;

static const struct bank_options small = {.small = true};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct lfi_error error;
    struct problem problem;
    (void)argc;
    (void)argv;
    if (contract_init(&contract_fixtures, &error) != 0 ||
        bank_new(&world, "retail", &small, &problem) != 0) {
        abort();
    }
    struct reader reader = {.bank = world, .problem = &problem};
    if (reader_world(&reader, LFI_SOURCE_DIR "/fixtures") != 0) {
        abort();
    }
    return 0;
}

/* A bank of its own that borrows what the world's files say. */
static struct bank *new_bank(struct problem *problem)
{
    struct bank *bank;
    if (bank_new(&bank, "retail", &small, problem) != 0) {
        abort();
    }
    struct bank copy = *world;
    copy.arena = bank->arena;
    copy.documents = bank->documents;
    copy.document_count = 0;
    *bank = copy;
    return bank;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem problem;
    struct bank *bank = new_bank(&problem);
    struct reader reader = {.bank = bank, .problem = &problem};
    struct document *document = &bank->documents[0];
    if (document_parse(document, "input", (struct lfi_slice){(const char *)data, size},
                       contract_schema_named(&contract_fixtures, "Persona"), &problem) == 0) {
        bank->document_count = 1;
        reader.document = document;
        (void)reader_personas(&reader, 0);
    }
    bank_free(bank);
    return 0;
}
