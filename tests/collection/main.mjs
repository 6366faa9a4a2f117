// Writes the sample requests of a running demonstration as files, everything filled in: see
// tools/collection.
//
//   node main.mjs DATA OUT          DATA is that of tools/run
//   node main.mjs DATA --record     answers.json from what the bank answers now
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, http, postman, requestsOf } from '../../server/operator/web/collection.js';
import { fillIn, readDocuments, send } from '../support/collection.mjs';
import { ROOT } from '../support/demo.mjs';

// They hold credentials, keys or certificates of one demonstration, and are no examples; or are not JSON.
const UNRECORDED = ['echoCert', 'issueToken', 'readAuthorizationServerMetadata', 'readTokenKeys', 'reportFile'];

async function record(demo, requests, variables) {
    const lines = [];
    for (const request of requests.filter(({ operation }) => !UNRECORDED.includes(operation))) {
        const { status, text } = await send(demo, request, variables);
        if (status !== request.status) {
            throw new Error(`${request.operation}: ${status} ${text}`);
        }
        if (text) {
            lines.push(`${JSON.stringify(request.operation)}: {"status": ${status}, "body": ${JSON.stringify(JSON.parse(text))}}`);
        }
    }
    writeFileSync(join(ROOT, 'openapi/answers.json'), `{\n${lines.join(',\n')}\n}\n`);
}

const [data, out] = process.argv.slice(2);
const demo = { ...JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8')) };
const requests = requestsOf(await readDocuments(demo), demo.ozoneConnect.basePaths);
const variables = await fillIn(demo, requests);
if (out === '--record') {
    await record(demo, requests, variables);
} else {
    const write = (name, text) => {
        const file = join(out, name);
        writeFileSync(file, text, { mode: 0o600 }); // with credentials
        console.log(file);
    };
    write('ozone-connect.postman_collection.json', JSON.stringify(postman(requests, variables), null, 2));
    write('ozone-connect.postman_environment.json', JSON.stringify(environment(variables), null, 2));
    write('ozone-connect.http', http(requests, variables));
}
