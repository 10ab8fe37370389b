export type TensorflowModelErrorCode =
  | 'backend_missing'
  | 'model_unreadable'
  | 'model_invalid'
  | 'weights_outside_model'
  | 'weights_invalid'
  | 'unknown_layer';

/** A model folder that must not be loaded; `code` is stable, the message tells the user what to do next. */
export class TensorflowModelError extends Error {
  override readonly name = 'TensorflowModelError';

  constructor(
    readonly code: TensorflowModelErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
