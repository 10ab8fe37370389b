import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';

/** Temporary folders under the home: one per operation, gone when it ends, and all of them gone at start. */
@Injectable()
export class Workspace implements OnModuleInit {
  private readonly root: string;

  constructor(@Inject(CONFIG) config: Readonly<Config>) {
    this.root = join(config.HOME_DIR, 'tmp', 'data-sources');
  }

  /** What a killed process left behind goes. */
  async onModuleInit(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }

  /** Runs `work` with a folder of its own. */
  async use<T>(work: (folder: string) => Promise<T>): Promise<T> {
    await mkdir(this.root, { recursive: true });
    const folder = await mkdtemp(join(this.root, 'table-'));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
