// What an exchange means: who spoke to whom, in which phase, and which rules it satisfied or broke.

const LANES = {
  par: ["tpp", "hub"],
  token: ["tpp", "hub"],
  redirect: ["tpp", "bank"],
  heimdall: ["bank", "hub"],
  "consent-manager": ["bank", "hub"],
  callback: ["bank", "tpp"],
  refused: ["tpp", "hub"],
  "ozone-connect": ["tpp", "bank"],
  webhook: ["hub", "tpp"],
};
const NAMES = {
  par: "Pushed authorization request",
  token: "Token endpoint",
  redirect: "Browser sent to the bank",
  heimdall: "Headless Heimdall",
  "consent-manager": "Consent Manager",
  callback: "Browser sent back",
  refused: "Refused by the Hub",
  "ozone-connect": "Ozone Connect",
  webhook: "Webhook, shown before it is encrypted",
};
const PHASES = {
  par: "The TPP asks",
  redirect: "The TPP asks",
  heimdall: "The customer decides at the bank",
  "consent-manager": "The customer decides at the bank",
  callback: "Back at the TPP",
  token: "Back at the TPP",
  refused: "Data is fetched",
  "ozone-connect": "Data is fetched",
  webhook: "The Hub tells the TPP",
};
const OBJECTIVE_MS = 500; // 95 of 100 answers of a bank, in a day

/* What the Hub asks or tells the bank on its own account. */
const isOfHub = ({interface: name, path}) => name === "ozone-connect" && path.startsWith("/consent/");

const isEvent = ({interface: name, path}) => name === "ozone-connect" && path.startsWith("/consent/event/");

export const isPayment = ({method, path}) => method === "POST" && path.endsWith("/payments");

const isPaymentRead = ({interface: name, method, path}) => name === "ozone-connect" && method === "GET" && path.startsWith("/payments/");

const isOfBank = ({interface: name}) => name === "heimdall" || name === "consent-manager";

export function lanesOf(note) {
  const [from, to] = isOfHub(note) ? ["hub", "bank"] : LANES[note.interface];
  const browser = note.interface === "redirect" || note.interface === "callback";
  return {from, to, browser, through: from === "tpp" && to === "bank" && !browser};
}

/** When the customer is back at the TPP, the bank reads a consent to serve data and changes it otherwise. */
export function phaseOf(note, back) {
  if (isEvent(note)) return "The Hub tells the bank";
  if (isOfHub(note)) return PHASES.par;
  if (isPayment(note)) return "The TPP pays";
  if (isPaymentRead(note)) return "The TPP asks how payments end";
  if (note.path.includes("/payment-log/")) return "The bank tells how payments end";
  if (back && isOfBank(note)) return note.method === "GET" ? PHASES["ozone-connect"] : "Later, at the bank";
  return PHASES[note.interface];
}

export const isInterface = (name) => Object.hasOwn(NAMES, name);
export const interfaceName = ({interface: name}) => NAMES[name];

// ---- rules -------------------------------------------------------------------------------------

/* In the order in which the simulator looks; a refusal by one leaves those after it unseen. */
const BANK_CALLS = [
  ["Client certificate of this bank's organisation", /^CALLER-/],
  ["Token: PS256, signed with a key of the bank's key set", /^(JWT-(MISSING|SCHEME|FORM|ALG|TYP|CTY|CRIT|KEY-NAMED|KID|KID-UNKNOWN|SIGNATURE)|JWKS-.*)$/],
  ["Claims: iss and sub of the certificate, right aud, short life, fresh jti", /^JWT-/],
  ["An operation that the Hub has", /^CONTRACT-ROUTE$/],
  ["The request obeys the contract", /^CONTRACT-REQUEST$/],
];
const HUB_RULES = [
  ["The consent is authorized", /^SIM-CONSENT-STATE$/],
  ["The consent permits this", /^SIM-PERMISSION$/],
  ["The account is one that the customer chose", /^SIM-ACCOUNT$/],
];
const PAYMENT_RULES = [
  ["The idempotency key is for this payment", /^SIM-KEY-/],
  ["The consent is one to payments, and authorized", /^SIM-(CONSENT-(STATE|KIND)|PAYMENT-CONSENT)$/],
  ["Currency, purpose and references as agreed", /^SIM-PAYMENT-(CURRENCY|PURPOSE|TERMS)$/],
  ["An amount that the consent allows", /^SIM-PAYMENT-AMOUNT$/],
  ["A day or period in which a payment is due", /^SIM-PAYMENT-(DATE|USED)$/],
  ["Within the caps of number and value", /^SIM-PAYMENT-(COUNT|VALUE)$/],
];
const ANSWERS = [
  ["The bank answers", /^SIM-(BANK-DOWN|TOKEN)$/],
  ["The answer obeys the contract", /^BANK-REPLY$/],
];
/* By method and end of the path. */
const OPERATIONS = [
  [/^GET .*\/auth$/, [
    ["A client that the Hub knows", /^AUTH-CLIENT$/],
    ["The query came byte for byte as the browser had it", /^AUTH-QUERY-CHANGED$/],
    ["Asked once only", /^AUTH-TWICE$/],
  ]],
  [/^PATCH .*\/payment-log\//, [
    ["A payment of this bank", /^PAYMENT-UNKNOWN$/],
    ["The form of the Hub's version, on one rail", /^PAYMENT-(FORM|RAIL)$/],
    ["A reason when it is rejected, and only then", /^PAYMENT-(REASON|REASON-CODE|REASONS-LOST)$/],
    ["The rail's transaction id, once and for all", /^PAYMENT-TRANSACTION/],
    ["A status that follows the one before", /^PAYMENT-(MOVE|PENDING)$/],
  ]],
  [/^PATCH /, [
    ["Members that suit the kind of consent", /^PATCH-KIND$/],
    ["A move that the state allows, with all it needs", /^PATCH-(STATE|MOVE|USER|ACCOUNTS|STATUS-TWICE|AUTHORIZERS-\w+)$/],
    ["userId and account ids are opaque", /^PATCH-(PERSONAL|ACCOUNT-FORM)$/],
    ["Nothing that belongs elsewhere", /^PATCH-(REVOKED|REJECTED-ACCOUNTS)$/],
  ]],
  [/^POST .*\/doConfirm$/, [
    ["The interaction is open", /^INTERACTION-/],
    ["The consent was authorized before", /^CONFIRM-BEFORE-PATCH$/],
    ["Nothing added to the ID token", /^CONFIRM-BODY$/],
  ]],
  [/^POST .*\/doFail$/, [
    ["The interaction is open", /^INTERACTION-/],
    ["error and error_description as prescribed", /^FAIL-VALUES$/],
    ["The consent's state fits the reason", /^FAIL-STATE$/],
  ]],
  [/^POST .*\/revoke$/, [["The consent can be revoked, in the bank's name", /^REVOKE-/]]],
  [/^POST .*\/token$/, [
    ["The TPP has proved who it is", /^CLIENT-/],
    ["A grant that the Hub knows, with all it needs", /^TOKEN-/],
    ["The code or refresh token is known, and the code unused and in time", /^(CODE-(UNKNOWN|USED|EXPIRED)|REFRESH-)/],
    ["It comes as it was asked for", /^CODE-(REDIRECT-URI|VERIFIER)$/],
    ["The consent has not ended", /^GRANT-ENDED$/],
  ]],
  [/^GET \/tpp\/callback$/, [["The customer came with the bytes of the Location", /^CALLBACK-CHANGED$/]]],
];

function rulesOf(note) {
  const rules = isPayment(note) ? PAYMENT_RULES : HUB_RULES;
  if (note.interface === "refused") return rules;
  if (isOfHub(note)) return ANSWERS;
  if (note.interface === "ozone-connect") return [...rules, ...ANSWERS];
  const [, own = []] = OPERATIONS.find(([pattern]) => pattern.test(`${note.method} ${note.path}`)) ?? [];
  if (!isOfBank(note)) return own;
  return note.path.includes("/payment-log/") ? [...BANK_CALLS, ...own] : [...BANK_CALLS, ["The consent exists", /^CONSENT-UNKNOWN$/], ...own];
}

export const findingsOf = ({refused, findings = []}) => [...new Set([...(refused ? [refused] : []), ...findings.map(({id}) => id)])];

/**
 * [{text, state, id}]: state "kept", "broken" or "skipped", and "slow" for an answer over the service
 * level. What no rule names is listed by its id.
 */
export function checksOf(note) {
  const found = findingsOf(note);
  const taken = new Set();
  let stopped = false;
  const checks = rulesOf(note).map(([text, pattern]) => {
    const id = found.find((one) => !taken.has(one) && pattern.test(one));
    if (id) taken.add(id);
    const state = id ? "broken" : stopped ? "skipped" : "kept";
    stopped ||= id !== undefined && id === note.refused && note.refused !== "BANK-REPLY";
    return {text, state, id};
  });
  const others = found.filter((id) => !taken.has(id)).map((id) => ({text: "Another rule", state: "broken", id}));
  const ms = note.elapsedUs / 1000;
  const timed = note.interface === "ozone-connect" && note.status > 0;
  const speed = timed ? [{text: `Answered in ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms; the service level is ${OBJECTIVE_MS} ms`, state: ms > OBJECTIVE_MS ? "slow" : "kept"}] : [];
  return [...checks, ...others, ...speed];
}
