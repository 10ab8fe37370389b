/** One tensor of a signature; -1 in a shape is a variable dimension. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: string;
  /** 64-bit integers as text, as on the wire. */
  readonly shape: readonly string[];
}

/** The model's files; `sha256` covers the sorted lines `<sha256>  <path>\n`. */
export interface Manifest {
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly sizeBytes: string }[];
  readonly sha256: string;
}

/** What a succeeded job has made; every digest is a key of the blob store. */
export interface JobResult {
  readonly engine: string;
  readonly format: string;
  readonly signature: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };
  readonly manifest: Manifest;
  /** `rmse.validation`, … */
  readonly metrics: Readonly<Record<string, number>>;
  /** What computed; empty when the trainer did not say. */
  readonly backend: string;
  /** Null when the trainer wrote none. */
  readonly reportSha256: string | null;
  /** Plot name → blob. */
  readonly plots: Readonly<Record<string, string>>;
}
