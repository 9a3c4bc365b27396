// Draws series as a small SVG chart: axes, ticks, lines or dots, a legend. It knows nothing of what it draws.

export interface Series {
  readonly name: string;
  readonly color: string;
  readonly style: 'line' | 'dots';
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly yMax: number;
  readonly series: readonly Series[];
}

const WIDTH = 760;
const HEIGHT = 320;
const LEFT = 64;
const RIGHT = 150;
const TOP = 36;
const BOTTOM = 44;
const TICKS = 5;

export function svg({ title, x, y, yMax, series }: Chart): string {
  const xMax = Math.max(1, ...series.flatMap(({ points }) => points.map(([at]) => at)));
  const px = (value: number): string => (LEFT + value / xMax * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const py = (value: number): string => (HEIGHT - BOTTOM - Math.min(value, yMax) / yMax * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${LEFT}" y="20" font-size="14">${title}</text>`,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${x}</text>`,
    `<text x="14" y="${HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 ${HEIGHT / 2})">${y}</text>`,
  ];
  for (let i = 0; i <= TICKS; i++) {
    const [atX, atY] = [xMax * i / TICKS, yMax * i / TICKS];
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(atY)}" y2="${py(atY)}" stroke="#ddd"/>`);
    parts.push(`<text x="${LEFT - 6}" y="${Number(py(atY)) + 4}" text-anchor="end">${round(atY)}</text>`);
    parts.push(`<text x="${px(atX)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${round(atX)}</text>`);
  }
  series.forEach(({ name, color, style, points }, i) => {
    if (style === 'line') parts.push(`<polyline fill="none" stroke="${color}" stroke-width="1.5" points="${points.map(([atX, atY]) => `${px(atX)},${py(atY)}`).join(' ')}"/>`);
    else for (const [atX, atY] of points) parts.push(`<circle cx="${px(atX)}" cy="${py(atY)}" r="1.5" fill="${color}"/>`);
    parts.push(`<rect x="${WIDTH - RIGHT + 12}" y="${TOP + i * 20}" width="12" height="12" fill="${color}"/><text x="${WIDTH - RIGHT + 30}" y="${TOP + i * 20 + 10}">${name}</text>`);
  });
  return `${parts.join('\n')}\n</svg>\n`;
}

function round(value: number): string {
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
