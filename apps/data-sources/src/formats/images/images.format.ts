import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ZipArchive } from '../../archives/zip-archive.js';
import type { FetchedFile } from '../../connectors/connector.js';
import { onlyFile } from '../only-file.js';
import { firstZippedName, withZip } from '../zipped-files.js';
import { asDescribed } from '../described-columns.js';
import type { Format, FormatInput, TableSource } from '../format.js';
import { TableParts } from '../table-parts.js';
import { classImages } from './class-folders.js';
import type { ClassImage } from './class-folders.js';
import { IMAGE_COLUMNS } from './image-columns.js';
import { readImageHeader } from './image-header.js';
import { imageTooLarge, notImages } from './images.errors.js';

/** One image, as it was uploaded. */
const MAX_IMAGE_BYTES = 32 * 1024 * 1024;
/** What a small file could unpack to when somebody decodes it. */
const MAX_PIXELS = 100_000_000;

/** A zip of images in class folders: one row per image, which keeps its bytes as they were uploaded. */
@Injectable()
export class ImagesFormat implements Format {
  readonly name = 'images';

  /** Any zip but one of arrays. */
  async detects([file, ...others]: readonly FetchedFile[]): Promise<boolean> {
    if (!file || others.length > 0) return false;
    const name = await firstZippedName(file);
    return name !== null && !name.endsWith('.npy');
  }

  toTable(input: FormatInput): Promise<TableSource> {
    return withZip(onlyFile(this.name, input.files), async (archive) =>
      asDescribed(input.connection, await readImages(archive, input), input.recipe),
    );
  }
}

async function readImages(archive: ZipArchive, input: FormatInput): Promise<TableSource> {
  const images = classImages(archive.entries);
  const parts = new TableParts(
    input.connection,
    input.folder,
    IMAGE_COLUMNS.map(({ name, kind }) => `${name} ${kind}`).join(', '),
  );
  for (const image of images) {
    input.signal.throwIfAborted();
    await addImage(parts, image, await archive.read(image.entry, MAX_IMAGE_BYTES));
  }
  return {
    kind: 'images',
    query: `SELECT path, label, width, height, channels, sha256, bytes FROM ${await parts.source()}`,
    columns: IMAGE_COLUMNS,
    rowCount: images.length,
    droppedRowCount: 0,
  };
}

async function addImage(parts: TableParts, { entry, label }: ClassImage, bytes: Buffer): Promise<void> {
  const header = readImageHeader(bytes);
  if (!header) throw notImages([entry.name]);
  const { width, height, channels } = header;
  if (width * height > MAX_PIXELS) throw imageTooLarge(entry.name, width, height, MAX_PIXELS);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await parts.add(1, bytes.length, (appender) => {
    appender.appendVarchar(entry.name);
    appender.appendVarchar(label);
    appender.appendInteger(width);
    appender.appendInteger(height);
    appender.appendInteger(channels);
    appender.appendVarchar(sha256);
    appender.appendBlob(bytes);
    appender.endRow();
  });
}
