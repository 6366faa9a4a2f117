// The start page: what to ask for, then off to the bank.
import {element, getJson, postJson} from "./page.js";

const SEGMENTS = {
  retail: ["Personal", "Your own current, savings and card accounts."],
  sme: ["Business", "The accounts of a company you act for."],
  corporate: ["Corporate", "The accounts of a large company."],
};

const PERMISSIONS = [
  ["Accounts", "Names, numbers and types of your accounts", ["ReadAccountsBasic", "ReadAccountsDetail"], true],
  ["Balances", "What is on them", ["ReadBalances"], true],
  ["Transactions", "What came in and went out", ["ReadTransactionsBasic", "ReadTransactionsDetail"], true],
  ["Standing orders and direct debits", "What is paid regularly",
    ["ReadStandingOrdersBasic", "ReadStandingOrdersDetail", "ReadDirectDebits"], false],
  ["Saved payees", "Whom you pay", ["ReadBeneficiariesBasic", "ReadBeneficiariesDetail"], false],
  ["Your details", "Name and contact details held by your bank", ["ReadPartyUser", "ReadParty"], false],
];
const DAY_MS = 24 * 3600 * 1000;

const byId = (id) => document.getElementById(id);

function chosen(name) {
  return document.querySelector(`input[name="${name}"]:checked`);
}

function showApp(tpp) {
  document.body.dataset.brand = tpp.slug;
  document.title = `${tpp.name}: connect an account`;
  byId("mark").src = `${tpp.slug}.svg`;
  byId("brand").textContent = tpp.name;
  byId("pitch").textContent = tpp.pitch;
  const usual = document.querySelector(`input[data-segment="${tpp.segment}"]`);
  if (usual) usual.checked = true;
}

function tile(type, name, value, checked, title, text) {
  const input = element("input", {type, name, value, checked});
  return element("label", {className: "tile"}, input,
    element("span", {}, element("b", {textContent: title}), element("small", {textContent: text})));
}

function fill({hubs, tpps}) {
  byId("apps").append(...tpps.map((tpp, index) => {
    const input = element("input", {type: "radio", name: "app", value: tpp.clientId, checked: index === 0});
    input.addEventListener("change", () => showApp(tpp));
    return element("label", {}, input, element("img", {src: `${tpp.slug}.svg`, alt: ""}), tpp.name);
  }));
  byId("segments").append(...hubs.map((hub, index) => {
    const label = tile("radio", "provider", hub.providerId, index === 0, ...SEGMENTS[hub.segment]);
    Object.assign(label.firstChild.dataset, {segment: hub.segment, testid: `tpp-provider-${hub.providerId}`});
    return label;
  }));
  byId("permissions").append(...PERMISSIONS.map(([title, text, codes, checked]) =>
    tile("checkbox", "permission", codes.join(" "), checked, title, text)));
  showApp(tpps[0]);
}

async function submit(event) {
  event.preventDefault();
  const boxes = [...document.querySelectorAll('input[name="permission"]:checked')];
  byId("problem").hidden = true;
  byId("submit").disabled = true;
  try {
    if (boxes.length === 0) throw new Error("Choose at least one thing to share.");
    const made = await postJson("/sim/consents", {
      providerId: chosen("provider").value,
      type: "data-sharing",
      clientId: chosen("app").value,
      consent: {
        Permissions: boxes.flatMap((box) => box.value.split(" ")),
        ExpirationDateTime: new Date(Date.now() + byId("days").value * DAY_MS).toISOString(),
      },
    });
    location.assign(made.authorizeUrl);
  } catch (problem) {
    byId("problem").textContent = problem.message;
    byId("problem").hidden = false;
    byId("submit").disabled = false;
  }
}

byId("start").addEventListener("submit", submit);
addEventListener("pageshow", () => { byId("submit").disabled = false; });
fill(await getJson("/sim/setup"));
