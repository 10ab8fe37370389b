import { expect, it } from 'vitest';
import { platformOf } from './platform-of.js';

it('names platforms as Triton does where it has them, and joins engine and format elsewhere', () => {
  expect(platformOf('onnx', 'onnx')).toBe('onnxruntime_onnx');
  expect(platformOf('tensorflow', 'saved-model')).toBe('tensorflow_savedmodel');
  expect(platformOf('other-engine', 'its.format')).toBe('other_engine_its_format');
});
