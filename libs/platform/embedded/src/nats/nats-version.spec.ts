import { expect, it } from 'vitest';
import { compareVersions, meetsFloor, NATS_PINNED } from './nats-version.js';

it.each([
  ['2.9.10', false],
  ['2.10.26', false],
  ['2.10.27', true],
  ['2.10.27-1+b2', true],
  ['2.11.0', true],
  ['3.0.0', true],
])('%s meets the floor: %s', (version, expected) => expect(meetsFloor(version)).toBe(expected));

it('orders by number, not by text', () => expect(compareVersions('2.9.10', '2.10.1')).toBeLessThan(0));

it('installs only versions above the floor', () => expect(NATS_PINNED.every(meetsFloor)).toBe(true));
