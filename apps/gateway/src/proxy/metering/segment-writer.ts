import { closeSync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** The open segment of a spool: appended to by one write at a time, cut back when a write fails. */
export class SegmentWriter {
  private readonly fd: number;
  private readonly openedMs = performance.now();
  private written = 0;
  private isDirty = false;

  constructor(
    readonly path: string,
    private readonly isSynced: boolean,
  ) {
    this.fd = openSync(path, 'ax', 0o600);
  }

  /** Bytes of whole records. */
  get length(): number {
    return this.written;
  }

  get ageMs(): number {
    return performance.now() - this.openedMs;
  }

  /**
   * Appends whole records. Throws when the disk does not take all of it; the segment then ends where it did before, so
   * that what was not acknowledged is not billed.
   */
  append(records: Buffer): void {
    if (this.isDirty) this.cutBack();
    try {
      for (let done = 0; done < records.length;) done += writeSync(this.fd, records, done);
      if (this.isSynced) fdatasyncSync(this.fd);
      this.written += records.length;
    } catch (error) {
      this.isDirty = true;
      this.cutBack();
      throw error;
    }
  }

  close(): void {
    if (this.isDirty) this.cutBack();
    closeSync(this.fd);
  }

  private cutBack(): void {
    ftruncateSync(this.fd, this.written);
    this.isDirty = false;
  }
}
