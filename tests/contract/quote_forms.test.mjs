// The forms of insurance quotes, sector by sector, in two versions of the standard: what each version
// asks of a request and of what was verified, and what it tells in an answer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { ROOT, startDemo } from '../support/demo.mjs';
import { follow } from '../support/documents.mjs';

const PROVIDER = 'dhowinsurance';
const VERSIONS = ['v2.1', 'v2.2'];
const SECTORS = ['employment', 'health', 'home', 'life', 'motor', 'renters', 'travel'];
const NO_CONSENT = { 'o3-aspsp-id': undefined, 'o3-consent-id': undefined, 'o3-psu-identifier': undefined };
const MONEY = { Currency: 'AED', Amount: '90000.00' };
const RISKS = ['Alcohol', 'Tobacco', 'Pregnancy', 'Cardiovascular', 'Cancer', 'Endocrine', 'Gastrointestinal', 'Kidney',
    'Blood', 'NervousSystem', 'Lung', 'Mental', 'Musculoskeletal', 'Senses', 'Hereditary', 'Chronic', 'AutoImmune',
    'Medical', 'Hospitalization', 'Medications', 'Future'];

const samples = JSON.parse(readFileSync(join(ROOT, 'openapi/samples.json'), 'utf8'));
let demo;
let hub;

before(async () => {
    demo = await startDemo({
        adjustServer: `(.providers[] | select(.id == "${PROVIDER}")).offers += {standardVersions: ["v2.1", "v2.2"]}`,
    });
    hub = new HubClient(demo, PROVIDER);
});

after(async () => {
    hub?.close();
    await demo?.stop();
});

const call = (version, method, path, data) => hub.call(method, path, {
    body: data && { data }, headers: { ...NO_CONSENT, 'o3-api-uri': `/open-finance/insurance/${version}/x` },
});

/* --- requests that say all that either version asks -------------------------------------------- */

const address = () => ({
    AddressLine: ['Villa 7, Reef Street'], Country: 'AE', Longitude: '55.2708', Latitude: '25.2048',
    UnifiedAddressCode: { Code: '3041 2266', Type: 'Dubai' },
});
const earlier = () => ({
    InsurerName: 'Other', ExistingPolicyNumber: 'P-1', PolicyStartDate: '2025-01-01', PolicyEndDate: '2025-12-31',
});
const earlierHome = () => ({
    CoverType: 'ContentsOnly', ProviderName: 'Other', ExpiryDate: '2026-12-31', ReplacementCover: false, ExistingPolicyNumber: 'P-1',
});
const helper = () => ({ FirstName: 'Layla', LastName: 'Haddad', Nationality: 'PHL', DateOfBirth: '1990-01-01' });

const WHOLE = {
    employment: (data) => {
        data.Policy.RequiredAddOnCoverId = ['A1'];
        data.ExistingInsurance = [earlier()];
    },
    health: (data) => {
        data.Policy.AddOns = { DentalCover: true, RequiredAddOnCoverId: ['A1'] };
        Object.assign(data.PolicyHolder, { InsuredUID: '784-1', Employment: { Profession: 'Nurse', EmployerName: 'Clinic' } });
        data.InsuredParties = [{
            RelationshipToPolicyholder: 'Child', Gender: 'Male', DateOfBirth: '2015-01-01', MaritalStatus: 'Single',
            Nationality: 'IND', ResidentialLocation: 'Dubai',
            Employment: { Profession: 'Clerk', EmployerName: 'Clinic' },
        }];
        data.ExistingInsurance = [earlier()];
        data.MedicalQuestions = [{
            InsuredName: 'Zahra', Height: 170, Weight: 60,
            HigherRiskFactors: Object.fromEntries(RISKS.map((risk) => [risk, false])),
        }];
    },
    home: (data) => {
        data.Policy.AddOns.RequiredAddOnCoverId = ['A1'];
        data.PropertyDetails.InsuredPropertyAddress = address();
        data.BuildingsCover = { BuildingValue: 1500000 };
        data.ContentsCoverDetails = { DeclaredValueAmount: MONEY, HighValueContent: false };
        data.DomesticHelpers = { NumberOfDomesticHelpers: 1, IndividualDetails: [helper()] };
        data.ExistingHomeInsurance = earlierHome();
    },
    life: (data) => {
        data.ExistingLifeInsurance = [earlier()];
    },
    motor: (data) => {
        data.Policy.OptionalCoverAddOns.RequiredAddOnCoverId = ['A1'];
        data.MainDriver = {
            Gender: 'Female', DateOfBirth: '1986-04-12', Nationality: 'ARE',
            DrivingLicenseHistory: { TimeDrivingInUAE: 'P5Y', TCNumber: '12345678' },
            MotorClaims: { MotorClaimInLast24Months: false, NoClaimsCertificate: 'NoNCD' },
        };
        data.AdditionalDrivers = [{
            RelationshipToMainDriver: 'Spouse', FullName: 'Omar Haddad', DateOfBirth: '1985-04-12', Gender: 'Male',
            Nationality: 'ARE', DrivingLicenseNumber: '1234567', DrivingLicenseIssueDate: '2010-01-01',
        }];
        data.ExistingPolicy = {
            InsurerName: 'Other', CurrentInsuranceActive: true, TypeOfCurrentInsurance: 'Comprehensive',
            CurrentInsuranceExpiryDate: '2026-12-31',
        };
    },
    renters: (data) => {
        data.Policy.RequiredAddOnCoverId = ['A1'];
        data.PropertyDetails.InsuredPropertyAddress = address();
        data.ContentsCoverDetails = { HighValueContent: false };
        data.ExistingInsurance = earlierHome();
    },
    travel: (data) => {
        data.Policy.OptionalTravelCoverOptions = { Golf: true, RequiredAddOnCoverId: ['A1'] };
        data.PolicyHolder = { DateOfBirth: '1986-04-12', Gender: 'Female' };
        data.ExistingInsurance = [earlier()];
    },
};

function wholeRequest(sector) {
    const sample = Object.values(samples).find(({ path, body }) => path === `/${sector}-insurance-quotes` && body);
    const data = { ...structuredClone(sample.body.data), QuoteReference: randomUUID(), TPPPaymentMethod: 'Transfer' };
    WHOLE[sector](data);
    return data;
}

const ask = (version, sector, data) => call(version, 'POST', `/${sector}-insurance-quotes`, data);

/** Puts a value at a path such as `A.B[0].C`, or takes it away. */
function put(data, path, value) {
    const names = path.split(/[.[\]]+/).filter(Boolean);
    const last = names.pop();
    const at = names.reduce((part, name) => part[name], data);
    if (value === undefined) {
        delete at[last];
    } else {
        at[last] = value;
    }
    return data;
}

test('a request that says all of it is taken in both versions', async () => {
    for (const sector of SECTORS) {
        for (const version of VERSIONS) {
            const reply = await ask(version, sector, wholeRequest(sector));
            assert.equal(reply.status, 201, `${version} ${sector} ${reply.text}`);
        }
    }
});

/** Each version's answer to the whole request with one change. */
async function judge(sector, path, value, [older, newer]) {
    for (const [version, status] of [['v2.1', older], ['v2.2', newer]]) {
        const reply = await ask(version, sector, put(wholeRequest(sector), path, value));
        const about = `${version} ${sector} ${path} ${JSON.stringify(value)}: ${reply.text}`;
        assert.equal(reply.status, status, about);
        if (status === 400) {
            assert.equal(reply.json.errorCode, 'Body.InvalidFormat', about);
            const named = path.replaceAll(/\[(\d+)\]/g, '/$1').replaceAll('.', '/').split('/');
            for (const name of named) assert.ok(reply.json.errorMessage.includes(name), about);
        }
    }
}

const ASKED_SINCE = {
    health: ['Policy.PolicyStartDate', 'PolicyHolder.ResidentialLocation', 'PolicyHolder.Employment.Profession',
        'InsuredParties[0].MaritalStatus', 'InsuredParties[0].ResidentialLocation', 'InsuredParties[0].Nationality',
        'InsuredParties[0].Employment.Profession', 'MedicalQuestions[0].HigherRiskFactors',
        ...RISKS.map((risk) => `MedicalQuestions[0].HigherRiskFactors.${risk}`)],
    home: ['PropertyDetails.OwnershipStatus', 'PropertyDetails.InsuredPropertyAddress.Longitude',
        'PropertyDetails.InsuredPropertyAddress.Latitude', 'PropertyDetails.InsuredPropertyAddress.UnifiedAddressCode.Code',
        'PropertyDetails.InsuredPropertyAddress.UnifiedAddressCode.Type', 'BuildingsCover.BuildingValue',
        'ContentsCoverDetails.DeclaredValueAmount', 'DomesticHelpers.IndividualDetails'],
    life: ['Policy.CoverType', 'InsuredParties[0].ResidentialLocation'],
    motor: ['Policy.RegistrationType', 'Policy.PolicyStartDate', 'CarRegistration.DateOfFirstRegistration',
        'MainDriver.Gender', 'AdditionalDrivers[0].Gender'],
    renters: ['Policy.PolicyStartDate', 'PropertyDetails.OwnershipStatus', 'PropertyDetails.InsuredPropertyAddress.Longitude',
        'PropertyDetails.InsuredPropertyAddress.Latitude'],
    travel: ['Policy.PolicyEndDate', 'Policy.TravelDestinationCountries', 'PolicyHolder.Gender'],
};

const ASKED_BEFORE = {
    employment: ['InsurerName', 'ExistingPolicyNumber', 'PolicyStartDate', 'PolicyEndDate'].map((name) => `ExistingInsurance[0].${name}`),
    health: ['ExistingInsurance[0].InsurerName'],
    home: ['CoverType', 'ProviderName', 'ExpiryDate', 'ReplacementCover'].map((name) => `ExistingHomeInsurance.${name}`).concat(
        ['FirstName', 'LastName', 'DateOfBirth'].map((name) => `DomesticHelpers.IndividualDetails[0].${name}`)),
    life: ['ExistingLifeInsurance[0].InsurerName'],
    motor: ['InsurerName', 'CurrentInsuranceActive', 'TypeOfCurrentInsurance', 'CurrentInsuranceExpiryDate'].map((name) =>
        `ExistingPolicy.${name}`).concat(
        ['FullName', 'DrivingLicenseNumber', 'DrivingLicenseIssueDate'].map((name) => `AdditionalDrivers[0].${name}`)),
    renters: ['CoverType', 'ProviderName', 'ExpiryDate', 'ReplacementCover'].map((name) => `ExistingInsurance.${name}`),
    travel: ['Policy.TravelDestinationRegion', 'ExistingInsurance[0].InsurerName', 'ExistingInsurance[0].PolicyEndDate'],
};

test('what v2.2 asks besides is refused when it is missing, by its name', async () => {
    for (const [sector, paths] of Object.entries(ASKED_SINCE)) {
        for (const path of paths) await judge(sector, path, undefined, [201, 400]);
    }
});

test('what v2.2 does not ask any more may be missing', async () => {
    for (const [sector, paths] of Object.entries(ASKED_BEFORE)) {
        for (const path of paths) await judge(sector, path, undefined, [400, 201]);
    }
    await judge('renters', 'ContentsCoverDetails.DeclaredValueAmount', undefined, [201, 201]); // of a home alone
    await judge('health', 'PolicyHolder.Gender', undefined, [400, 400]);
});

test('values that v2.2 alone judges', async () => {
    const addOns = {
        employment: 'Policy', health: 'Policy.AddOns', home: 'Policy.AddOns', motor: 'Policy.OptionalCoverAddOns',
        renters: 'Policy', travel: 'Policy.OptionalTravelCoverOptions',
    };
    for (const [sector, where] of Object.entries(addOns)) {
        await judge(sector, `${where}.RequiredAddOnCoverId`, [], [201, 400]);
        await judge(sector, `${where}.RequiredAddOnCoverId[0]`, 'A'.repeat(141), [201, 400]);
    }
    for (const sector of SECTORS) await judge(sector, 'TPPPaymentMethod', 'T'.repeat(141), [201, 400]);
    for (const sector of ['home', 'renters']) {
        const place = 'PropertyDetails.InsuredPropertyAddress';
        await judge(sector, `${place}.Longitude`, '5'.repeat(21), [201, 400]);
        await judge(sector, `${place}.Latitude`, '', [201, 400]);
        await judge(sector, `${place}.UnifiedAddressCode.Type`, 'Muscat', [201, 400]);
    }
    await judge('health', 'PolicyHolder.InsuredUID', '7'.repeat(36), [201, 400]);
    await judge('motor', 'MainDriver.DrivingLicenseHistory.TCNumber', 'TC-1', [400, 201]);
    await judge('motor', 'MainDriver.DrivingLicenseHistory.TCNumber', '12345678901', [400, 400]);
    await judge('home', 'ExistingHomeInsurance.ExistingPolicyNumber', 1, [201, 400]);
    await judge('renters', 'ExistingInsurance.ExistingPolicyNumber', 1, [201, 400]);
});

/* --- answers ----------------------------------------------------------------------------------- */

const COVER_TYPES = {
    employment: ['CategoryA', 'CategoryB'], health: ['HealthInsuranceIndividual', 'PersonalAccidentInsurance'],
    home: ['BuildingsOnly', 'ContentsOnly', 'BuildingsAndContents'], life: ['Sole', 'Joint'],
    motor: ['Comprehensive', 'ThirdPartyLiability'], renters: ['BuildingsOnly', 'ContentsOnly', 'BuildingsAndContents'],
    travel: ['Single', 'MultiTrip'],
};

test('every quote has the type of cover that was asked for, in the words of its sector', async () => {
    const wished = [
        ['employment', 'Policy.SchemeCategory', 'CategoryB'], ['home', 'Policy.TypeOfCover', 'ContentsOnly'],
        ['travel', 'Policy.CoverType', 'MultiTrip'], ['health'], ['motor'], ['renters'],
    ];
    for (const [sector, path, value] of wished) {
        const data = wholeRequest(sector);
        const reply = await ask('v2.2', sector, path ? put(data, path, value) : data);
        assert.equal(reply.status, 201, reply.text);
        for (const quote of reply.json.data) {
            assert.ok(value ? quote.CoverType === value : COVER_TYPES[sector].includes(quote.CoverType), reply.text);
            assert.deepEqual(quote.PolicyCover[0].CarValuation, sector === 'motor' ? data.Policy.CarValuation : undefined);
            const older = await call('v2.1', 'GET', `/${sector}-insurance-quotes/${quote.QuoteId}`);
            assert.deepEqual(['CoverType' in older.json.data, 'CarValuation' in older.json.data.PolicyCover[0]], [false, false]);
            const newer = await call('v2.2', 'GET', `/${sector}-insurance-quotes/${quote.QuoteId}`);
            assert.equal(newer.json.data.CoverType, quote.CoverType);
        }
    }
});

test('the documents of v2.2 prescribe the type of cover by sector', async () => {
    const authorization = `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}`;
    for (const sector of SECTORS) {
        const reply = await fetch(`${demo.adminBaseUrl}/console/reference/${sector}.v2.2.json`, { headers: { authorization } });
        const document = await reply.json();
        const at = (template, method, status) => {
            const { content } = follow(document, document.paths[template][method].responses[status]);
            return follow(document, content['application/json'].schema);
        };
        const item = follow(document, at(`/${sector}-insurance-quotes`, 'post', 201).properties.data).items;
        const state = at(`/${sector}-insurance-quotes/{QuoteId}`, 'get', 200).properties.data;
        for (const form of [item, state].map((one) => follow(document, one))) {
            assert.deepEqual(follow(document, form.properties.CoverType).enum, COVER_TYPES[sector], sector);
            const [pending, priced] = form.oneOf.map((one) => follow(document, one));
            assert.ok(!pending.required.includes('CoverType'));
            assert.ok(priced.required.includes('CoverType'));
        }
    }
});

/* --- what was verified ------------------------------------------------------------------------- */

const VERIFIED = {
    employment: [
        ['Policy', { RequiredAddOnCoverId: ['A1'] }, { RequiredAddOnCoverId: [] }],
        ['ExistingInsurance', [{ InsurerName: 'Other' }], []],
    ],
    health: [
        ['Policy', { AddOns: { RequiredAddOnCoverId: ['A1'] } }, { AddOns: { RequiredAddOnCoverId: [''] } }],
        ['PolicyHolder', { InsuredUID: '784-1' }, { InsuredUID: '' }],
        ['InsuredParties', [{ Employment: { Profession: 'Nurse' } }], [{ Employment: { EmployerName: 'Clinic' } }]],
        ['MedicalQuestions', [{ HigherRiskFactors: { Alcohol: true } }], [{ HigherRiskFactors: { Alcohol: 'yes' } }]],
    ],
    home: [
        ['Policy', { AddOns: { RequiredAddOnCoverId: ['A1'] } }, { AddOns: { RequiredAddOnCoverId: [] } }],
        ['PropertyDetails', { InsuredPropertyAddress: { Longitude: '55.2' } }, { InsuredPropertyAddress: { Longitude: '' } }],
        ['ExistingHomeInsurance', { ExistingPolicyNumber: 'P-1' }, { ExistingPolicyNumber: 1 }],
        ['ContentsCoverDetails', { HighValueContent: false }, {}],
        ['BuildingsCover', { BuildingValue: 2 }, {}],
    ],
    motor: [],
    renters: [
        ['Policy', { RequiredAddOnCoverId: ['A1'] }, { RequiredAddOnCoverId: [] }],
        ['PropertyDetails', { OwnershipStatus: 'Tenant' }, { OwnershipStatus: 'Guest' }],
        ['ExistingInsurance', { ExistingPolicyNumber: 'P-1' }, { ExistingPolicyNumber: 1 }],
    ],
    travel: [
        ['Policy', { OptionalTravelCoverOptions: { RequiredAddOnCoverId: ['A1'] } }, { OptionalTravelCoverOptions: { RequiredAddOnCoverId: [] } }],
        ['ExistingInsurance', [{ PolicyEndDate: '2026-01-01' }], [{ PolicyEndDate: 'soon' }]],
    ],
};

/** What motor insurance must have verified whole, with a change. */
function verifiedCar(path, value) {
    const { Policy, VehicleDetails, CarRegistration, AdditionalDrivers } = wholeRequest('motor');
    delete CarRegistration.DateOfFirstRegistration; // only a request must say it
    const [{ FullName, DrivingLicenseNumber, DrivingLicenseIssueDate, ...driver }] = AdditionalDrivers;
    const details = {
        Policy, VehicleDetails: { ...VehicleDetails, Color: 'White', CountryOfOrigin: 'DEU' }, CarRegistration,
        AdditionalDrivers: [{ ...driver, DrivingLicenseExpiryDate: '2030-01-01' }], ExistingPolicy: { InsurerName: 'Other' },
        TPPPaymentMethod: 'Transfer',
    };
    return path ? put(details, path, value) : details;
}

test('what was verified, by the form of v2.2', async () => {
    for (const [sector, rows] of Object.entries(VERIFIED)) {
        const { json: { data: [quote] } } = await ask('v2.2', sector, wholeRequest(sector));
        const { CommissionAmount, PaymentMethod } = quote.Commission;
        const accept = (VerifiedDetails) => call('v2.2', 'PATCH', `/${sector}-insurance-quotes/${quote.QuoteId}`, {
            QuoteStatus: 'ApplicationPending', QuoteReference: quote.QuoteReference, InsuranceSubType: 'Standard',
            Premium: quote.Premium, Commission: { CommissionAmount, PaymentMethod }, QuoteCreationDateTime: quote.CreationDateTime,
            ...(sector === 'health' && { CustomerSalary: 'Over4K' }), VerifiedDetails,
        });
        const good = sector === 'motor' ? verifiedCar() : Object.fromEntries(rows.map(([name, value]) => [name, value]));
        const bad = rows.map(([name, , value]) => ({ ...good, [name]: value })).concat({ ...good, TPPPaymentMethod: '' });
        if (sector === 'motor') {
            bad.push(verifiedCar('AdditionalDrivers[0].DrivingLicenseExpiryDate'),
                verifiedCar('Policy.OptionalCoverAddOns.RequiredAddOnCoverId', []));
        }
        for (const details of bad) {
            const reply = await accept(details);
            assert.equal(reply.status, 400, `${sector} ${JSON.stringify(details)}`);
            assert.equal(reply.json.errorCode, 'Body.InvalidFormat', reply.text);
        }
        const reply = await accept(good);
        assert.ok([200, 204].includes(reply.status), `${sector} ${reply.text}`);
    }
});

test('no answer broke its contract', () => {
    assert.deepEqual(demo.serverLog().filter(({ event }) => event === 'contract-response'), []);
});
