const HEAD_END = Buffer.from('\r\n\r\n');
/** `HTTP/1.1 200`: where the status stands. */
const STATUS_AT = 9;
const STATUS_END = 12;

/** Finds the end of one HTTP/1.1 response in the pieces in which it arrives; keeps no body. */
export class HttpResponse {
  private head: Buffer = Buffer.alloc(0);
  /** Bytes of the body that are still to come; undefined while the head is incomplete. */
  private missing: number | undefined;
  private statusCode = 0;

  /** 0 while it is unknown. */
  get status(): number {
    return this.statusCode;
  }

  /**
   * Takes the next piece; true when the response is complete.
   * Throws on a response without Content-Length, or with more bytes than it announced: this is no general client.
   */
  take(piece: Buffer): boolean {
    if (this.missing !== undefined) return this.consume(piece.length);
    const seen = this.head.length === 0 ? piece : Buffer.concat([this.head, piece]);
    const end = seen.indexOf(HEAD_END);
    if (end < 0) {
      this.head = seen;
      return false;
    }
    this.readHead(seen.toString('latin1', 0, end));
    return this.consume(seen.length - end - HEAD_END.length);
  }

  private readHead(head: string): void {
    this.statusCode = Number(head.slice(STATUS_AT, STATUS_END));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`The answer has no Content-Length: ${head.slice(0, 200)}`);
    this.missing = Number(length);
  }

  private consume(bytes: number): boolean {
    this.missing = (this.missing ?? 0) - bytes;
    if (this.missing < 0) throw new Error('The answer is longer than its Content-Length.');
    return this.missing === 0;
  }
}
