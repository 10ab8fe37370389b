import { createHash } from 'node:crypto';

/** A file of a set, by its path within the set and its blob. */
export interface ManifestEntry {
  readonly path: string;
  readonly sha256: string;
}

/**
 * The digest of a set of files: SHA-256 in hex over the lines `<sha256>  <path>\n`, as `sha256sum` prints them, in the
 * order given. A set keeps its files sorted by path.
 */
export function manifestDigest(files: readonly ManifestEntry[]): string {
  const lines = files.map((file) => `${file.sha256}  ${file.path}\n`).join('');
  return createHash('sha256').update(lines).digest('hex');
}
