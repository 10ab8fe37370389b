/** The administrator's API key. */
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 43; // 62^43 > 2^256

/** A new random key: `am_` and 43 base62 characters (256 bits). */
export function generateAdminKey(): string {
  return `am_${Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`;
}

/** The key of this home: made up on the first start, then kept in `<home>/admin-key` (mode 0600). */
export function loadAdminKey(home: string): string {
  const file = join(home, 'admin-key');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const key = generateAdminKey();
  writeFileSync(`${file}.new`, `${key}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return key;
}
