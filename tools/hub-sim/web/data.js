// The data of a consent that was given earlier.
import "./i18n.js";
import {byId, showBrand} from "./page.js";
import {listOwn} from "./own.js";
import {chooseRecent} from "./recent.js";
import {showShared} from "./shared.js";

/** Of the consents whose data this browser's app may read. */
const choice = async () => chooseRecent((await listOwn()).filter(({connected, pays}) => connected && !pays));

const consentId = new URLSearchParams(location.search).get("consent") ?? "";
if (consentId) {
  byId("inspect").href = `/inspector.html?consent=${encodeURIComponent(consentId)}`;
  byId("inspect").hidden = false;
  const known = await showShared(consentId);
  if (known) {
    showBrand(known.slug, known.tppName);
  } else {
    byId("shared").append(await choice());
  }
} else {
  byId("shared").replaceChildren(await choice());
}
