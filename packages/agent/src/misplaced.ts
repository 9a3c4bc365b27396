// What to say of servers that the app opens at places that were meant otherwise. It is loaded when that happens.

import type { Place } from './places.ts';
import type { ReportUnroutable } from './raw-server.ts';

export function reportMismatch({ earlier, wish, index }: Extract<Place, { kind: 'mismatch' }>, report: ReportUnroutable): void {
  report(
    'listener-mismatch',
    `the app opened port ${earlier.port} first, which was taken for public place ${index} (port ${wish.port}), and then port ${wish.port} itself`,
    `declare both, in the order in which the app opens them: listen: [${earlier.port}, ${wish.port}]`,
  );
}

/** Of a listener that the app closed and opened again. */
export function reopened(port: number): string {
  return `the app closed port ${port} and opened it again: Node has given the inherited socket away, and part of the clients now wait there until this worker is replaced. Keep the server open, or run: graylane reload`;
}
