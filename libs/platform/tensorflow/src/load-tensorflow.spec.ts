import { expect, it } from 'vitest';
import { loadTensorflow } from './load-tensorflow.js';

it('uses WebAssembly without the native library, says so once, and loads once', async () => {
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(line);
  const log = { info: add, warn: add };
  const [first, second] = await Promise.all([
    loadTensorflow({ log, prefer: 'tfjs' }),
    loadTensorflow({ log, prefer: 'tfjs' }),
  ]);
  expect(first).toBe(second);
  expect(first.backend).toBe('tfjs (wasm)');
  expect(lines).toEqual(['TensorFlow backend: tfjs (wasm)']);
});
