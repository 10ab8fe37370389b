import { describe, expect, it } from 'vitest';
import { must, newOrganization, oldFaithfulSplit } from '../support/api.js';
import { UPLOAD_LIMIT_BYTES } from '../support/global-platform.js';

const GOOD = 'x,y\n1,2\n2,4\n3,6\n4,8\n';

describe('a CSV that is not a clean table is refused, says why, and leaves no dataset', () => {
  it.each([
    ['is empty', ''],
    ['has only a header', 'x,y\n'],
    ['has no row left after cleaning', 'x,y\n,\nNA,NA\n'],
    ['has a ragged row', 'x,y\n1,2\n3,4,5\n'],
    ['has a header twice', 'x,x\n1,2\n'],
    ['is cut in the middle of a row', 'x,y\n1,2\n3'],
    ['is cut within quotes', 'x,y\n1,"two\n'],
  ])('%s', async (_, csv) => {
    const api = await newOrganization();
    const answer = await api.importCsv('bad', csv);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      code: expect.stringMatching(/^data_sources\./),
      requestId: expect.any(String),
    });
    expect((await api.get('/datasets')).body.items).toEqual([]);
  });

  it('was cut on its way: fewer bytes than announced, or another digest', async () => {
    const api = await newOrganization();
    const wrong = Buffer.alloc(32, 1).toString('base64');
    const answer = await api.upload(GOOD, { 'content-digest': `sha-256=:${wrong}:` });
    expect(answer.status, answer.text).toBe(400);
  });
});

describe('an upload over the size cap', () => {
  it('is refused with 413 while it is still streaming', async () => {
    const api = await newOrganization();
    let sentBytes = 0;
    const chunk = new Uint8Array(64 * 1024).fill(49);
    const endless = new ReadableStream({
      pull(controller) {
        sentBytes += chunk.length;
        if (sentBytes > 20 * UPLOAD_LIMIT_BYTES) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const status = await api.upload(endless).then(
      (answer) => answer.status,
      // The gateway may close the connection on a client that keeps sending.
      () => 413,
    );
    expect(status).toBe(413);
    expect(sentBytes).toBeLessThan(10 * UPLOAD_LIMIT_BYTES);
  });
});

describe('a split', () => {
  it.each([
    { train: 0.7, validation: 0.2, test: 0.2 },
    { train: 0.5, validation: 0, test: 0 },
    { train: 1.5, validation: -0.5, test: 0 },
    { train: 0, validation: 0.5, test: 0.5 },
  ])('of ratios %j is refused', async (ratios) => {
    const api = await newOrganization();
    await must(api.importCsv('good', GOOD), 201);
    const answer = await api.post('/datasets/good/versions/1/splits', { ratios, seed: 1 });
    expect(answer.status, answer.text).toBe(400);
    expect((await api.get('/datasets/good/versions/1/splits')).body.items).toEqual([]);
  });
});

describe('a job', () => {
  it.each([
    ['an unknown target column', { target: 'nope' }, 'hyperparameters'],
    ['an unknown feature', { target: 'waiting', features: ['nope'] }, 'hyperparameters'],
    ['an unknown hyperparameter', { target: 'waiting', learningRat: 1 }, 'learningRat'],
    ['a learning rate that is not a number', { target: 'waiting', learningRates: ['fast'] }, 'learningRates'],
    ['no target', {}, 'target'],
  ])('with %s is refused before it is queued', async (_, hyperparameters, named) => {
    const api = await newOrganization();
    const splitId = await oldFaithfulSplit(api);
    const answer = await api.post('/jobs', {
      algorithm: 'linear-regression',
      splitId,
      hyperparameters,
      output: { model: 'm' },
    });
    expect(answer.status, answer.text).toBe(400);
    expect(answer.text).toContain(named);
    expect((await api.get('/jobs')).body.items).toEqual([]);
  });

  it('on a text column where numbers are needed is refused, naming the column', async () => {
    const api = await newOrganization();
    await must(api.importCsv('words', 'x,y\n1,red\n2,blue\n3,red\n4,blue\n'), 201);
    const ratios = { train: 1, validation: 0, test: 0 };
    const split = await must(api.post('/datasets/words/versions/1/splits', { ratios, seed: 1 }), 201);
    const request = {
      algorithm: 'linear-regression',
      splitId: split.body.id as string,
      output: { model: 'm' },
    };
    const answer = await api.post('/jobs', { ...request, hyperparameters: { target: 'y' } });
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'training.column_not_numeric',
      detail: expect.stringContaining('y'),
    });
  });
});

describe('a control request', () => {
  it('that is not JSON is refused as such', async () => {
    const api = await newOrganization();
    const headers = { 'content-type': 'application/json' };
    const answer = await api.request('POST', '/api/v1/datasets', { body: '{"name":', headers });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'request_invalid' });
  });

  it('with an unknown property is refused, naming it', async () => {
    const api = await newOrganization();
    const answer = await api.post('/datasets', { name: 'x', uploadId: 'upl_1', ownerId: 'org_2' });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain('ownerId');
  });
});
