import * as vega from 'vega';

/** Okabe and Ito's colours, which stay apart for colour-blind readers (their pale yellow left out). */
export const COLORS = [
  '#0072B2',
  '#E69F00',
  '#009E73',
  '#CC79A7',
  '#56B4E9',
  '#D55E00',
  '#8C8C00',
  '#555555',
];
export const INK = '#222222';
const GREY = '#666666';
/** Long column names are cut, in pixels: without a canvas vega overestimates text, and would stretch the picture. */
const TITLE_LIMIT = 760;
const AXIS_LIMIT = 350;
const FONT = 'Helvetica, Arial, "DejaVu Sans", sans-serif';

/** Size, title and type that all plots share. */
export function frame(title: string, subtitle: string): vega.Spec {
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    width: 560,
    height: 360,
    padding: 16,
    background: 'white',
    config: { style: { 'guide-label': { font: FONT }, 'guide-title': { font: FONT } } },
    title: {
      ...{ text: title, subtitle, anchor: 'start', frame: 'group', offset: 14 },
      ...{
        font: FONT,
        fontSize: 17,
        color: INK,
        subtitleFont: FONT,
        subtitleFontSize: 12.5,
        subtitleColor: GREY,
      },
      ...{ subtitlePadding: 5, limit: TITLE_LIMIT },
    },
  };
}

/** Axes with light grid lines; `scales` are named x and y. */
export function axes(xTitle: string, yTitle: string, format: { x?: string; y?: string } = {}): vega.Axis[] {
  const style = {
    ...{ grid: true, gridColor: '#e9e9e9', domainColor: '#999999', tickColor: '#999999' },
    ...{ labelColor: '#444444', labelFontSize: 11, titleColor: INK, titleFontSize: 12.5, titlePadding: 10 },
    ...{ titleFontWeight: 'normal' as const, titleLimit: AXIS_LIMIT, labelOverlap: true, tickCount: 6 },
  };
  return [
    { ...style, scale: 'x', orient: 'bottom', title: xTitle, ...(format.x && { format: format.x }) },
    { ...style, scale: 'y', orient: 'left', title: yTitle, ...(format.y && { format: format.y }) },
  ];
}

export function legendStyle(title: string): Pick<vega.Legend, 'title'> {
  const style = { titleColor: INK, titleFontSize: 12, labelFontSize: 12, labelColor: '#444444', offset: 18 };
  return { title, ...style };
}

/** Draws a vega specification without a browser or a canvas. */
export async function renderSvg(spec: vega.Spec): Promise<string> {
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logLevel: vega.Error });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
