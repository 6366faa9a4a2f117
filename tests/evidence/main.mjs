// Walks every journey in every language and writes down what happened: see tools/evidence.
//
//   node main.mjs OUT [WALK...]
//
// LFI_BUILD_DIR names the programs. Exit status 1 when a journey did not end as the rules demand.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changes, consentAtHub, healHub, openBrowser, requestConsent } from '../journey/support.mjs';
import { ROOT, startDemo } from '../support/demo.mjs';
import { maskExchange } from './mask.mjs';
import { indexPage } from './report.mjs';
import { languages, Walker } from './walker.mjs';
import { walks as allWalks } from './walks.mjs';

/** What was there to be walked: the commit, the contract, and who looked at it. */
function versions(browser) {
    const git = (...args) => execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8' }).trim();
    const documents = ['bank-data-sharing', 'insurance/motor', 'hub/heimdall', 'hub/consent-manager'].map((name) => {
        const text = readFileSync(join(ROOT, `openapi/${name}.yaml`), 'utf8');
        return [`contract ${name}`, /^ {2}version: *['"]?([^'"\n]+)/m.exec(text)?.[1] ?? 'unknown'];
    });
    return {
        made: new Date().toISOString(),
        commit: git('describe', '--always', '--dirty', '--abbrev=12'),
        ...Object.fromEntries(documents),
        browser: `Chromium ${browser.version()}`,
    };
}

/** One walk in one language on one device: its pictures, exchanges and whether it ended well. */
async function walkOnce({ demo, browser, walk, language, device, out }) {
    const walker = new Walker({ demo, walk, language, device, folder: join(out, walk.id) });
    const result = { language, device, verdict: 'as demanded', exchanges: [] };
    try {
        const request = walk.address
            ? { authorizeUrl: `${demo.publicBaseUrl}${walk.address}` }
            : await requestConsent(demo, walk);
        await walk.before?.(demo);
        await walker.open(browser, request);
        await walk.walk(walker);
        if (walk.expect.back) {
            await walker.assertBack(walk.expect.back);
        }
        if (request.consentId) {
            const kept = await consentAtHub(demo, request.consentId);
            result.exchanges = kept.exchanges.map(maskExchange);
            result.changes = changes(kept);
            assert.deepEqual(result.changes, walk.expect.changes);
            assert.deepEqual(kept.findings, [], 'the Hub found fault with the bank');
        }
        const complaints = walker.customer.complaints.filter(
            (text) => walk.expect.back || !text.startsWith('Failed to load resource'), // an error page
        );
        assert.deepEqual(complaints, [], `the browser complained: ${complaints}`);
    } catch (error) {
        result.verdict = `failed: ${error.message.split('\n')[0]}`;
        await walker.picture('Where it stopped').catch(() => undefined);
    } finally {
        await healHub(demo);
        await walker.close();
    }
    return { ...result, pictures: walker.pictures };
}

/** Everything that needs the bank to be set up in the same way. */
async function walkGroup({ adjustServer, walks, browser, out, report }) {
    const demo = await startDemo({ adjustServer });
    try {
        const runs = walks.flatMap((walk) =>
            walk.devices.flatMap((device) => languages.map((language) => ({ walk, device, language }))),
        );
        const run = async (one) => {
            const result = await walkOnce({ demo, browser, out, ...one });
            report(one.walk, result);
        };
        if (adjustServer?.includes('sessionSeconds')) {
            await Promise.all(runs.map(run)); // they all wait for the same minute
        } else {
            for (const one of runs) {
                await run(one);
            }
        }
    } finally {
        await demo.stop();
    }
}

async function main([out, ...chosen]) {
    assert.ok(out, 'usage: main.mjs OUT [WALK...]');
    const walks = allWalks.filter(({ id }) => chosen.length === 0 || chosen.includes(id));
    assert.ok(walks.length > 0, `no such journey; there are: ${allWalks.map(({ id }) => id).join(' ')}`);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const browser = await openBrowser();
    const results = new Map(walks.map((walk) => [walk.id, []]));
    const report = (walk, result) => {
        results.get(walk.id).push(result);
        console.log(`${walk.id} (${result.language}, ${result.device}): ${result.verdict}`);
    };
    const groups = new Map(walks.map(({ adjustServer }) => [adjustServer, []]));
    walks.forEach((walk) => groups.get(walk.adjustServer).push(walk));
    for (const [adjustServer, members] of groups) {
        await walkGroup({ adjustServer, walks: members, browser, out, report });
    }
    const evidence = {
        versions: versions(browser),
        journeys: walks.map(({ id, title, expect }) => ({ id, title, expect, runs: results.get(id) })),
    };
    await browser.close();
    writeFileSync(join(out, 'evidence.json'), JSON.stringify(evidence, null, 2));
    writeFileSync(join(out, 'index.html'), indexPage(evidence));
    const failed = evidence.journeys.flatMap(({ runs }) => runs).filter(({ verdict }) => verdict !== 'as demanded');
    console.log(
        failed.length === 0
            ? `evidence: all journeys ended as demanded; open ${join(out, 'index.html')}`
            : `evidence: ${failed.length} journeys did not end as demanded; see ${join(out, 'index.html')}`,
    );
    process.exitCode = failed.length === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
