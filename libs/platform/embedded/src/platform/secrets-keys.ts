/** The keys that encrypt what must not be read from the database. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEY_BYTES = 32;

/**
 * The key ring of this home, as SECRETS_KEYS has it: a key made up on the first start, then kept in
 * `<home>/secrets-keys` (mode 0600), one key a line. Whoever puts a new key on the first line and starts again has
 * everything encrypted with that; the old line can then go.
 */
export function loadSecretsKeys(home: string): string {
  const file = join(home, 'secrets-keys');
  if (!existsSync(file)) {
    const key = `key-1:${randomBytes(KEY_BYTES).toString('base64')}`;
    writeFileSync(`${file}.new`, `${key}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(',');
}
