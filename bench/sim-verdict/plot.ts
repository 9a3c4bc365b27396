// Curves as SVG text, readable on light and dark pages. It must not know what they show.

export interface Curve {
  readonly name: string;
  readonly color: string;
  /** Ascending in x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xMax: number;
  readonly yMax: number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
  /** A dashed line across, with its meaning. */
  readonly limit: { readonly y: number; readonly name: string } | null;
  readonly curves: readonly Curve[];
}

const WIDTH = 720;
const HEIGHT = 360;
const LEFT = 64;
const RIGHT = 200;
const TOP = 36;
const BOTTOM = 48;

export function svg(plot: Plot): string {
  const x = (value: number): string => (LEFT + (value / plot.xMax) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number): string => (HEIGHT - BOTTOM - (value / plot.yMax) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const end = WIDTH - RIGHT;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${plain(plot.title)}">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#555}.t{font-weight:600}.g{stroke:#8884}.c{fill:none;stroke-width:2}@media(prefers-color-scheme:dark){text{fill:#bbb}}</style>',
    `<text class="t" x="${LEFT}" y="20">${plain(plot.title)}</text>`,
    ...plot.xTicks.map((tick) => `<line class="g" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP}" y2="${y(0)}"/><text x="${x(tick)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${tick}</text>`),
    ...plot.yTicks.map((tick) => `<line class="g" x1="${LEFT}" x2="${end}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${LEFT - 8}" y="${y(tick)}" dy="4" text-anchor="end">${percent(tick)}</text>`),
    `<text x="${(LEFT + end) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${plain(plot.xLabel)}</text>`,
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${plain(plot.yLabel)}</text>`,
    ...(plot.limit === null ? [] : [
      `<line x1="${LEFT}" x2="${end}" y1="${y(plot.limit.y)}" y2="${y(plot.limit.y)}" stroke="#888" stroke-dasharray="4 4"/>`,
      `<text x="${end + 8}" y="${y(plot.limit.y)}" dy="4">${plain(plot.limit.name)}</text>`,
    ]),
    ...plot.curves.flatMap((curve, index) => [
      `<path class="c" stroke="${curve.color}" d="${path(curve, x, y)}"/>`,
      `<line x1="${end + 12}" x2="${end + 30}" y1="${TOP + 10 + index * 20}" y2="${TOP + 10 + index * 20}" stroke="${curve.color}" stroke-width="2"/>`,
      `<text x="${end + 36}" y="${TOP + 14 + index * 20}">${plain(curve.name)}</text>`,
    ]),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

/** Steps, because a share of runs jumps. */
function path(curve: Curve, x: (value: number) => string, y: (value: number) => string): string {
  return curve.points.map(([at, value], index) => (index === 0 ? `M${x(at)} ${y(value)}` : `H${x(at)}V${y(value)}`)).join('');
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

function plain(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
