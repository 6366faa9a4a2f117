// Files of payments as a TPP makes them, and what a consent says of one.
import { createHash } from 'node:crypto';
import { creditorIban } from './payments.mjs';

const NAMESPACE = 'urn:iso:std:iso:20022:tech:xsd:pain.001.001.09';
export const PAIN = 'pain.001.001.09';

/** As many instructions, to ordinary accounts: {id, minor, iban, name}; `more` replaces members of each. */
export const instructionsOf = (count, more = {}) => Array.from({ length: count }, (_, i) => ({
    id: `SALARY-${i + 1}`, minor: 1000 + i, iban: creditorIban(7000 + i), name: `Zumurrud Trading ${i + 1}`, ...more,
}));

export const decimal = (minor) => `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
export const sumOf = (instructions) => instructions.reduce((sum, { minor }) => sum + minor, 0);

const transfer = ({ id, minor, iban, name, currency = 'AED' }) => `<CdtTrfTxInf>
<PmtId><InstrId>${id}</InstrId><EndToEndId>${id}</EndToEndId></PmtId>
<Amt><InstdAmt Ccy="${currency}">${decimal(minor)}</InstdAmt></Amt>
<Cdtr><Nm>${name}</Nm></Cdtr>
<CdtrAcct><Id><IBAN>${iban}</IBAN></Id></CdtrAcct>
<RmtInf><Ustrd>Salary</Ustrd></RmtInf>
</CdtTrfTxInf>`;

/** pain.001.001.09 with these instructions. */
export function painOf(instructions, { prolog = '<?xml version="1.0" encoding="UTF-8"?>', count = instructions.length } = {}) {
    return `${prolog}
<Document xmlns="${NAMESPACE}"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-01-31T09:00:00</CreDtTm><NbOfTxs>${count}</NbOfTxs>
<CtrlSum>${decimal(sumOf(instructions))}</CtrlSum><InitgPty><Nm>Falcon LLC</Nm></InitgPty></GrpHdr>
<PmtInf><PmtInfId>B-1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-02-01</Dt></ReqdExctnDt>
<Dbtr><Nm>Falcon LLC</Nm></Dbtr>
${instructions.map(transfer).join('\n')}
</PmtInf></CstmrCdtTrfInitn></Document>
`;
}

/** The CSV format of the reference bank. */
export const csvOf = (instructions) => ['EndToEndId,Amount,Currency,CreditorIBAN,CreditorName',
    ...instructions.map(({ id, minor, iban, name }) => `${id},${decimal(minor)},AED,${iban},"${name}"`), ''].join('\r\n');

export const hashOf = (file) => createHash('sha256').update(file).digest('base64');

/** What a consent says of a file. */
export const termsOf = (file, instructions, more = {}) => ({
    FileType: PAIN,
    FileHash: hashOf(file),
    FileReference: 'Salaries of January',
    NumberOfTransactions: instructions.length,
    ControlSum: decimal(sumOf(instructions)),
    ...more,
});

const CHUNK = 1024 * 1024;

/** pain.001.001.09 of exactly so many bytes, as {chunks, terms} of what a consent says of it. */
export function writeLargePain({ bytes, count }) {
    const [head, tail] = painOf([], { count }).split('\n\n</PmtInf>');
    const minor = 2;
    const one = (i, filler) => transfer({ id: `PAY-${i}`, minor, iban: creditorIban(7000 + (i % 500)), name: `Zumurrud Trading ${i}` })
        .replace('<Ustrd>Salary', `<Ustrd>${'Salary '.repeat(20)}</Ustrd><Ustrd>${filler}`);
    const before = `${head.replace(/<CtrlSum>.*<\/CtrlSum>/, `<CtrlSum>${decimal(minor * count)}</CtrlSum>`)}\n`;
    const after = `</PmtInf>${tail}`;
    const hash = createHash('sha256');
    const chunks = [];
    let lines = [before];
    let size = before.length;
    let left = bytes - after.length;
    const flush = () => {
        const chunk = Buffer.from(lines.join(''));
        chunks.push(chunk);
        hash.update(chunk);
        left -= chunk.length;
        lines = [];
        size = 0;
    };
    for (let i = 0; i < count; i++) {
        const bare = `${one(i, '')}\n`.length;
        const room = Math.max(0, Math.floor((left - size) / (count - i)) - bare);
        const line = `${one(i, 'x'.repeat(room))}\n`;
        lines.push(line);
        size += line.length;
        if (size >= CHUNK) flush();
    }
    lines.push(' '.repeat(Math.max(0, left - size)), after);
    left += after.length;
    flush();
    const terms = { FileType: PAIN, FileHash: hash.digest('base64'), NumberOfTransactions: count, ControlSum: decimal(minor * count) };
    return { chunks, terms };
}
