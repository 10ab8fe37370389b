import { Controller } from '@nestjs/common';
import { EventPattern, Transport } from '@nestjs/microservices';
import { NOTICES } from '@aimass/contracts';
import { KeyDirectory } from './key-directory.js';

/** Notices from other gateways. */
@Controller()
export class KeyNoticesController {
  constructor(private readonly directory: KeyDirectory) {}

  /** The notice is empty: which keys have changed is read from the database. */
  @EventPattern(NOTICES.keysChanged, Transport.NATS)
  keysChanged(_notice: unknown): Promise<void> {
    return this.directory.refresh();
  }
}
