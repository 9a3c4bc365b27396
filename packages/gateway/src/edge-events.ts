// What a gateway says of itself, one JSON line an event. Pure.

import type { EdgeEvent } from './edge.ts';

/** Null for what the access log says already. */
export function eventLine(event: EdgeEvent, now: number): string | null {
  const said = saidOf(event);
  return said === null ? null : `${JSON.stringify({ time: new Date(now).toISOString(), ...said })}\n`;
}

function saidOf(event: EdgeEvent): Readonly<Record<string, unknown>> | null {
  switch (event.kind) {
    case 'forward':
      return event.event.kind === 'ejected' ? { event: 'ejected', service: event.service, version: event.event.group, upstream: event.event.upstream, ms: event.event.ms } : null;
    case 'name': {
      const { name } = event.event;
      if (event.event.kind === 'changed') return { event: 'addresses', name, addresses: event.event.addresses };
      return { event: 'name-failed', name, message: event.event.message, kept: event.event.kept };
    }
    case 'health':
      return { event: event.change.healthy ? 'healthy' : 'unhealthy', service: event.service, upstream: event.change.key, detail: event.change.detail };
    case 'certificate':
      return { event: 'certificate-loaded', file: event.file };
    case 'certificate-kept':
      return { event: 'certificate-kept', file: event.problem.file, message: `${event.problem.message}; the one before it stays in use`, fix: event.problem.fix };
    case 'mirror':
      return { event: 'mirror', service: event.service, ...event.counts };
  }
}
