// Percentages as people write them for `split`: `10%`, `12.5`, `+10%`, `-5%`. Pure text to number.

import { ControlError } from '../problem.ts';

/** Four decimals are what a bucket can tell apart. */
const FORM = /^([+-]?)(\d{1,3}(?:\.\d{1,4})?)%?$/;

/** The percentage that `text` asks for when `current` is in force. Throws GL3007. */
export function percentFrom(text: string, current: number): number {
  const parts = FORM.exec(text.trim());
  if (parts === null) throw notUnderstood(text, 'it is neither a percentage nor a change of one');
  const amount = Number(parts[2]);
  const percent = parts[1] === '+' ? current + amount : parts[1] === '-' ? current - amount : amount;
  const rounded = Math.round(percent * 10_000) / 10_000;
  if (rounded < 0 || rounded > 100) throw notUnderstood(text, `that would be ${rounded} %`);
  return rounded;
}

function notUnderstood(text: string, cause: string): ControlError {
  return new ControlError('GL3007', { detail: `'${text.slice(0, 40)}' is not a share from 0 to 100 %`, cause, fix: 'write 10%, +10% or -5%, with at most four decimals' });
}
