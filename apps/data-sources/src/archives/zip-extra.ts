import { archiveBroken, archiveUnsafe } from './archives.errors.js';

const FIELD_HEADER_BYTES = 4;

/** Identifiers of extra fields (APPNOTE 4.5.2, 4.6.1). */
const ZIP64 = 0x0001;
const PKWARE_UNIX = 0x000d;
const INFO_ZIP_UNICODE_PATH = 0x7075;
const ASI_UNIX = 0x756e;

/** Times and owners; what follows is the target of a link. */
const PKWARE_UNIX_FIXED_BYTES = 12;
/** CRC-32, mode, then the length of the link's target. */
const ASI_LINK_LENGTH_AT = 6;

const NO_FIELDS: ReadonlyMap<number, Buffer> = new Map();

/** The extra fields of an entry by identifier. Throws when one is there twice or does not fit. */
export function extraFields(extra: Buffer): ReadonlyMap<number, Buffer> {
  if (extra.length < FIELD_HEADER_BYTES) return NO_FIELDS;
  const fields = new Map<number, Buffer>();
  let at = 0;
  // Fewer than four bytes at the end are padding, which alignment tools add.
  while (at + FIELD_HEADER_BYTES <= extra.length) {
    const id = extra.readUInt16LE(at);
    const end = at + FIELD_HEADER_BYTES + extra.readUInt16LE(at + 2);
    if (end > extra.length) throw archiveBroken('an extra field does not fit into its entry');
    if (isMeaningful(id) && fields.has(id)) throw archiveUnsafe('an entry has the same extra field twice');
    fields.set(id, extra.subarray(at + FIELD_HEADER_BYTES, end));
    at = end;
  }
  return fields;
}

/** Sizes and offset of a large entry, in the order in which they stand when the short fields are all ones. */
export function zip64Values(fields: ReadonlyMap<number, Buffer>, count: number): number[] {
  const field = fields.get(ZIP64);
  if (!field || field.length < count * 8) throw archiveBroken('the sizes of a large entry are missing');
  return Array.from({ length: count }, (_, index) => safeInteger(field.readBigUInt64LE(index * 8)));
}

/** The UTF-8 name that Info-ZIP adds, when it belongs to the name in the header. */
export function unicodePath(fields: ReadonlyMap<number, Buffer>, headerNameCrc: number): Buffer | undefined {
  const field = fields.get(INFO_ZIP_UNICODE_PATH);
  if (!field || field.length < 5 || field[0] !== 1) return undefined;
  return field.readUInt32LE(1) === headerNameCrc ? field.subarray(5) : undefined;
}

/** Whether the fields make a hard or symbolic link of the entry. */
export function isLinkByExtra(fields: ReadonlyMap<number, Buffer>): boolean {
  const pkware = fields.get(PKWARE_UNIX);
  const asi = fields.get(ASI_UNIX);
  if (pkware && pkware.length > PKWARE_UNIX_FIXED_BYTES) return true;
  return (
    asi !== undefined && asi.length >= ASI_LINK_LENGTH_AT + 4 && asi.readUInt32LE(ASI_LINK_LENGTH_AT) > 0
  );
}

/** A 64-bit integer as a number. Throws when a file could not have it as size or offset. */
export function safeInteger(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw archiveBroken('a size or offset is beyond any file');
  return Number(value);
}

function isMeaningful(id: number): boolean {
  return id === ZIP64 || id === INFO_ZIP_UNICODE_PATH;
}
