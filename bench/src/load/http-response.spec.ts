import { describe, expect, it } from 'vitest';
import { HttpResponse } from './http-response.js';

const RESPONSE = Buffer.from('HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello');

describe('HttpResponse', () => {
  it('finds the end wherever the response is cut', () => {
    for (let cut = 1; cut < RESPONSE.length; cut++) {
      const response = new HttpResponse();
      expect(response.take(RESPONSE.subarray(0, cut))).toBe(false);
      expect(response.take(RESPONSE.subarray(cut))).toBe(true);
      expect(response.status).toBe(200);
    }
  });

  it('is complete at once without a body', () => {
    const response = new HttpResponse();
    expect(response.take(Buffer.from('HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n'))).toBe(true);
    expect(response.status).toBe(503);
  });

  it('refuses what it cannot measure', () => {
    const chunked = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    expect(() => new HttpResponse().take(chunked)).toThrow('no Content-Length');
    expect(() => new HttpResponse().take(Buffer.concat([RESPONSE, RESPONSE]))).toThrow('longer than');
  });
});
