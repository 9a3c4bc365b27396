// Numbers as people read them in tables. Pure.

/** `12 ms`, `1.5 s`, or a dash for nothing. */
export function durationText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  return ms >= 1_000 ? `${significant(ms / 1_000)} s` : `${significant(ms)} ms`;
}

/** `4.98 %`, or a dash for nothing. */
export function percentText(percent: number | null | undefined): string {
  return percent === null || percent === undefined ? '–' : `${Math.round(percent * 100) / 100} %`;
}

export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Three digits say what a table can say. */
export function significant(value: number): string {
  if (value === 0) return '0';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
