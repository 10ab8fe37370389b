import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** Rows written at a time. */
const ROWS_PER_WRITE = 5_000;
const HEADER = 'id,amount,price,score,city,note,active,day,seen_at,code\n';
const WORDS = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel'] as const;
/** Of the values in the columns that have gaps. */
const MISSING_SHARE = 0.02;
const QUOTED_SHARE = 0.2;

/**
 * Writes a CSV file of about so many bytes: whole numbers, decimals, words, quoted texts with separators and quotes in
 * them, booleans, dates, times, and some missing values. The same size gives the same bytes.
 */
export async function writeCsvFile(path: string, sizeBytes: number): Promise<void> {
  const random = randomNumbers(42);
  const file = createWriteStream(path, { flags: 'wx' });
  file.write(HEADER);
  for (let id = 0; file.bytesWritten + file.writableLength < sizeBytes; id += ROWS_PER_WRITE) {
    const rows = Array.from({ length: ROWS_PER_WRITE }, (_, index) => rowOf(id + index, random));
    if (!file.write(rows.join(''))) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

function rowOf(id: number, random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit);
  const word = () => WORDS[below(WORDS.length)] ?? '';
  const twoDigits = (from: number, to: number) => String(from + below(to - from + 1)).padStart(2, '0');
  const orMissing = (value: string) => (random() < MISSING_SHARE ? '' : value);
  const day = () => `20${twoDigits(10, 24)}-${twoDigits(1, 12)}-${twoDigits(1, 28)}`;
  const note = random() < QUOTED_SHARE ? `"${word()}, ${word()} ""${word()}"""` : `note ${below(100_000)}`;
  return [
    id,
    orMissing(String(below(1_000_000))),
    (random() * 1000).toFixed(2),
    orMissing((random() * 2 - 1).toFixed(12)),
    word(),
    note,
    random() < 0.5,
    day(),
    `${day()} ${twoDigits(0, 23)}:${twoDigits(0, 59)}:${twoDigits(0, 59)}`,
    `${below(50)}\n`,
  ].join(',');
}

/** Evenly spread numbers from 0 up to 1, always the same for a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
