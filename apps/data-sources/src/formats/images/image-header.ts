/** What the header of an image says. */
export interface ImageHeader {
  readonly width: number;
  readonly height: number;
  /** Of a pixel when it is decoded: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha. */
  readonly channels: number;
}

type Reader = (bytes: Buffer) => ImageHeader | null;

/**
 * Size and channels of a PNG, JPEG, GIF, BMP or WebP file, by its content; null when it is none of them or its header is
 * cut. Nothing is decoded, so that no image can unpack into more than it is.
 */
export function readImageHeader(bytes: Buffer): ImageHeader | null {
  for (const read of READERS) {
    const header = withinBounds(read, bytes);
    if (header) return header.width > 0 && header.height > 0 ? header : null;
  }
  return null;
}

/** Reading past the end means that the header is cut. */
function withinBounds(read: Reader, bytes: Buffer): ImageHeader | null {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** By colour type; those of a palette are colours. */
const PNG_CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

function readPng(bytes: Buffer): ImageHeader | null {
  if (!bytes.subarray(0, 8).equals(PNG_SIGNATURE) || bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  const channels = PNG_CHANNELS[bytes.readUInt8(25)];
  if (channels === undefined) return null;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), channels };
}

const JPEG_START = 0xffd8;
const JPEG_MARKER = 0xff;
const JPEG_SCAN = 0xda;
/** Segments that carry the size, of all codings. */
const JPEG_FRAMES = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];

function readJpeg(bytes: Buffer): ImageHeader | null {
  if (bytes.readUInt16BE(0) !== JPEG_START) return null;
  let at = 2;
  for (;;) {
    if (bytes.readUInt8(at) !== JPEG_MARKER) return null;
    const marker = bytes.readUInt8(at + 1);
    if (marker === JPEG_MARKER) {
      at++;
    } else if (JPEG_FRAMES.includes(marker)) {
      const [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)];
      return { width, height, channels: bytes.readUInt8(at + 9) };
    } else {
      const length = bytes.readUInt16BE(at + 2);
      if (marker === JPEG_SCAN || length < 2) return null;
      at += 2 + length;
    }
  }
}

function readGif(bytes: Buffer): ImageHeader | null {
  if (!/^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))) return null;
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8), channels: 3 };
}

/** Size of the header of the first BMP files. */
const BMP_CORE_BYTES = 12;
const BMP_BITS_WITH_ALPHA = 32;

function readBmp(bytes: Buffer): ImageHeader | null {
  if (bytes.toString('latin1', 0, 2) !== 'BM') return null;
  const headerBytes = bytes.readUInt32LE(14);
  if (headerBytes === BMP_CORE_BYTES) {
    return { width: bytes.readUInt16LE(18), height: bytes.readUInt16LE(20), channels: 3 };
  }
  if (headerBytes < 40 || headerBytes > 124) return null;
  const channels = bytes.readUInt16LE(28) === BMP_BITS_WITH_ALPHA ? 4 : 3;
  // A negative height says that the rows go from top to bottom.
  return { width: bytes.readInt32LE(18), height: Math.abs(bytes.readInt32LE(22)), channels };
}

const WEBP_ALPHA = 0x10;

function readWebp(bytes: Buffer): ImageHeader | null {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP') return null;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      if (bytes.readUIntBE(23, 3) !== 0x9d012a) return null;
      return {
        width: bytes.readUInt16LE(26) & 0x3fff,
        height: bytes.readUInt16LE(28) & 0x3fff,
        channels: 3,
      };
    case 'VP8L': {
      if (bytes.readUInt8(20) !== 0x2f) return null;
      const bits = bytes.readUInt32LE(21);
      const channels = ((bits >>> 28) & 1) === 1 ? 4 : 3;
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, channels };
    }
    case 'VP8X':
      return {
        width: bytes.readUIntLE(24, 3) + 1,
        height: bytes.readUIntLE(27, 3) + 1,
        channels: (bytes.readUInt8(20) & WEBP_ALPHA) === 0 ? 3 : 4,
      };
    default:
      return null;
  }
}

const READERS: readonly Reader[] = [readPng, readJpeg, readGif, readBmp, readWebp];
