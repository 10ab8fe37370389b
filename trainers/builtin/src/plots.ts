import type { Scale, Spec } from 'vega';
import type { RegressionData } from './linear-regression/data.js';
import type { Report } from './linear-regression/report.js';
import { type Coefficients, predict, type Sample } from './linear-regression/sample.js';
import { axes, COLORS, frame, INK, legendStyle, renderSvg } from './plot-style.js';

const SPLITS = ['train', 'validation', 'test'] as const;
const SHAPES = ['circle', 'diamond', 'triangle-up'];
const SOLID = [1, 0];
const DASHED = [5, 4];
/** More dots than this per split only make the file large. */
const MAX_DOTS = 1500;

type Split = (typeof SPLITS)[number];
interface Dot {
  split: Split;
  x: number;
  y: number;
}

/** The data with the fitted line; with several features, predicted against true values. Resolves to SVG. */
export function drawFit(data: RegressionData, model: Coefficients, refit: 'none' | 'all'): Promise<string> {
  const [feature = '', ...others] = data.features;
  const isSingle = others.length === 0;
  const splits = SPLITS.filter((split) => data[split] !== undefined);
  const dots = splits.flatMap((split) => dotsOf(split, data[split], model, isSingle));
  const ends = extent(dots.map(({ x }) => x));
  const line = ends.map((x) => ({ x, y: isSingle ? model.intercept + (model.weights[0] ?? 0) * x : x }));
  const rows = refit === 'all' ? 'fitted to all rows' : 'fitted to the training rows';
  return renderSvg({
    ...(isSingle
      ? frame(`${data.target} by ${feature}`, `${equation(data.target, feature, model)}  (${rows})`)
      : frame(`${data.target}: predicted against true values`, `on the line, predicted = true  (${rows})`)),
    data: [
      { name: 'dots', values: dots },
      { name: 'line', values: line },
    ],
    scales: [
      linear('x', 'width', extent([...dots, ...line].map(({ x }) => x))),
      linear('y', 'height', extent([...dots, ...line].map(({ y }) => y))),
      { name: 'color', type: 'ordinal', domain: [...splits], range: COLORS },
      { name: 'shape', type: 'ordinal', domain: [...splits], range: SHAPES },
    ],
    axes: isSingle ? axes(feature, data.target) : axes(`true ${data.target}`, `predicted ${data.target}`),
    legends: [{ ...legendStyle('rows'), fill: 'color', shape: 'shape', symbolSize: 70 }],
    marks: fitMarks(),
  });
}

/** J by epoch for each learning rate, on logarithmic axes: training solid, validation dashed. Resolves to SVG. */
export function drawLoss(report: Report): Promise<string> {
  const points = lossPoints(report);
  const rates = [...new Set(points.map(({ rate }) => rate))];
  const starts = Object.values(report.curves).map(({ train }) => train[0] ?? 0);
  const [lowest, highest] = extent(points.map(({ loss }) => loss));
  // A diverging curve leaves the picture instead of flattening the others.
  const ceiling = Math.min(highest, 10 * Math.max(...starts));
  const chosenOn = report.selectedOn === 'validation' ? 'validation' : 'training';
  return renderSvg({
    ...frame(
      'Loss by learning rate',
      `J = ½ mean squared error; ${report.learningRate} was chosen by ${chosenOn} loss`,
    ),
    data: [{ name: 'points', values: points }],
    scales: [
      { name: 'x', type: 'log', domain: [1, Math.max(report.epochs, 2)], range: 'width' },
      {
        name: 'y',
        type: 'log',
        domain: [lowest / 1.1, Math.max(ceiling * 1.1, lowest * 1.5)],
        range: 'height',
      },
      { name: 'color', type: 'ordinal', domain: rates, range: COLORS },
      {
        name: 'dash',
        type: 'ordinal',
        domain: ['train', 'validation'].slice(0, report.rows.validation ? 2 : 1),
        range: [SOLID, DASHED],
      },
    ],
    axes: axes('epoch (log scale)', `J in ${report.target}² (log scale)`, {
      x: '~s',
      y: '~g',
    }),
    legends: [
      { ...legendStyle('learning rate'), stroke: 'color', symbolType: 'stroke', symbolStrokeWidth: 2.5 },
      {
        ...legendStyle('rows'),
        strokeDash: 'dash',
        symbolType: 'stroke',
        symbolStrokeWidth: 2,
        symbolSize: 300,
      },
    ],
    marks: lossMarks(),
  });
}

function dotsOf(split: Split, sample: Sample | undefined, model: Coefficients, isSingle: boolean): Dot[] {
  if (sample === undefined) return [];
  const predictions = predict(model, sample);
  const x = isSingle ? sample.features[0] : sample.target;
  const y = isSingle ? sample.target : predictions;
  const count = Math.min(sample.rows, MAX_DOTS);
  return Array.from({ length: count }, (_, k) => {
    const i = Math.floor((k * sample.rows) / count);
    return { split, x: x?.[i] ?? NaN, y: y[i] ?? NaN };
  });
}

function lossPoints(report: Report): { rate: string; split: string; epoch: number; loss: number }[] {
  return report.trials.flatMap(({ learningRate, status }) => {
    const note =
      status === 'diverged' ? ' (diverged)' : learningRate === report.learningRate ? ' (chosen)' : '';
    const curve = report.curves[`learning_rate=${learningRate}`];
    return (['train', 'validation'] as const).flatMap((split) =>
      (curve?.epoch ?? []).flatMap((epoch, i) => {
        const loss = curve?.[split][i] ?? 0;
        // A logarithmic axis has no place for the start (epoch 0) and for a perfect fit.
        return epoch > 0 && loss > 0 ? [{ rate: `${learningRate}${note}`, split, epoch, loss }] : [];
      }),
    );
  });
}

function fitMarks(): Spec['marks'] {
  const position = { x: { scale: 'x', field: 'x' }, y: { scale: 'y', field: 'y' } };
  return [
    {
      type: 'symbol',
      from: { data: 'dots' },
      encode: {
        enter: {
          ...position,
          fill: { scale: 'color', field: 'split' },
          shape: { scale: 'shape', field: 'split' },
          size: { value: 46 },
          fillOpacity: { value: 0.72 },
          stroke: { value: 'white' },
          strokeWidth: { value: 0.6 },
        },
      },
    },
    {
      type: 'line',
      from: { data: 'line' },
      encode: { enter: { ...position, stroke: { value: INK }, strokeWidth: { value: 2.2 } } },
    },
  ];
}

function lossMarks(): Spec['marks'] {
  return [
    {
      type: 'group',
      clip: true,
      from: { facet: { name: 'curve', data: 'points', groupby: ['rate', 'split'] } },
      encode: { enter: { width: { field: { group: 'width' } }, height: { field: { group: 'height' } } } },
      marks: [
        {
          type: 'line',
          from: { data: 'curve' },
          encode: {
            enter: {
              x: { scale: 'x', field: 'epoch' },
              y: { scale: 'y', field: 'loss' },
              stroke: { scale: 'color', field: 'rate' },
              strokeDash: { scale: 'dash', field: 'split' },
              strokeWidth: { value: 2 },
              strokeOpacity: { value: 0.9 },
            },
          },
        },
      ],
    },
  ];
}

/** A linear scale with a little room around the data. */
function linear(name: string, range: 'width' | 'height', [low, high]: [number, number]): Scale {
  const room = (high - low || Math.abs(low) || 1) * 0.04;
  return { name, type: 'linear', domain: [low - room, high + room], range, zero: false };
}

function extent(values: number[]): [number, number] {
  return values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

function equation(target: string, feature: string, { intercept, weights }: Coefficients): string {
  const slope = weights[0] ?? 0;
  const sign = slope < 0 ? '−' : '+';
  return `${target} = ${figure(intercept)} ${sign} ${figure(Math.abs(slope))} · ${feature}`;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(6))).replace('-', '−');
}
