/** One request, ready to be sent over and over. */
export interface Call {
  readonly protocol: 'http' | 'grpc';
  /** Where to; of gRPC with the method's path. */
  readonly url: string;
  /** HTTP headers, or gRPC metadata. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body of a POST; of gRPC one length-prefixed message. */
  readonly body: Buffer;
}

/** What came back. */
export interface Answer {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of gRPC one length-prefixed message. */
  readonly body: Buffer;
}
