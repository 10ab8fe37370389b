import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FsBlobStore } from '@aimass/platform-blobs';
import { Upload } from '../../uploads/upload.entity.js';
import { uploadNotFound } from '../../uploads/uploads.errors.js';
import type { UploadsService } from '../../uploads/uploads.service.js';
import { describeConnector } from '../connector.contract-spec.js';
import type { ConnectorScene } from '../connector.contract-spec.js';
import { UploadConnector } from './upload.connector.js';

const TEXT = 'a,b\n1,2\n';

/** The blob store is real; the records of uploads are two in memory. */
async function createScene(): Promise<ConnectorScene<'upload'>> {
  const folder = await mkdtemp(join(tmpdir(), 'aimass-upload-'));
  const blobs = new FsBlobStore(folder);
  const upload = Upload.create('org_1', '../a.csv', await blobs.put(Buffer.from(TEXT)));
  const get: UploadsService['get'] = (organizationId, id) =>
    organizationId === 'org_1' && id === upload.id
      ? Promise.resolve(upload)
      : Promise.reject(uploadNotFound(id));
  const origin = { kind: 'upload', organizationId: 'org_1', uploadId: upload.id } as const;
  const absent = { code: 'upload_not_found', isSeenByCheck: true };
  return {
    connector: new UploadConnector({ get } as UploadsService, blobs),
    origin,
    contentOf: (files) => Promise.all(files.map(({ path }) => readFile(path, 'utf8'))),
    expected: [TEXT],
    tellsUnchanged: false,
    failing: [
      { when: 'there is no such upload', origin: { ...origin, uploadId: 'upl_2' }, ...absent },
      { when: 'it is of another organization', origin: { ...origin, organizationId: 'org_2' }, ...absent },
    ],
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

describeConnector('UploadConnector', createScene);
