// Records of the bank in the form of v2.1 of the standard, without what v2.2 adds to answers.

const LATER = ['ExpectedProfitRates', 'ShariaFinanceRates', 'TakafulRequired', 'TakafulDescription', 'BalanceDescription'];
const LATER_IN_CHARGES = 'ProfitCalculationMethod'; // elsewhere v2.1 knows it
const OLDER_IN_CHARGES = 'InterestCalculationMethod'; // what it is called there before

/** A copy without the members that v2.1 does not know, or with the names that they have in it. */
export function asOlder(value, inCharge = false) {
    if (Array.isArray(value)) {
        return value.map((item) => asOlder(item, inCharge));
    }
    if (value === null || typeof value !== 'object') {
        return value;
    }
    return Object.fromEntries(Object.entries(value)
        .filter(([name]) => !LATER.includes(name))
        .map(([name, member]) => [inCharge && name === LATER_IN_CHARGES ? OLDER_IN_CHARGES : name, member])
        .map(([name, member]) => [name, asOlder(member, name === 'Charge')]));
}

/** The names of members that v2.2 adds to answers, as found in one. */
export function laterIn(value, found = new Set(), inCharge = false) {
    if (value !== null && typeof value === 'object') {
        for (const [name, member] of Object.entries(value)) {
            if (LATER.includes(name) || (inCharge && name === LATER_IN_CHARGES)) {
                found.add(name);
            }
            laterIn(member, found, Array.isArray(value) ? inCharge : name === 'Charge');
        }
    }
    return found;
}
