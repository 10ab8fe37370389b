import { JSON_SCHEMAS } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import { withEmptyLists } from './empty-lists.interceptor.js';

describe('withEmptyLists', () => {
  it('adds the lists and maps a message leaves out when they are empty, also in depth', () => {
    const page = JSON_SCHEMAS['aimass.model_registry.v1.ListModelsResponse'];
    expect(withEmptyLists({ nextPageToken: '' }, page)).toEqual({ items: [], nextPageToken: '' });
    expect(withEmptyLists({ items: [{ id: 'mdl_1' }] }, page)).toEqual({
      items: [{ id: 'mdl_1', aliases: {} }],
    });
  });

  it('changes nothing that is there and invents no absent message', () => {
    const job = JSON_SCHEMAS['aimass.training.v1.Job'];
    expect(withEmptyLists({ id: 'job_1', hyperparameters: { target: 'y' } }, job)).toEqual({
      id: 'job_1',
      hyperparameters: { target: 'y' },
    });
  });
});
