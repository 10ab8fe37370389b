import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inspectModelFiles } from './inspect-model-files.js';
import { memoryFile } from './model-file.js';
import type { TensorFacts } from './signature.js';

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

/** Whether a tensor that came in or out is one of what the signature says. */
function fits(tensor: Tensor, specs: readonly TensorFacts[] = []): boolean {
  const spec = specs.find(({ name }) => name === tensor.name);
  const isShape = spec?.shape.every((dim, index) => dim === '-1' || dim === String(tensor.shape[index]));
  return spec?.datatype === tensor.datatype && spec.shape.length === tensor.shape.length && isShape === true;
}

describe('a model that another framework exported', () => {
  it.each(models)('is accepted with the signature that it was called by: $framework $name', async (model) => {
    const { format, signature } = await inspectModelFiles(filesOf(model));
    expect(format).toBe(model.format);
    for (const { inputs, outputs } of model.cases) {
      expect(signature?.inputs).toHaveLength(inputs.length);
      expect(inputs.filter((tensor) => !fits(tensor, signature?.inputs))).toEqual([]);
      expect(outputs.filter((tensor) => !fits(tensor, signature?.outputs))).toEqual([]);
    }
  });
});
