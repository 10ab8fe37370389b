import type { Recipe } from '../../recipes/recipe.js';
import { detectSeparator } from '../../tables/csv-header.js';
import { csvOptionInvalid } from './csv.errors.js';
import type { TextSource } from './text-source.js';
import type { CsvDialect } from './value-scanner.js';

type CsvOptions = NonNullable<Recipe['csv']>;

/** How much of a file is looked at to find its separator. */
const HEAD_BYTES = 64 * 1024;
const QUOTE = '"';

/** How the text is to be read: as the options say, with the separator of the header line where they do not. */
export async function dialectOf(source: TextSource, options: CsvOptions): Promise<CsvDialect> {
  const quote = byteOf('quote', options.quote ?? QUOTE);
  const separator =
    options.delimiter === undefined
      ? detectSeparator(await headOf(source), quote)
      : byteOf('delimiter', options.delimiter);
  if (separator === quote) throw csvOptionInvalid('quote', 'must not be the delimiter');
  checkNumbers(options);
  return { separator, quote, hasHeader: options.header ?? true };
}

/** The bytes that decide how a file is taken apart are never part of a number, a word or a line end. */
function byteOf(option: 'delimiter' | 'quote', text: string): number {
  const byte = text.charCodeAt(0);
  const isSign = byte < 0x7f && (byte >= 0x20 || text === '\t') && !/[A-Za-z0-9+.-]/.test(text);
  if (!isSign) {
    throw csvOptionInvalid(
      option,
      'must be an ASCII character that is no letter, digit, sign, dot or line end',
    );
  }
  return byte;
}

function checkNumbers({ decimal, thousands }: CsvOptions): void {
  if (thousands !== undefined && thousands === (decimal ?? '.')) {
    throw csvOptionInvalid('thousands', 'must not be the decimal separator');
  }
}

async function headOf(source: TextSource): Promise<Buffer> {
  const head = Buffer.alloc(HEAD_BYTES);
  return head.subarray(0, await source.read(head, 0, HEAD_BYTES));
}
