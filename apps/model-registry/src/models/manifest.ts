import { manifestDigest } from '@aimass/platform-blobs';
import { isPlainPath } from '@aimass/platform-model-files';
import type { Manifest } from './model-version.entity.js';
import { manifestInvalid } from './models.errors.js';

/**
 * Checks a manifest before it is registered: relative paths without `..`, each once and sorted, whole digests, and the
 * manifest's own digest over them. Throws `invalid`.
 */
export function assertManifest(manifest: Manifest): void {
  if (manifest.files.length === 0) throw manifestInvalid('it lists no file');
  let previous = '';
  for (const file of manifest.files) {
    if (!isPlainPath(file.path))
      throw manifestInvalid(`"${file.path}" is not a relative path inside the model`);
    if (file.path <= previous) throw manifestInvalid('its files are not sorted by path, each once');
    if (!/^[0-9a-f]{64}$/.test(file.sha256)) throw manifestInvalid(`"${file.path}" has no SHA-256`);
    previous = file.path;
  }
  if (manifestDigest(manifest.files) !== manifest.sha256)
    throw manifestInvalid('its digest does not fit its files');
}
