// Findings as SARIF 2.1.0, so that code hosts show them in pull requests.

import type { Finding, FindingKind } from '../analyse/finding.ts';
import { FINDINGS } from '../analyse/finding.ts';
import { curlLine } from './curl.ts';

export interface SarifOptions {
  /** The strategy's file, relative to the repository. */
  readonly file: string;
  readonly version: string;
  readonly origin: string;
  /** Line (from 1) of a JSON pointer, where the caller knows it. */
  readonly lineOf?: (pointer: string) => number | null;
  /** The file of a JSON pointer, where the strategy stands in several. */
  readonly fileOf?: (pointer: string) => string;
}

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/** Plain data, ready for JSON. */
export function sarif(findings: readonly Finding[], options: SarifOptions): Readonly<Record<string, unknown>> {
  const kinds = Object.keys(FINDINGS).filter((kind): kind is FindingKind => kind in FINDINGS);
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'graylane', version: options.version, rules: kinds.map((kind) => ({ id: FINDINGS[kind].code, name: kind, defaultConfiguration: { level: LEVELS[FINDINGS[kind].level] } })) } },
      results: findings.map((finding) => result(finding, kinds.indexOf(finding.kind), options)),
    }],
  };
}

function result(finding: Finding, ruleIndex: number, options: SarifOptions): Readonly<Record<string, unknown>> {
  const { code, level, message, cause, fix, places, witness } = finding;
  const shown = witness === null ? '' : ` Try: ${curlLine(witness, options.origin)}`;
  const [main, ...related] = places.map((pointer) => location(pointer, options));
  return {
    ruleId: code, ruleIndex, level: LEVELS[level],
    message: { text: `${message}. Cause: ${cause}. Fix: ${fix}.${shown}` },
    locations: main === undefined ? [] : [main],
    relatedLocations: related.map((place, i) => ({ id: i + 1, ...place })),
  };
}

function location(pointer: string, { file, lineOf, fileOf }: SarifOptions): Readonly<Record<string, unknown>> {
  const line = lineOf?.(pointer) ?? null;
  return {
    physicalLocation: { artifactLocation: { uri: fileOf?.(pointer) ?? file }, ...(line === null ? {} : { region: { startLine: line } }) },
    logicalLocations: [{ fullyQualifiedName: pointer }],
  };
}
