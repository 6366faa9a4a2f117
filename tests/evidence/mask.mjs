// Takes out of an exchange what evidence must not hold: credentials and whatever tells who somebody
// is. What was there is replaced by what kind of thing it was.

/** Members and parameters that are secret or personal whatever they hold. */
const NAMED = {
    authorization: 'credential',
    cookie: 'session',
    'set-cookie': 'session',
    code: 'authorization code',
    state: "TPP's state",
    login_hint: 'login hint',
    jti: 'token id',
    PersonalIdentifiableInformation: 'encrypted',
    'o3-psu-identifier': 'customer',
    'x-fapi-customer-ip-address': 'address of the customer',
    'x-customer-user-agent': 'browser of the customer',
    ConnectToken: 'credential',
};

/** Texts that give themselves away, wherever they stand. */
const PATTERNS = [
    [/eyJ[\w-]+(?:\.[\w-]*){2,4}/g, 'token'],
    [/\bAE\d{21}\b/g, 'IBAN'],
    [/\b784-?\d{4}-?\d{7}-?\d\b/g, 'Emirates ID'],
    [/[\w.+-]+@[\w-]+\.[\w.-]+/g, 'e-mail'],
    [/\+971[\d\s-]{7,}/g, 'phone'],
];

const masked = (kind) => `(${kind})`;
const KINDS = new Map(Object.entries(NAMED).map(([name, kind]) => [name.toLowerCase(), kind]));

function maskText(text) {
    return PATTERNS.reduce((rest, [pattern, kind]) => rest.replace(pattern, masked(kind)), text);
}

function maskQuery(query) {
    return query
        .split('&')
        .map((pair) => {
            const [name] = pair.split('=', 1);
            const kind = KINDS.get(name.toLowerCase());
            return kind && pair.length > name.length ? `${name}=${masked(kind)}` : maskText(pair);
        })
        .join('&');
}

/** A body: JSON member by member, a form or an address by its parameters, else as text. */
function maskBody(text) {
    try {
        return maskValue(JSON.parse(text));
    } catch {
        const [, before, query = ''] = /^([^?]*\?)?(.*)$/s.exec(text);
        return query.includes('=') ? `${maskText(before ?? '')}${maskQuery(query)}` : maskText(text);
    }
}

/** A copy of a value with everything masked that must be. */
export function maskValue(value) {
    if (typeof value === 'string') {
        return maskText(value);
    }
    if (Array.isArray(value)) {
        return value.map(maskValue);
    }
    if (value === null || typeof value !== 'object') {
        return value;
    }
    return Object.fromEntries(
        Object.entries(value).map(([name, member]) => {
            const kind = KINDS.get(name.toLowerCase());
            return [name, kind && typeof member !== 'object' ? masked(kind) : maskValue(member)];
        }),
    );
}

/** An exchange as the Hub simulator keeps it, with bodies parsed where they are JSON. */
export function maskExchange({ query, location, requestBody, replyBody, ...rest }) {
    return {
        ...maskValue(rest),
        ...(query && { query: maskQuery(query) }),
        ...(requestBody && { requestBody: maskBody(requestBody) }),
        ...(location && { location: maskBody(location) }),
        ...(replyBody && { replyBody: maskBody(replyBody) }),
    };
}
