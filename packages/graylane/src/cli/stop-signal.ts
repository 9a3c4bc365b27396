// SIGINT and SIGTERM as a wish to end, which can come before there is anything to end: it must not be lost, nor end
// this process in the middle of a start and leave workers behind.

import type { Terminal } from '../print/terminal.ts';

/** Resolves at the first of the signals; they no longer end the process from here on. */
export function stopSignal(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        terminal.say(asked ? '! still draining: workers end by their drain and kill timeouts' : 'draining…');
        asked = true;
        resolve();
      });
    }
  });
}
