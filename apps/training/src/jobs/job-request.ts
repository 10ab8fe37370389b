/** A job as its user asks for it. */
export interface JobRequest {
  readonly organizationId: string;
  /** Idempotency key; empty for none. */
  readonly requestId: string;
  readonly algorithm: string;
  readonly splitId: string;
  readonly hyperparameters: Readonly<Record<string, string>>;
  readonly output: { readonly model: string; readonly alias: string };
}
