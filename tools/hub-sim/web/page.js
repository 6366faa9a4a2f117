// What both pages need: elements and the simulator's JSON calls.

/** An element with properties and children. */
export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

export async function getJson(path) {
  return answer(await fetch(path));
}

export async function postJson(path, body) {
  const headers = {"content-type": "application/json"};
  return answer(await fetch(path, {method: "POST", headers, body: JSON.stringify(body)}));
}

async function answer(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.errorMessage ?? `The Hub answered ${response.status}.`);
  return body;
}
