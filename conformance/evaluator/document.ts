// The part of a strategy document that the independent evaluator understands. It shares nothing with packages/rules, on purpose.

export type Matcher =
  | string
  | readonly string[]
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly present: boolean }
  | { readonly not: Matcher }
  | { readonly any: readonly Matcher[] }
  | { readonly gte?: string; readonly gt?: string; readonly lte?: string; readonly lt?: string };

export type Matchers = Readonly<Record<string, Matcher>>;

export interface Clause {
  readonly header?: Matchers;
  readonly cookie?: Matchers;
  readonly query?: Matchers;
  readonly tag?: Matchers;
  readonly path?: Matcher;
  readonly method?: Matcher;
  readonly host?: Matcher;
  readonly percent?: number;
  readonly pinned?: boolean;
}

export interface Release {
  readonly name: string;
  readonly when: readonly Clause[];
  readonly priority?: number;
  readonly percent?: number;
  readonly holdback?: number;
  readonly stickyBy?: readonly string[];
  readonly salt?: string;
  readonly versions: Readonly<Record<string, string>>;
}

export type TagSource = { readonly header: string } | { readonly cookie: string } | { readonly query: string };

export interface Document {
  readonly tags?: Readonly<Record<string, TagSource>>;
  readonly services: Readonly<Record<string, { readonly stable: string }>>;
  readonly releases?: readonly Release[];
}

/** A request as it stands on the wire: header bytes as latin1 text. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}
