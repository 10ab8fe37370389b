import { readFileSync } from 'node:fs';
import { toDomainError } from '@aimass/platform-errors';
import { OipError } from '@aimass/platform-open-inference';
import type {
  InferHandle,
  InferRequest,
  InferSink,
  ModelDescription,
  ModelIndexEntry,
  ModelStatistics,
  OipBackend,
  ServerDescription,
} from '@aimass/platform-open-inference';
import { retryAfterMsOf, statusOf } from '../data-plane/data-plane.errors.js';
import type { ModelStore } from '../models/model-store.js';
import { describeVersion, indexEntry } from './describe-version.js';
import type { ModelDirectory, Target } from './model-directory.js';
import { OperatorCall } from './operator-call.js';

/** What of the protocol's extensions is really there. */
const EXTENSIONS = [
  'binary_tensor_data',
  'parameters',
  'schedule_policy',
  'model_configuration',
  'model_repository',
  'statistics',
];
/** An operator who brings a model into memory has time. */
const LONGEST_LOAD_MS = 10 * 60_000;

/** What the backend needs besides the models. */
export interface OperatorContext {
  readonly directory: ModelDirectory;
  /** Whether it is known what to serve. */
  readonly isPlaced: () => boolean;
  /** Rows of one run when a version does not say. */
  readonly maxBatchRows: number;
}

type Models = Pick<ModelStore, 'load' | 'unload'>;

/** This replica behind the Open Inference Protocol. Whoever reaches the port is an operator. */
export class OperatorBackend implements OipBackend<undefined> {
  readonly server: ServerDescription = {
    name: 'aimass-inference',
    version: packageVersion(),
    extensions: EXTENSIONS,
  };

  constructor(
    private readonly models: Models,
    private readonly context: OperatorContext,
  ) {}

  authenticate(): undefined {
    return undefined;
  }

  /** Each version's queue refuses for itself. */
  checkRoom(): void {
    return undefined;
  }

  isReady(): boolean {
    return this.context.isPlaced();
  }

  modelNames(): readonly string[] {
    return [...new Set(this.context.directory.all().map(({ name }) => name))];
  }

  describe(_caller: undefined, name: string, version: string | undefined): ModelDescription {
    const { directory, maxBatchRows } = this.context;
    const versions = directory.find(name).versions.map(({ spec }) => spec.number);
    return describeVersion(directory.findVersion(name, version), { name, versions, maxBatchRows });
  }

  isModelReady(_caller: undefined, name: string, version: string | undefined): boolean {
    const { directory } = this.context;
    if (version !== undefined) return directory.findVersion(name, version).state === 'ready';
    return directory.find(name).shared.every(({ state }) => state === 'ready');
  }

  infer(_caller: undefined, request: InferRequest, sink: InferSink): InferHandle | null {
    const model = this.context.directory.findVersion(request.name, request.version);
    return new OperatorCall(request, sink).start(model);
  }

  statistics(
    _caller: undefined,
    name: string | undefined,
    version: string | undefined,
  ): Promise<ModelStatistics[]> {
    const { directory } = this.context;
    const targets = name === undefined ? directory.all() : directory.targets(name, version);
    return Promise.resolve(
      targets.map((target) => ({
        name: target.name,
        version: String(target.model.spec.number),
        statistics: target.model.statistics.toProto(),
      })),
    );
  }

  index(): Promise<ModelIndexEntry[]> {
    return Promise.resolve(this.context.directory.all().map(indexEntry));
  }

  load(_caller: undefined, name: string, version: string | undefined): Promise<void> {
    return this.change(this.context.directory.targets(name, version), (id) =>
      this.models.load(id, LONGEST_LOAD_MS),
    );
  }

  unload(_caller: undefined, name: string, version: string | undefined): Promise<void> {
    return this.change(this.context.directory.targets(name, version), (id) => this.models.unload(id));
  }

  private async change(targets: readonly Target[], act: (id: string) => Promise<unknown>): Promise<void> {
    try {
      await Promise.all(targets.map(({ model }) => act(model.spec.id)));
    } catch (error) {
      const known = toDomainError(error);
      const retryAfterMs = retryAfterMsOf(known);
      throw new OipError(
        statusOf(known),
        known.message,
        retryAfterMs === 0 ? undefined : Math.ceil(retryAfterMs / 1000),
      );
    }
  }
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '';
}
