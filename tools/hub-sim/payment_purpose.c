#include "payment_purpose.h"

/* Where sources spell a code in two ways, both are taken: DIF and DLF, DIL and LDL, ULT and UTL. */
static const char codes[] =
    "ACM AES AFA AFL ALW ATS BON CCP CEA CEL CHC CIN COM COP CRP DCP DIF DIL DIV DLA DLF DLL DOE "
    "DSA DSL EDU EMI EOS FDA FDL FIA FIL FIS FSA FSL GDS GMS GOS GRI IFS IGD IGT IID INS IOD IOL "
    "IPC IPO IRP IRW ISH ISL ISS ITS LAS LDL LEA LEL LIP LLA LLL LNC LND MCR MWI MWO MWP OAT OTS "
    "OVT PEN PIP PMS POR POS PPA PPL PRP PRR PRS PRW RDS RFS RLS RNT SAA SAL SCO SLA SLL STR STS "
    "SVI SVO SVP TCP TCR TCS TKT TOF TTS ULT UTL";

bool payment_purpose_is_known(struct lfi_slice code)
{
    struct lfi_slice rest = slice_of(codes), known;
    while (slice_next(&rest, ' ', &known)) {
        if (slice_equal(known, code)) {
            return true;
        }
    }
    return false;
}
