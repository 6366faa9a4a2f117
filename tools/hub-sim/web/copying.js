// Buttons that copy a login or a password.
import {element} from "./page.js";

async function copy(what, text, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = `The ${what} ${text} is copied.`;
  } catch {
    said.textContent = `The browser did not copy it. The ${what} is ${text}.`;
  }
}

/** A button with the text; `said` tells that it was copied. */
export function copyButton(what, text, said) {
  const button = element("button", {type: "button", className: "copy", "aria-label": `Copy the ${what} ${text}`, "data-testid": `copy-${what}-${text}`, textContent: text});
  button.addEventListener("click", () => copy(what, text, said));
  return button;
}
