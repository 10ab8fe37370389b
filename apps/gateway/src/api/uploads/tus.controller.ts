import { Controller, Param, Req, Res } from '@nestjs/common';
import { DomainError } from '@aimass/platform-errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '../../http/parameters.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { TUS_CONTENT_TYPE } from './tus-headers.js';
import { TusUploads } from './tus-uploads.js';

/** Uploads that go on where they were cut: the tus 1.0 protocol. They begin at `POST /uploads`. */
@Controller()
export class TusController {
  constructor(private readonly tus: TusUploads) {}

  @Route({
    method: 'options',
    path: '/uploads',
    summary: 'Describe the tus protocol as it is spoken here',
    allow: 'develop',
    status: 204,
  })
  describe(@Res({ passthrough: true }) reply: FastifyReply) {
    return this.tus.describe({ reply });
  }

  @Route({
    method: 'head',
    path: '/uploads/:upload',
    summary: 'Tell how far an upload is (tus)',
    allow: 'develop',
  })
  tell(
    @Caller() caller: AuthenticatedKey,
    @Param('upload') upload: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.tus.tell({ caller, request, reply }, upload);
  }

  @Route({
    method: 'patch',
    path: '/uploads/:upload',
    summary: 'Add bytes to an upload (tus)',
    allow: 'develop',
    consumes: TUS_CONTENT_TYPE,
    status: 204,
  })
  receive(
    @Caller() caller: AuthenticatedKey,
    @Param('upload') upload: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.tus.receive({ caller, request, reply }, upload);
  }

  @Route({
    method: 'delete',
    path: '/uploads/:upload',
    summary: 'Take an unfinished upload away (tus)',
    allow: 'develop',
    status: 204,
  })
  terminate(
    @Caller() caller: AuthenticatedKey,
    @Param('upload') upload: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.tus.terminate({ caller, request, reply }, upload);
  }

  @Route({
    method: 'post',
    path: '/uploads/:upload',
    summary: 'Do what X-HTTP-Method-Override says, for clients that can send no other method (tus)',
    allow: 'develop',
    consumes: TUS_CONTENT_TYPE,
    status: 204,
  })
  override(
    @Caller() caller: AuthenticatedKey,
    @Param('upload') upload: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const exchange = { caller, request, reply };
    switch (String(request.headers['x-http-method-override']).toUpperCase()) {
      case 'HEAD':
        return this.tus.tell(exchange, upload);
      case 'PATCH':
        return this.tus.receive(exchange, upload);
      case 'DELETE':
        return this.tus.terminate(exchange, upload);
      default:
        throw new DomainError(
          'invalid',
          'request_invalid',
          'Name the method in X-HTTP-Method-Override: HEAD, PATCH or DELETE.',
        );
    }
  }
}
