export { BlobCorrupt, BlobNotFound, BlobTooLarge } from './blob-store.js';
export type { BlobRef, BlobStore, OpenBlob } from './blob-store.js';
export { FsBlobStore } from './fs-blob-store.js';
export { manifestDigest } from './manifest-digest.js';
export type { ManifestEntry } from './manifest-digest.js';
