import type { Signature } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';
import type { EncodedBody, ParsedRequest, ProtocolCodec } from './codec.js';
import { requestInvalid } from './protocols.errors.js';

/** Open Inference Protocol v2, gRPC: `ModelInferRequest` bytes to tensors and back, for one model version. */
export class OipGrpcCodec implements ProtocolCodec {
  constructor(
    private readonly signature: Signature,
    private readonly version: string,
  ) {}

  parse(_encoded: EncodedBody): ParsedRequest {
    throw requestInvalid(
      `gRPC bodies are not read yet (${this.version}, ${this.signature.inputs.length} inputs): send REST.`,
    );
  }

  encode(_request: ParsedRequest, _modelName: string, _tensors: readonly Tensor[]): EncodedBody {
    throw requestInvalid('gRPC bodies are not written yet: send REST.');
  }
}
