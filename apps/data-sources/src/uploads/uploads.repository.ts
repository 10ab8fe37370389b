import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
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
}
