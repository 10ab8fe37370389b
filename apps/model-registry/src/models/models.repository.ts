import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { ModelVersion } from './model-version.entity.js';
import { Model } from './model.entity.js';

/** All SQL of models and versions. */
@Injectable()
export class ModelsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** By id or name; null when the organization has none such. */
  find(organizationId: string, model: string): Promise<Model | null> {
    return this.dataSource.manager.findOne(Model, { where: idOrName(organizationId, model) });
  }

  /** As find, holding the row until the transaction ends. */
  findForUpdate(tx: EntityManager, organizationId: string, model: string): Promise<Model | null> {
    return tx.findOne(Model, { where: idOrName(organizationId, model), lock: { mode: 'pessimistic_write' } });
  }

  /** The organization's model of this name, created when new, held until the transaction ends. */
  async claimByName(tx: EntityManager, organizationId: string, name: string): Promise<Model> {
    await tx
      .createQueryBuilder()
      .insert()
      .into(Model)
      .values(Model.create(organizationId, name))
      .orIgnore()
      .execute();
    return tx.findOneOrFail(Model, { where: { organizationId, name }, lock: { mode: 'pessimistic_write' } });
  }

  async save(tx: EntityManager, model: Model): Promise<void> {
    await tx.save(model);
  }

  async insertVersion(tx: EntityManager, version: ModelVersion): Promise<void> {
    await tx.insert(ModelVersion, version);
  }

  async list(organizationId: string, bounds: PageBounds): Promise<Page<Model>> {
    const rows = await this.dataSource.manager.find(Model, {
      where: { organizationId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }

  findVersionById(organizationId: string, id: string): Promise<ModelVersion | null> {
    return this.dataSource.manager.findOneBy(ModelVersion, { organizationId, id });
  }

  findVersionByNumber(modelId: string, number: number): Promise<ModelVersion | null> {
    return this.dataSource.manager.findOneBy(ModelVersion, { modelId, number });
  }

  async listVersions(modelId: string, bounds: PageBounds): Promise<Page<ModelVersion>> {
    const rows = await this.dataSource.manager.find(ModelVersion, {
      where: { modelId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }
}

function idOrName(organizationId: string, model: string) {
  return [
    { organizationId, id: model },
    { organizationId, name: model },
  ];
}
