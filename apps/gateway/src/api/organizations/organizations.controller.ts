import { Body, Controller, Param, Query } from '@nestjs/common';
import { Caller, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { Route } from '../../http/route.js';
import { organizationNotFound } from '../../identity/identity.errors.js';
import { IdentityService } from '../../identity/identity.service.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { createOrganizationBody, organizationSchema } from './organizations.schema.js';
import type { CreateOrganizationBody } from './organizations.schema.js';

const listSchema = {
  type: 'object',
  properties: { items: { type: 'array', items: organizationSchema }, nextPageToken: { type: 'string' } },
};

/** The tenants. */
@Controller()
export class OrganizationsController {
  constructor(private readonly identity: IdentityService) {}

  @Route({
    method: 'post',
    path: '/organizations',
    summary: 'Create an organization',
    allow: 'platform',
    body: createOrganizationBody,
    response: organizationSchema,
    status: 201,
  })
  create(@Body() body: CreateOrganizationBody) {
    return this.identity.createOrganization(body.name, body.kinds);
  }

  @Route({
    method: 'get',
    path: '/organizations',
    summary: 'List organizations: all for the platform, else the own one',
    allow: 'read',
    query: pageQuery,
    response: listSchema,
  })
  async list(@Caller() caller: AuthenticatedKey, @Query() query: PageQuery) {
    if (caller.isPlatformAdmin) return this.identity.listOrganizations(query);
    return { items: [await this.identity.getOrganization(caller.organizationId)], nextPageToken: '' };
  }

  @Route({
    method: 'get',
    path: '/organizations/:organization',
    summary: 'Get an organization by id or name',
    allow: 'read',
    response: organizationSchema,
  })
  async get(@Caller() caller: AuthenticatedKey, @Param('organization') organization: string) {
    const isOwn = organization === caller.organizationId || organization === caller.organizationName;
    if (!isOwn && !caller.isPlatformAdmin) throw organizationNotFound(organization);
    return this.identity.getOrganization(organization);
  }
}
