import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import { pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { Config } from '../config.js';
import { ApiKey, newSecret } from './api-key.entity.js';
import { IdentityRepository } from './identity.repository.js';
import { KeyChanges } from './key-changes.js';
import { keyNotFound, organizationNameTaken, organizationNotFound, roleTooHigh } from './identity.errors.js';
import type { AuthenticatedKey } from './key-directory.js';
import { Organization } from './organization.entity.js';
import type { OrganizationKind } from './organization.entity.js';
import { isWithin } from './roles.js';
import type { Role } from './roles.js';

/** The organization that runs the installation; its first key comes from the configuration. */
const PLATFORM_ORGANIZATION = 'platform';

/** A key to create. */
export interface NewKey {
  readonly name: string;
  readonly role: Role;
  /** Another organization's id or name; only for the platform's administrator. Absent: the caller's own. */
  readonly organization?: string | undefined;
  /** Idempotency key; empty for none. */
  readonly requestId: string;
}

/** Organizations and keys: who may enter. */
@Injectable()
export class IdentityService implements OnModuleInit {
  constructor(
    private readonly identity: IdentityRepository,
    private readonly changes: KeyChanges,
    @Inject(CONFIG) private readonly config: Pick<Config, 'ADMIN_KEY'>,
  ) {}

  /** Makes sure that the configured administrator key works. */
  async onModuleInit(): Promise<void> {
    const { ADMIN_KEY } = this.config;
    if (ADMIN_KEY === undefined) return;
    await this.identity.insertOrganization(
      Organization.create(PLATFORM_ORGANIZATION, ['vendor', 'consumer']),
    );
    const organization = await this.getOrganization(PLATFORM_ORGANIZATION);
    const spec = {
      organizationId: organization.id,
      name: 'administrator',
      role: 'owner',
      isPlatformAdmin: true,
    } as const;
    await this.identity.ensureKey(ApiKey.create(spec, ADMIN_KEY));
  }

  async createOrganization(name: string, kinds: readonly OrganizationKind[]): Promise<Organization> {
    const organization = await this.identity.insertOrganization(Organization.create(name, kinds));
    if (!organization) throw organizationNameTaken(name);
    return organization;
  }

  async getOrganization(idOrName: string): Promise<Organization> {
    const organization = await this.identity.findOrganization(idOrName);
    if (!organization) throw organizationNotFound(idOrName);
    return organization;
  }

  listOrganizations(page: PageRequest): Promise<Page<Organization>> {
    return this.identity.listOrganizations(pageBounds(page));
  }

  /** Creates a key and returns its secret, which exists nowhere afterwards. A replay returns the key without it. */
  async createKey(
    caller: AuthenticatedKey,
    request: NewKey,
  ): Promise<{ key: ApiKey; secret: string | undefined }> {
    const organizationId = await this.organizationFor(caller, request.organization);
    if (!caller.isPlatformAdmin && !isWithin(request.role, caller.role)) throw roleTooHigh(request.role);
    const secret = newSecret();
    const { name, role, requestId } = request;
    const key = ApiKey.create({ organizationId, name, role, isPlatformAdmin: false }, secret);
    const operation = { organizationId, requestId, name: 'CreateKey', payload: { name, role } };
    const id = await this.identity.insertKeyOnce(operation, key);
    if (id !== key.id) return { key: await this.getKey(organizationId, id), secret: undefined };
    await this.changes.announce();
    return { key, secret };
  }

  async getKey(organizationId: string, id: string): Promise<ApiKey> {
    const key = await this.identity.findKey(organizationId, id);
    if (!key) throw keyNotFound(id);
    return key;
  }

  listKeys(organizationId: string, page: PageRequest): Promise<Page<ApiKey>> {
    return this.identity.listKeys(organizationId, pageBounds(page));
  }

  /** Ends a key: this gateway refuses it when this returns, the others within a second. */
  async revokeKey(organizationId: string, id: string): Promise<ApiKey> {
    const key = await this.identity.updateKey(organizationId, id, (found) => found.revoke());
    if (!key) throw keyNotFound(id);
    await this.changes.announce();
    return key;
  }

  private async organizationFor(caller: AuthenticatedKey, organization: string | undefined): Promise<string> {
    if (organization === undefined || organization === caller.organizationId) return caller.organizationId;
    // Someone else's organization looks absent to all but the platform's administrator.
    if (!caller.isPlatformAdmin && organization !== caller.organizationName)
      throw organizationNotFound(organization);
    return (await this.getOrganization(organization)).id;
  }
}
