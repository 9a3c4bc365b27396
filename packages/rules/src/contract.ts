// A sketch of the public face that the other packages build against.

/** A compiled strategy as plain data: JSON-able and structured-cloneable, made in the control plane, loaded in data planes. */
export interface Snapshot { readonly format: number }

/** What a request shows to the rules, as Node hands it over: header bytes are latin1 strings, names in any case. */
export interface RequestFields {
  readonly method: string;
  /** The request target as received. */
  readonly target: string;
  /** Name, value, name, value … */
  readonly rawHeaders: readonly string[];
}

/** Why a request goes where it goes; also a metric label, so the list is closed. */
export type Reason = 'no-release' | 'not-matched' | 'out-by-bucket' | 'matched' | 'bucket' | 'pinned' | 'override';

/** Interned wherever possible: the stable path allocates nothing. */
export interface Decision {
  /** The release, or null for stable. */
  readonly lane: string | null;
  readonly reason: Reason;
  /** A fresh anonymous id to set as cookie, or null. */
  readonly mint: string | null;
  /** 'treated' | 'control' | 'pinned' | null with the release it counts for. */
  readonly arm: 'treated' | 'control' | 'pinned' | null;
  readonly armOf: string | null;
}

export interface Router {
  decide(request: RequestFields): Decision;
  /** The version of `service` in `lane` (null is stable). */
  version(service: string, lane: string | null): string;
}
