import type { FileHandle } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { csvEncodingWrong } from './csv.errors.js';
import { PlainText } from './text-source.js';
import type { TextSource } from './text-source.js';

/** As a recipe names it. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1' | 'windows-1252';

/** Bytes decoded at a time. */
const PIECE_BYTES = 256 * 1024;

const MARKS: readonly { readonly encoding: Encoding; readonly mark: Buffer }[] = [
  { encoding: 'utf-8', mark: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: 'utf-16le', mark: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', mark: Buffer.from([0xfe, 0xff]) },
];

/** What Windows-1252 has in place of the control characters 0x80 to 0x9f; where it has nothing, they stay. */
const WINDOWS_1252 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

/**
 * The text of a file as UTF-8, without its byte order mark. A mark decides when the recipe names no encoding; without
 * either it is UTF-8: nothing is guessed.
 */
export async function openText(file: FileHandle, named: Encoding | 'auto'): Promise<TextSource> {
  const { buffer } = await file.read(Buffer.alloc(3), 0, 3, 0);
  const marked = MARKS.find(({ mark }) => buffer.subarray(0, mark.length).equals(mark));
  const encoding = named === 'auto' ? (marked?.encoding ?? 'utf-8') : named;
  const start = marked?.encoding === encoding ? marked.mark.length : 0;
  return encoding === 'utf-8'
    ? new PlainText(file, start)
    : new DecodedText(new PlainText(file, start), encoding);
}

/** Turns a file of another encoding into UTF-8 as it is read. */
class DecodedText implements TextSource {
  private readonly decode: (piece: Buffer, isLast: boolean) => string;
  private readonly piece = Buffer.alloc(PIECE_BYTES);
  private text: Buffer = Buffer.alloc(0);
  private isAtEnd = false;

  constructor(
    private readonly source: TextSource,
    encoding: Exclude<Encoding, 'utf-8'>,
  ) {
    this.decode = decoderOf(encoding);
  }

  async read(target: Buffer, offset: number, length: number): Promise<number> {
    while (this.text.length === 0 && !this.isAtEnd) {
      const byteCount = await this.source.read(this.piece, 0, PIECE_BYTES);
      this.isAtEnd = byteCount === 0;
      this.text = Buffer.from(this.decode(this.piece.subarray(0, byteCount), this.isAtEnd));
    }
    const copied = this.text.copy(target, offset, 0, length);
    this.text = this.text.subarray(copied);
    return copied;
  }
}

function decoderOf(encoding: Exclude<Encoding, 'utf-8'>): (piece: Buffer, isLast: boolean) => string {
  if (encoding === 'latin1') return (piece) => piece.toString('latin1');
  if (encoding === 'windows-1252') {
    return (piece) =>
      piece
        .toString('latin1')
        .replace(/[\u0080-\u009f]/g, (control) => WINDOWS_1252.charAt(control.charCodeAt(0) - 0x80));
  }
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (piece, isLast) => {
    try {
      return decoder.decode(piece, { stream: !isLast });
    } catch (error) {
      throw csvEncodingWrong(encoding.toUpperCase(), error);
    }
  };
}
