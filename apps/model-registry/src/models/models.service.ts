import { Injectable } from '@nestjs/common';
import { emit } from '@aimass/platform-messaging';
import { pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import { assertManifest } from './manifest.js';
import { ModelVersion } from './model-version.entity.js';
import type { ModelVersionContent } from './model-version.entity.js';
import type { Model } from './model.entity.js';
import { modelNotFound, versionNotFound } from './models.errors.js';
import { versionExists, versionNotNext } from './registrations.errors.js';
import { ModelsRepository } from './models.repository.js';

/** A version to register, as a finished job or an upload describes it. */
export interface Registration {
  readonly organizationId: string;
  readonly modelName: string;
  /** The number that it must get; 0 for whichever is next. */
  readonly number: number;
  /** Alias to point at the new version; empty for none. */
  readonly alias: string;
  readonly content: ModelVersionContent;
}

/** A version together with the aliases that point at it now. */
export interface VersionView {
  readonly version: ModelVersion;
  readonly aliases: readonly string[];
}

/** Registers model versions, finds them, and moves aliases between them. */
@Injectable()
export class ModelsService {
  constructor(private readonly models: ModelsRepository) {}

  /** Adds the next version to its model, which is created when new, in the caller's transaction. */
  async register(tx: EntityManager, registration: Registration): Promise<ModelVersion> {
    assertManifest(registration.content.manifest);
    const { organizationId, modelName, number, alias, content } = registration;
    const model = await this.models.claimByName(tx, organizationId, modelName);
    if (number !== 0) assertNext(model, number);
    const version = ModelVersion.create(model, model.nextNumber(), content);
    await this.models.insertVersion(tx, version);
    await emit(tx, 'model_registry.v1.model_version.registered', model.id, {
      organizationId,
      modelId: model.id,
      modelName,
      modelVersionId: version.id,
      number: version.number,
      jobId: content.lineage.jobId,
    });
    if (alias !== '') await this.moveAlias(tx, model, alias, version);
    await this.models.save(tx, model);
    return version;
  }

  /** Points an alias at a version given by number or id. */
  setAlias(organizationId: string, modelRef: string, alias: string, versionRef: string): Promise<Model> {
    return this.models.transaction(async (tx) => {
      const model = await this.models.findForUpdate(tx, organizationId, modelRef);
      if (!model) throw modelNotFound(modelRef);
      const { version } = await this.getVersion(organizationId, model.name, versionRef);
      await this.moveAlias(tx, model, alias, version);
      await this.models.save(tx, model);
      return model;
    });
  }

  async get(organizationId: string, modelRef: string): Promise<Model> {
    const model = await this.models.find(organizationId, modelRef);
    if (!model) throw modelNotFound(modelRef);
    return model;
  }

  list(organizationId: string, page: PageRequest): Promise<Page<Model>> {
    return this.models.list(organizationId, pageBounds(page));
  }

  /** `versionRef` is a number, an alias, or a version id (then `modelRef` may be empty). */
  async getVersion(organizationId: string, modelRef: string, versionRef: string): Promise<VersionView> {
    const found = versionRef.startsWith('mv_')
      ? await this.models.findVersionById(organizationId, versionRef)
      : await this.findByNumberOrAlias(await this.get(organizationId, modelRef), versionRef);
    if (!found) throw versionNotFound(modelRef, versionRef);
    const model = await this.get(organizationId, found.modelId);
    if (modelRef !== '' && modelRef !== model.id && modelRef !== model.name)
      throw versionNotFound(modelRef, versionRef);
    return view(model, found);
  }

  async listVersions(
    organizationId: string,
    modelRef: string,
    page: PageRequest,
  ): Promise<Page<VersionView>> {
    const model = await this.get(organizationId, modelRef);
    const { items, nextPageToken } = await this.models.listVersions(model.id, pageBounds(page));
    return { items: items.map((version) => view(model, version)), nextPageToken };
  }

  private findByNumberOrAlias(model: Model, versionRef: string): Promise<ModelVersion | null> {
    const number = /^[1-9]\d{0,8}$/.test(versionRef) ? Number(versionRef) : model.aliases[versionRef];
    return number === undefined ? Promise.resolve(null) : this.models.findVersionByNumber(model.id, number);
  }

  private async moveAlias(
    tx: EntityManager,
    model: Model,
    alias: string,
    version: ModelVersion,
  ): Promise<void> {
    const moveCount = model.moveAlias(alias, version.number);
    if (moveCount === null) return;
    await emit(tx, 'model_registry.v1.alias.moved', model.id, {
      organizationId: model.organizationId,
      modelId: model.id,
      modelName: model.name,
      alias,
      number: version.number,
      modelVersionId: version.id,
      moveCount,
    });
  }
}

function assertNext({ name, latestVersion }: Model, number: number): void {
  if (number <= latestVersion) throw versionExists(name, number);
  if (number !== latestVersion + 1) throw versionNotNext(name, number, latestVersion + 1);
}

function view(model: Model, version: ModelVersion): VersionView {
  const aliases = Object.keys(model.aliases).filter((alias) => model.aliases[alias] === version.number);
  return { version, aliases };
}
