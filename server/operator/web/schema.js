// A schema of a document as a tree that unfolds, one level at a time.
import { code, element } from './page.js';

/** What a $ref of the document names; what is none stands for itself. */
export function follow(document, node) {
  let found = node;
  for (let depth = 0; found?.$ref && depth < 16; depth++) {
    found = found.$ref.slice(2).split('/').reduce((at, name) => at?.[name], document);
  }
  return found ?? {};
}

const nameOf = (node) => node?.$ref?.split('/').pop();
const ALTERNATIVES = { oneOf: 'one of', anyOf: 'any of', allOf: 'all of' };

/** "text, 1 to 35 characters, date-time" */
function kindOf(document, node) {
  const schema = follow(document, node);
  if (schema.type === 'array') return `list of ${nameOf(schema.items) ?? kindOf(document, schema.items)}`;
  for (const [key, words] of Object.entries(ALTERNATIVES)) if (schema[key]) return words;
  return nameOf(node) && schema.type === 'object' ? nameOf(node) : schema.type ?? 'anything';
}

const LIMITS = [['format', ''], ['minLength', 'min. length'], ['maxLength', 'max. length'], ['minItems', 'min. items'],
  ['maxItems', 'max. items'], ['minimum', 'at least'], ['maximum', 'at most'], ['default', 'default'], ['pattern', 'pattern']];

function rules(schema) {
  const texts = LIMITS.filter(([key]) => schema[key] !== undefined).map(([key, words]) => `${words} ${schema[key]}`.trim());
  return element('div', { className: 'soft' },
    schema.description ? element('div', { textContent: schema.description }) : null,
    texts.length > 0 ? element('div', { className: 'code', textContent: texts.join(' · ') }) : null,
    schema.enum ? element('div', { className: 'code', textContent: schema.enum.join(' | ') }) : null);
}

/** Whatever is below a schema: [name, schema, required]. */
function parts(document, schema) {
  if (schema.type === 'array') return parts(document, follow(document, schema.items));
  const members = Object.entries(schema.properties ?? {}).map(([name, part]) =>
    [name, part, (schema.required ?? []).includes(name)]);
  const others = Object.keys(ALTERNATIVES).flatMap((key) =>
    (schema[key] ?? []).map((part, i) => [nameOf(part) ?? `${ALTERNATIVES[key]}, ${i + 1}`, part, false]));
  return [...members, ...others];
}

function line(document, name, node, required) {
  const schema = follow(document, node);
  const head = [code(name), ' ', element('span', { className: 'soft', textContent: kindOf(document, node) }),
    required ? element('span', { className: 'needed', textContent: ' required' }) : null];
  if (parts(document, schema).length === 0) return element('li', {}, head, rules(schema));
  const inner = element('div');
  const fold = element('details', {}, element('summary', {}, head), inner);
  fold.ontoggle = () => {
    if (fold.open && inner.childElementCount === 0) inner.append(rules(schema), tree(document, schema));
  };
  return element('li', {}, fold);
}

function tree(document, schema) {
  return element('ul', { className: 'schema' },
    parts(document, schema).map(([name, part, required]) => line(document, name, part, required)));
}

/** The schema of a body or parameter, its first level open. */
export function schemaView(document, node) {
  const schema = follow(document, node);
  const name = nameOf(node);
  const kind = kindOf(document, node);
  return element('div', {}, element('p', {}, name ? code(name) : null, ' ',
    kind === name ? null : element('span', { className: 'soft', textContent: kind })), rules(schema), tree(document, schema));
}

/** The same in one line, for a table of parameters. */
export function schemaLine(document, node) {
  return element('div', {}, element('span', { textContent: kindOf(document, node) }), rules(follow(document, node)));
}
