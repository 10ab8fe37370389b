import type { Channel } from '../contract.js';
import { type Column, ParquetReader, type Table } from '../table.js';
import { TrainingFailure } from '../training-failure.js';
import type { LinearRegressionHyperparameters } from './hyperparameters.js';
import type { Sample } from './sample.js';

export interface RegressionData {
  features: string[];
  target: string;
  train: Sample;
  validation: Sample | undefined;
  test: Sample | undefined;
  /** Rows left out over all channels, because a used column had no finite value. */
  dropped: number;
}

/**
 * Reads the used columns of every channel. Throws TrainingFailure when a column is absent or not numeric, or a
 * channel has no row left.
 */
export async function readData(
  files: Partial<Record<Channel, string[]>>,
  wanted: Pick<LinearRegressionHyperparameters, 'features' | 'target'>,
): Promise<RegressionData> {
  const reader = await ParquetReader.open();
  try {
    const columns = await reader.columns(files.train ?? []);
    const features = wanted.features ?? otherNumericColumns(columns, wanted.target);
    if (features.includes(wanted.target)) {
      throw new TrainingFailure(`"${wanted.target}" is both feature and target: take it out of "features".`);
    }
    let dropped = 0;
    const sampleOf = async (channel: Channel): Promise<Sample | undefined> => {
      const paths = files[channel];
      if (paths === undefined) return undefined;
      requireNumeric(await reader.columns(paths), [...features, wanted.target], channel);
      const table = await reader.read(paths, [...features, wanted.target]);
      dropped += table.dropped;
      return toSample(table, features, wanted.target, channel);
    };
    const train = await sampleOf('train');
    if (train === undefined) throw new TrainingFailure('The channel "train" is missing.');
    const [validation, test] = [await sampleOf('validation'), await sampleOf('test')];
    return { features, target: wanted.target, train, validation, test, dropped };
  } finally {
    reader.close();
  }
}

function otherNumericColumns(columns: Column[], target: string): string[] {
  const names = columns
    .filter((column) => column.isNumeric && column.name !== target)
    .map(({ name }) => name);
  if (names.length > 0) return names;
  throw new TrainingFailure(`No numeric column is left beside the target "${target}": a feature is needed.`);
}

function requireNumeric(columns: Column[], names: string[], channel: Channel): void {
  for (const name of names) {
    const column = columns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      const known = columns.map((candidate) => candidate.name).join(', ');
      throw new TrainingFailure(
        `There is no column "${name}" in the ${channel} data. Its columns are: ${known}.`,
      );
    }
    if (!column.isNumeric) {
      throw new TrainingFailure(
        `The column "${name}" of the ${channel} data is ${column.type}, not a number. Leave it out of "features", ` +
          'or convert it to numbers.',
      );
    }
  }
}

function toSample(table: Table, features: string[], target: string, channel: Channel): Sample {
  if (table.rows === 0) {
    throw new TrainingFailure(
      `No row is left in the ${channel} data: ${table.dropped} rows lack a number in ${[...features, target].join(', ')}.`,
    );
  }
  const column = (name: string): Float64Array => table.columns.get(name) ?? new Float64Array();
  return { rows: table.rows, features: features.map(column), target: column(target) };
}
