// An exchange as a curl command.
import {lanesOf} from "./journey.js";

/* Variables for the base address of each interface; what the browser and a webhook call has its whole address. */
const BASES = {heimdall: "HEIMDALL", "consent-manager": "CONSENT_MANAGER", "ozone-connect": "BANK", par: "HUB", token: "HUB", refused: "HUB", callback: "TPP", redirect: "", webhook: ""};
/* What a TPP signs, and no page can. */
const SIGNED = ["client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion=$CLIENT_ASSERTION", "request=$REQUEST_OBJECT"];
const ASSERTED = SIGNED.slice(0, 2);
const SECRET_OF = {authorization_code: ["code=$CODE", "redirect_uri=$REDIRECT_URI", "code_verifier=$CODE_VERIFIER"], refresh_token: ["refresh_token=$REFRESH_TOKEN"]};
const COMPUTED = /^(authorization|host|content-length|connection|transfer-encoding)$/i;
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function tokenPairs(body) {
  const type = new URLSearchParams(body ?? "").get("grant_type") ?? "authorization_code";
  return [`grant_type=${encodeURIComponent(type)}`, ...(SECRET_OF[type] ?? []), ...ASSERTED];
}

/** The exchange as a curl command; base address, certificate and what is signed stand in variables, for no secret is kept. */
export function curlOf(note) {
  const base = BASES[note.interface] ? `"$${BASES[note.interface]}"` : "";
  const lines = [`curl -X ${note.method} ${base}${quoted(note.path + (note.query ? `?${note.query}` : ""))}`];
  if (base && !lanesOf(note).browser) lines.push('--cacert "$CA" --cert "$CERT" --key "$KEY"');
  if (note.token || note.interface === "refused") lines.push('-H "authorization: Bearer $TOKEN"');
  for (const [name, value] of Object.entries(note.requestHeaders ?? {})) {
    if (!COMPUTED.test(name)) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  if (note.interface === "par") lines.push(...SIGNED.map((pair) => `--data-urlencode "${pair}"`));
  else if (note.interface === "token") lines.push(...tokenPairs(note.requestBody).map((pair) => `--data-urlencode "${pair}"`));
  else if (note.interface === "webhook") lines.push('--data-raw "$ENCRYPTED_EVENT"');
  else if (note.requestBody) lines.push(`--data-raw ${quoted(note.requestBody)}`);
  return lines.join(" \\\n  ");
}
