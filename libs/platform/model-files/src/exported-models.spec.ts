import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inspectModelFiles } from './inspect-model-files.js';
import { memoryFile } from './model-file.js';

/** Models that other frameworks have written, with what they computed. */
const EXPORTED = fileURLToPath(new URL('../../../../e2e/conformance/exported', import.meta.url));

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}
interface Exported {
  readonly name: string;
  readonly format: string;
  readonly files: readonly { path: string }[];
  readonly cases: readonly { inputs: readonly Tensor[]; outputs: readonly Tensor[] }[];
}

const models = readdirSync(EXPORTED, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: framework }) => {
    const text = readFileSync(join(EXPORTED, framework, 'expected.json'), 'utf8');
    return (JSON.parse(text) as { models: Exported[] }).models.map((model) => ({ framework, ...model }));
  });

const filesOf = ({ framework, name, files }: (typeof models)[number]) =>
  files.map(({ path }) => memoryFile(path, readFileSync(join(EXPORTED, framework, name, path))));

describe('a model that another framework exported', () => {
  it.each(models)('is accepted with the signature that it was called by: $framework $name', async (model) => {
    const facts = await inspectModelFiles(filesOf(model));
    expect(facts.format).toBe(model.format);
    for (const { inputs, outputs } of model.cases) {
      expect(facts.signature?.inputs.map(({ name }) => name).sort()).toEqual(
        inputs.map(({ name }) => name).sort(),
      );
      for (const tensor of [...inputs, ...outputs]) {
        const own = [...(facts.signature?.inputs ?? []), ...(facts.signature?.outputs ?? [])].find(
          ({ name }) => name === tensor.name,
        );
        expect(own?.datatype).toBe(tensor.datatype);
        expect(tensor.shape).toHaveLength(own?.shape.length ?? -1);
        own?.shape.forEach((dim, index) => {
          if (dim !== '-1') expect(String(tensor.shape[index])).toBe(dim);
        });
      }
    }
  });
});
