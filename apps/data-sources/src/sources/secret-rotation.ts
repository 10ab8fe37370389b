import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SourceVault } from './source-vault.js';
import type { Source } from './source.entity.js';
import { SourcesRepository } from './sources.repository.js';

/** Sources read at a time. */
const BATCH_SIZE = 100;

/**
 * Encrypts credentials anew that an older key encrypted, so that the key can go: in the background after every start,
 * and on request. What cannot be read stays as it is.
 */
@Injectable()
export class SecretRotation implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(SecretRotation.name);
  private isStopping = false;
  private running: Promise<unknown> | undefined;

  constructor(
    private readonly sources: SourcesRepository,
    private readonly vault: SourceVault,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.rotate().catch((error: unknown) => {
      this.logger.warn(`cannot encrypt credentials anew: ${String(error)}`);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.running;
  }

  /** Returns how many were encrypted anew. */
  async rotate(): Promise<number> {
    const keyId = this.vault.primaryKeyId;
    if (keyId === null) return 0;
    let rotated = 0;
    let unreadable = 0;
    for (let afterId = ''; !this.isStopping;) {
      const batch = await this.sources.listEncryptedOtherwise(keyId, afterId, BATCH_SIZE);
      for (const source of batch) {
        const isReadable = await this.rotateOne(source);
        if (isReadable) rotated += 1;
        else unreadable += 1;
      }
      const last = batch.at(-1);
      if (!last) break;
      afterId = last.id;
    }
    if (rotated + unreadable > 0) {
      this.logger.log(
        `credentials of ${rotated} sources are encrypted with key "${keyId}" now; ${unreadable} cannot be read`,
      );
    }
    return rotated;
  }

  /** False when no key can read the credentials. Those that somebody changes meanwhile are new anyway. */
  private async rotateOne(source: Source): Promise<boolean> {
    let resealed: string | null;
    try {
      resealed = this.vault.reseal(source);
    } catch (error) {
      this.logger.warn(`${source.id}: ${String(error)}`);
      return false;
    }
    if (resealed !== null) await this.sources.replaceCredentials(source, resealed);
    return true;
  }
}
