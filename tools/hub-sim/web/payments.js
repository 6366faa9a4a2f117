// The payments of a consent that was given earlier.
import "./i18n.js";
import {byId, showBrand} from "./page.js";
import {listOwn} from "./own.js";
import {showPaying} from "./paying.js";
import {chooseRecent} from "./recent.js";

/** Of the consents under which this browser's app may pay. */
const choice = async () => chooseRecent((await listOwn()).filter(({connected, pays}) => connected && pays));

const consentId = new URLSearchParams(location.search).get("consent") ?? "";
if (consentId) {
  byId("inspect").href = `/inspector.html?consent=${encodeURIComponent(consentId)}`;
  byId("inspect").hidden = false;
  const app = await showPaying(consentId);
  if (app) {
    showBrand(app.slug, app.tppName);
  } else {
    byId("paying").append(await choice());
  }
} else {
  byId("paying").replaceChildren(await choice());
}
