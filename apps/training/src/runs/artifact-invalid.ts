/** What the trainer left cannot be taken as a model; the message says what is wrong with it. */
export class ArtifactInvalid extends Error {
  override readonly name = 'ArtifactInvalid';

  constructor(
    message: string,
    /** The job's failure code. */
    readonly code: 'no_model' | 'model_invalid' = 'model_invalid',
  ) {
    super(message);
  }
}
