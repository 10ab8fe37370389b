import type { ZipEntry } from '../../archives/zip-entry.js';
import { imagesWithoutClass, noImages, notImages } from './images.errors.js';

const IMAGE_NAME = /\.(png|jpe?g|webp|gif|bmp)$/i;
/** What operating systems leave in folders, and no person put there. */
const LEFTOVER = /(^|\/)(__MACOSX\/|\.DS_Store$|\._[^/]*$|Thumbs\.db$|desktop\.ini$)/i;

/** An image and the class it is of. */
export interface ClassImage {
  readonly entry: ZipEntry;
  /** The folder that it lies in. */
  readonly label: string;
}

/**
 * The images of an archive in the order of their paths' bytes, whatever order they were packed in. Throws when a file is
 * no image by its name, or lies in no folder. Folders and what operating systems leave there are skipped.
 */
export function classImages(entries: readonly ZipEntry[]): ClassImage[] {
  const files = entries.filter(({ name, isFolder }) => !isFolder && !LEFTOVER.test(name));
  const others = files.filter(({ name }) => !IMAGE_NAME.test(name));
  if (others.length > 0) throw notImages(others.map(({ name }) => name));
  const outside = files.filter(({ name }) => !name.includes('/'));
  if (outside.length > 0) throw imagesWithoutClass(outside.map(({ name }) => name));
  if (files.length === 0) throw noImages();
  return files
    .map((entry) => ({ entry, key: Buffer.from(entry.name) }))
    .sort((one, other) => one.key.compare(other.key))
    .map(({ entry }) => ({ entry, label: entry.name.split('/').at(-2) ?? '' }));
}
