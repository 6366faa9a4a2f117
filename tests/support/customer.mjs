// A customer without a browser: the journey's API and the simulated bank app, as their pages use
// them.
import assert from 'node:assert/strict';

/** Plays the TPP: a new consent for `permissions`, with the address to send the customer to. */
export async function newConsent(demo, permissions, { providerId = 'dhowretail', type = 'data-sharing', ...more } = {}) {
    const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
            providerId,
            type,
            consent: { Permissions: permissions, ...more },
        }),
    });
    assert.equal(made.status, 201, await made.clone().text());
    return made.json();
}

/** The Set-Cookie headers of a reply; Debian 12's Node joins them by commas, which dates have too. */
function setCookies(headers) {
    return headers.getSetCookie?.() ?? (headers.get('set-cookie') ?? '').split(/, (?=[^ ;,=]+=)/).filter(Boolean);
}

export class Customer {
    /** At the bank, with a consent to decide on; `base` is the address of another instance. */
    static async arrive(demo, { authorizeUrl }, base = demo.publicBaseUrl) {
        const customer = new Customer();
        customer.base = base;
        const arrival = await fetch(authorizeUrl, { redirect: 'manual' });
        customer.origin = demo.publicBaseUrl;
        customer.keepCookies(arrival);
        ({ journey: customer.journey } = await customer.post('/journey/state', {}));
        return customer;
    }

    cookies = new Map(); // by name

    keepCookies({ headers }) {
        for (const cookie of setCookies(headers)) {
            const pair = cookie.split(';', 1)[0];
            this.cookies.set(pair.split('=', 1)[0], pair);
        }
    }

    async post(path, body) {
        const { origin, base = origin } = this;
        const cookie = [...this.cookies.values()].join('; ');
        const reply = await fetch(base + path, {
            method: 'POST',
            headers: { 'content-type': 'application/json', origin, cookie },
            body: JSON.stringify(body),
        });
        this.keepCookies(reply);
        return reply.json();
    }

    /** Up to where the app is asked. */
    async signIn({ login, password }) {
        const { journey } = this;
        const view = await this.post('/journey/sign-in', { journey, login, password });
        this.device = view.openApp?.split('#')[1];
        return view;
    }

    /** What the simulated bank app shows: {asked, approvals, messages}. */
    async openApp() {
        assert.ok(this.device, 'the app is asked');
        return this.post('/bank-app/approvals', { device: this.device });
    }

    /** Signs in and approves in the app; the view that comes then. */
    async reachReview(user) {
        await this.signIn(user);
        const { journey, device } = this;
        const { asked: approvalId } = await this.openApp();
        await this.post('/bank-app/decision', { device, approvalId, approve: true });
        return this.post('/journey/approval', { journey });
    }
}
