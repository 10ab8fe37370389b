import { join } from 'node:path';
import { z } from 'zod';
import type { Manifest } from '../version-spec.js';
import { JsonFile } from '../json-file.js';

/** Digest of the manifest → bytes; the newest last. */
const recordSchema = z.record(z.string(), z.number().int().min(0));

/** More than any replica serves; the oldest go first. */
const REMEMBERED = 10_000;
/** A version nobody has loaded yet is expected to take this many times its files, and an engine's own state. */
const ESTIMATE_FACTOR = 2;
const ENGINE_STATE_BYTES = 1024 ** 2;

/**
 * How much memory versions take, as measured when they were loaded, by the digest of their files. Kept on disk, so that
 * the next load is admitted by what it takes and not by a guess.
 */
export class MeasuredMemory {
  private readonly file: JsonFile<Record<string, number>>;
  private readonly measured: Map<string, number>;

  constructor(cacheDir: string) {
    this.file = new JsonFile(join(cacheDir, 'measured.json'), recordSchema);
    this.measured = new Map(Object.entries(this.file.read({})));
  }

  /**
   * Bytes that a load is going to take: as measured, else what it took at most in a trial, else a guess. Only what was
   * measured here rules a version out whose files alone would fit into `mostBytes`: a trial counts what is soon free again.
   */
  expect(manifest: Manifest, mostBytes: number, triedBytes?: number): number {
    const known = this.measured.get(manifest.sha256);
    if (known !== undefined) return known;
    const filesBytes = sizeOf(manifest);
    const guess = triedBytes ?? ESTIMATE_FACTOR * filesBytes + ENGINE_STATE_BYTES;
    return Math.max(filesBytes, Math.min(guess, mostBytes));
  }

  /**
   * Takes what a load added to the process. The weights stay in memory, so it is never less than the files; an allocator
   * that gave the load pages it had kept shows no growth at all, and then what was known before holds.
   * @returns the bytes the version counts with from now on
   */
  remember(manifest: Manifest, grownBytes: number): number {
    const filesBytes = sizeOf(manifest);
    const known = this.measured.get(manifest.sha256);
    const bytes = Math.max(filesBytes, Math.ceil(grownBytes));
    if (known === undefined) return this.keep(manifest.sha256, bytes);
    if (bytes === filesBytes) return known;
    return this.keep(manifest.sha256, Math.max(filesBytes, Math.round((known + bytes) / 2)));
  }

  /** Takes what an engine knows of itself, which no measurement of the process betters. */
  know(manifest: Manifest, bytes: number): number {
    return this.measured.get(manifest.sha256) === bytes ? bytes : this.keep(manifest.sha256, bytes);
  }

  /** Settles when everything is on disk. */
  settled(): Promise<void> {
    return this.file.settled();
  }

  private keep(digest: string, bytes: number): number {
    this.measured.delete(digest);
    this.measured.set(digest, bytes);
    for (const oldest of this.measured.keys()) {
      if (this.measured.size <= REMEMBERED) break;
      this.measured.delete(oldest);
    }
    void this.file.write(Object.fromEntries(this.measured));
    return bytes;
  }
}

function sizeOf(manifest: Manifest): number {
  return manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
}
