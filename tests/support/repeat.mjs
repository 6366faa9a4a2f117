// Sends one request again and again over some connections until the parent goes. A program of its
// own, so that it takes no time from who measures. Each of the parent's messages replaces what is
// sent; null ends it for now:
//   base, ca, cert, key              the server and files for TLS
//   count                            connections
//   name                             comes back in each report
//   method, path, headers, content   of the request
// Its reports, as long as it goes on, say how often each status was answered: {name, statuses}.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

const REPORT_MS = 25;
let current;

function send({ agent, statuses, base, method, path, headers, content }) {
    return new Promise((resolve) => {
        const outgoing = request(base + path, { method, headers, agent }, (reply) => {
            statuses[reply.statusCode] = (statuses[reply.statusCode] ?? 0) + 1;
            reply.resume().on('close', resolve);
        });
        outgoing.on('error', resolve); // the server may close while the request is still sent
        outgoing.end(content);
    });
}

async function repeat(what) {
    while (what === current) {
        await send(what);
    }
}

process.on('message', (asked) => {
    current?.agent.destroy();
    current = undefined;
    if (asked) {
        const [ca, cert, key] = [asked.ca, asked.cert, asked.key].map((file) => readFileSync(file));
        const agent = new Agent({ keepAlive: true, ca, cert, key });
        current = { ...asked, agent, statuses: {} };
        Array.from({ length: asked.count }, () => repeat(current));
    }
});
process.on('disconnect', () => process.exit());
setInterval(() => {
    if (current) {
        process.send({ name: current.name, statuses: current.statuses });
    }
}, REPORT_MS);
