import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Alias } from './alias.entity.js';

/** All SQL of aliases. */
@Injectable()
export class AliasesRepository {
  /** False when a newer move was seen before; the row stays as it is then. */
  async move(tx: EntityManager, alias: Alias): Promise<boolean> {
    const rows: unknown[] = await tx.query(
      `INSERT INTO alias (model_id, alias, organization_id, number, move_count) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (model_id, alias) DO UPDATE SET number = EXCLUDED.number, move_count = EXCLUDED.move_count
       WHERE alias.move_count < EXCLUDED.move_count RETURNING 1`,
      [alias.modelId, alias.alias, alias.organizationId, alias.number, alias.moveCount],
    );
    return rows.length > 0;
  }

  /** Writes an alias that was read, unless an event told about it: the event is ordered, the reading is not. */
  async remember(tx: EntityManager, alias: Omit<Alias, 'moveCount'>): Promise<void> {
    await tx.query(
      `INSERT INTO alias (model_id, alias, organization_id, number, move_count) VALUES ($1, $2, $3, $4, 0)
       ON CONFLICT (model_id, alias) DO UPDATE SET number = EXCLUDED.number WHERE alias.move_count = 0`,
      [alias.modelId, alias.alias, alias.organizationId, alias.number],
    );
  }

  list(tx: EntityManager, modelIds: readonly string[]): Promise<Alias[]> {
    return tx.find(Alias, { where: { modelId: In(modelIds) }, order: { modelId: 'ASC', alias: 'ASC' } });
  }
}
