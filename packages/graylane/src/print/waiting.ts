// What `graylane up` waits for while it starts: the versions that somebody is to get and that are not ready. Pure.

import type { StrategyDocument } from '@graylane/rules';
import { countText } from './number.ts';

/** `ready`: `service/version`. Null when nothing is missing. */
export function waitingText({ services, releases = [] }: StrategyDocument, ready: ReadonlySet<string>, tookMs: number): string | null {
  const wanted = Object.entries(services).flatMap(([service, { stable }]) => [stable, ...releases.flatMap(({ versions }) => versions[service] ?? [])].map((version) => ({ service, version })));
  const names = [...new Set(wanted.filter(({ service, version }) => !ready.has(`${service}/${version}`)).map(({ service, version }) => `${version} of ${service}`))];
  if (names.length === 0) return null;
  return `… still waiting for ${names.join(', ')} after ${countText(Math.round(tookMs / 1_000), 'second')}: a version is ready when it listens (graylane logs shows what it says; \`ready\` sets how long it may take)`;
}
