// A model of a customer's payments beside the running bank: random steps are done to both, and after
// each both must say the same. The creditor is one whose payments wait for an operator, so that time
// plays no part. A difference is told with the shortest sequence of steps that shows it.

const AMOUNTS = [1, 250, 9999, 1_000_000_000_000]; // fils; nobody has the last
const MOVES = ['Rejected', 'AcceptedWithoutPosting', 'AcceptedSettlementCompleted'];
const OVER = ['Rejected', 'AcceptedWithoutPosting'];

/** A generator of numbers below a limit, the same for the same seed. */
function randomOf(seed) {
    let state = seed;
    return (limit) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * limit);
    };
}

export function drawSteps(seed, count) {
    const draw = randomOf(seed);
    return Array.from({ length: count }, () =>
        draw(3) < 2
            ? { do: 'pay', key: draw(5), fils: AMOUNTS[draw(12) === 0 ? 3 : draw(3)] }
            : { do: 'move', nth: draw(8), status: MOVES[draw(MOVES.length)] });
}

/** What the bank must say; `fault` is a way in which the model is wrong. */
class Model {
    constructor({ available, booked }, fault) {
        Object.assign(this, { available, booked, fault, payments: [] });
    }

    pay({ key, fils }) {
        const made = this.payments.find((payment) => payment.key === key);
        if (made && this.fault !== 'keys') {
            return made.fils === fils ? { status: 201, payment: made } : { status: 400 };
        }
        if (this.payments.some((payment) => payment.status === 'Pending' && payment.fils === fils)) {
            return { status: 409 };
        }
        if (fils > this.available) {
            return { status: 400 };
        }
        const payment = { key, fils, status: 'Pending' };
        this.payments.push(payment);
        this.available -= this.fault === 'holds' ? 0 : fils;
        return { status: 201, payment };
    }

    move(payment, status) {
        const may = payment.status === 'Pending' ||
            (payment.status === 'AcceptedSettlementCompleted' && status === 'AcceptedWithoutPosting');
        if (!may) {
            return false;
        }
        if (status === 'Rejected') {
            this.available += payment.fils;
        } else if (payment.status === 'Pending') {
            this.booked -= payment.fils;
        }
        payment.status = status;
        return true;
    }

    /** Amounts of the entries that payments have made, in ascending order. */
    entries(pending) {
        return this.payments
            .filter(({ status }) => (pending ? status === 'Pending' : !['Pending', 'Rejected'].includes(status)))
            .map(({ fils }) => fils).sort((a, b) => a - b);
    }
}

/**
 * Does the steps from a state without payments on; undefined, or what differs. The bank is
 * {begin(): consent, pay(consent, key, fils): {status, id}, move(id, status): status,
 * read(consent): {available, booked, pending, entries, status(id)}}.
 */
async function run(bank, steps, fault) {
    const consent = await bank.begin();
    const start = await bank.read(consent);
    const model = new Model(start, fault);
    const sum = (list) => list.reduce((total, fils) => total + fils, 0);
    const compare = async () => {
        const now = await bank.read(consent);
        const told = {
            available: now.available,
            booked: now.booked,
            pending: sum(now.pending) - sum(start.pending),
            entries: sum(now.entries) - sum(start.entries),
            counts: [now.pending.length - start.pending.length, now.entries.length - start.entries.length],
        };
        const wanted = {
            available: model.available,
            booked: model.booked,
            pending: sum(model.entries(true)),
            entries: sum(model.entries(false)),
            counts: [model.entries(true).length, model.entries(false).length],
        };
        const [is, must] = [told, wanted].map((one) => JSON.stringify(one));
        if (is !== must) {
            return `the bank has ${is}, wanted ${must}`;
        }
        for (const { id, status } of model.payments) {
            const found = await bank.status(consent, id);
            if (found !== status) {
                return `a payment is ${found}, wanted ${status}`;
            }
        }
        return undefined;
    };
    const pay = async (step) => {
        const wanted = model.pay(step);
        const { status, id } = await bank.pay(consent, step.key, step.fils);
        if (status !== wanted.status || (wanted.payment?.id ?? id) !== id) {
            return `pay: ${status}, wanted ${wanted.status}`;
        }
        if (wanted.payment) {
            wanted.payment.id = id;
        }
        return undefined;
    };
    const move = async ({ nth, status }) => {
        const payment = model.payments[nth % model.payments.length];
        const may = payment && model.move(payment, status);
        const got = payment && (await bank.move(payment.id, status));
        return !payment || got === (may ? 204 : 409) ? undefined : `move: ${got}, wanted ${may ? 204 : 409}`;
    };
    let difference;
    for (const step of steps) {
        difference = (await (step.do === 'pay' ? pay(step) : move(step))) ?? (await compare());
        if (difference) {
            break;
        }
    }
    for (const { id, status } of model.payments.filter((payment) => payment.id && !OVER.includes(payment.status))) {
        await bank.move(id, status === 'Pending' ? 'Rejected' : 'AcceptedWithoutPosting');
    }
    return difference;
}

/** undefined, or {steps, difference} with the fewest of these steps that show it. */
export async function compareWithModel(bank, steps, fault) {
    let difference = await run(bank, steps, fault);
    if (!difference) {
        return undefined;
    }
    let fewest = steps;
    for (let many = fewest.length >> 1; many > 0; many >>= 1) {
        for (let from = 0; from + many <= fewest.length;) {
            const fewer = fewest.toSpliced(from, many);
            const other = await run(bank, fewer, fault);
            if (other) {
                [fewest, difference] = [fewer, other];
            } else {
                from += many;
            }
        }
    }
    return { steps: fewest, difference };
}
