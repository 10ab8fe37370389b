import type { routing } from '@aimass/contracts';
import { OipError } from '@aimass/platform-open-inference';
import type { ModelStore } from '../models/model-store.js';
import type { ServedModel } from '../models/served-model.js';

/** A name that some organization calls. */
export interface NamedRoute {
  readonly organizationId: string;
  readonly route: routing.Route;
}

/** A version under the name it was asked for by. */
export interface Target {
  readonly name: string;
  readonly model: ServedModel;
}

/** What a name stands for: versions in the order of their numbers, and the one that is called when none is named. */
export interface NamedModel {
  readonly name: string;
  readonly versions: readonly ServedModel[];
  readonly main: ServedModel;
  /** The versions that take traffic. */
  readonly shared: readonly ServedModel[];
  /** Alias to version number. */
  readonly aliases: Readonly<Record<string, number>>;
}

type Models = Pick<ModelStore, 'list'>;

/**
 * What operators may call models by: `mv_…` is a version; a name that only one organization's routes use is that route;
 * `<organization id>/<name>` always is. There are no rights here: who reaches the internal port sees all.
 */
export class ModelDirectory {
  constructor(
    private readonly models: Models,
    private readonly routes: () => readonly NamedRoute[],
  ) {}

  /** Throws OipError 404. */
  find(name: string): NamedModel {
    const served = this.byId();
    const version = served.get(name);
    if (version) return single(name, version);
    const route = this.findRoute(name);
    const versions = versionsOf(route, served);
    const [main] = [...versions].sort((a, b) => weightOf(route, b) - weightOf(route, a));
    if (main === undefined) throw new OipError(404, `No version of "${name}" is on this replica.`);
    const shared = versions.filter((model) => weightOf(route, model) > 0);
    return { name, versions, main, shared, aliases: route.aliases };
  }

  /** The version in the slot: a number, a version id or an alias; without one, that with the largest share. */
  findVersion(name: string, slot: string | undefined): ServedModel {
    const model = this.find(name);
    if (slot === undefined) return model.main;
    const alias = Object.hasOwn(model.aliases, slot) ? model.aliases[slot] : undefined;
    const number = /^[0-9]{1,9}$/.test(slot) ? Number(slot) : alias;
    const version = model.versions.find(({ spec }) => spec.id === slot || spec.number === number);
    if (version) return version;
    const known = model.versions.map(({ spec }) => spec.number).join(', ');
    throw new OipError(404, `"${name}" has no version or alias "${slot}" on this replica. It has: ${known}.`);
  }

  /** The versions that a name and a slot mean. Throws OipError 404. */
  targets(name: string, slot: string | undefined): Target[] {
    const models = slot === undefined ? this.find(name).versions : [this.findVersion(name, slot)];
    return models.map((model) => ({ name, model }));
  }

  /** Everything, each version under every name it has, and under its id when it has none. */
  all(): Target[] {
    const served = this.byId();
    const named = this.routes().flatMap((each) => {
      const name = this.nameOf(each);
      return versionsOf(each.route, served).map((model) => ({ name, model }));
    });
    const withName = new Set(named.map(({ model }) => model));
    const nameless = [...served.values()].filter((model) => !withName.has(model));
    return [...named, ...nameless.map((model) => ({ name: model.spec.id, model }))].sort(byName);
  }

  private findRoute(name: string): routing.Route {
    const routes = this.routes();
    const slash = name.indexOf('/');
    const owned =
      slash === -1
        ? undefined
        : routes.find(
            ({ organizationId, route }) =>
              organizationId === name.slice(0, slash) && route.name === name.slice(slash + 1),
          );
    if (owned) return owned.route;
    const [found, other] = routes.filter(({ route }) => route.name === name);
    if (found && other) {
      throw new OipError(
        404,
        `Several organizations call a model "${name}": say whose, as "${found.organizationId}/${name}".`,
      );
    }
    if (found) return found.route;
    throw new OipError(404, `No model "${name}" is on this replica.`);
  }

  private nameOf({ organizationId, route: { name } }: NamedRoute): string {
    const isUnique = this.routes().filter(({ route }) => route.name === name).length === 1;
    return isUnique ? name : `${organizationId}/${name}`;
  }

  private byId(): Map<string, ServedModel> {
    return new Map(this.models.list().map((model) => [model.spec.id, model]));
  }
}

function single(name: string, version: ServedModel): NamedModel {
  return { name, versions: [version], main: version, shared: [version], aliases: {} };
}

function versionsOf(route: routing.Route, served: ReadonlyMap<string, ServedModel>): ServedModel[] {
  const ids = new Set(route.variants.map(({ modelVersionId }) => modelVersionId));
  return [...ids].flatMap((id) => served.get(id) ?? []).sort((a, b) => a.spec.number - b.spec.number);
}

function weightOf({ variants }: routing.Route, { spec }: ServedModel): number {
  return variants.reduce((sum, each) => sum + (each.modelVersionId === spec.id ? each.weight : 0), 0);
}

function byName(a: Target, b: Target): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.model.spec.number - b.model.spec.number;
}
