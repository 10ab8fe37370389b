/** What an archive may hold. */
export interface ArchiveLimits {
  /** Files and folders. */
  readonly entryCount: number;
  /** All files together, unpacked. */
  readonly totalBytes: number;
  /** One file, unpacked. */
  readonly entryBytes: number;
}

/** One line of a zip's central directory, as it stands there. */
export interface DirectoryLine {
  readonly nameBytes: Buffer;
  readonly extra: Buffer;
  /** High byte: the system whose attributes the entry has. */
  readonly madeBy: number;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  /** High half: Unix mode; low half: DOS attributes. */
  readonly attributes: number;
  /** Where its local header starts. */
  readonly headerOffset: number;
}

/** A file or folder of an archive whose name and attributes have been checked. */
export interface ZipEntry extends DirectoryLine {
  /** A relative path with `/`, without `.`, `..` or empty parts; a folder's ends with `/`. */
  readonly name: string;
  readonly isFolder: boolean;
}
