import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw } from 'node:zlib';
import type { InflateRaw, InputType, ZlibOptions } from 'node:zlib';
import { archiveBroken, archiveUnsafe, shown } from './archives.errors.js';
import { METHOD } from './entry-attributes.js';
import type { ZipEntry } from './zip-entry.js';

/** With `info`, the engine comes along and tells how much of the input it took. */
const inflateWithInfo = promisify(inflateRaw) as unknown as (
  packed: InputType,
  options: ZlibOptions & { info: true },
) => Promise<{ buffer: Buffer; engine: InflateRaw }>;

/** The content of an entry, of which no more is made than its stated size and one byte. */
export async function inflatedWhole(packed: Buffer, entry: ZipEntry): Promise<Buffer> {
  const content = entry.method === METHOD.stored ? packed : await inflateBounded(packed, entry);
  const check = new ContentCheck(entry);
  check.add(content);
  check.end();
  return content;
}

/** As inflatedWhole, as a stream that fails at the first byte too many. */
export async function* inflated(packed: AsyncIterable<Buffer>, entry: ZipEntry): AsyncGenerator<Buffer> {
  const check = new ContentCheck(entry);
  const content = entry.method === METHOD.stored ? packed : inflateStream(packed, entry);
  for await (const chunk of content) {
    check.add(chunk);
    yield chunk;
  }
  check.end();
}

async function inflateBounded(packed: Buffer, entry: ZipEntry): Promise<Buffer> {
  try {
    const { buffer, engine } = await inflateWithInfo(packed, {
      info: true,
      maxOutputLength: entry.sizeBytes + 1,
    });
    if (engine.bytesWritten !== packed.length) throw leftOver(entry);
    return buffer;
  } catch (error) {
    throw inflateFailure(error, entry);
  }
}

async function* inflateStream(packed: AsyncIterable<Buffer>, entry: ZipEntry): AsyncGenerator<Buffer> {
  const engine = createInflateRaw();
  const source = Readable.from(packed);
  source.on('error', (error) => engine.destroy(error));
  try {
    yield* source.pipe(engine) as AsyncIterable<Buffer>;
    if (engine.bytesWritten !== entry.compressedBytes) throw leftOver(entry);
  } catch (error) {
    throw inflateFailure(error, entry);
  } finally {
    source.destroy();
    engine.destroy();
  }
}

/** Compares content with what the directory says of it. */
class ContentCheck {
  private sizeBytes = 0;
  private checksum = 0;

  constructor(private readonly entry: ZipEntry) {}

  /** Throws when there is more than stated. */
  add(chunk: Buffer): void {
    this.sizeBytes += chunk.length;
    if (this.sizeBytes > this.entry.sizeBytes) throw longerThanStated(this.entry);
    this.checksum = crc32(chunk, this.checksum);
  }

  /** Throws when there is less than stated, or something else. */
  end(): void {
    const { name, sizeBytes, crc32: expected } = this.entry;
    if (this.sizeBytes !== sizeBytes) throw archiveBroken(`${shown(name)} is shorter than stated`);
    if (this.checksum !== expected) throw archiveBroken(`${shown(name)} has another checksum than stated`);
  }
}

function inflateFailure(error: unknown, entry: ZipEntry): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_BUFFER_TOO_LARGE') return longerThanStated(entry);
  return code.startsWith('Z_') ? archiveBroken(`${shown(entry.name)} is damaged`, error) : error;
}

function longerThanStated({ name, sizeBytes }: ZipEntry) {
  return archiveUnsafe(`${shown(name)} unpacks to more than the ${sizeBytes} bytes it states`);
}

function leftOver({ name }: ZipEntry) {
  return archiveUnsafe(`${shown(name)} has bytes that belong to no content`);
}
