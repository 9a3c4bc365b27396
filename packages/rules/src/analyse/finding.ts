// What the analyzer has to say: one tagged union, plain data.

/** Stable codes: documented, tested and never reused. */
export const FINDINGS = {
  'never-matches': { code: 'GL1101', level: 'error' },
  'shadowed': { code: 'GL1102', level: 'error' },
  'equal-priority': { code: 'GL1103', level: 'error' },
  'version-in-two-releases': { code: 'GL1104', level: 'error' },
  'unknown-service': { code: 'GL1105', level: 'error' },
  'unknown-version': { code: 'GL1106', level: 'error' },
  'unknown-tag': { code: 'GL1107', level: 'error' },
  'no-version': { code: 'GL1108', level: 'error' },
  'stable-in-release': { code: 'GL1109', level: 'error' },
  'redundant': { code: 'GL1110', level: 'warning' },
  'shadowed-clause': { code: 'GL1111', level: 'warning' },
  'wider-first': { code: 'GL1112', level: 'warning' },
  'stripped-header': { code: 'GL1113', level: 'warning' },
  'address-tag': { code: 'GL1114', level: 'warning' },
  'overlap': { code: 'GL1115', level: 'info' },
  'nobody-in': { code: 'GL1116', level: 'info' },
  'not-decided': { code: 'GL1117', level: 'warning' },
} as const;

export type FindingKind = keyof typeof FINDINGS;
export type FindingLevel = 'error' | 'warning' | 'info';

/** What a finding is about; lists of releases are sorted by name. */
export type Subject =
  | { readonly kind: 'never-matches' | 'nobody-in'; readonly release: string; readonly clause?: number }
  | { readonly kind: 'shadowed'; readonly release: string; readonly by: readonly string[] }
  | { readonly kind: 'equal-priority'; readonly releases: readonly [string, string] }
  | { readonly kind: 'version-in-two-releases'; readonly service: string; readonly version: string; readonly releases: readonly string[] }
  | { readonly kind: 'unknown-service'; readonly release: string; readonly service: string }
  | { readonly kind: 'unknown-version' | 'stable-in-release'; readonly release: string; readonly service: string; readonly version: string }
  | { readonly kind: 'unknown-tag'; readonly release: string; readonly tag: string }
  | { readonly kind: 'no-version'; readonly release: string }
  | { readonly kind: 'redundant'; readonly release: string; readonly clause: number }
  | { readonly kind: 'shadowed-clause'; readonly release: string; readonly clause: number; readonly by: readonly string[] }
  | { readonly kind: 'wider-first' | 'overlap'; readonly releases: readonly [string, string]; readonly winner: string }
  | { readonly kind: 'stripped-header'; readonly release: string; readonly clause: number; readonly header: string }
  | { readonly kind: 'address-tag'; readonly tag: string }
  | { readonly kind: 'not-decided'; readonly release: string };

/** A request that shows the finding; it can be sent as it stands. */
export interface Witness {
  readonly method: string;
  readonly target: string;
  /** Values as bytes, one character each. */
  readonly headers: readonly (readonly [string, string])[];
  /** When it has to be sent, where the time matters (ISO 8601). */
  readonly at?: string;
  /** Where it goes. */
  readonly lane: string | null;
}

export interface FindingText {
  readonly code: string;
  readonly level: FindingLevel;
  /** JSON pointers into the document, the culprit first. */
  readonly places: readonly string[];
  readonly message: string;
  readonly cause: string;
  readonly fix: string;
  readonly witness: Witness | null;
  /** Why there is no witness where one could be expected. */
  readonly note?: string;
  /** Expected share of the requests in question that the winner takes, 0-1. */
  readonly share?: number;
  /** The step of a plan at which it appears; without it, it is there now. */
  readonly step?: { readonly release: string; readonly percent: number };
}

export type Finding = Subject & FindingText;

export function makeFinding(subject: Subject, text: Pick<FindingText, 'places' | 'message' | 'cause' | 'fix'> & Partial<FindingText>): Finding {
  return { ...subject, ...FINDINGS[subject.kind], witness: null, ...text };
}

/** Equal for findings that say the same of the same. */
export function subjectKey(finding: Finding): string {
  const { kind } = finding;
  const rest = Object.entries(finding).filter(([key]) => SUBJECT_KEYS.has(key)).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([kind, rest]);
}

const SUBJECT_KEYS: ReadonlySet<string> = new Set(['release', 'clause', 'by', 'releases', 'service', 'version', 'tag', 'winner', 'header']);
