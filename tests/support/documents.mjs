// Answers against OpenAPI documents, each of them whole in one file.

/** What a reference, or a chain of them, leads to. */
export function follow(document, schema) {
    let at = schema;
    while (at?.$ref) {
        at = at.$ref.slice(2).split('/').reduce((node, step) =>
            node[step.replaceAll('~1', '/').replaceAll('~0', '~')], document);
    }
    return at;
}

/** The schema and all that it combines: everything that is said of one value. */
function saidBy(document, schema) {
    const at = follow(document, schema);
    if (!at) return [];
    const combined = [...(at.allOf ?? []), ...(at.anyOf ?? []), ...(at.oneOf ?? [])];
    return [at, ...combined.flatMap((one) => saidBy(document, one))];
}

/** The members of a value, at any depth, that the schema has no name for. */
export function unnamedIn(document, schema, value, where = '') {
    const said = saidBy(document, schema);
    if (Array.isArray(value)) {
        const items = { allOf: said.filter((one) => one.items).map((one) => one.items) };
        return value.flatMap((item, i) => unnamedIn(document, items, item, `${where}[${i}]`));
    }
    if (value === null || typeof value !== 'object' || !said.some(({ properties }) => properties)) {
        return [];
    }
    return Object.entries(value).flatMap(([name, member]) => {
        const path = where ? `${where}.${name}` : name;
        const allOf = said.filter(({ properties }) => properties?.[name]).map(({ properties }) => properties[name]);
        return allOf.length === 0 ? [path] : unnamedIn(document, { allOf }, member, path);
    });
}
