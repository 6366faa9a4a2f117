// Messages against OpenAPI documents, judged by ajv: nothing of the server's own checks is in it.
// A schema of OpenAPI 3.0 is turned into JSON Schema where the two differ: `nullable`, boolean
// `exclusiveMinimum`, what stands beside a `$ref` (ignored), `readOnly` and `writeOnly` (a member that
// the direction must not have), and a `discriminator` with a mapping (the form must be the one that
// its value names). A keyword that is not known here is an error, never passed over.
import addFormats from 'ajv-formats';
import Ajv from 'ajv';
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
const FORMATS = { decimal: true, base64: (text) => Buffer.from(text, 'base64').toString('base64') === text };
const BOUNDS = { exclusiveMinimum: 'minimum', exclusiveMaximum: 'maximum' };

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

    convert(schema) {
        if (typeof schema === 'boolean') {
            return schema;
        }
        if (schema.$ref && !this.later) {
            return { $ref: schema.$ref };
        }
        const made = schema.$ref ? { $ref: schema.$ref } : {};
        for (const [keyword, value] of Object.entries(schema)) {
            if (keyword === 'properties') {
                made.properties = this.properties(value);
            } else if (SCHEMAS.includes(keyword)) {
                made[keyword] = value.map((one) => this.convert(one));
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
        return this.nullable(schema, this.discriminate(schema, made));
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
    discriminate({ discriminator: { propertyName, mapping } = {} }, made) {
        if (!mapping) {
            return made;
        }
        const forms = Object.entries(mapping).map(([value, $ref]) => ({
            if: { properties: { [propertyName]: { const: value } }, required: [propertyName] },
            then: { $ref },
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

/** The operations of one document, with a check of each answer that is compiled when first needed. */
export class Document {
    /** `direction` is 'response' or 'request'. */
    constructor(name, document, direction = 'response') {
        this.name = name;
        this.document = document;
        this.checks = new Map();
        this.converter = new Converter(document, direction);
        this.ajv = new (this.converter.later ? Ajv2020 : Ajv)(
            { strict: false, allErrors: true, multipleOfPrecision: 9, formats: FORMATS, logger: { log: fail, warn: fail, error: fail } });
        addFormats(this.ajv);
        const schemas = Object.entries(document.components?.schemas ?? {});
        this.ajv.addSchema({
            $id: BASE,
            components: { schemas: Object.fromEntries(schemas.map(([id, one]) => [id, this.converter.convert(one)])) },
        });
        this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
            ['get', 'post', 'put', 'patch', 'delete'].filter((method) => item[method]).map((method) => ({
                id: item[method].operationId,
                method: method.toUpperCase(),
                pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
                templates: path.split('{').length,
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

    faultsOfContent(about, content, type, text) {
        if (!content) {
            return text === '' ? [] : [{ where: about, keyword: 'content', message: 'has no body' }];
        }
        const media = (type ?? '').split(';', 1)[0].trim().toLowerCase();
        const said = content[media] ?? content['*/*'];
        if (!said) {
            return [{ where: about, keyword: 'content', message: `is ${media || 'without a type'}` }];
        }
        if (!said.schema || !/json$/.test(media)) {
            return [];
        }
        let value;
        try {
            value = JSON.parse(text);
        } catch {
            return [{ where: about, keyword: 'content', message: 'is no JSON' }];
        }
        const check = this.check(`${about} ${media}`, said.schema);
        return check(value) ? [] : check.errors.map(({ instancePath, keyword, message, params }) => ({
            where: `${about} ${instancePath}`, keyword, message: `${message} ${JSON.stringify(params)}`,
        }));
    }

    check(key, schema) {
        if (!this.checks.has(key)) {
            this.checks.set(key, this.ajv.compile(withBase(this.converter.convert(schema))));
        }
        return this.checks.get(key);
    }
}
