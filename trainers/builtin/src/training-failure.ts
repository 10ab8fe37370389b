/** The job cannot succeed as it was asked for; the message becomes `output/failure` and is meant for the user. */
export class TrainingFailure extends Error {
  override readonly name = 'TrainingFailure';
}
