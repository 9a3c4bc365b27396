// Where the control API answers, as a strategy could name it: nobody is to be sent there by one.

import type { Places } from '@graylane/control';

/** Set to 1 where services live on link-local addresses. */
const ALLOW = 'GRAYLANE_ALLOW_LINK_LOCAL';

export function ownPlaces(socket: string, tcp: { readonly host: string; readonly port: number; readonly names: readonly string[] } | null, environment: NodeJS.ProcessEnv): Places {
  const names = tcp === null ? [] : [...new Set([tcp.host, ...tcp.names, 'localhost', '127.0.0.1', '[::1]'])];
  return { own: [socket, ...names.map((name) => `${name}:${tcp?.port ?? 0}`)], allowsLinkLocal: environment[ALLOW] === '1' };
}
