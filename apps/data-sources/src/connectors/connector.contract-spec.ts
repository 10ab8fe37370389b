import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { DomainError } from '@aimass/platform-errors';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connector, ConnectorKind, Fetched, FetchedFile, OriginOf, PreviousFetch } from './connector.js';
import { fetchedDigest, FetchSink } from './fetch-sink.js';
import type { IncomingFile } from './fetch-sink.js';

/** Part of the credentials of every origin of a scene, where its kind has credentials. */
export const CONTRACT_SECRET = 'hunter2-of-the-contract';

/** A way that reading goes wrong. */
export interface FailingOrigin<K extends ConnectorKind> {
  /** Completes "fails when …". */
  readonly when: string;
  readonly origin: OriginOf<K>;
  /** The stable code, without `data_sources.`. */
  readonly code: string;
  /** Whether `check` sees it already. */
  readonly isSeenByCheck: boolean;
}

/** A connector, and the real servers that it reads in a test. */
export interface ConnectorScene<K extends ConnectorKind> {
  readonly connector: Connector<K>;
  /** Holds data. */
  readonly origin: OriginOf<K>;
  /** What was fetched of that origin, in a form that can be compared with `expected`. */
  contentOf(files: readonly FetchedFile[]): Promise<unknown>;
  readonly expected: unknown;
  /** Replaces what the origin holds; absent where content never changes. */
  readonly change?: () => Promise<void>;
  /** Whether the origin can tell by itself that nothing has changed. */
  readonly tellsUnchanged: boolean;
  /** Holds 8 MiB or more, or has no end; absent where a file is there at once. */
  readonly large?: {
    readonly origin: OriginOf<K>;
    /** Resolves when reading it is under way. */
    started(): Promise<unknown>;
  };
  /** A blocked address, wrong credentials, nothing there, a server that dies in the middle: what the kind can meet. */
  readonly failing: readonly FailingOrigin<K>[];
  close(): Promise<void>;
}

const ROOMY = { maxBytes: 1024 ** 3, maxFiles: 100 };

/** Notes how far the fetch is at every chunk. */
class NotingSink extends FetchSink {
  readonly progress: number[] = [];

  override write(file: IncomingFile, content: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    return super.write(file, this.noted(content), signal);
  }

  private async *noted(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      yield chunk;
      this.progress.push(this.fetchedBytes);
    }
  }
}

/** What every Connector promises, proved with the scene that `createScene` sets: real servers, nothing faked. */
export function describeConnector<K extends ConnectorKind>(
  name: string,
  createScene: () => Promise<ConnectorScene<K>>,
): void {
  describe(`${name} as a Connector`, () => {
    const never = new AbortController().signal;
    let scene: ConnectorScene<K>;
    let folder: string;

    beforeAll(async () => (scene = await createScene()));
    afterAll(() => scene.close());
    beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'aimass-connector-'))));
    afterEach(() => rm(folder, { recursive: true, force: true }));

    async function fetch(previous?: PreviousFetch): Promise<Fetched | 'unchanged'> {
      const place = await mkdtemp(join(folder, 'sync-'));
      return scene.connector.fetch(scene.origin, new FetchSink(place, ROOMY), never, previous);
    }

    async function fetchAnew(): Promise<Fetched> {
      const fetched = await fetch();
      if (fetched === 'unchanged') throw new Error('unchanged since nothing');
      return fetched;
    }

    it('brings the bytes, under names of our own, with their sizes and digests', async () => {
      const sink = new FetchSink(folder, ROOMY);
      const fetched = await scene.connector.fetch(scene.origin, sink, never);
      if (fetched === 'unchanged') throw new Error('unchanged since nothing');
      expect(await scene.contentOf(fetched.files)).toEqual(scene.expected);
      for (const file of fetched.files) {
        const bytes = await readFile(file.path);
        expect(dirname(file.path)).toBe(folder);
        expect(file).toMatchObject({
          sizeBytes: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        });
      }
      const placed = fetched.files.map(({ path }) => path.slice(folder.length + 1));
      expect((await readdir(folder)).sort()).toEqual(placed.sort());
      expect(sink.files).toEqual(fetched.files);
    });

    it('brings the same bytes in the same order again', async () => {
      const [first, second] = [await fetchAnew(), await fetchAnew()];
      expect(fetchedDigest(second.files)).toBe(fetchedDigest(first.files));
    });

    it('reports progress that only grows, up to the size of everything', async () => {
      const sink = new NotingSink(folder, ROOMY);
      await scene.connector.fetch(scene.origin, sink, never);
      const sizeBytes = sink.files.reduce((sum, file) => sum + file.sizeBytes, 0);
      expect(sink.progress).toEqual([...sink.progress].sort((a, b) => a - b));
      expect(sink.fetchedBytes).toBe(sizeBytes);
    });

    it('says what it would read', async () => {
      const { entries, hasMore } = await scene.connector.check(scene.origin, never);
      expect(entries.length).toBeGreaterThan(0);
      expect(entries.length).toBeLessThanOrEqual(100);
      const { files } = await fetchAnew();
      if (!hasMore) expect(entries).toHaveLength(files.length);
      for (const { sizeBytes } of entries) expect(sizeBytes ?? 0).toBeGreaterThanOrEqual(0);
    });

    it('shows no credentials in what it says about where data came from', async () => {
      const { location, validator } = await fetchAnew();
      expect(location).not.toBe('');
      expect(`${location} ${validator ?? ''}`).not.toContain(CONTRACT_SECRET);
    });

    it('says unchanged as long as the origin can tell, and brings what has changed', async () => {
      const first = await fetchAnew();
      const previous = { sha256: fetchedDigest(first.files), validator: first.validator };
      const again = await fetch(previous);
      if (scene.tellsUnchanged) expect(again).toBe('unchanged');
      else expect(again).not.toBe('unchanged');
      if (!scene.change) return;
      await scene.change();
      const changed = await fetch(previous);
      if (changed === 'unchanged') throw new Error('the change was not seen');
      expect(fetchedDigest(changed.files)).not.toBe(previous.sha256);
    });

    it('refuses the byte that is too many', async () => {
      if (!scene.large) return;
      const sink = new FetchSink(folder, { maxBytes: 100_000, maxFiles: 100 });
      const fetching = scene.connector.fetch(scene.large.origin, sink, never);
      await expect(fetching).rejects.toMatchObject({ kind: 'too_large' });
    });

    it('stops at once when it is cancelled, also before it begins', async () => {
      if (!scene.large) return;
      const { origin, started } = scene.large;
      const controller = new AbortController();
      const fetching = scene.connector.fetch(origin, new FetchSink(folder, ROOMY), controller.signal);
      await Promise.race([started(), fetching]);
      controller.abort();
      const cancelledAt = performance.now();
      await expect(fetching).rejects.toThrow();
      expect(performance.now() - cancelledAt).toBeLessThan(1_000);
      const late = new FetchSink(folder, ROOMY);
      await expect(scene.connector.fetch(origin, late, AbortSignal.abort())).rejects.toThrow();
      await expect(scene.connector.check(origin, AbortSignal.abort())).rejects.toThrow();
      expect(late.files).toEqual([]);
    });

    it('fails with a clear code that holds no credentials, and brings no file', async () => {
      for (const { when, origin, code, isSeenByCheck } of scene.failing) {
        const sink = new FetchSink(await mkdtemp(join(folder, 'sync-')), ROOMY);
        const failures = [await failureOf(scene.connector.fetch(origin, sink, never), when)];
        if (isSeenByCheck) failures.push(await failureOf(scene.connector.check(origin, never), when));
        for (const failure of failures) {
          expect(failure, when).toBeInstanceOf(DomainError);
          expect(failure, when).toMatchObject({ code: `data_sources.${code}` });
          // The cause is logged; it must not hold them either.
          expect(inspect(failure, { depth: 10 }), when).not.toContain(CONTRACT_SECRET);
        }
        expect(sink.files, when).toEqual([]);
      }
    });
  });
}

async function failureOf(work: Promise<unknown>, when: string): Promise<unknown> {
  return work.then(
    () => {
      throw new Error(`it did not fail when ${when}`);
    },
    (error: unknown) => error,
  );
}
