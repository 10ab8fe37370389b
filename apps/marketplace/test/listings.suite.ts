import { randomUUID } from 'node:crypto';
import { marketplace } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import { addPlan, draftListing, move, newOrganization, newVendor, publishedListing } from './fixtures.js';
import type { Vendor } from './fixtures.js';
import { client, events } from './harness.js';

const { SUBMIT, APPROVE, REJECT, PUBLISH, DELIST } = marketplace.ListingMove;
const firstPage = { pageSize: 0, pageToken: '' };
const getListing = (organizationId: string, listingId: string, asPlatform = false) =>
  client.getListing({ organizationId, listingId, asPlatform });
const search = async (query: string) =>
  (
    await client.listListings({ organizationId: newOrganization(), own: false, query, ...firstPage })
  ).items.map((item) => item.id);

describe('CreateListing', () => {
  const create = (vendor: Vendor, change: Partial<marketplace.CreateListingRequest> = {}) =>
    client.createListing({
      organizationId: vendor.id,
      organizationName: vendor.name,
      requestId: '',
      deploymentName: 'faithful',
      title: 'Old Faithful',
      description: '',
      ...change,
    });

  it('starts a draft without plans', async () => {
    const vendor = newVendor();
    expect((await create(vendor)).listing).toMatchObject({
      vendorOrganizationId: vendor.id,
      vendorName: vendor.name,
      deploymentName: 'faithful',
      state: marketplace.ListingState.DRAFT,
      plans: [],
      reviewNote: '',
    });
  });

  it('refuses bad texts and a name that cannot sell', async () => {
    await expect(create(newVendor(), { title: ' ' })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'marketplace.listing_invalid',
      violations: [expect.objectContaining({ path: 'title' })],
    });
    await expect(create(newVendor(), { organizationName: 'Acme Ltd' })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'marketplace.vendor_name_invalid',
    });
  });

  it('refuses a deployment that the organization does not have', async () => {
    await expect(create(newVendor(), { deploymentName: 'no-such' })).rejects.toMatchObject({
      kind: 'not_found',
      code: 'marketplace.deployment_not_found',
    });
  });

  it('starts nothing while traffic-control is away', async () => {
    const vendor = newVendor();
    await expect(create(vendor, { deploymentName: 'down-x' })).rejects.toMatchObject({ kind: 'unavailable' });
    const own = { organizationId: vendor.id, own: true, query: '', ...firstPage };
    expect((await client.listListings(own)).items).toEqual([]);
  });

  it('sells a deployment by one live listing; delisted ones do not count', async () => {
    const vendor = newVendor();
    const { listing } = await publishedListing(client, vendor, 'faithful');
    await expect(create(vendor)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'marketplace.listing_exists',
    });
    await move(client, vendor, listing.id, DELIST);
    await expect(create(vendor)).resolves.toBeDefined();
  });

  it('repeats under the same key as one, and refuses the key for another listing', async () => {
    const vendor = newVendor();
    const requestId = randomUUID();
    const [first, second] = await Promise.all([create(vendor, { requestId }), create(vendor, { requestId })]);
    expect(second.listing?.id).toBe(first.listing?.id);
    await expect(create(vendor, { requestId, title: 'Other' })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
  });
});

describe('GetListing', () => {
  it('shows the vendor its own in any state, the platform every one, and others what is published', async () => {
    const vendor = newVendor();
    const stranger = newOrganization();
    const draft = await draftListing(client, vendor, 'faithful');
    expect((await getListing(vendor.id, draft.id)).listing?.id).toBe(draft.id);
    expect((await getListing(stranger, draft.id, true)).listing?.id).toBe(draft.id);
    await expect(getListing(stranger, draft.id)).rejects.toMatchObject({
      code: 'marketplace.listing_not_found',
    });
    const { listing } = await publishedListing(client, newVendor(), 'faithful');
    expect((await getListing(stranger, listing.id)).listing?.plans).toHaveLength(1);
  });

  it.each(['lst_0', '', "lst_'\0", `lst_${'0'.repeat(32)}`])('answers %j as absent', async (id) => {
    await expect(getListing(newOrganization(), id)).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('ListListings', () => {
  it('finds published listings by all words of a query, in any field and case, and no drafts', async () => {
    const vendor = newVendor();
    const { listing } = await publishedListing(client, vendor, 'geyser');
    await draftListing(client, vendor, 'hidden');
    expect(await search(vendor.name)).toEqual([listing.id]);
    expect(await search(`ERUPTION  ${vendor.name}/GEYSER title`)).toEqual([listing.id]);
    expect(await search(`${vendor.name} absent`)).toEqual([]);
  });

  it('takes wildcards and quotes as letters', async () => {
    const vendor = newVendor();
    const draft = await draftListing(client, vendor, 'percent', `100% of ${vendor.name} \\ it's`);
    await addPlan(client, vendor, draft.id, '1');
    for (const step of [SUBMIT, APPROVE, PUBLISH]) await move(client, vendor, draft.id, step);
    expect(await search(`100% ${vendor.name} \\ it's`)).toEqual([draft.id]);
    expect(await search(`1_0% ${vendor.name}`)).toEqual([]);
    expect(await search(`%of ${vendor.name}`)).toEqual([]);
    await expect(search('x'.repeat(201))).rejects.toMatchObject({ code: 'marketplace.query_invalid' });
  });

  it('pages through the own listings of any state, newest last', async () => {
    const vendor = newVendor();
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.push((await draftListing(client, vendor, name)).id);
    const page = (pageToken: string) =>
      client.listListings({ organizationId: vendor.id, own: true, query: '', pageSize: 2, pageToken });
    const first = await page('');
    const second = await page(first.nextPageToken);
    expect([...first.items, ...second.items].map((item) => item.id)).toEqual(ids);
    expect(second.nextPageToken).toBe('');
    const mine = { organizationId: newOrganization(), own: true, query: '', ...firstPage };
    expect((await client.listListings(mine)).items).toEqual([]);
    await expect(client.listListings({ ...mine, pageSize: 201 })).rejects.toMatchObject({ kind: 'invalid' });
  });
});

describe('MoveListing', () => {
  it('needs a plan, leads over review to the public, and tells that it was published', async () => {
    const vendor = newVendor();
    const { id } = await draftListing(client, vendor, 'faithful');
    await expect(move(client, vendor, id, SUBMIT)).rejects.toMatchObject({
      code: 'marketplace.listing_has_no_plan',
    });
    await addPlan(client, vendor, id, '1');
    await move(client, vendor, id, SUBMIT);
    expect(await move(client, vendor, id, REJECT)).toMatchObject({
      state: marketplace.ListingState.REJECTED,
      reviewNote: 'No sample input.',
    });
    for (const step of [SUBMIT, APPROVE]) await move(client, vendor, id, step);
    expect(await move(client, vendor, id, PUBLISH)).toMatchObject({
      state: marketplace.ListingState.PUBLISHED,
      reviewNote: '',
    });
    expect(await events('marketplace.v1.listing.published', id)).toEqual([
      { listingId: id, vendorOrganizationId: vendor.id, routeName: `${vendor.name}/faithful` },
    ]);
  });

  it('refuses to publish a version of which nobody said where it comes from', async () => {
    const vendor = newVendor();
    const { id } = await draftListing(client, vendor, 'bare-model');
    await addPlan(client, vendor, id, '1');
    for (const step of [SUBMIT, APPROVE]) await move(client, vendor, id, step);
    await expect(move(client, vendor, id, PUBLISH)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'marketplace.lineage_missing',
    });
    const { listing } = await client.getListing({
      organizationId: vendor.id,
      listingId: id,
      asPlatform: false,
    });
    expect(listing?.state).toBe(marketplace.ListingState.APPROVED);
  });

  it('refuses review by the vendor, and its sale by the platform', async () => {
    const vendor = newVendor();
    const { id } = await draftListing(client, vendor, 'faithful');
    await addPlan(client, vendor, id, '1');
    const request = { organizationId: vendor.id, listingId: id, note: '', asPlatform: false };
    for (const step of [APPROVE, REJECT]) {
      await expect(client.moveListing({ ...request, move: step })).rejects.toMatchObject({
        kind: 'forbidden',
      });
    }
    const platform = { ...request, organizationId: newOrganization(), asPlatform: true };
    await expect(client.moveListing({ ...platform, move: SUBMIT })).rejects.toMatchObject({
      kind: 'forbidden',
    });
  });

  it('refuses an illegal move naming it and the state, an unnamed one, and a rejection without a note', async () => {
    const vendor = newVendor();
    const { id } = await draftListing(client, vendor, 'faithful');
    await expect(move(client, vendor, id, PUBLISH)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'marketplace.listing_move_illegal',
      message: expect.stringMatching(/"publish".*draft/) as string,
    });
    await expect(move(client, vendor, id, marketplace.ListingMove.UNSPECIFIED)).rejects.toMatchObject({
      kind: 'invalid',
    });
    await addPlan(client, vendor, id, '1');
    await move(client, vendor, id, SUBMIT);
    const request = { organizationId: vendor.id, listingId: id, note: ' ', asPlatform: true, move: REJECT };
    await expect(client.moveListing(request)).rejects.toMatchObject({
      code: 'marketplace.review_note_invalid',
    });
  });

  it("answers another organization's listing as absent, even a published one", async () => {
    const { listing } = await publishedListing(client, newVendor(), 'faithful');
    await expect(move(client, newVendor(), listing.id, DELIST)).rejects.toMatchObject({
      code: 'marketplace.listing_not_found',
    });
  });

  it('lets one of two concurrent moves win', async () => {
    const vendor = newVendor();
    const { id } = await draftListing(client, vendor, 'faithful');
    await addPlan(client, vendor, id, '1');
    const outcomes = await Promise.allSettled([
      move(client, vendor, id, SUBMIT),
      move(client, vendor, id, SUBMIT),
    ]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('CreatePlan', () => {
  const create = (vendor: Vendor, listingId: string, change: Partial<marketplace.CreatePlanRequest> = {}) =>
    client.createPlan({
      organizationId: vendor.id,
      requestId: '',
      listingId,
      name: 'Per request',
      unit: marketplace.PlanUnit.REQUEST,
      unitPrice: { currency: 'EUR', nano: '1000000000000000' },
      ...change,
    });

  it('adds a plan, once per key', async () => {
    const vendor = newVendor();
    const { id } = await draftListing(client, vendor, 'faithful');
    const requestId = randomUUID();
    const { plan } = await create(vendor, id, { requestId });
    expect(plan).toMatchObject({ listingId: id, unitPrice: { currency: 'EUR', nano: '1000000000000000' } });
    expect((await create(vendor, id, { requestId })).plan).toEqual(plan);
    expect((await getListing(vendor.id, id)).listing?.plans).toEqual([plan]);
  });

  it('refuses everything that is wrong at once', async () => {
    const vendor = newVendor();
    const { id } = await draftListing(client, vendor, 'faithful');
    const wrong = {
      name: '',
      unit: marketplace.PlanUnit.UNSPECIFIED,
      unitPrice: { currency: 'eur', nano: '-1' },
    };
    const error: unknown = await create(vendor, id, wrong).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'invalid', code: 'marketplace.plan_invalid' });
    const paths = (error as { violations: { path: string }[] }).violations.map(({ path }) => path);
    expect(paths).toEqual(['name', 'unit', 'unitPrice.currency', 'unitPrice.nano']);
    await expect(create(vendor, id, { unitPrice: undefined })).rejects.toMatchObject({ kind: 'invalid' });
  });

  it("answers another's listing as absent, and refuses a delisted one and a 21st plan", async () => {
    const vendor = newVendor();
    const { listing } = await publishedListing(client, vendor, 'faithful');
    await expect(create(newVendor(), listing.id)).rejects.toMatchObject({
      code: 'marketplace.listing_not_found',
    });
    for (let count = 2; count <= 20; count++) await create(vendor, listing.id);
    await expect(create(vendor, listing.id)).rejects.toMatchObject({
      code: 'marketplace.plan_limit_reached',
    });
    await move(client, vendor, listing.id, DELIST);
    await expect(create(vendor, listing.id)).rejects.toMatchObject({ code: 'marketplace.listing_delisted' });
  });
});
