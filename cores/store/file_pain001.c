/*
 * The file type pain.001.001.09 (ISO 20022, customer credit transfer initiation), read by expat.
 *
 * Read are, of GrpHdr and of each PmtInf, NbOfTxs and CtrlSum, which must be true; of each PmtInf
 * its CdtTrfTxInf, and of each of these EndToEndId, InstdAmt in AED, the creditor's name and IBAN.
 * Everything else is passed over. The debtor is the account that the customer chooses.
 *
 * Refused are document types, and with them all entities but the five of XML, encodings other than
 * UTF-8, elements in more than DEPTH_MAX levels, and tokens that do not fit FILE_READER_BYTES.
 */
#include "store/file_reader.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 24
#define TEXT_MAX 512
#define SEPARATOR '|' /* between namespace and name */

static const char NAMESPACE[] = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09|";

enum element {
    NOTHING, /* above the root */
    OTHER,   /* what is passed over, and all in it */
    DOCUMENT,
    INITIATION,
    HEADER,
    HEADER_COUNT,
    HEADER_SUM,
    BATCH,
    BATCH_METHOD,
    BATCH_COUNT,
    BATCH_SUM,
    TRANSFER,
    TRANSFER_ID,
    END_TO_END,
    AMOUNT,
    INSTRUCTED,
    CREDITOR,
    NAME,
    ACCOUNT,
    ACCOUNT_ID,
    IBAN,
};

/* Those behind `text` have one that is wanted. */
static const struct {
    enum element in, is;
    const char *name;
    bool text;
} ELEMENTS[] = {
    {NOTHING, DOCUMENT, "Document", false},  {DOCUMENT, INITIATION, "CstmrCdtTrfInitn", false},
    {INITIATION, HEADER, "GrpHdr", false},   {HEADER, HEADER_COUNT, "NbOfTxs", true},
    {HEADER, HEADER_SUM, "CtrlSum", true},   {INITIATION, BATCH, "PmtInf", false},
    {BATCH, BATCH_METHOD, "PmtMtd", true},   {BATCH, BATCH_COUNT, "NbOfTxs", true},
    {BATCH, BATCH_SUM, "CtrlSum", true},     {BATCH, TRANSFER, "CdtTrfTxInf", false},
    {TRANSFER, TRANSFER_ID, "PmtId", false}, {TRANSFER_ID, END_TO_END, "EndToEndId", true},
    {TRANSFER, AMOUNT, "Amt", false},        {AMOUNT, INSTRUCTED, "InstdAmt", true},
    {TRANSFER, CREDITOR, "Cdtr", false},     {CREDITOR, NAME, "Nm", true},
    {TRANSFER, ACCOUNT, "CdtrAcct", false},  {ACCOUNT, ACCOUNT_ID, "Id", false},
    {ACCOUNT_ID, IBAN, "IBAN", true},
};
#define ELEMENT_COUNT (sizeof(ELEMENTS) / sizeof(ELEMENTS[0]))

/* What a header or a batch says of itself. */
struct claim {
    bool counted, summed;
    uint64_t count;
    int64_t sum;
};

struct pain {
    XML_Parser parser;
    size_t used; /* bytes that expat has */
    enum file_result result;
    unsigned depth;
    enum element open[DEPTH_MAX];
    bool wanted; /* the text of the innermost element */
    size_t text_len;
    char text[TEXT_MAX];

    struct claim header, batch;
    bool has_header;
    uint64_t batch_count; /* before the batch */
    int64_t batch_total;
    unsigned seen; /* of the transfer, 1U << enum element */
    int64_t minor;
    size_t id_len, iban_len, name_len;
    char id[TEXT_MAX], iban[TEXT_MAX], name[TEXT_MAX];
};

/* --- expat's memory --------------------------------------------------------------------------- */

/* Whose allocations are counted: expat's functions have no context. */
static _Thread_local struct pain *counted;

#define HEAD 16 /* bytes before each block, for its size */

static void *take_memory(void *old, size_t size)
{
    size_t before = old ? *(size_t *)(void *)((char *)old - HEAD) : 0;
    if (!counted || size > FILE_READER_BYTES || counted->used - before + size > FILE_READER_BYTES) {
        return NULL;
    }
    char *block = realloc(old ? (char *)old - HEAD : NULL, size + HEAD);
    if (!block) {
        return NULL;
    }
    counted->used += size - before;
    memcpy(block, &size, sizeof(size));
    return block + HEAD;
}

static void *allocate(size_t size)
{
    return take_memory(NULL, size);
}

static void give_memory(void *block)
{
    if (block) {
        char *head = (char *)block - HEAD;
        if (counted) {
            counted->used -= *(size_t *)(void *)head;
        }
        free(head);
    }
}

/* --- elements --------------------------------------------------------------------------------- */

static void stop(struct file_reader *reader, enum file_result result)
{
    struct pain *pain = reader->state;
    pain->result = result;
    (void)XML_StopParser(pain->parser, XML_FALSE);
}

static void refuse(struct file_reader *reader, const char *what)
{
    struct pain *pain = reader->state;
    stop(reader, file_malformed(reader, "line %lu: %s",
                                (unsigned long)XML_GetCurrentLineNumber(pain->parser), what));
}

static size_t find_element(enum element in, const char *name)
{
    size_t at = 0;
    if (strncmp(name, NAMESPACE, sizeof(NAMESPACE) - 1) != 0) {
        return ELEMENT_COUNT;
    }
    name += sizeof(NAMESPACE) - 1;
    while (at < ELEMENT_COUNT && (ELEMENTS[at].in != in || strcmp(ELEMENTS[at].name, name) != 0)) {
        at++;
    }
    return at;
}

static bool is_in_dirhams(const XML_Char **attributes)
{
    for (size_t i = 0; attributes[i]; i += 2) {
        if (strcmp(attributes[i], "Ccy") == 0) {
            return strcmp(attributes[i + 1], "AED") == 0;
        }
    }
    return false;
}

static void open_element(struct file_reader *reader, enum element is, const XML_Char **attributes)
{
    struct pain *pain = reader->state;
    if (is == TRANSFER) {
        pain->seen = 0;
    } else if (is == BATCH) {
        pain->batch = (struct claim){0};
        pain->batch_count = reader->count;
        pain->batch_total = reader->total_minor;
    } else if (is == HEADER) {
        if (pain->has_header) {
            refuse(reader, "there is a second GrpHdr");
        }
        pain->has_header = true;
    } else if (is == INSTRUCTED && !is_in_dirhams(attributes)) {
        refuse(reader, "InstdAmt must be in AED");
    }
    if (is > TRANSFER) {
        if (pain->seen & 1U << is) {
            refuse(reader, "an element stands twice in a CdtTrfTxInf");
        }
        pain->seen |= 1U << is;
    }
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct file_reader *reader = ctx;
    struct pain *pain = reader->state;
    enum element in = pain->depth > 0 ? pain->open[pain->depth - 1] : NOTHING;
    if (pain->result != FILE_FINE) {
        return;
    }
    if (pain->depth == DEPTH_MAX) {
        refuse(reader, "elements are nested too deeply");
        return;
    }
    size_t at = find_element(in, name);
    if (in == NOTHING && at == ELEMENT_COUNT) {
        refuse(reader, "the root must be Document of pain.001.001.09");
        return;
    }
    if (pain->wanted) {
        refuse(reader, "there is an element where a text is expected");
        return;
    }
    enum element is = at < ELEMENT_COUNT ? ELEMENTS[at].is : OTHER;
    pain->open[pain->depth++] = is;
    pain->wanted = at < ELEMENT_COUNT && ELEMENTS[at].text;
    pain->text_len = 0;
    open_element(reader, is, attributes);
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len)
{
    struct file_reader *reader = ctx;
    struct pain *pain = reader->state;
    if (pain->result != FILE_FINE || !pain->wanted) {
        return;
    }
    if (pain->text_len + (size_t)len > TEXT_MAX) {
        refuse(reader, "a text is too long");
        return;
    }
    memcpy(pain->text + pain->text_len, text, (size_t)len);
    pain->text_len += (size_t)len;
}

static void keep_text(const struct pain *pain, char *out, size_t *len)
{
    memcpy(out, pain->text, pain->text_len);
    *len = pain->text_len;
}

static void end_transfer(struct file_reader *reader)
{
    char where[48];
    struct pain *pain = reader->state;
    const unsigned needed = 1U << END_TO_END | 1U << INSTRUCTED | 1U << NAME | 1U << IBAN;
    const struct instruction instruction = {.id = {pain->id, pain->id_len},
                                            .iban = {pain->iban, pain->iban_len},
                                            .name = {pain->name, pain->name_len},
                                            .minor = pain->minor};
    if ((pain->seen & needed) != needed) {
        refuse(reader, "a CdtTrfTxInf needs EndToEndId, InstdAmt, Cdtr/Nm and CdtrAcct/Id/IBAN");
        return;
    }
    (void)snprintf(where, sizeof(where), "line %lu",
                   (unsigned long)XML_GetCurrentLineNumber(pain->parser));
    enum file_result result = file_take(reader, where, &instruction);
    if (result != FILE_FINE) {
        stop(reader, result);
    }
}

static void check_claim(struct file_reader *reader, const struct claim *claim, uint64_t count,
                        int64_t sum)
{
    if (claim->counted && claim->count != count) {
        refuse(reader, "NbOfTxs is not the number of instructions");
    } else if (claim->summed && claim->sum != sum) {
        refuse(reader, "CtrlSum is not the sum of the amounts");
    }
}

static void read_claim(struct file_reader *reader, struct claim *claim, bool counts)
{
    struct pain *pain = reader->state;
    struct lfi_slice text = {pain->text, pain->text_len};
    bool fine = counts ? file_number(text, &claim->count) : file_amount(text, &claim->sum);
    *(counts ? &claim->counted : &claim->summed) = true;
    if (!fine) {
        refuse(reader, counts ? "NbOfTxs must be a number"
                              : "CtrlSum must be above zero, with up to two decimals");
    }
}

static void close_element(struct file_reader *reader, enum element is)
{
    struct pain *pain = reader->state;
    struct lfi_slice text = {pain->text, pain->text_len};
    switch (is) {
    case HEADER_COUNT:
    case HEADER_SUM:
        read_claim(reader, &pain->header, is == HEADER_COUNT);
        break;
    case BATCH_COUNT:
    case BATCH_SUM:
        read_claim(reader, &pain->batch, is == BATCH_COUNT);
        break;
    case BATCH_METHOD:
        if (text.len != 3 || memcmp(text.ptr, "TRF", 3) != 0) {
            refuse(reader, "PmtMtd must be TRF");
        }
        break;
    case BATCH:
        check_claim(reader, &pain->batch, reader->count - pain->batch_count,
                    reader->total_minor - pain->batch_total);
        break;
    case END_TO_END:
        keep_text(pain, pain->id, &pain->id_len);
        break;
    case INSTRUCTED:
        if (!file_amount(text, &pain->minor)) {
            refuse(reader, "InstdAmt must be above zero, with up to two decimals");
        }
        break;
    case NAME:
        keep_text(pain, pain->name, &pain->name_len);
        break;
    case IBAN:
        keep_text(pain, pain->iban, &pain->iban_len);
        break;
    case TRANSFER:
        end_transfer(reader);
        break;
    default:
        break;
    }
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct file_reader *reader = ctx;
    struct pain *pain = reader->state;
    (void)name;
    if (pain->result == FILE_FINE && pain->depth > 0) {
        close_element(reader, pain->open[--pain->depth]);
        pain->wanted = false;
    }
}

static void XMLCALL on_document_type(void *ctx, const XML_Char *name, const XML_Char *system_id,
                                     const XML_Char *public_id, int internal)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)internal;
    refuse(ctx, "a document type is not allowed");
}

static void XMLCALL on_declaration(void *ctx, const XML_Char *version, const XML_Char *encoding,
                                   int standalone)
{
    (void)version;
    (void)standalone;
    if (encoding && strcmp(encoding, "UTF-8") != 0 && strcmp(encoding, "utf-8") != 0) {
        refuse(ctx, "the encoding must be UTF-8");
    }
}

/* --- the reader ------------------------------------------------------------------------------- */

static int begin(struct file_reader *reader)
{
    static const XML_Char separator[] = {SEPARATOR, '\0'};
    const XML_Memory_Handling_Suite memory = {allocate, take_memory, give_memory};
    struct pain *pain = calloc(1, sizeof(*pain));
    if (!pain) {
        return -1;
    }
    counted = pain;
    pain->parser = XML_ParserCreate_MM("UTF-8", &memory, separator);
    counted = NULL;
    if (!pain->parser) {
        free(pain);
        return -1;
    }
    XML_SetUserData(pain->parser, reader);
    XML_SetElementHandler(pain->parser, on_start, on_end);
    XML_SetCharacterDataHandler(pain->parser, on_text);
    XML_SetStartDoctypeDeclHandler(pain->parser, on_document_type);
    XML_SetXmlDeclHandler(pain->parser, on_declaration);
    reader->state = pain;
    return 0;
}

static void end_state(struct file_reader *reader)
{
    struct pain *pain = reader->state;
    if (pain) {
        counted = pain;
        XML_ParserFree(pain->parser);
        counted = NULL;
        free(pain);
    }
    reader->state = NULL;
}

static enum file_result parse(struct file_reader *reader, struct lfi_slice bytes, bool last)
{
    struct pain *pain = reader->state;
    if (memchr(bytes.ptr, '\0', bytes.len)) { /* expat would take it for UTF-16 */
        refuse(reader, "the encoding must be UTF-8");
        return pain->result;
    }
    counted = pain;
    bool fine = XML_Parse(pain->parser, bytes.ptr, (int)bytes.len, last) == XML_STATUS_OK;
    counted = NULL;
    if (pain->result != FILE_FINE) {
        return pain->result;
    }
    if (!fine) {
        enum XML_Error error = XML_GetErrorCode(pain->parser);
        refuse(reader, error == XML_ERROR_NO_MEMORY ? "a tag or a name is too long"
                                                    : XML_ErrorString(error));
    }
    return pain->result;
}

static enum file_result feed(struct file_reader *reader, struct lfi_slice bytes)
{
    return parse(reader, bytes, false);
}

static enum file_result end(struct file_reader *reader)
{
    struct pain *pain = reader->state;
    enum file_result result = parse(reader, (struct lfi_slice){"", 0}, true);
    if (result != FILE_FINE) {
        return result;
    }
    if (!pain->has_header || !pain->header.counted) {
        refuse(reader, "GrpHdr/NbOfTxs is missing");
    } else if (reader->count == 0) {
        refuse(reader, "there are no instructions");
    } else {
        check_claim(reader, &pain->header, reader->count, reader->total_minor);
    }
    return pain->result;
}

static const char *const MEDIA[] = {"application/xml", "text/xml", NULL};
const struct file_reader_kind file_pain001 = {.name = "pain.001.001.09",
                                              .media = MEDIA,
                                              .begin = begin,
                                              .feed = feed,
                                              .end = end,
                                              .free = end_state};
