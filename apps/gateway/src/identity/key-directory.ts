import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { hashSecret } from './api-key.entity.js';
import { IdentityRepository } from './identity.repository.js';
import type { KeyRow } from './identity.repository.js';
import type { Role } from './roles.js';

/** Who is calling. */
export interface AuthenticatedKey {
  readonly keyId: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly role: Role;
  readonly isPlatformAdmin: boolean;
}

/**
 * Every live key in memory, so that checking one is a hash and a map read. It polls for changes, and a notice makes it
 * poll at once: a revocation is seen within a second even when the notice is lost. While Postgres is away the last
 * known keys stay good.
 */
@Injectable()
export class KeyDirectory implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(KeyDirectory.name);
  private readonly keys = new Map<string, AuthenticatedKey>();
  private lastChange = 0n;
  private refreshing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly identity: IdentityRepository,
    @Inject(CONFIG) private readonly config: Pick<Config, 'KEY_POLL_MS'>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => {
      this.refresh().catch((error: unknown) => this.logger.warn(`keys not refreshed: ${String(error)}`));
    }, this.config.KEY_POLL_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** The live key with this secret, or null. */
  find(presentedKey: string): AuthenticatedKey | null {
    return this.keys.get(hashSecret(presentedKey)) ?? null;
  }

  /** Reads what has changed. Calls that overlap run one after the other, so that a change made before is seen after. */
  refresh(): Promise<void> {
    this.refreshing = this.refreshing.catch(() => undefined).then(() => this.readChanges());
    return this.refreshing;
  }

  private async readChanges(): Promise<void> {
    for (const row of await this.identity.changedKeys(this.lastChange)) this.apply(row);
  }

  private apply(row: KeyRow): void {
    const { keyId, organizationId, organizationName, role, isPlatformAdmin } = row;
    if (row.isRevoked) this.keys.delete(row.hash);
    else this.keys.set(row.hash, { keyId, organizationId, organizationName, role, isPlatformAdmin });
    const change = BigInt(row.changeNumber);
    if (change > this.lastChange) this.lastChange = change;
  }
}
