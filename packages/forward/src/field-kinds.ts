// What a header field's name means to a hop, remembered for the names that come again and again. It knows no message.

import { canonicalName, isConnectionField } from './hop-by-hop.ts';
import { Refusal } from './failure.ts';

/**
 * `plain` passes; `own` is said by a gateway itself and never passed on by it; `connection` belongs to one connection;
 * the others are looked at by value.
 */
export type FieldKind =
  | 'plain' | 'own' | 'connection' | 'baggage'
  | 'host' | 'expect' | 'max-forwards' | 'content-length' | 'transfer-encoding';

/** Clients send some hundred different names; beyond that somebody is playing, and a name is classified anew each time. */
const REMEMBERED = 1_024;

/** Said by a gateway itself, so never passed on from a client. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port']);
const OWN_PREFIX = 'graylane-';

const known = new Map<string, FieldKind>();

/** Throws Refusal on a name that is none, or that only pretends not to be one that frames the message. */
export function kindOf(name: string): FieldKind {
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  const kind = classify(name);
  if (known.size < REMEMBERED) known.set(name, kind);
  return kind;
}

function classify(name: string): FieldKind {
  if (UNSAFE_NAME.test(name)) throw new Refusal('bad-framing', 'a control octet in a header line');
  const canonical = canonicalName(name);
  const disguised = name.includes('_');
  switch (canonical) {
    case 'content-length':
    case 'transfer-encoding':
      if (disguised) throw new Refusal('bad-framing', `a disguised ${canonical}`);
      return canonical;
    case 'host':
    case 'expect':
    case 'max-forwards':
    case 'baggage':
      return disguised ? 'plain' : canonical;
    default:
      if (isConnectionField(canonical)) return 'connection';
      return OWN_FIELDS.has(canonical) || canonical.startsWith(OWN_PREFIX) ? 'own' : 'plain';
  }
}

const UNSAFE_NAME = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]|^$/;
