import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { onceOnly, toPage } from '@aimass/platform-persistence';
import type { Operation, Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import { ApiKey } from './api-key.entity.js';
import { Organization } from './organization.entity.js';
import type { Role } from './roles.js';

/** A key as the directory needs it. */
export interface KeyRow {
  readonly hash: string;
  readonly keyId: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly role: Role;
  readonly isPlatformAdmin: boolean;
  readonly isRevoked: boolean;
  /** 64-bit, as text. */
  readonly changeNumber: string;
}

/** Change numbers are handed out before commit, so a lower one may appear after a higher: read this far back. */
const CHANGE_OVERLAP = 1_000;

/** All SQL of organizations and keys. */
@Injectable()
export class IdentityRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Creates the organization unless one has its name already; returns null then. */
  async insertOrganization(organization: Organization): Promise<Organization | null> {
    const result = await this.dataSource
      .createQueryBuilder()
      .insert()
      .into(Organization)
      .values(organization)
      .orIgnore()
      .returning('id')
      .execute();
    return (result.raw as unknown[]).length === 0 ? null : organization;
  }

  findOrganization(idOrName: string): Promise<Organization | null> {
    return this.dataSource.manager.findOneBy(Organization, [{ id: idOrName }, { name: idOrName }]);
  }

  async listOrganizations(bounds: PageBounds): Promise<Page<Organization>> {
    const rows = await this.dataSource.manager.find(Organization, {
      where: { id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }

  /** Stores a key once per operation; a repeat finds the key made first. */
  insertKeyOnce(operation: Operation, key: ApiKey): Promise<string> {
    return this.dataSource.transaction((tx) =>
      onceOnly(tx, operation, async () => {
        await tx.insert(ApiKey, key);
        return key.id;
      }),
    );
  }

  /** Stores a key unless its secret is stored already. */
  async ensureKey(key: ApiKey): Promise<void> {
    await this.dataSource.createQueryBuilder().insert().into(ApiKey).values(key).orIgnore().execute();
  }

  findKey(organizationId: string, id: string): Promise<ApiKey | null> {
    return this.dataSource.manager.findOneBy(ApiKey, { organizationId, id });
  }

  /** Loads the key for update, applies `change` and saves; null when the organization has none such. */
  updateKey(organizationId: string, id: string, change: (key: ApiKey) => void): Promise<ApiKey | null> {
    return this.dataSource.transaction(async (tx) => {
      const key = await tx.findOne(ApiKey, {
        where: { organizationId, id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!key) return null;
      change(key);
      await tx.save(key);
      return key;
    });
  }

  async listKeys(organizationId: string, bounds: PageBounds): Promise<Page<ApiKey>> {
    const rows = await this.dataSource.manager.find(ApiKey, {
      where: { organizationId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }

  /** Keys changed since a change number, in order of change, some perhaps already known. Index: change_number. */
  changedKeys(since: bigint): Promise<KeyRow[]> {
    return this.dataSource.query(
      `SELECT k.hash, k.id AS "keyId", k.organization_id AS "organizationId", o.name AS "organizationName", k.role,
              k.is_platform_admin AS "isPlatformAdmin", k.revoked_at IS NOT NULL AS "isRevoked",
              k.change_number AS "changeNumber"
       FROM api_key k JOIN organization o ON o.id = k.organization_id
       WHERE k.change_number > $1 ORDER BY k.change_number`,
      [(since - BigInt(CHANGE_OVERLAP)).toString()],
    );
  }
}
