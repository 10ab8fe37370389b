import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where the bytes of an open upload are. */
export class AddUploadParts1732600000000 implements MigrationInterface {
  readonly name = 'AddUploadParts1732600000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE upload ADD COLUMN parts jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE upload DROP COLUMN parts`);
  }
}
