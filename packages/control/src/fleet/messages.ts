// What a data plane and a server say to each other over one connection: frames of JSON (wire/frames.ts), after an HTTP upgrade.
// Receivers ignore kinds and fields that they do not know, so that machines are updated one by one.

import { createHash } from 'node:crypto';
import type { ServiceSpec, Snapshot, VersionSpec } from '@graylane/rules';
import type { CountsMessage } from '@graylane/wire';
import type { DeliveredKeys } from '../access/fleet-keys.ts';
import type { WorkerFacts } from '../effects.ts';
import type { SnapshotDelta } from './delta.ts';

export const JOIN_PATH = '/api/v1/fleet/join';
export const JOIN_PROTOCOL = 'graylane-fleet';
/** Raised with a change that an older peer would misread. */
export const FLEET_WIRE = 1;

/** A pool that the strategy needs on every machine that may run it. */
export interface PoolWish {
  readonly service: string;
  readonly version: string;
  readonly role: 'stable' | 'canary';
  readonly spec: VersionSpec;
  readonly listen?: ServiceSpec['listen'];
  /** A stable pool that accepts on the public sockets. */
  readonly open: boolean;
  /** A new one for each wish that was not there before: what failed at an earlier one says nothing about it. */
  readonly attempt: string;
}

/** How a wish stands on one machine. `digest` names what was wished. */
export interface PoolReport {
  readonly id: string;
  readonly digest: string;
  /** `elsewhere`: this machine does not run it. */
  readonly state: 'starting' | 'ready' | 'failed' | 'elsewhere';
  readonly open: boolean;
  readonly failure?: { readonly code: string; readonly message: string; readonly cure?: string; readonly lastLines?: readonly string[] };
}

/** Where a machine takes exchanges for its workers from other machines. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A version that has ready workers on a machine, with the public places that they serve. */
export interface Offer {
  readonly service: string;
  readonly version: string;
  readonly listeners: readonly { readonly index: number; readonly protocol: string; readonly port: number; readonly host: string | null }[];
}

// data plane -> server

export interface NodeHello {
  readonly kind: 'hello';
  readonly wire: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A new one with each start: counts are told apart by it. */
  readonly boot: string;
  /** The newest strategy that it has, 0 when none. */
  readonly generation: number;
  readonly forward: Endpoint | null;
}
/** It has this generation and can route by it. */
export interface NodeAck { readonly kind: 'ack'; readonly generation: number }
/** New requests are decided by this generation. */
export interface NodeBegun { readonly kind: 'begun'; readonly generation: number }
/** A delta that does not fit: send the whole. */
export interface NodeLost { readonly kind: 'lost'; readonly generation: number }
export interface NodeReport { readonly kind: 'report'; readonly pools: readonly PoolReport[]; readonly workers: readonly WorkerFacts[]; readonly offers: readonly Offer[] }
/** Repeated until `counted` comes for its number. */
export interface NodeCounts { readonly kind: 'counts'; readonly seq: number; readonly entries: readonly CountEntry[] }
/** Every process of this machine has these keys. */
export interface NodeKeyed { readonly kind: 'keyed'; readonly digest: string }
export interface NodePong { readonly kind: 'pong' }
/** It leaves on purpose. */
export interface NodeGoodbye { readonly kind: 'goodbye' }

export interface CountEntry { readonly worker: string; readonly service: string; readonly message: CountsMessage }

export type NodeMessage = NodeHello | NodeAck | NodeBegun | NodeLost | NodeReport | NodeCounts | NodeKeyed | NodePong | NodeGoodbye;

// server -> data plane

/** `at`: what time it is for the fleet, in milliseconds since 1970; absent from an older server. */
export interface ServerWelcome { readonly kind: 'welcome'; readonly wire: number; readonly replica: string; readonly at?: number }
/** Why it may not join; it tries again later, for a person may be mending it. */
export interface ServerRefusal { readonly kind: 'refused'; readonly why: string }
export interface ServerStrategy { readonly kind: 'strategy'; readonly generation: number; readonly snapshot: Snapshot }
export interface ServerDelta { readonly kind: 'delta'; readonly from: number; readonly generation: number; readonly delta: SnapshotDelta }
export interface ServerBegin { readonly kind: 'begin'; readonly generation: number }
export interface ServerPools { readonly kind: 'pools'; readonly wishes: readonly PoolWish[] }
/** All offers of other machines; replaces what was known. */
export interface ServerEndpoints { readonly kind: 'endpoints'; readonly endpoints: readonly (Endpoint & { readonly node: string; readonly offers: readonly Offer[] })[] }
/** Secrets: they travel here, encrypted, and on control sockets, and are written nowhere. */
export interface ServerKeys { readonly kind: 'keys'; readonly digest: string; readonly keys: DeliveredKeys }
export interface ServerCounted { readonly kind: 'counted'; readonly seq: number }
export interface ServerPing { readonly kind: 'ping'; readonly at?: number }

export type ServerMessage = ServerWelcome | ServerRefusal | ServerStrategy | ServerDelta | ServerBegin | ServerPools | ServerEndpoints | ServerKeys | ServerCounted | ServerPing;

/** The wire is silent for at most so long: who hears nothing for three of them takes the other for gone. */
export const PING_EVERY_MS = 2_000;
export const SILENCE_LIMIT_MS = 6_000;

/** Names a wish by what has to run, whoever is on the public sockets. */
export function wishDigest({ spec, listen, attempt }: PoolWish): string {
  return createHash('sha256').update(JSON.stringify([spec, listen ?? null, attempt])).digest('hex').slice(0, 16);
}

export function poolId({ service, version, role }: Pick<PoolWish, 'service' | 'version' | 'role'>): string {
  return `${service}/${version}/${role}`;
}
