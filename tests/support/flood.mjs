// Callers that are slow on purpose: COUNT connections to each PORT, renewed as they end, until the
// parent goes. A program of its own, so that it takes no time from who measures.
//
//   node flood.mjs COUNT KIND:PORT...      KIND: tls, plain
import { connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';

const [count, ...targets] = process.argv.slice(2);

// The first message of a handshake, which costs the server its answer.
function clientHello() {
    return new Promise((resolve) => {
        const server = createServer((socket) =>
            socket.once('data', (bytes) => {
                resolve(bytes);
                socket.destroy();
                server.close();
            }),
        );
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {});
        });
    });
}

const hello = await clientHello();
const ways = {
    tls: [Buffer.alloc(0), Buffer.from([0x16]), hello.subarray(0, 50), hello],
    plain: [
        '',
        'G',
        'GET / HTTP/1.1\r\nX: ',
        'POST /journey/state HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n',
        'POST /journey/state HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n',
        'POST /journey/state HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;',
    ],
};
let opened = 0;

function open(kind, port, i) {
    const socket = connect(port, '127.0.0.1', () => {
        opened++;
        socket.write(ways[kind][i % ways[kind].length]);
    });
    const drip = setInterval(() => socket.writable && socket.write('x'), 1000);
    socket.on('error', () => {});
    socket.resume();
    socket.on('close', () => {
        clearInterval(drip);
        setTimeout(open, 20, kind, port, i);
    });
}

for (const target of targets) {
    const [kind, port] = target.split(':');
    for (let i = 0; i < Number(count); i++) {
        open(kind, Number(port), i);
    }
}
setInterval(() => process.send?.({ opened }), 250);
process.on('disconnect', () => process.exit());
