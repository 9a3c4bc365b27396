import type { Strategy } from '@graylane/rules';
import type { Context } from './context.ts';
export function liveStrategy(_c: Context): Promise<{ strategy: Strategy; generation: number }> { throw new Error('x'); }
