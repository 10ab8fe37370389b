import { Injectable } from '@nestjs/common';
import { isId, onceOnly } from '@aimass/platform-persistence';
import { ModelsRepository } from './models.repository.js';
import { ModelsService } from './models.service.js';
import type { VersionView } from './models.service.js';
import type { Signature } from './model-version.entity.js';
import { registeredSignature } from './registered-signature.js';
import { engineMissing, kindDiffers, modelNameInvalid, sourceInvalid } from './registrations.errors.js';
import { VersionFiles } from './version-files.js';
import type { NamedFile } from './version-files.js';

/** A version to register, as somebody asks for it who has uploaded its files. */
export interface RegistrationRequest {
  readonly organizationId: string;
  /** Idempotency key; empty for none. */
  readonly requestId: string;
  readonly modelName: string;
  /** The number that the caller expects; 0 for whichever is next. */
  readonly number: number;
  readonly files: readonly NamedFile[];
  /** Empty for what the files are. */
  readonly engine: string;
  readonly format: string;
  /** undefined for what the files say. */
  readonly signature: Signature | undefined;
  /** Where the owner says that it comes from; empty for nothing said. */
  readonly source: string;
  /** Alias to point at the new version; empty for none. */
  readonly alias: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const MAX_SOURCE_CHARACTERS = 2_000;

/** Makes versions of uploaded files. */
@Injectable()
export class RegistrationsService {
  constructor(
    private readonly files: VersionFiles,
    private readonly models: ModelsService,
    private readonly repository: ModelsRepository,
  ) {}

  /**
   * Looks into the files, which no transaction waits for, then adds the version. Throws `conflict` when the expected
   * number is not the next; a repeat under the same key returns the first one's version.
   */
  async register(request: RegistrationRequest): Promise<VersionView> {
    const { organizationId, requestId, ...payload } = request;
    assertTexts(request);
    const { manifest, facts } = await this.files.inspect(request.files);
    const { engine, format } = facts;
    if (request.engine !== '' && request.engine !== engine)
      throw kindDiffers('engine', request.engine, engine);
    if (request.format !== '' && request.format !== format)
      throw kindDiffers('format', request.format, format);
    if (engine === 'llama') throw engineMissing(format);
    const signature = registeredSignature(request.signature, facts);
    const lineage = { jobId: '', datasetVersionId: '', splitId: '', algorithm: '', source: request.source };
    const content = { engine, format, signature, manifest, lineage, metrics: {} };
    const { modelName, number, alias } = request;
    const operation = { organizationId, requestId, name: 'RegisterModelVersion', payload };
    const id = await this.repository.transaction((tx) =>
      onceOnly(tx, operation, async () => {
        const version = await this.models.register(tx, { organizationId, modelName, number, alias, content });
        return version.id;
      }),
    );
    return this.models.getVersion(organizationId, '', id);
  }
}

function assertTexts({ modelName, source }: RegistrationRequest): void {
  if (!NAME.test(modelName) || isId('mdl', modelName)) throw modelNameInvalid();
  if (source.length > MAX_SOURCE_CHARACTERS || source.includes('\0')) throw sourceInvalid();
}
