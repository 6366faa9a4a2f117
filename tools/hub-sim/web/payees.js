// The payees that the app agreed on with its customer: the Hub and this simulator see them sealed only.

const keyOf = (consentId) => `payees:${consentId}`;

export function rememberPayees(consentId, creditors) {
  try {
    localStorage.setItem(keyOf(consentId), JSON.stringify(creditors));
  } catch {
    // a browser without storage asks for the payee with each payment
  }
}

/** [{CreditorAccount}]; empty when the consent names none, or this browser did not ask for it. */
export function knownPayees(consentId) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(consentId))) ?? [];
  } catch {
    return [];
  }
}

/** The name's script tells its language. */
const nameOf = (text) => (/\p{Script=Arabic}/u.test(text) ? {ar: text} : {en: text});

export const payeeOf = (name, iban) =>
  ({CreditorAccount: {SchemeName: "IBAN", Identification: iban.replace(/\s/g, "").toUpperCase(), Name: nameOf(name)}});
