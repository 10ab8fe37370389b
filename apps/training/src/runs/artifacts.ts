import { join } from 'node:path';
import { BlobTooLarge, manifestDigest } from '@aimass/platform-blobs';
import type { BlobStore } from '@aimass/platform-blobs';
import type { JobResult, Manifest } from '../jobs/job-result.js';
import { ArtifactInvalid } from './artifact-invalid.js';
import { readReport, readSignature } from './trainer-documents.js';
import type { ReportDocument } from './trainer-documents.js';
import { listFiles, openPlainFile, readPlainFile } from './trainer-files.js';

const SIGNATURE = 'signature.json';
const MAX_SIGNATURE_BYTES = 256 * 1024;
const MAX_MODEL_BYTES = 8 * 1024 ** 3;
const MAX_REPORT_BYTES = 16 * 1024 ** 2;
const MAX_PLOT_BYTES = 4 * 1024 ** 2;
const MAX_PLOTS = 32;

/**
 * Takes over what a trainer left below `root` (`model/`, `output/data/`) into the blob store. Throws ArtifactInvalid
 * when that is no model.
 */
export async function collectArtifacts(root: string, blobs: BlobStore): Promise<JobResult> {
  const signature = await readModelSignature(join(root, 'model'));
  const { document, sha256 } = await collectReport(root, blobs);
  const plots = await collectPlots(join(root, 'output', 'data', 'plots'), blobs);
  const manifest = await collectModel(join(root, 'model'), blobs);
  return { ...signature, manifest, plots, ...document, reportSha256: sha256 };
}

/** Stores every file of a folder. Throws ArtifactInvalid for anything but plain files. */
export async function collectModel(folder: string, blobs: BlobStore): Promise<Manifest> {
  const files: { path: string; sha256: string; sizeBytes: string }[] = [];
  let restBytes = MAX_MODEL_BYTES;
  for (const path of await listFiles(folder)) {
    const { sha256, sizeBytes } = await storeFile(folder, path, restBytes, blobs);
    restBytes -= sizeBytes;
    files.push({ path, sha256, sizeBytes: String(sizeBytes) });
  }
  return { files, sha256: manifestDigest(files) };
}

async function readModelSignature(folder: string): Promise<ReturnType<typeof readSignature>> {
  const text = await readPlainFile(folder, SIGNATURE, MAX_SIGNATURE_BYTES);
  if (text) return readSignature(text.toString());
  throw new ArtifactInvalid(`there is no model/${SIGNATURE}`, 'no_model');
}

async function collectReport(
  root: string,
  blobs: BlobStore,
): Promise<{ document: ReportDocument; sha256: string | null }> {
  const bytes = await readPlainFile(join(root, 'output', 'data'), 'report.json', MAX_REPORT_BYTES);
  if (!bytes) return { document: { backend: '', metrics: {} }, sha256: null };
  const document = readReport(bytes.toString());
  return { document, sha256: (await blobs.put(bytes)).sha256 };
}

async function collectPlots(folder: string, blobs: BlobStore): Promise<Record<string, string>> {
  const names = (await listFiles(folder)).filter((path) => /^[a-z0-9][a-z0-9_-]{0,63}\.svg$/.test(path));
  const plots: Record<string, string> = {};
  for (const name of names.slice(0, MAX_PLOTS)) {
    const bytes = await readPlainFile(folder, name, MAX_PLOT_BYTES);
    if (bytes) plots[name.slice(0, -'.svg'.length)] = (await blobs.put(bytes)).sha256;
  }
  return plots;
}

async function storeFile(folder: string, path: string, limitBytes: number, blobs: BlobStore) {
  const file = await openPlainFile(folder, path);
  if (!file) throw new ArtifactInvalid(`"${path}" vanished while it was read`);
  try {
    return await blobs.put(file.createReadStream({ autoClose: false }), { limitBytes });
  } catch (error) {
    if (error instanceof BlobTooLarge)
      throw new ArtifactInvalid(`the model is larger than ${MAX_MODEL_BYTES} bytes`);
    throw error;
  } finally {
    await file.close();
  }
}
