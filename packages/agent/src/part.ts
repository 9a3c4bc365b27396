// Loads a part of the agent that not every app needs from its file beside the agent's own: at once, for what needs it
// may be under way. It knows no part.

import { createRequire } from 'node:module';
import { AGENT_VERSION } from './version.ts';

interface Parts {
  forwarder: typeof import('./forwarder.ts');
  protocols: typeof import('./protocols.ts');
  tokens: typeof import('./tokens.ts');
}

/** What each is known by. */
const MEMBERS: Readonly<Record<keyof Parts, string>> = { forwarder: 'createForwarder', protocols: 'StreamGate', tokens: 'KeptClaims' };

const loaded: Partial<Parts> = {};

/** Throws when the file is gone or of another version: graylane was replaced under a running worker. */
export function loadPart<Name extends keyof Parts>(name: Name): Parts[Name] {
  const known = loaded[name];
  if (known !== undefined) return known;
  const require = createRequire(import.meta.url);
  const file = require.resolve(`./${name}.cjs`);
  const part: unknown = require(file);
  if (!isPart(part, name)) throw new TypeError(`${file} is not of version ${AGENT_VERSION}, which runs here: reload this worker`);
  loaded[name] = part;
  return part;
}

function isPart<Name extends keyof Parts>(part: unknown, name: Name): part is Parts[Name] {
  return typeof part === 'object' && part !== null && MEMBERS[name] in part && Reflect.get(part, 'AGENT_VERSION') === AGENT_VERSION;
}
