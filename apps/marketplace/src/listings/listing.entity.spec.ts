import { describe, expect, it } from 'vitest';
import { Listing } from './listing.entity.js';

const draft = {
  vendorOrganizationId: 'org_1',
  vendorName: 'acme',
  deploymentName: 'faithful',
  title: 'Old Faithful',
  description: '',
};
const noNote = { planCount: 1, note: '' };

describe('Listing.create', () => {
  it('starts a draft that is called vendor/deployment', () => {
    expect(Listing.create(draft)).toMatchObject({
      state: 'draft',
      reviewNote: '',
      routeName: 'acme/faithful',
    });
  });

  it.each(['a', '7', 'a-b', 'a'.repeat(63)])('sells under the name %j', (vendorName) => {
    expect(Listing.create({ ...draft, vendorName }).vendorName).toBe(vendorName);
  });

  it.each(['', 'Acme', '-a', 'a b', 'a/b', 'a_b', 'ä', 'a'.repeat(64), 'a\n'])(
    'refuses the name %j',
    (vendorName) => {
      expect(() => Listing.create({ ...draft, vendorName })).toThrow(/the organization needs a name/);
    },
  );

  it.each([
    ['no title', { title: '' }],
    ['a blank title', { title: '  ' }],
    ['a title of 201', { title: 'x'.repeat(201) }],
    ['a description of 20,001', { description: 'x'.repeat(20_001) }],
    ['a NUL', { title: 'a\0b' }],
  ])('refuses %s', (_, change) => {
    expect(() => Listing.create({ ...draft, ...change })).toThrow(/characters/);
  });

  it('counts characters, not UTF-16 units', () => {
    expect(() => Listing.create({ ...draft, title: '😀'.repeat(200) })).not.toThrow();
  });
});

describe('Listing.move', () => {
  it('needs a plan to be submitted', () => {
    const listing = Listing.create(draft);
    expect(() => listing.move('submit', { planCount: 0, note: '' })).toThrow(/Add a price plan/);
    expect(listing.state).toBe('draft');
  });

  it('needs a note to be rejected, and drops it when submitted again', () => {
    const listing = Listing.create(draft);
    listing.move('submit', noNote);
    expect(() => listing.move('reject', noNote)).toThrow(/say why/);
    listing.move('reject', { planCount: 1, note: 'No sample input.' });
    expect(listing).toMatchObject({ state: 'rejected', reviewNote: 'No sample input.' });
    listing.move('submit', noNote);
    expect(listing).toMatchObject({ state: 'submitted', reviewNote: '' });
  });
});
