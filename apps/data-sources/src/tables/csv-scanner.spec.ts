import { describe, expect, it } from 'vitest';
import { detectSeparator } from './csv-header.js';
import { CsvScanner } from './csv-scanner.js';
import { TextCheck } from './csv-text.js';

/** Feeds the text in chunks of `size` bytes, so that a chunk may end anywhere. */
function scan(text: string, size: number) {
  const bytes = Buffer.from(text);
  const scanner = new CsvScanner(detectSeparator(bytes));
  let rows = '';
  for (let at = 0; at < bytes.length; at += size)
    rows += scanner.write(bytes.subarray(at, at + size)).toString();
  rows += scanner.end().toString();
  return { rows, header: scanner.header, dropped: scanner.droppedRowCount };
}

describe.each([1, 2, 3, 7, 1024])('CsvScanner in chunks of %i bytes', (size) => {
  it('writes rows canonically', () => {
    const text = ' a ,"b ""c"""\r\n 1 ,"x, ""y""\r\nz" \r\n\r\n \rNA,n/a\r2,  \n3,"null"';
    expect(scan(text, size)).toEqual({
      header: ['a', 'b "c"'],
      rows: '1,"x, ""y""\r\nz"\n2,\n3,\n',
      dropped: 1,
    });
  });

  it('keeps quotes, separators and line ends that are part of a value', () => {
    expect(scan('a\n""""\n","\n"\n"\n', size).rows).toBe('""""\n","\n"\n"\n');
  });

  it('names the line of the first wrong row, counting lines inside quotes', () => {
    expect(() => scan('a,b\n"1\n2",3\n4\n5,6\n', size)).toThrow(/Line 4 has 1 value but the header names 2/);
    expect(() => scan('a,b\n1,2,\n', size)).toThrow(/Line 2 has 3 values/);
    expect(() => scan('a,b\n1,2\n3\n\n', size)).toThrow(/Line 3, the last one, has 1 value of 2/);
    expect(() => scan('a,b\n1,"2\n3,4\n', size)).toThrow(/quote opened on line 2 is never closed/);
  });

  it.each(['1"', '"1"2', '"1" "2"', '1""'])('refuses a quote in the wrong place: %s', (value) => {
    expect(() => scan(`a\n${value}\n`, size)).toThrow(/Line 2, column 1 has a double quote/);
  });
});

describe('detectSeparator', () => {
  it.each([
    ['a,b;c\n', ','],
    ['"a,b";c\n1;2,3', ';'],
    ['\n a\tb\n1,2', '\t'],
    ['a|b\n', '|'],
    ['a\n1;2', ','],
    ['', ','],
  ])('of %j is %j', (text, separator) => {
    expect(String.fromCharCode(detectSeparator(Buffer.from(text)))).toBe(separator);
  });
});

describe('TextCheck', () => {
  const check = (bytes: Buffer, size: number) => {
    const text = new TextCheck();
    for (let at = 0; at < bytes.length; at += size) text.check(bytes.subarray(at, at + size));
    text.end();
  };

  it.each([1, 2, 3, 5, 64])('accepts characters of 1 to 4 bytes cut into chunks of %i', (size) => {
    expect(() => check(Buffer.from('aé€😀\nß'), size)).not.toThrow();
  });

  it.each([1, 2, 3, 5, 64])('names the line of what is not UTF-8 in chunks of %i', (size) => {
    const bytes = Buffer.concat([Buffer.from('é\n€\n'), Buffer.from([0xe9, 0x2c, 0x0a])]);
    expect(() => check(bytes, size)).toThrow(/Line 3 is not UTF-8/);
    expect(() => check(Buffer.from('😀\n😀').subarray(0, -1), size)).toThrow(
      /Line 2 ends inside a character/,
    );
    expect(() => check(Buffer.from('a\n\0'), size)).toThrow(/Line 2 holds a NUL/);
  });
});
