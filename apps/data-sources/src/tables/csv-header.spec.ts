import { describe, expect, it } from 'vitest';
import { checkHeader, MAX_COLUMNS } from './csv-header.js';

describe('checkHeader', () => {
  it('accepts distinct names, as many as a table may have', () => {
    expect(() => checkHeader(Array.from({ length: MAX_COLUMNS }, (_, index) => `c${index}`))).not.toThrow();
  });

  it('refuses a name twice in any case, a blank one, and too many', () => {
    expect(() => checkHeader(['a', 'É', 'é'])).toThrow(/"é" twice \(columns 2 and 3/);
    expect(() => checkHeader(['a', ''])).toThrow(/no name for column 2/);
    expect(() => checkHeader(Array.from({ length: MAX_COLUMNS + 1 }, (_, index) => `c${index}`))).toThrow(
      /10001/,
    );
  });
});
