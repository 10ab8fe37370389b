export { BlobCorrupt, BlobNotFound, BlobTooLarge } from './blob-store.js';
export type { BlobRef, BlobStore } from './blob-store.js';
export { FsBlobStore } from './fs-blob-store.js';
