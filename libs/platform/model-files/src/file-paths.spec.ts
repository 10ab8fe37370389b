import { describe, expect, it } from 'vitest';
import { assertFilePaths } from './file-paths.js';

describe('assertFilePaths', () => {
  it('accepts plain relative paths', () => {
    expect(() => assertFilePaths(['model.json', 'variables/part-1.bin', 'späße/ü'])).not.toThrow();
  });

  it.each(['/etc/passwd', '../x', 'a/../b', 'a/..', 'a//b', './a', 'a/', 'a\\b', '..\\a', 'C:\\x', 'C:x'])(
    'refuses %j',
    (path) => {
      expect(() => assertFilePaths([path])).toThrow(/not a relative path/);
    },
  );

  it.each(['a\0b', '', 'a\nb', 'http://x/y', 'x'.repeat(513)])('refuses %j', (path) => {
    expect(() => assertFilePaths([path])).toThrow(/not a relative path/);
  });

  it.each([
    ['a', 'a'],
    ['Model.onnx', 'model.ONNX'],
    ['é', 'e\u0301'],
    ['stra\u00dfe', 'STRASSE'],
  ])('refuses %j beside %j, which some systems take for one file', (first, second) => {
    expect(() => assertFilePaths([first, second])).toThrow(/one file on some systems/);
  });

  it('refuses a file that is also a folder, no file, and a flood', () => {
    expect(() => assertFilePaths(['a', 'A/b'])).toThrow(/also a file/);
    expect(() => assertFilePaths([])).toThrow(/none/);
    expect(() => assertFilePaths(Array.from({ length: 1_001 }, (_, index) => `f${index}`))).toThrow(/1001/);
  });
});
