// One line for what happens to workers while `graylane up` runs; null for what nobody needs to read.

import type { FleetEvent } from '@graylane/pool';

export function eventText(event: FleetEvent): string | null {
  switch (event.kind) {
    case 'crash': {
      const next = event.failed ? `given up after ${event.crashes} crashes` : `starts again in ${event.delayMs} ms`;
      return [`✗ ${event.worker.id} ended: ${event.cause}; ${next}`, ...event.lastLines.map((line) => `    ${line}`)].join('\n');
    }
    case 'warning':
      return `! ${event.subject}: ${event.text}`;
    case 'pool':
      return event.what === 'reload-failed' && event.failure !== null ? `✗ ${event.pool.id} keeps its old workers: ${event.failure.code} ${event.failure.message}` : null;
    case 'agent':
      if (event.message.kind === 'fault') return `! ${event.worker.id}: ${event.message.count} faults of the agent, the app served those requests itself: ${event.message.detail}`;
      if (event.message.kind === 'unroutable') return `✗ ${event.worker.id} cannot be routed: ${event.message.detail}\n  fix: ${event.message.cure}`;
      return null;
    case 'worker':
    case 'peers':
    case 'guest':
      return null;
  }
}
