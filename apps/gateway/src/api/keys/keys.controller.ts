import { Body, Controller, Param, Query } from '@nestjs/common';
import { Caller, IdempotencyKey, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { Route } from '../../http/route.js';
import { IdentityService } from '../../identity/identity.service.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { createKeyBody, keyListSchema, keySchema, newKeySchema, toKeyJson } from './keys.schema.js';
import type { CreateKeyBody } from './keys.schema.js';

/** API keys. */
@Controller()
export class KeysController {
  constructor(private readonly identity: IdentityService) {}

  @Route({
    method: 'post',
    path: '/keys',
    summary: 'Create a key; its secret is shown once',
    allow: 'administer',
    body: createKeyBody,
    response: newKeySchema,
    status: 201,
  })
  async create(
    @Caller() caller: AuthenticatedKey,
    @IdempotencyKey() requestId: string,
    @Body() body: CreateKeyBody,
  ) {
    const { key, secret } = await this.identity.createKey(caller, { ...body, requestId });
    return { ...toKeyJson(key), ...(secret === undefined ? {} : { secret }) };
  }

  @Route({
    method: 'get',
    path: '/keys',
    summary: 'List keys',
    allow: 'administer',
    query: pageQuery,
    response: keyListSchema,
  })
  async list(@Caller() caller: AuthenticatedKey, @Query() query: PageQuery) {
    const page = await this.identity.listKeys(caller.organizationId, query);
    return { items: page.items.map(toKeyJson), nextPageToken: page.nextPageToken };
  }

  @Route({ method: 'get', path: '/keys/:id', summary: 'Get a key', allow: 'administer', response: keySchema })
  async get(@Caller() caller: AuthenticatedKey, @Param('id') id: string) {
    return toKeyJson(await this.identity.getKey(caller.organizationId, id));
  }

  @Route({
    method: 'post',
    path: '/keys/:id:revoke',
    summary: 'Revoke a key',
    allow: 'administer',
    response: keySchema,
  })
  async revoke(@Caller() caller: AuthenticatedKey, @Param('id') id: string) {
    return toKeyJson(await this.identity.revokeKey(caller.organizationId, id));
  }
}
