import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { expect, it } from 'vitest';
import { inspectModelFiles } from './inspect-model-files.js';
import { memoryFile } from './model-file.js';

/** `ir_version` 8 and a producer. */
const ONNX = Buffer.from('08081203616161', 'hex');
const repeated = (bytes: string, sizeBytes: number) => Buffer.alloc(sizeBytes, Buffer.from(bytes, 'hex'));
const field = (number: number, content: Uint8Array) =>
  new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content).finish();

const MB = 1_000_000;
const FLOODS: [string, string, Buffer][] = [
  ['nothing but numbers', 'model.onnx', Buffer.concat([ONNX, repeated('2801', 80 * MB)])],
  ['empty nodes', 'model.onnx', Buffer.concat([ONNX, field(7, repeated('0a00', 4 * MB))])],
  ['empty tensors', 'model.onnx', Buffer.concat([ONNX, field(7, repeated('2a00', 4 * MB))])],
  [
    'empty nodes of TensorFlow',
    'saved_model.pb',
    Buffer.concat([Buffer.from('0801', 'hex'), field(2, field(2, repeated('0a00', 4 * MB)))]),
  ],
];

it.each(FLOODS)(
  'a flood of %s is refused before it takes much memory, and others get their turn',
  async (_, path, content) => {
    const before = process.memoryUsage().rss;
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await expect(inspectModelFiles([memoryFile(path, content)])).rejects.toMatchObject({
      code: 'model_files.too_demanding',
    });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * MB);
  },
);
