import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { routing } from '@aimass/contracts';
import { snapshotCodec } from './snapshot-set.js';

const SUFFIX = '.snapshot';

/** The last good snapshots on disk, so that a replica that starts while NATS is away serves what it served before. */
export class SnapshotCache {
  private readonly folder: string;

  constructor(cacheDir: string) {
    this.folder = join(cacheDir, 'routing');
  }

  /** Whole or not at all: a crash leaves the previous one. */
  async write(organizationId: string, snapshot: routing.RoutingSnapshot): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const temporary = join(this.folder, `${randomUUID()}.tmp`);
    try {
      await writeFile(temporary, snapshotCodec.encode(snapshot).finish());
      await rename(temporary, this.pathOf(organizationId));
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async remove(organizationId: string): Promise<void> {
    await rm(this.pathOf(organizationId), { force: true });
  }

  /** Organization → snapshot; empty when there is no cache yet. */
  async readAll(): Promise<Map<string, routing.RoutingSnapshot>> {
    const names = await readdir(this.folder).catch(() => []);
    const kept = names.filter((name) => name.endsWith(SUFFIX));
    const entries = kept.map(async (name) => {
      const snapshot = snapshotCodec.decode(await readFile(join(this.folder, name)));
      return [decodeURIComponent(name.slice(0, -SUFFIX.length)), snapshot] as const;
    });
    return new Map(await Promise.all(entries));
  }

  private pathOf(organizationId: string): string {
    return join(this.folder, `${encodeURIComponent(organizationId)}${SUFFIX}`);
  }
}
