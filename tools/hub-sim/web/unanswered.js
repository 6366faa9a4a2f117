// Payments whose answer was lost, kept by this browser until one comes: each is repeated with its idempotency
// key, so that it is never made twice.

const keyOf = (consentId) => `unanswered:${consentId}`;
const kept = new Map(); // for a browser without storage

/** The payment {consentId, key, data} that waits for an answer; null: none does. */
export function unansweredPayment(consentId) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(consentId)));
  } catch {
    return kept.get(consentId) ?? null;
  }
}

export function keepUnanswered(payment) {
  kept.set(payment.consentId, payment);
  try {
    localStorage.setItem(keyOf(payment.consentId), JSON.stringify(payment));
  } catch {
    // it is kept as long as the page is
  }
}

export function dropUnanswered(consentId) {
  kept.delete(consentId);
  try {
    localStorage.removeItem(keyOf(consentId));
  } catch {
    // there is none
  }
}

/** A UUID; crypto.randomUUID is there on https and on this machine alone. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
