import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { TrainingFailure } from './training-failure.js';

export const CHANNELS = ['train', 'validation', 'test'] as const;
export type Channel = (typeof CHANNELS)[number];

/** SageMaker shows at most this many characters of `output/failure`. */
const FAILURE_LENGTH = 1024;

/** The SageMaker training container layout below one root (`/opt/ml` in a container). */
export class Contract {
  constructor(private readonly root: string) {}

  get modelFolder(): string {
    return join(this.root, 'model');
  }

  get outputFolder(): string {
    return join(this.root, 'output', 'data');
  }

  get checkpointFile(): string {
    return join(this.root, 'checkpoints', 'state.json');
  }

  /** `input/config/hyperparameters.json`: one object whose values are strings, as SageMaker writes them. */
  async hyperparameters(): Promise<Record<string, string>> {
    const document = await this.readJson(join('input', 'config', 'hyperparameters.json'));
    const parsed = z.record(z.string(), z.string()).safeParse(document);
    if (parsed.success) return parsed.data;
    throw new TrainingFailure('hyperparameters.json must be one JSON object whose values are all strings.');
  }

  /**
   * Parquet files by channel; a channel without files is absent. A channel that `inputdataconfig.json` promises
   * must have files, and `train` must always be there.
   */
  async channels(): Promise<Partial<Record<Channel, string[]>>> {
    const promised = await this.promisedChannels();
    const found: Partial<Record<Channel, string[]>> = {};
    for (const channel of CHANNELS) {
      const files = parquetFiles(join(this.root, 'input', 'data', channel));
      if (files.length > 0) found[channel] = files;
      else if (promised.includes(channel) || channel === 'train') {
        throw new TrainingFailure(
          `The channel "${channel}" has no Parquet file: put part-0.parquet into input/data/${channel}.`,
        );
      }
    }
    return found;
  }

  /** Writes a file so that readers see all of it or nothing. */
  async writeWhole(path: string, content: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${randomUUID()}.tmp`;
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, path);
  }

  async writeFailure(message: string): Promise<void> {
    await this.writeWhole(join(this.root, 'output', 'failure'), message.slice(0, FAILURE_LENGTH));
  }

  /** Empties the model folder; synchronous because it also runs on the way out of the process. */
  removeModel(): void {
    if (!existsSync(this.modelFolder)) return;
    for (const name of readdirSync(this.modelFolder)) {
      rmSync(join(this.modelFolder, name), { recursive: true, force: true });
    }
  }

  private async promisedChannels(): Promise<string[]> {
    const path = join('input', 'config', 'inputdataconfig.json');
    if (!existsSync(join(this.root, path))) return [];
    const parsed = z.record(z.string(), z.unknown()).safeParse(await this.readJson(path));
    if (parsed.success) return Object.keys(parsed.data);
    throw new TrainingFailure('inputdataconfig.json must be one JSON object with a key for each channel.');
  }

  private async readJson(path: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(join(this.root, path), 'utf8'));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new TrainingFailure(`${path} cannot be read: ${reason}`);
    }
  }
}

function parquetFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(folder, name));
}
