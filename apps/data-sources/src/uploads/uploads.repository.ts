import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import { Upload } from './upload.entity.js';

/** All SQL of uploads. */
@Injectable()
export class UploadsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async insert(upload: Upload): Promise<void> {
    await this.dataSource.manager.insert(Upload, upload);
  }

  /** Null when the organization has none such. */
  find(organizationId: string, id: string): Promise<Upload | null> {
    return this.dataSource.manager.findOneBy(Upload, { organizationId, id });
  }

  /**
   * Replaces an open upload by one that has more bytes. False, changing nothing, when it is gone, complete, or somebody
   * else has added bytes meanwhile: the offset only grows, so it tells.
   */
  async advance(before: Upload, after: Upload): Promise<boolean> {
    const { state, offsetBytes, sha256, parts, expiresAt } = after;
    const result = await this.dataSource.manager.update(
      Upload,
      { id: before.id, state: 'open', offsetBytes: before.offsetBytes },
      { state, offsetBytes, sha256, parts: [...parts], expiresAt },
    );
    return result.affected === 1;
  }

  /** Removes an open upload. False when there is none such. */
  async deleteOpen(id: string): Promise<boolean> {
    const result = await this.dataSource.manager.delete(Upload, { id, state: 'open' });
    return result.affected === 1;
  }

  /** Removes the open uploads whose time is over, by the database's clock. */
  async deleteExpired(): Promise<void> {
    await this.dataSource.query(`DELETE FROM upload WHERE state = 'open' AND expires_at < now()`);
  }

  /** Those of `ids` that are open. */
  async findOpen(ids: readonly string[]): Promise<Set<string>> {
    const found = await this.dataSource.manager.find(Upload, {
      select: { id: true },
      where: { id: In([...ids]), state: 'open' },
    });
    return new Set(found.map(({ id }) => id));
  }
}
