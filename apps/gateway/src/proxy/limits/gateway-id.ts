import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';

/**
 * The name under which this gateway holds its leases: made once and kept in the spool folder, which one process at a
 * time may have. A gateway that comes back, even from kill -9, takes up the slices it had instead of waiting for them
 * to end.
 */
export function gatewayIdOf(folder: string): string {
  const path = join(folder, 'gateway-id');
  const known = readIfThere(path);
  if (known !== undefined && /^gw_[0-9a-f-]{36}$/.test(known)) return known;
  const id = `gw_${uuidv7()}`;
  writeFileSync(`${path}.tmp`, id, { flush: true });
  renameSync(`${path}.tmp`, path);
  return id;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
