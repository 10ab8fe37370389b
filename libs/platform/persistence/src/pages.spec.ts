import { describe, expect, it } from 'vitest';
import { isId, newId } from './ids.js';
import { pageBounds, toPage } from './pages.js';

describe('ids', () => {
  it('carry their prefix and sort by time of creation', () => {
    const ids = Array.from({ length: 1_000 }, () => newId('job'));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect(isId('job', ids[0]!)).toBe(true);
    expect(isId('ds', ids[0]!)).toBe(false);
    expect(isId('job', 'job_1')).toBe(false);
  });
});

describe('pages', () => {
  const rows = Array.from({ length: 7 }, () => ({ id: newId('job') }));
  const read = (pageSize: number, pageToken: string) => {
    const bounds = pageBounds({ pageSize, pageToken });
    return toPage(rows.filter(({ id }) => id > bounds.afterId).slice(0, bounds.size + 1), bounds);
  };

  it.each([1, 2, 3, 6, 7, 8, 200])('of %i show every row once, in order, and end', (size) => {
    const seen: string[] = [];
    let token = '';
    do {
      const page = read(size, token);
      seen.push(...page.items.map(({ id }) => id));
      token = page.nextPageToken;
    } while (token !== '');
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it('have 50 rows unless told, and at most 200', () => {
    expect(pageBounds({ pageSize: 0, pageToken: '' })).toEqual({ afterId: '', size: 50 });
    for (const pageSize of [201, -1, Number.NaN]) {
      expect(() => pageBounds({ pageSize, pageToken: '' })).toThrow('pageSize must be between 1 and 200');
    }
  });

  it.each(['x', 'job_1', "job_'; DROP TABLE jobs", `${newId('job')} OR 1=1`])(
    'refuse a forged token: %s',
    (text) => {
      const pageToken = Buffer.from(text).toString('base64url');
      expect(() => pageBounds({ pageSize: 1, pageToken })).toThrow('pageToken must be');
      expect(() => pageBounds({ pageSize: 1, pageToken: text })).toThrow('pageToken must be');
    },
  );
});
