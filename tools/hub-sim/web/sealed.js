// Opens what a bank has sealed with a one-time code: a compact JWE with PBES2-HS512+A256KW and
// A256GCM (RFC 7518, 4.8). Nothing leaves the browser.
import {t} from "./i18n.js";

const ALGORITHM = "PBES2-HS512+A256KW";
const MOST_ROUNDS = 2_000_000; // more would only keep the browser busy

function bytesOf(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

async function keyFromCode(code, {p2s, p2c}) {
  const salt = new Uint8Array([...encode(ALGORITHM), 0, ...bytesOf(p2s)]);
  const password = await crypto.subtle.importKey("raw", encode(code), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({name: "PBKDF2", hash: "SHA-512", salt, iterations: p2c}, password,
    {name: "AES-KW", length: 256}, false, ["unwrapKey"]);
}

/** The rates inside; throws with a text for people when the code does not open them. */
export async function openSealed(compact, code) {
  const parts = compact.split(".");
  if (parts.length !== 5) throw new Error("The bank sent something that is no sealed text.");
  const header = decode(bytesOf(parts[0]));
  if (header.alg !== ALGORITHM || header.enc !== "A256GCM" || !(header.p2c <= MOST_ROUNDS)) {
    throw new Error(`The bank sealed it in a way that is not prescribed: ${header.alg}, ${header.enc}.`);
  }
  const [, wrapped, iv, text, tag] = parts.map((part, index) => (index === 0 ? null : bytesOf(part)));
  let payload;
  try {
    const key = await crypto.subtle.unwrapKey("raw", wrapped, await keyFromCode(code, header), "AES-KW",
      {name: "AES-GCM"}, false, ["decrypt"]);
    const sealed = new Uint8Array([...text, ...tag]);
    payload = decode(await crypto.subtle.decrypt({name: "AES-GCM", iv, additionalData: encode(parts[0])}, key, sealed));
  } catch {
    throw new Error(t("This code does not open them."));
  }
  if (payload.exp * 1000 < Date.now()) throw new Error(t("The code has expired; ask for the terms again."));
  return payload.FinanceRates;
}
