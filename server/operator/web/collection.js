// The documents' sample requests as a Postman collection (Bruno imports it too), as an .http file, and
// as curl commands. No part of a page: tools/collection makes the same files of it.

const CALLER = '7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0'; // the TPP that asks, in the Hub's headers
const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Name of the variable with the whole Authorization header towards a provider. */
export const authorizationOf = (provider) => `authorization_${provider}`;

/** Of the variable with the Hub's client id and secret, as Basic authentication has them. */
export const clientOf = (provider) => `client_${provider}`;

function hubHeaders({ provider, userId, consentId, callerOrgId, path }, method) {
  const pairs = {
    Authorization: `{{${authorizationOf(provider)}}}`,
    'o3-provider-id': provider,
    'o3-aspsp-id': provider,
    'o3-caller-org-id': callerOrgId ?? `${CALLER}001`,
    'o3-caller-client-id': `${CALLER}002`,
    'o3-caller-software-statement-id': `${CALLER}003`,
    'o3-api-uri': `/open-finance/v2.1${path.split('?')[0]}`,
    'o3-api-operation': method,
    'o3-consent-id': consentId ?? '{{$guid}}',
    'o3-caller-interaction-id': '{{$guid}}',
    'o3-ozone-interaction-id': '{{$guid}}',
    'x-fapi-customer-ip-address': '192.0.2.1',
    Accept: 'application/json',
  };
  if (userId) pairs['o3-psu-identifier'] = base64(JSON.stringify({ userId }));
  return pairs;
}

function requestOf(document, family, basePath, method, operation) {
  const sample = operation['x-sample'];
  const token = family === 'token'; // no headers of the Hub play a part there
  const headers = token ? { Accept: 'application/json' } : hubHeaders(sample, method);
  let body;
  if (sample.body) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(sample.body, null, 2);
  } else if (sample.text) {
    headers['Content-Type'] = sample.contentType;
    body = sample.text;
  } else if (sample.form) {
    headers.Authorization = `Basic {{${clientOf(sample.provider)}}}`;
    headers['Content-Type'] = 'application/x-www-form-urlencoded';
    body = String(new URLSearchParams(sample.form));
  }
  return {
    operation: operation.operationId,
    group: document.info.title,
    provider: sample.provider,
    method,
    url: `{{baseUrl}}${basePath}${sample.path}`,
    headers,
    body,
    status: sample.status ?? Number(Object.keys(operation.responses).find((status) => status.startsWith('2'))),
  };
}

const SECTORS = ['employment', 'health', 'home', 'life', 'motor', 'renters', 'travel'].map((sector) => `${sector}.json`);

/** "bank-data-sharing.json" is of the family dataSharing; each sector of insurance has a document. */
const familyOf = (file) => SECTORS.includes(file) ? 'insurance' : file.replace(/^bank-/, '').replace(/\.json$/, '').replace(/-(.)/g, (_, letter) => letter.toUpperCase());

/** Every sample request; `documents` is a list of [file, document], basePaths those of the families. */
export function requestsOf(documents, basePaths = {}) {
  return documents.flatMap(([file, document]) => Object.values(document.paths).flatMap((item) =>
    Object.entries(item).filter(([, operation]) => operation['x-sample']).map(([method, operation]) =>
      requestOf(document, familyOf(file), basePaths[familyOf(file)] ?? '', method.toUpperCase(), operation))));
}

/** The text with its variables replaced; {{$guid}} becomes a new one each time. */
export function fill(text, variables) {
  return text?.replace(/\{\{([^{}]+)\}\}/g, (whole, name) => (name === '$guid' ? crypto.randomUUID() : variables[name] ?? whole));
}

const HOW = [
  'Every request goes over mutual TLS: name {{clientCert}} and {{clientKey}} as the client certificate of this host, and',
  '{{caFile}} as certificate authority, in the settings of your program.',
  'The Authorization of each provider lives five minutes: tools/call --authorization prints one, tools/collection a whole new file.',
].join('\n');

/** A collection in Postman's format v2.1; a list of variables. */
export function postman(requests, variables) {
  const item = (one) => ({
    name: one.operation,
    request: {
      method: one.method,
      header: Object.entries(one.headers).map(([key, value]) => ({ key, value })),
      url: one.url,
      body: one.body && { mode: 'raw', raw: one.body },
    },
    event: [{
      listen: 'test',
      script: { exec: [`pm.test('answered ${one.status}', () => pm.response.to.have.status(${one.status}));`] },
    }],
  });
  const groups = new Map();
  for (const one of requests) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return {
    info: {
      name: 'Ozone Connect',
      description: HOW,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    item: [...groups].map(([name, ones]) => ({ name, item: ones.map(item) })),
    variable: Object.entries(variables).map(([key, value]) => ({ key, value })),
  };
}

/** The variables alone, as an environment in Postman's format, for a collection that was imported before. */
export function environment(variables) {
  return {
    name: 'Ozone Connect demonstration',
    values: Object.entries(variables).map(([key, value]) =>
      ({ key, value, type: /^authorization/.test(key) ? 'secret' : 'default', enabled: true })),
    _postman_variable_scope: 'environment',
  };
}

/** The same as an .http file. */
export function http(requests, variables) {
  const comment = HOW.split('\n').map((line) => `# ${line}\n`).join('');
  const values = Object.entries(variables).map(([name, value]) => `@${name} = ${value}\n`).join('');
  const one = ({ operation, group, method, url, headers, body, status }) => [
    `### ${group}: ${operation}, answered ${status}`,
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body ? ['', body] : []),
  ].join('\n');
  return `${comment}${values}\n${requests.map(one).join('\n\n')}\n`;
}

const quoted = (text) => (/^[A-Za-z0-9/:._-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** What the requests leave open, of a demonstration (GET /operator/demonstration). */
export function variablesOf({ ozoneConnect, providers }) {
  const [first] = Object.values(providers);
  return {
    baseUrl: ozoneConnect.baseUrl,
    caFile: ozoneConnect.caFile,
    clientCert: first.clientCert,
    clientKey: first.clientKey,
    ...Object.fromEntries(Object.keys(providers).map((id) => [authorizationOf(id), ''])),
    ...Object.fromEntries(Object.entries(providers).filter(([, one]) => one.secretFile).map(([id]) => [clientOf(id), ''])),
  };
}

/** A shell command, which takes its credential when it runs. */
export function curl(request, demonstration) {
  const { clientCert, clientKey, secretFile } = demonstration.providers[request.provider];
  const of = (text) => quoted(fill(text, variablesOf(demonstration)));
  const { Authorization, ...headers } = request.headers;
  const parts = ['curl --silent --show-error --noproxy \'*\'', `--cacert ${quoted(demonstration.ozoneConnect.caFile)}`,
    `--cert ${quoted(clientCert)} --key ${quoted(clientKey)}`, `--request ${request.method}`];
  if (Authorization?.startsWith('Basic')) {
    parts.push(`--user "${request.provider}:$(cat ${quoted(secretFile)})"`);
  } else if (Authorization) {
    parts.push(`--header "Authorization: $(${demonstration.authorization} --provider ${request.provider})"`);
  }
  parts.push(...Object.entries(headers).map(([name, value]) => `--header ${of(`${name}: ${value}`)}`));
  if (request.body) parts.push(`--data-binary ${of(request.body)}`);
  return [...parts, of(request.url)].join(' \\\n    ');
}
