import { toRaw } from '../tensors/raw-tensor.js';
import type { Tensor } from '../tensors/tensor.js';
import { ByteWriter } from './byte-writer.js';
import type { EncodedBody } from './codec.js';
import { writeElements } from './json-values.js';
import type { OipRestRequest } from './oip-rest-request.js';
import { outputNotFinite, outputNotText } from './protocols.errors.js';
import type { SignatureIndex } from './signature-index.js';
import { sliceOf } from './tensor-slice.js';

/** One answer is written at a time, whatever its version. */
const out = new ByteWriter();

/** Writes the answers of one version. */
export class OipRestAnswers {
  /** `{"name":"y","datatype":"FP32","shape":[` of every output. */
  private readonly heads: readonly Buffer[];
  private readonly version: string;

  constructor(
    private readonly index: SignatureIndex,
    version: string,
  ) {
    this.version = `,"model_version":${JSON.stringify(version)}`;
    this.heads = index.outputs.map(({ name, datatype }) =>
      Buffer.from(`{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[`),
    );
  }

  /** See ProtocolCodec. */
  encode(
    request: OipRestRequest,
    modelName: string,
    tensors: readonly Tensor[],
    firstRow: number,
  ): EncodedBody {
    // An answer that could not be written left its beginning.
    out.reset();
    const raw: Uint8Array[] = [];
    out.text(this.head(modelName, request.id));
    for (let i = 0; i < request.outputs.length; i++) {
      const position = request.outputs[i] ?? 0;
      const tensor = tensors[position];
      if (tensor === undefined) throw new Error(`The engine gave no output ${position}.`);
      if (i > 0) out.ascii(',');
      out.raw(this.heads[position] ?? NOTHING);
      const { shape, start, end } = sliceOf(tensor, this.index.hasRows, firstRow, request.rows);
      out.ascii(shape.join(','));
      if (request.binary?.[i] === true) {
        const bytes = toRaw(tensor.data, start, end);
        out.ascii(`],"parameters":{"binary_data_size":${bytes.length}}}`);
        raw.push(bytes);
      } else this.writeData(position, tensor, start, end);
    }
    out.ascii(']}');
    if (raw.length === 0) return { body: out.finish(), jsonLength: undefined };
    const jsonLength = out.length;
    out.reserve(raw.reduce((size, bytes) => size + bytes.length, 0));
    for (const bytes of raw) out.raw(bytes);
    return { body: out.finish(), jsonLength };
  }

  private writeData(position: number, tensor: Tensor, start: number, end: number): void {
    out.ascii('],"data":[');
    const reason = writeElements(out, tensor, start, end);
    if (reason !== undefined) {
      const name = this.index.outputs[position]?.name ?? '';
      throw reason === 'not text' ? outputNotText(name) : outputNotFinite(name);
    }
    out.ascii(']}');
  }

  private head(modelName: string, id: string | undefined): string {
    const head = `{"model_name":${JSON.stringify(modelName)}${this.version}`;
    return id === undefined ? `${head},"outputs":[` : `${head},"id":${JSON.stringify(id)},"outputs":[`;
  }
}

const NOTHING = Buffer.alloc(0);
