// link: lfi-store
/* The readers of files of payments, each case as a whole and cut at every place. */
#include "store/file_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* --- what files are made of ------------------------------------------------------------------- */

#define IBAN "AE070331234567890123456"
#define PROLOG "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define OPEN "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"><CstmrCdtTrfInitn>"
#define CLOSE "</CstmrCdtTrfInitn></Document>"
#define HEADER(count, sum)                                                                         \
    "<GrpHdr><MsgId>M</MsgId><NbOfTxs>" count "</NbOfTxs><CtrlSum>" sum "</CtrlSum></GrpHdr>"
#define BATCH(content) "<PmtInf><PmtMtd>TRF</PmtMtd>" content "</PmtInf>"
#define TO(name) "<Cdtr><Nm>" name "</Nm></Cdtr><CdtrAcct><Id><IBAN>" IBAN "</IBAN></Id></CdtrAcct>"
#define ID(id) "<PmtId><EndToEndId>" id "</EndToEndId></PmtId>"
#define AMOUNT(amount) "<Amt><InstdAmt Ccy=\"AED\">" amount "</InstdAmt></Amt>"
#define TRANSFER(content) "<CdtTrfTxInf>" content "</CdtTrfTxInf>"
#define ONE(id, amount) TRANSFER(ID(id) AMOUNT(amount) TO("Zumurrud"))
#define PAIN(header, batches) PROLOG OPEN header batches CLOSE
#define SINGLE(transfer) PAIN(HEADER("1", "10.00"), BATCH(transfer))

#define HEADING "EndToEndId,Amount,Currency,CreditorIBAN,CreditorName\n"
#define LINE(id, amount, name) id "," amount ",AED," IBAN "," name "\n"
#define TEN(value) value value value value value value value value value value
#define HUNDRED(value) TEN(TEN(value))

/* --- cases ------------------------------------------------------------------------------------ */

#define TEXT(literal) literal, sizeof(literal) - 1

/* `why`: a part of what is said; NULL: it is fine, with these instructions and this sum. */
static const struct file_case {
    const char *name, *bytes;
    size_t len;
    const char *why;
    uint64_t count;
    int64_t minor;
} pain_cases[] = {
    {"one", TEXT(SINGLE(ONE("A-1", "10.00"))), NULL, 1, 1000},
    {"two batches",
     TEXT(PAIN(HEADER("3", "60.5"),
               BATCH("<NbOfTxs>2</NbOfTxs><CtrlSum>30.5</CtrlSum>" ONE("A-1", "10.25")
                         ONE("A-2", "20.25")) BATCH(ONE("A-3", "30")))),
     NULL, 3, 6050},
    {"no prolog", TEXT(OPEN HEADER("1", "10.00") BATCH(ONE("A", "10")) CLOSE), NULL, 1, 1000},
    {"a byte order mark", TEXT("\xef\xbb\xbf" SINGLE(ONE("A", "10"))), NULL, 1, 1000},
    {"the five entities", TEXT(SINGLE(TRANSFER(ID("A") AMOUNT("10") TO("A &amp; B &#65;")))), NULL,
     1, 1000},
    {"a section of characters",
     TEXT(SINGLE(TRANSFER(ID("A") AMOUNT("10") TO("<![CDATA[A & B]]>")))), NULL, 1, 1000},
    {"comments", TEXT(SINGLE("<!-- A --><?x y?>" ONE("A", "10"))), NULL, 1, 1000},
    {"elements that are passed over",
     TEXT(SINGLE(
         TRANSFER(ID("A") AMOUNT("10") TO("Z") "<X xmlns=\"y\"><InstdAmt>1</InstdAmt></X>"))),
     NULL, 1, 1000},

    {"a document type", TEXT(PROLOG "<!DOCTYPE Document>" OPEN), "document type", 0, 0},
    {"an external document type", TEXT(PROLOG "<!DOCTYPE d SYSTEM \"file:///etc/passwd\">" OPEN),
     "document type", 0, 0},
    {"entities of entities",
     TEXT(PROLOG "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"" TEN(
         "&a;") "\">"
                "<!ENTITY c \"" TEN("&b;") "\">]>" OPEN "&c;"),
     "document type", 0, 0},
    {"an entity of its own", TEXT(SINGLE(ONE("&a;", "10"))), "undefined entity", 0, 0},
    {"Latin-1 that says so", TEXT("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" OPEN), "UTF-8",
     0, 0},
    {"Latin-1 that does not", TEXT(SINGLE(TRANSFER(ID("A") AMOUNT("10") TO("Z\xfa")))),
     "not well-formed", 0, 0},
    {"UTF-16", TEXT("\xff\xfe<\0D\0"), "UTF-8", 0, 0},
    {"compressed", TEXT("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xb3\xc9"), "", 0, 0},
    {"compressed otherwise", TEXT("PK\x03\x04\x14\x03\x02\x01"), "not well-formed", 0, 0},
    {"nothing", TEXT(""), "no element", 0, 0},
    {"half", TEXT(PROLOG OPEN HEADER("1", "10.00") "<PmtInf>"), "no element", 0, 0},
    {"another version",
     TEXT("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.03\"/>"), "the root", 0,
     0},
    {"no namespace", TEXT("<Document/>"), "the root", 0, 0},
    {"no header", TEXT(OPEN BATCH(ONE("A", "10")) CLOSE), "GrpHdr/NbOfTxs", 1, 1000},
    {"two headers",
     TEXT(OPEN HEADER("1", "10.00") HEADER("1", "10.00") BATCH(ONE("A", "10")) CLOSE),
     "second GrpHdr", 0, 0},
    {"no instruction", TEXT(PAIN(HEADER("0", "10.00"), "")), "no instructions", 0, 0},
    {"a wrong count", TEXT(PAIN(HEADER("2", "10.00"), BATCH(ONE("A", "10")))), "NbOfTxs", 1, 1000},
    {"a wrong sum", TEXT(PAIN(HEADER("1", "10.01"), BATCH(ONE("A", "10")))), "CtrlSum", 1, 1000},
    {"a wrong count of a batch",
     TEXT(PAIN(HEADER("1", "10"), BATCH("<NbOfTxs>2</NbOfTxs>" ONE("A", "10")))), "NbOfTxs", 1,
     1000},
    {"a wrong sum of a batch",
     TEXT(PAIN(HEADER("1", "10"), BATCH("<CtrlSum>9</CtrlSum>" ONE("A", "10")))), "CtrlSum", 1,
     1000},
    {"a count that is no number", TEXT(PAIN(HEADER("one", "10"), "")), "NbOfTxs must", 0, 0},
    {"cheques", TEXT(PAIN(HEADER("1", "10"), "<PmtInf><PmtMtd>CHK</PmtMtd></PmtInf>")), "PmtMtd", 0,
     0},
    {"dollars", TEXT(SINGLE(TRANSFER("<Amt><InstdAmt Ccy=\"USD\">10</InstdAmt></Amt>"))), "AED", 0,
     0},
    {"no currency", TEXT(SINGLE(TRANSFER("<Amt><InstdAmt>10</InstdAmt></Amt>"))), "AED", 0, 0},
    {"half a fils", TEXT(SINGLE(ONE("A", "10.005"))), "decimals", 0, 0},
    {"a negative amount", TEXT(SINGLE(ONE("A", "-10"))), "above zero", 0, 0},
    {"nought", TEXT(SINGLE(ONE("A", "0.00"))), "above zero", 0, 0},
    {"an exponent", TEXT(SINGLE(ONE("A", "1e3"))), "above zero", 0, 0},
    {"no id", TEXT(SINGLE(TRANSFER(AMOUNT("10") TO("Z")))), "needs", 0, 0},
    {"an empty id", TEXT(SINGLE(ONE("", "10"))), "EndToEndId", 0, 0},
    {"an id for spreadsheets", TEXT(SINGLE(ONE("=A", "10"))), "EndToEndId", 0, 0},
    {"another id for spreadsheets", TEXT(SINGLE(ONE("+A", "10"))), "EndToEndId", 0, 0},
    {"an id of 36", TEXT(SINGLE(ONE("123456789012345678901234567890123456", "10"))), "EndToEndId",
     0, 0},
    {"no creditor", TEXT(SINGLE(TRANSFER(ID("A") AMOUNT("10")))), "needs", 0, 0},
    {"a name of 281 bytes",
     TEXT(SINGLE(TRANSFER(ID("A") AMOUNT("10") TO(HUNDRED("a") HUNDRED("b") TEN(TEN("c")))))),
     "name", 0, 0},
    {"a line end in a name", TEXT(SINGLE(TRANSFER(ID("A") AMOUNT("10") TO("A&#10;B")))), "name", 0,
     0},
    {"two amounts", TEXT(SINGLE(TRANSFER(ID("A") AMOUNT("1") AMOUNT("10") TO("Z")))), "twice", 0,
     0},
    {"an element in a text", TEXT(SINGLE(TRANSFER(ID("<b>A</b>")))), "text is expected", 0, 0},
    {"deep elements", TEXT(PROLOG OPEN HUNDRED("<x>")), "too deeply", 0, 0},
    {"a long text", TEXT(SINGLE(ONE(HUNDRED("12345678"), "10"))), "too long", 0, 0},
};

static const struct file_case csv_cases[] = {
    {"one", TEXT(HEADING LINE("A-1", "10.00", "Zumurrud")), NULL, 1, 1000},
    {"two, the last without an end", TEXT(HEADING LINE("A", "10", "Z") "B,0.5,AED," IBAN ",Z"),
     NULL, 2, 1050},
    {"CR LF",
     TEXT("EndToEndId,Amount,Currency,CreditorIBAN,CreditorName\r\nA,1,AED," IBAN ",Z\r\n"), NULL,
     1, 100},
    {"a byte order mark", TEXT("\xef\xbb\xbf" HEADING LINE("A", "10", "Z")), NULL, 1, 1000},
    {"quotes", TEXT(HEADING LINE("\"A,1\"", "\"10\"", "\"Zumurrud \"\"Trading\"\", LLC\"")), NULL,
     1, 1000},
    {"Arabic", TEXT(HEADING LINE("A", "10", "\xd8\xb2\xd9\x85\xd8\xb1\xd8\xaf")), NULL, 1, 1000},

    {"nothing", TEXT(""), "no instructions", 0, 0},
    {"only a heading", TEXT(HEADING), "no instructions", 0, 0},
    {"no heading", TEXT(LINE("A", "10", "Z")), "line 1 must be", 0, 0},
    {"two byte order marks", TEXT("\xef\xbb\xbf\xef\xbb\xbf" HEADING), "line 1 must be", 0, 0},
    {"another separator", TEXT("EndToEndId;Amount;Currency;CreditorIBAN;CreditorName\n"),
     "line 1 must be", 0, 0},
    {"an empty line", TEXT(HEADING "\n" LINE("A", "10", "Z")), "line 2: there must be 5", 0, 0},
    {"four fields", TEXT(HEADING "A,10,AED," IBAN "\n"), "5 fields", 0, 0},
    {"six fields", TEXT(HEADING "A,10,AED," IBAN ",Z,x\n"), "5 fields", 0, 0},
    {"a formula", TEXT(HEADING LINE("A", "10", "=cmd|' /c calc'!A0")), "= + - @", 0, 0},
    {"a quoted formula", TEXT(HEADING LINE("A", "10", "\"=1+1\"")), "= + - @", 0, 0},
    {"a formula by plus", TEXT(HEADING LINE("+A", "10", "Z")), "= + - @", 0, 0},
    {"a formula by minus", TEXT(HEADING LINE("A", "-10", "Z")), "= + - @", 0, 0},
    {"a formula by at", TEXT(HEADING LINE("@A", "10", "Z")), "= + - @", 0, 0},
    {"a formula behind a tab", TEXT(HEADING LINE("A", "10", "\t=1")), "= + - @", 0, 0},
    {"Latin-1", TEXT(HEADING LINE("A", "10", "Z\xfamurrud")), "not UTF-8", 0, 0},
    {"half a character", TEXT(HEADING LINE("A", "10", "Z\xd8")), "not UTF-8", 0, 0},
    {"a surrogate", TEXT(HEADING LINE("A", "10", "Z\xed\xa0\x80")), "not UTF-8", 0, 0},
    {"an overlong character", TEXT(HEADING LINE("A", "10", "Z\xc0\xaf")), "not UTF-8", 0, 0},
    {"a NUL", TEXT(HEADING LINE("A", "10", "Z\0")), "not UTF-8", 0, 0},
    {"UTF-16",
     TEXT("\xff\xfe"
          "E\0n\0\n\0"),
     "not UTF-8", 0, 0},
    {"an open quote", TEXT(HEADING LINE("A", "10", "\"Z")), "quotes", 0, 0},
    {"a quote in the middle", TEXT(HEADING LINE("A", "10", "Z\"Z")), "quotes", 0, 0},
    {"a quote that is not doubled", TEXT(HEADING LINE("A", "10", "\"Z\"Z\"")), "quotes", 0, 0},
    {"a field over two lines", TEXT(HEADING LINE("A", "10", "\"Z\nZ\"")), "line 2: quotes", 0, 0},
    {"dollars", TEXT(HEADING "A,10,USD," IBAN ",Z\n"), "AED", 0, 0},
    {"no amount", TEXT(HEADING LINE("A", "", "Z")), "Amount", 0, 0},
    {"nought", TEXT(HEADING LINE("A", "0", "Z")), "above zero", 0, 0},
    {"a point without decimals", TEXT(HEADING LINE("A", "1.", "Z")), "decimals", 0, 0},
    {"groups of digits", TEXT(HEADING LINE("A", "\"1,000.00\"", "Z")), "Amount", 0, 0},
    {"16 digits", TEXT(HEADING LINE("A", "1234567890123456", "Z")), "Amount", 0, 0},
    {"a small IBAN", TEXT(HEADING "A,10,AED,ae07,Z\n"), "IBAN", 0, 0},
    {"a long line", TEXT(HEADING LINE("A", "10", HUNDRED("12345678901"))), "more than 1023 bytes",
     0, 0},
};

/* --- reading ---------------------------------------------------------------------------------- */

struct sum {
    uint64_t count;
    int64_t minor;
};

static bool take(void *ctx, const struct instruction *instruction)
{
    struct sum *sum = ctx;
    sum->count++;
    sum->minor += instruction->minor;
    return true;
}

static void begin(struct file_reader *reader, const struct file_reader_kind *kind, struct sum *sum)
{
    *sum = (struct sum){0};
    *reader = (struct file_reader){.kind = kind, .take = take, .ctx = sum};
    assert_int_equal(kind->begin(reader), 0);
}

static enum file_result feed(struct file_reader *reader, const char *bytes, size_t len)
{
    return len > 0 ? reader->kind->feed(reader, (struct lfi_slice){bytes, len}) : FILE_FINE;
}

static void check(const struct file_case *one, const struct file_reader_kind *kind, size_t cut)
{
    struct sum sum;
    struct file_reader reader;
    char *copy = malloc(one->len + 1); /* exactly as large, for the sanitizer */
    assert_non_null(copy);
    memcpy(copy, one->bytes, one->len);
    begin(&reader, kind, &sum);
    enum file_result result = feed(&reader, copy, cut);
    result = result == FILE_FINE ? feed(&reader, copy + cut, one->len - cut) : result;
    result = result == FILE_FINE ? kind->end(&reader) : result;
    if (result != (one->why ? FILE_MALFORMED : FILE_FINE) ||
        (one->why && !strstr(reader.why, one->why)) ||
        (!one->why && (reader.count != one->count || reader.total_minor != one->minor)) ||
        sum.count != reader.count || sum.minor != reader.total_minor) {
        fail_msg("%s, cut at %zu: %d, %s, %llu", one->name, cut, (int)result, reader.why,
                 (unsigned long long)reader.count);
    }
    kind->free(&reader);
    free(copy);
}

static void check_all(const struct file_case *cases, size_t count,
                      const struct file_reader_kind *kind)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t cut = 0; cut <= cases[i].len; cut++) {
            check(&cases[i], kind, cut);
        }
    }
}

static void test_pain(void **state)
{
    (void)state;
    check_all(pain_cases, ARRAY_LEN(pain_cases), &file_pain001);
}

static void test_csv(void **state)
{
    (void)state;
    check_all(csv_cases, ARRAY_LEN(csv_cases), &file_csv);
}

/* What is handed on is unquoted and decoded. */
static bool take_name(void *ctx, const struct instruction *instruction)
{
    (void)snprintf(ctx, 64, "%.*s|%.*s", (int)instruction->id.len, instruction->id.ptr,
                   (int)instruction->name.len, instruction->name.ptr);
    return true;
}

static void expect_names(const struct file_reader_kind *kind, const char *file,
                         const char *expected)
{
    char names[64] = "";
    struct file_reader reader = {.kind = kind, .take = take_name, .ctx = names};
    assert_int_equal(kind->begin(&reader), 0);
    assert_int_equal(feed(&reader, file, strlen(file)), FILE_FINE);
    assert_int_equal(kind->end(&reader), FILE_FINE);
    assert_string_equal(names, expected);
    kind->free(&reader);
}

static void test_names(void **state)
{
    (void)state;
    expect_names(&file_csv, HEADING LINE("\"A,1\"", "10", "\"A \"\"B\"\", C\""), "A,1|A \"B\", C");
    expect_names(&file_pain001, SINGLE(TRANSFER(ID("A") AMOUNT("10") TO("A &amp; &lt;B&gt;"))),
                 "A|A & <B>");
}

/* One that cannot be kept ends the reader. */
static bool take_none(void *ctx, const struct instruction *instruction)
{
    (void)ctx;
    (void)instruction;
    return false;
}

static void test_not_kept(void **state)
{
    static const struct file_reader_kind *const kinds[] = {&file_pain001, &file_csv};
    static const char *const files[] = {SINGLE(ONE("A", "10")), HEADING LINE("A", "10", "Z")};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct file_reader reader = {.kind = kinds[i], .take = take_none};
        assert_int_equal(kinds[i]->begin(&reader), 0);
        assert_int_equal(feed(&reader, files[i], strlen(files[i])), FILE_FAILED);
        kinds[i]->free(&reader);
    }
}

/* --- size ------------------------------------------------------------------------------------- */

static void test_too_many(void **state)
{
    const char line[] = LINE("A", "0.01", "Z");
    struct sum sum;
    struct file_reader reader;
    (void)state;
    begin(&reader, &file_csv, &sum);
    assert_int_equal(feed(&reader, HEADING, sizeof(HEADING) - 1), FILE_FINE);
    for (int i = 0; i < FILE_INSTRUCTIONS_MAX; i++) {
        assert_int_equal(feed(&reader, line, sizeof(line) - 1), FILE_FINE);
    }
    assert_int_equal(feed(&reader, line, sizeof(line) - 1), FILE_MALFORMED);
    assert_non_null(strstr(reader.why, "more than 150000"));
    assert_int_equal(sum.count, FILE_INSTRUCTIONS_MAX);
    file_csv.free(&reader);
}

static void test_large_sum(void **state)
{
    const char line[] = LINE("A", "999999999999999.99", "Z");
    struct sum sum;
    struct file_reader reader;
    enum file_result result = FILE_FINE;
    (void)state;
    begin(&reader, &file_csv, &sum);
    assert_int_equal(feed(&reader, HEADING, sizeof(HEADING) - 1), FILE_FINE);
    for (int i = 0; i < 100 && result == FILE_FINE; i++) {
        result = feed(&reader, line, sizeof(line) - 1);
    }
    assert_int_equal(result, FILE_MALFORMED);
    assert_non_null(strstr(reader.why, "sum"));
    file_csv.free(&reader);
}

/* A token that never ends is not kept in memory: it is refused when it is too long. */
static void test_endless(void **state)
{
    static const char *const beginnings[] = {PROLOG OPEN "<x a=\"", PROLOG OPEN "<x", "<!--",
                                             PROLOG OPEN "<!-- ", PROLOG OPEN "<?a "};
    char block[4096];
    struct sum sum;
    struct file_reader reader;
    (void)state;
    memset(block, 'a', sizeof(block));
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
        size_t sent = 0;
        begin(&reader, &file_pain001, &sum);
        enum file_result result = feed(&reader, beginnings[i], strlen(beginnings[i]));
        for (; result == FILE_FINE && sent < 2 * FILE_READER_BYTES; sent += sizeof(block)) {
            result = feed(&reader, block, sizeof(block));
        }
        assert_int_equal(result, FILE_MALFORMED);
        assert_non_null(strstr(reader.why, "too long"));
        assert_true(sent <= FILE_READER_BYTES);
        file_pain001.free(&reader);
    }
}

/* --- which reader ----------------------------------------------------------------------------- */

static void test_kinds(void **state)
{
    static const struct {
        const struct file_reader_kind *kind;
        const char *media;
        bool taken;
    } media[] = {
        {&file_pain001, "application/xml", true},    {&file_pain001, "TEXT/XML; charset=x", true},
        {&file_pain001, "application/xml ;", true},  {&file_pain001, "application/xmlx", false},
        {&file_pain001, "text/csv", false},          {&file_pain001, "", false},
        {&file_csv, "text/csv;charset=utf-8", true}, {&file_csv, "text/xml", false},
    };
    (void)state;
    for (size_t i = 0; file_reader_types[i]; i++) {
        const char *name = file_reader_types[i];
        const struct file_reader_kind *kind =
            file_reader_find((struct lfi_slice){name, strlen(name)});
        assert_non_null(kind);
        assert_string_equal(kind->name, name);
    }
    assert_null(file_reader_find((struct lfi_slice){"csv", 3}));
    assert_null(file_reader_find((struct lfi_slice){NULL, 0}));
    for (size_t i = 0; i < ARRAY_LEN(media); i++) {
        struct lfi_slice text = {media[i].media, strlen(media[i].media)};
        assert_int_equal(file_reader_takes(media[i].kind, text), media[i].taken);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pain),     cmocka_unit_test(test_csv),
        cmocka_unit_test(test_names),    cmocka_unit_test(test_not_kept),
        cmocka_unit_test(test_too_many), cmocka_unit_test(test_large_sum),
        cmocka_unit_test(test_endless),  cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
