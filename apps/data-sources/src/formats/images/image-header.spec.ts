import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readImageHeader } from './image-header.js';

/** 5 × 3 pixels each, written by Pillow. */
const images = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/images.json', import.meta.url), 'utf8'),
) as Record<string, { channels: number; base64: string }>;

const cases = Object.entries(images).map(
  ([name, { channels, base64 }]) => [name, channels, Buffer.from(base64, 'base64')] as const,
);

describe('the header of an image', () => {
  it.each(cases)('of %s has its size and %i channels', (_, channels, bytes) => {
    expect(readImageHeader(bytes)).toEqual({ width: 5, height: 3, channels });
  });

  it.each(cases)('of %s is not read past the end, wherever it is cut', (_, channels, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      const header = readImageHeader(bytes.subarray(0, length));
      if (header) expect(header).toEqual({ width: 5, height: 3, channels });
    }
  });

  it('ends in all bounded ways whatever its bytes are', () => {
    let seed = 1;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (const [, , bytes] of cases) {
      for (let round = 0; round < 500; round++) {
        const mutant = Buffer.from(bytes);
        for (let flips = 0; flips <= random(4); flips++) mutant[random(mutant.length)] = random(256);
        const header = readImageHeader(mutant);
        if (header) expect(header.width * header.height).toBeGreaterThan(0);
      }
    }
  });

  it.each([
    ['text', Buffer.from('label,value\n')],
    ['a page that calls itself an image', Buffer.from('<svg width="5" height="3"></svg>')],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1000)],
    ['JPEG segments that never end', Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(1000, 0xff)])],
    ['a PNG without a size', Buffer.from('89504e470d0a1a0a0000000d49484452000000000000000008020000', 'hex')],
  ])('is not found in %s', (_, bytes) => {
    expect(readImageHeader(bytes)).toBeNull();
  });
});
