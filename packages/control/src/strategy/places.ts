// Addresses in a strategy that nobody is sent to: clouds' metadata services, and the control plane's own door.
// It must not look names up: what they mean may change before they are used.

import type { StrategyDocument } from '@graylane/rules';
import { isLinkLocal } from '../notify/link-local.ts';
import { ControlError } from '../problem.ts';
import type { FieldError } from '../problem.ts';

export interface Places {
  /** Of the control API: Unix paths, and `host:port`. Who is sent there is an administrator. */
  readonly own: readonly string[];
  /** For networks that are made of link-local addresses. */
  readonly allowsLinkLocal: boolean;
}

export const NO_OWN_PLACES: Places = { own: [], allowsLinkLocal: false };

/** Throws GL3024 with every such place. */
export function refusePlaces({ services, prometheus }: StrategyDocument, places: Places): void {
  const errors: FieldError[] = [];
  const look = (pointer: string, text: string): void => {
    const problem = problemOf(text, places);
    if (problem !== null) errors.push({ code: 'GL3024', pointer, detail: problem, fix: 'name where the service itself answers' });
  };
  if (prometheus !== undefined) look('/prometheus/url', prometheus.url);
  for (const [service, { versions }] of Object.entries(services)) {
    for (const [version, { upstreams }] of Object.entries(versions)) {
      upstreams?.forEach((text, i) => look(`/services/${service}/versions/${version}/upstreams/${i}`, text));
    }
  }
  const [first] = errors;
  if (first !== undefined) throw new ControlError('GL3024', { detail: first.detail, fix: 'name where the service itself answers', errors });
}

function problemOf(text: string, { own, allowsLinkLocal }: Places): string | null {
  const path = /^(?:h2c\+)?(?:unix:)?(\/.*)$/.exec(text)?.[1];
  if (path !== undefined) return own.includes(path) ? `${path} is the control API's own socket` : null;
  // As http: URL writes numbers and brackets of an address one way.
  const url = URL.parse(`http://${text.replace(/^[a-z0-9+]+:\/\//, '')}`);
  if (url === null) return null;
  if (!allowsLinkLocal && isLinkLocal(url.hostname)) return `${url.hostname} is an address of the machine's own link, where clouds keep their secrets`;
  return own.includes(`${url.hostname}:${url.port === '' ? '80' : url.port}`) ? `${url.host} is the control API itself` : null;
}
