import { Inject, Injectable } from '@nestjs/common';
import { ClientProxy } from '@nestjs/microservices';
import { NOTICES } from '@aimass/contracts';
import { KeyDirectory } from './key-directory.js';

/** Injection token of Nest's NATS client, used for notices only. */
export const NOTICES_CLIENT = Symbol('NOTICES_CLIENT');

/** Tells this gateway, and by a notice every other one, that keys have changed. A lost notice costs one poll. */
@Injectable()
export class KeyChanges {
  constructor(
    private readonly directory: KeyDirectory,
    @Inject(NOTICES_CLIENT) private readonly notices: ClientProxy,
  ) {}

  async announce(): Promise<void> {
    await this.directory.refresh();
    this.notices.emit(NOTICES.keysChanged, {}).subscribe({ error: () => undefined });
  }
}
