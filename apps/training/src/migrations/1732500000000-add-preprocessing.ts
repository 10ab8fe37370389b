import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was fitted to the training rows of a job's split goes along with the model. */
export class AddPreprocessing1732500000000 implements MigrationInterface {
  readonly name = 'AddPreprocessing1732500000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE job ADD COLUMN preprocessing_sha256 text NOT NULL DEFAULT ''`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE job DROP COLUMN preprocessing_sha256');
  }
}
