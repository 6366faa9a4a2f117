// Messages against OpenAPI documents, judged by ajv: nothing of the server's own checks is in it.
// A schema of OpenAPI 3.0 is turned into JSON Schema where the two differ: `nullable`, boolean
// `exclusiveMinimum`, what stands beside a `$ref` (ignored), `readOnly` and `writeOnly` (a member that
// the direction must not have), and a `discriminator` with a mapping (the form must be the one that
// its value names). A keyword that is not known here is an error, never passed over.
import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020.js';
import { follow } from './documents.mjs';

const BASE = 'openapi:///document'; // what local references are relative to
const SCHEMAS = ['allOf', 'anyOf', 'oneOf'];
const SCHEMA = ['not', 'items', 'additionalProperties'];
const RULES = [
    'type', 'enum', 'const', 'format', 'pattern', 'required', 'minLength', 'maxLength', 'minimum', 'maximum',
    'multipleOf', 'minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties',
];
const ANNOTATIONS = ['title', 'description', 'default', 'example', 'examples', 'deprecated', 'externalDocs', 'xml'];
/** Formats that ajv has not. Beside a decimal stands its pattern. */
const FORMATS = {
    decimal: true,
    base64: (text) => Buffer.from(text, 'base64').toString('base64') === text,
};
const BOUNDS = { exclusiveMinimum: 'minimum', exclusiveMaximum: 'maximum' };

/** ajv's own wants a domain with a dot. */
function isUrl(text) {
    try {
        return Boolean(new URL(text));
    } catch {
        return false;
    }
}

const fail = (message) => {
    throw new Error(message); // a format that is not known
};

/** Turns schemas of one document into JSON Schema, for 'response' or 'request'. */
class Converter {
    constructor(document, direction) {
        this.document = document;
        this.later = !/^3\.0\./.test(document.openapi);
        this.barred = direction === 'response' ? 'writeOnly' : 'readOnly';
    }

    /** With `open` it is a part of an object that is closed, and not closed itself. */
    convert(schema, open = false) {
        if (typeof schema === 'boolean') {
            return schema;
        }
        if (schema.$ref && open) {
            const { $ref, ...beside } = schema;
            return this.convert({ ...follow(this.document, { $ref }), ...(this.later && beside) }, open);
        }
        if (schema.$ref && !this.later) {
            return { $ref: schema.$ref };
        }
        const closes = !open && this.hasClosedParts(schema);
        const made = schema.$ref ? { $ref: schema.$ref } : {};
        for (const [keyword, value] of Object.entries(schema)) {
            if (keyword === 'properties') {
                made.properties = this.properties(value);
            } else if (SCHEMAS.includes(keyword)) {
                // Open forms are no longer told apart by what they do not have.
                made[keyword === 'oneOf' && (open || closes) ? 'anyOf' : keyword] =
                    value.map((one) => this.convert(one, open || closes));
            } else if (keyword === 'additionalProperties' && value === false && (open || closes)) {
                continue;
            } else if (SCHEMA.includes(keyword)) {
                made[keyword] = this.convert(value);
            } else if (RULES.includes(keyword)) {
                made[keyword] = value;
            } else if (keyword in BOUNDS) {
                this.bound(made, schema, keyword);
            } else if (!this.isNoRule(keyword)) {
                throw new Error(`the keyword ${keyword} is not known`);
            }
        }
        if (made.required) {
            made.required = made.required.filter((name) => !this.isBarred(schema.properties?.[name]));
        }
        const chosen = this.discriminate(schema, made, open || closes);
        return this.nullable(schema, closes ? { ...chosen, unevaluatedProperties: false } : chosen);
    }

    /** Whether it is closed beside its forms, or a part that all have in common is closed. */
    hasClosedParts({ additionalProperties, allOf = [], anyOf, oneOf }) {
        return (additionalProperties === false && Boolean(allOf.length || anyOf || oneOf)) ||
            (allOf.length > 1 && allOf.map((one) => follow(this.document, one)).some((one) =>
                one.additionalProperties === false || this.hasClosedParts(one)));
    }

    isNoRule(keyword) {
        return ANNOTATIONS.includes(keyword) || keyword.startsWith('x-') ||
            ['$ref', 'nullable', 'discriminator', 'readOnly', 'writeOnly'].includes(keyword);
    }

    isBarred(property) {
        return Boolean(property && follow(this.document, property)[this.barred]);
    }

    properties(all) {
        return Object.fromEntries(Object.entries(all).map(([name, one]) =>
            [name, this.isBarred(one) ? false : this.convert(one)]));
    }

    bound(made, schema, keyword) {
        if (typeof schema[keyword] === 'number') {
            made[keyword] = schema[keyword];
        } else if (schema[keyword]) {
            made[keyword] = schema[BOUNDS[keyword]];
        }
    }

    nullable({ nullable, type }, made) {
        return nullable && type ? { anyOf: [{ type: 'null' }, made] } : made;
    }

    /** Without a mapping the values would have to be names of schemas: then it says nothing. */
    discriminate({ discriminator: { propertyName, mapping } = {} }, made, open) {
        if (!mapping) {
            return made;
        }
        const forms = Object.entries(mapping).map(([value, $ref]) => ({
            if: { properties: { [propertyName]: { const: value } }, required: [propertyName] },
            then: this.convert({ $ref }, open),
        }));
        const named = { properties: { [propertyName]: { enum: Object.keys(mapping) } }, required: [propertyName] };
        return { allOf: [made, named, ...forms] };
    }
}

/** Local references of a schema that stands outside of the components. */
function withBase(schema) {
    return JSON.parse(JSON.stringify(schema), (name, value) =>
        (name === '$ref' && typeof value === 'string' && value.startsWith('#') ? BASE + value : value));
}

/** A Content-Type without its parameters. */
const mediaOf = (type) => (type ?? '').split(';', 1)[0].trim().toLowerCase();

/** The payload of a JWS; an error where there is none. */
const payloadOf = (text) => JSON.parse(Buffer.from(text.split('.')[1], 'base64url').toString('utf8'));

/** A parameter's text as the type of its schema, where it can be one. */
function valueOf(text, type) {
    if (type === 'integer' || type === 'number') {
        return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    }
    return type === 'boolean' && /^(true|false)$/.test(text) ? text === 'true' : text;
}

/** How far a value is from a form: another type, another kind of object, members it has not, each other fault. */
function distance(errors) {
    const weigh = ({ instancePath, keyword }) =>
        keyword === 'type' && instancePath === '' ? 1000
            : ['const', 'enum', 'pattern'].includes(keyword) && instancePath.lastIndexOf('/') <= 0 ? 100
                : /^(additional|unevaluated)Properties$/.test(keyword) ? 5 : 1;
    return errors.reduce((sum, one) => sum + weigh(one), 0);
}

/** The operations of one document, with a check of each answer that is compiled when first needed. */
export class Document {
    /**
     * `direction` is 'response' or 'request'. With `wraps` an answer that is documented as JSON may
     * come as the `message` of a JWS.
     */
    constructor(name, document, direction = 'response', { wraps = false } = {}) {
        this.name = name;
        this.wraps = wraps;
        this.document = document;
        this.checks = new Map();
        this.parts = new Map();
        this.converter = new Converter(document, direction);
        this.ajv = new Ajv2020(
            { strict: false, allErrors: true, verbose: true, multipleOfPrecision: 9, formats: FORMATS, logger: { log: fail, warn: fail, error: fail } });
        addFormats(this.ajv);
        this.ajv.addFormat('url', isUrl);
        const schemas = Object.entries(document.components?.schemas ?? {});
        this.ajv.addSchema({
            $id: BASE,
            components: { schemas: Object.fromEntries(schemas.map(([id, one]) => [id, this.converter.convert(one)])) },
        });
        this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
            ['get', 'post', 'put', 'patch', 'delete'].filter((method) => item[method]).map((method) => ({
                id: item[method].operationId,
                method: method.toUpperCase(),
                pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '([^/]+)')}$`),
                names: [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name),
                templates: path.split('{').length,
                parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((one) => follow(document, one)),
                one: item[method],
            })));
        this.operations.sort((a, b) => a.templates - b.templates); // /accounts/products before /accounts/{id}
    }

    find(method, path) {
        return this.operations.find((one) => one.method === method && one.pattern.test(path));
    }

    /** What is wrong with an answer: {where, keyword, message} of each fault; [] when it fits. */
    faultsOfReply(operation, { status, type, text }) {
        const responses = operation.one.responses;
        const said = responses[status] ?? responses[`${String(status)[0]}XX`] ?? responses.default;
        const about = `${operation.id} ${status}`;
        if (!said) {
            return [{ where: about, keyword: 'status', message: 'is not documented' }];
        }
        return this.faultsOfContent(about, follow(this.document, said).content, type, text);
    }

    /**
     * What is wrong with a request, likewise: its parameters, and its content. `headers` have names in
     * small letters.
     */
    faultsOfRequest(operation, { path, query, headers, type, text }) {
        const about = `${operation.id} request`;
        const body = operation.one.requestBody && follow(this.document, operation.one.requestBody);
        const isAbsent = text === '' && !body?.required;
        return [
            ...this.faultsOfParameters(operation, about, { path, query, headers }),
            ...(isAbsent ? [] : this.faultsOfContent(about, body?.content, type, text)),
        ];
    }

    faultsOfParameters(operation, about, { path, query, headers }) {
        const inPath = path.match(operation.pattern).slice(1).map(decodeURIComponent);
        const inQuery = new URLSearchParams(query);
        const given = {
            path: (name) => [inPath[operation.names.indexOf(name)]],
            query: (name) => inQuery.getAll(name),
            header: (name) => (headers[name.toLowerCase()] === undefined ? [] : [headers[name.toLowerCase()]]),
            cookie: () => [],
        };
        const known = operation.parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name);
        const unknown = [...new Set(inQuery.keys())].filter((name) => !known.includes(name));
        return [
            ...unknown.map((name) => ({ where: `${about} query ${name}`, keyword: 'parameter', message: 'is not documented' })),
            ...operation.parameters.flatMap((one) => this.faultsOfParameter(one, `${about} ${one.in} ${one.name}`, given[one.in](one.name))),
        ];
    }

    faultsOfParameter({ required, schema }, about, texts) {
        if (texts.length === 0) {
            return required ? [{ where: about, keyword: 'parameter', message: 'is missing' }] : [];
        }
        const { type, items } = follow(this.document, schema);
        const value = type === 'array'
            ? texts.flatMap((text) => text.split(',')).map((text) => valueOf(text, follow(this.document, items).type))
            : valueOf(texts[0], type);
        return this.faultsOfValue(about, schema, value);
    }

    faultsOfContent(about, content, type, text) {
        if (!content) {
            return text === '' ? [] : [{ where: about, keyword: 'content', message: 'has no body' }];
        }
        const media = mediaOf(type);
        const said = Object.entries(content).find(([one]) => mediaOf(one) === media)?.[1] ?? content['*/*'];
        const wrapped = !said && this.wraps && media === 'application/jwt' ? content['application/json'] : undefined;
        if (!said && !wrapped) {
            return [{ where: about, keyword: 'content', message: `is ${media || 'without a type'}` }];
        }
        const { schema } = said ?? wrapped;
        if (!schema || !/(json|jwt)$/.test(media)) {
            return [];
        }
        let value;
        try {
            value = /jwt$/.test(media) ? payloadOf(text) : JSON.parse(text);
        } catch {
            return [{ where: about, keyword: 'content', message: `is no ${/jwt$/.test(media) ? 'JWS' : 'JSON'}` }];
        }
        return this.faultsOfValue(about, schema, wrapped ? value.message : value, media);
    }

    faultsOfValue(about, schema, value, media = '') {
        const check = this.check(`${about} ${media}`, schema);
        return check(value) ? [] : this.narrow(check.errors).map(({ instancePath, keyword, message, params }) => ({
            where: `${about} ${instancePath}`, keyword, message: `${message} ${JSON.stringify(params)}`,
        }));
    }

    /**
     * Where none of several forms fits, what is wrong with the nearest in place of what is with all of
     * them; and not that a chosen form does not fit, beside what is wrong with it.
     */
    narrow(errors) {
        const isChoice = ({ keyword, params }) => keyword === 'anyOf' || (keyword === 'oneOf' && !params.passingSchemas);
        const nameOf = ({ instancePath, keyword, params }) => `${instancePath} ${keyword} ${JSON.stringify(params)}`;
        let left = errors.filter(({ keyword }) => keyword !== 'if');
        for (;;) {
            const [choice] = left.filter(isChoice).sort((a, b) => a.instancePath.length - b.instancePath.length);
            if (!choice) {
                return left;
            }
            const under = (one) => ({ ...one, instancePath: choice.instancePath + one.instancePath });
            const forms = choice.schema.map((form) => this.errorsOf(form, choice.data));
            const all = new Set(forms.flat().map((one) => nameOf(under(one))));
            const nearest = forms.map((form) => this.narrow(form)).sort((a, b) => distance(a) - distance(b))[0];
            left = [...left.filter((one) => one !== choice && !all.has(nameOf(one))), ...nearest.map(under)];
        }
    }

    /** Of a schema that is part of a converted one. */
    errorsOf(schema, value) {
        if (!this.parts.has(schema)) {
            this.parts.set(schema, this.ajv.compile(withBase(schema)));
        }
        const check = this.parts.get(schema);
        return check(value) ? [] : check.errors;
    }

    check(key, schema) {
        if (!this.checks.has(key)) {
            this.checks.set(key, this.ajv.compile(withBase(this.converter.convert(schema))));
        }
        return this.checks.get(key);
    }
}
