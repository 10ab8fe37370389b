import { readFileSync } from 'node:fs';
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
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { mayDo } from '../../identity/roles.js';
import type { DataPlane } from '../data-plane.js';
import type { CompiledRoute, CompiledVariant } from '../routing/compiled-routes.js';
import { describeModel } from './describe-model.js';
import { findRoute, findVariant } from './find-route.js';
import { indexEntry } from './index-entry.js';
import { InferExchange } from './infer-exchange.js';
import { ReplicaOperations } from './replica-operations.js';
import { sumStatistics } from './statistics-sum.js';

/** What of the protocol's extensions is really there. */
const EXTENSIONS = [
  'binary_tensor_data',
  'parameters',
  'schedule_policy',
  'model_configuration',
  'model_repository',
  'statistics',
];

/** A version under a name. */
interface Target {
  readonly name: string;
  readonly variant: CompiledVariant;
}

/** The data plane behind the Open Inference Protocol. */
export class GatewayBackend implements OipBackend<AuthenticatedKey> {
  readonly server: ServerDescription = { name: 'aimass', version: packageVersion(), extensions: EXTENSIONS };
  private readonly operations: ReplicaOperations;

  constructor(private readonly plane: DataPlane) {
    this.operations = new ReplicaOperations({
      addresses: () => plane.replicas.usableAddresses(),
      deadlineMs: plane.config.REQUEST_TIMEOUT_MS,
      log: plane.log,
    });
  }

  authenticate(bearer: string | undefined): AuthenticatedKey {
    const caller = bearer === undefined ? null : this.plane.keys.find(bearer);
    if (caller !== null) return caller;
    throw new OipError(
      401,
      bearer === undefined
        ? 'This needs an API key: send Authorization: Bearer am_…'
        : 'The API key is not known, or it was revoked. Make a new one under /api/v1/keys.',
    );
  }

  checkRoom(): void {
    if (!this.plane.overload.isShedding()) return;
    const message = 'The gateway has more requests than it can answer in time. Try again shortly.';
    throw new OipError(503, message, 1);
  }

  isReady(): boolean {
    return this.plane.isReady();
  }

  modelNames({ organizationId }: AuthenticatedKey): readonly string[] {
    return this.plane.routes
      .all(organizationId)
      .map(({ name }) => name)
      .sort();
  }

  describe(caller: AuthenticatedKey, name: string, version: string | undefined): ModelDescription {
    const route = findRoute(this.plane, caller, name);
    return describeModel(route, version === undefined ? undefined : findVariant(route, version));
  }

  isModelReady(caller: AuthenticatedKey, name: string, version: string | undefined): boolean {
    const route = findRoute(this.plane, caller, name);
    const asked =
      version === undefined
        ? route.variants.filter(({ weight }) => weight > 0)
        : [findVariant(route, version)];
    return asked.every((variant) => this.plane.replicas.canAnswer(variant));
  }

  infer(caller: AuthenticatedKey, request: InferRequest, sink: InferSink): InferHandle | null {
    return new InferExchange({ plane: this.plane, caller }, request, sink).start();
  }

  async statistics(
    caller: AuthenticatedKey,
    name: string | undefined,
    version: string | undefined,
  ): Promise<ModelStatistics[]> {
    const targets =
      name === undefined ? this.allTargets(caller) : targetsOf(findRoute(this.plane, caller, name), version);
    const found = await this.operations.list(idsOf(targets));
    return targets.map((target) => {
      const parts = (found.get(target.variant.modelVersionId) ?? []).flatMap(
        ({ statistics }) => statistics ?? [],
      );
      return { name: target.name, version: numberOf(target), statistics: sumStatistics(parts) };
    });
  }

  async index(caller: AuthenticatedKey): Promise<ModelIndexEntry[]> {
    const targets = this.allTargets(caller);
    const found = await this.operations.list(idsOf(targets));
    return targets.map((target) =>
      indexEntry(target.name, numberOf(target), found.get(target.variant.modelVersionId) ?? []),
    );
  }

  load(caller: AuthenticatedKey, name: string, version: string | undefined): Promise<void> {
    return this.operations.load(idsOf(this.ownTargets(caller, name, version)));
  }

  unload(caller: AuthenticatedKey, name: string, version: string | undefined): Promise<void> {
    return this.operations.unload(idsOf(this.ownTargets(caller, name, version)));
  }

  /** Ends the connections for operators. */
  close(): void {
    this.operations.close();
  }

  private allTargets({ organizationId }: AuthenticatedKey): Target[] {
    const routes = this.plane.routes.all(organizationId).sort((a, b) => (a.name < b.name ? -1 : 1));
    return routes.flatMap((route) => targetsOf(route, undefined));
  }

  /** Versions that the caller may bring into memory and take out of it: others' models are others' business. */
  private ownTargets(caller: AuthenticatedKey, name: string, version: string | undefined): Target[] {
    if (!mayDo(caller, 'operate')) {
      throw new OipError(403, `The role ${caller.role} may not load or unload models. Use an operator key.`);
    }
    const route = findRoute(this.plane, caller, name);
    if (route.ownerOrganizationId !== caller.organizationId) {
      throw new OipError(403, `"${name}" is run by its vendor: only the vendor loads and unloads it.`);
    }
    return targetsOf(route, version);
  }
}

/** The versions of a route in the order of their numbers, or the one that is named. Throws OipError 404. */
function targetsOf(route: CompiledRoute, version: string | undefined): Target[] {
  const { name } = route;
  if (version !== undefined) return [{ name, variant: findVariant(route, version) }];
  const byId = new Map(route.variants.map((variant) => [variant.modelVersionId, variant]));
  return [...byId.values()]
    .sort((a, b) => a.versionNumber - b.versionNumber)
    .map((variant) => ({ name, variant }));
}

function idsOf(targets: readonly Target[]): string[] {
  return [...new Set(targets.map(({ variant }) => variant.modelVersionId))];
}

function numberOf({ variant }: Target): string {
  return String(variant.versionNumber);
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '';
}
