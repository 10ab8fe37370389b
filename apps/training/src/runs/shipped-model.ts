import { manifestDigest } from '@aimass/platform-blobs';
import type { BlobStore } from '@aimass/platform-blobs';
import { DomainError } from '@aimass/platform-errors';
import { PREPROCESSING_FILE, shipPreprocessing, SIGNATURE_FILE } from '@aimass/platform-model-files';
import type { JobResult, Manifest } from '../jobs/job-result.js';
import { ArtifactInvalid } from './artifact-invalid.js';

/**
 * The model together with the transforms that its data had been through: `preprocessing.json` joins its files, and its
 * signature takes raw columns. The trainer's own `signature.json` must name the `features` of its one input in order.
 * With no transforms (an empty digest) the model stays as it is. Throws ArtifactInvalid when the two do not go together.
 */
export async function withPreprocessing(
  result: JobResult,
  preprocessingSha256: string,
  blobs: BlobStore,
): Promise<JobResult> {
  if (result.manifest.files.some(({ path }) => path === PREPROCESSING_FILE)) {
    throw new ArtifactInvalid(`model/${PREPROCESSING_FILE} is written by the platform, never by a trainer`);
  }
  if (preprocessingSha256 === '') return result;
  const preprocessing = await blobs.read(preprocessingSha256);
  const inputs = rawInputs(preprocessing, await readSignature(result.manifest, blobs));
  const file = {
    path: PREPROCESSING_FILE,
    sha256: preprocessingSha256,
    sizeBytes: String(preprocessing.length),
  };
  const files = [...result.manifest.files, file].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    ...result,
    signature: { inputs, outputs: result.signature.outputs },
    manifest: { files, sha256: manifestDigest(files) },
  };
}

function rawInputs(preprocessing: Buffer, signature: Buffer): JobResult['signature']['inputs'] {
  try {
    return shipPreprocessing(preprocessing, signature).rawInputs;
  } catch (error) {
    if (error instanceof DomainError) throw new ArtifactInvalid(error.message.replace(/\.$/, ''));
    throw error;
  }
}

async function readSignature({ files }: Manifest, blobs: BlobStore): Promise<Buffer> {
  const file = files.find(({ path }) => path === SIGNATURE_FILE);
  return file ? blobs.read(file.sha256) : Buffer.alloc(0);
}
