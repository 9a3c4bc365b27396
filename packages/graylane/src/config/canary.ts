// `graylane canary DIR`: a version and its release from a folder or script, run as the service's stable version is.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ApiRequest } from '@graylane/wire';
import type { StrategyDocument } from '@graylane/rules';
import { exit, Failure, type Problem } from '../print/failure.ts';
import { matchClauses, numberOf } from './options.ts';

export interface CanaryOptions {
  readonly service?: string;
  readonly name?: string;
  readonly release?: string;
  readonly percent?: string;
  readonly cookie?: readonly string[];
  readonly header?: readonly string[];
}

/** What belongs to one build and not to how a service is run; a canary starts with one worker. */
const BUILD_KEYS: ReadonlySet<string> = new Set(['script', 'cwd', 'workers']);
/** Looked for in a folder without `main` in its package.json. */
const ENTRY_NAMES = ['server.js', 'index.js', 'app.js', 'main.js', 'server.mjs', 'index.mjs', 'server.ts', 'index.ts'];

/** Throws Failure with everything that is wrong. */
export function canaryFrom(path: string, options: CanaryOptions, document: StrategyDocument, directory: string): ApiRequest<'Canary'> {
  const problems: Problem[] = [];
  const script = entryOf(resolve(directory, path), problems);
  const service = serviceOf(options.service, document, problems);
  const percent = numberOf('--percent', options.percent, problems);
  const clauses = [...matchClauses('cookie', options.cookie, problems), ...matchClauses('header', options.header, problems)];
  if (problems.length > 0) throw new Failure(problems, exit.usage);
  const stable = document.services[service];
  // What belongs to the build is new; how it is run stays as it is for stable.
  const same = Object.entries(stable?.versions[stable.stable] ?? {}).filter(([key]) => !BUILD_KEYS.has(key));
  const version = options.name ?? basename(dirname(script)).replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 63);
  return {
    service,
    version,
    spec: { ...Object.fromEntries(same), script, cwd: dirname(script) },
    when: [...clauses.map((clause) => ({ ...clause })), {}],
    ...(options.release === undefined ? {} : { release: options.release }),
    ...(percent === undefined ? {} : { percent }),
  };
}

function entryOf(path: string, problems: Problem[]): string {
  if (!existsSync(path)) {
    problems.push({ code: 'GL2001', message: `${path} does not exist`, fix: 'name the folder or the script of the new version' });
    return path;
  }
  if (!statSync(path).isDirectory()) return path;
  const entry = [mainOf(path), ...ENTRY_NAMES].find((name) => name !== null && existsSync(join(path, name)));
  if (entry !== undefined && entry !== null) return join(path, entry);
  problems.push({ code: 'GL2001', message: `${path} has nothing that looks like a server's entry`, cause: `no "main" in package.json, and none of ${ENTRY_NAMES.join(', ')}`, fix: 'name the script itself' });
  return path;
}

function mainOf(folder: string): string | null {
  try {
    const { main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { main?: unknown };
    return typeof main === 'string' ? main : null;
  } catch {
    // No package.json, or none that can be read: the usual names are tried.
    return null;
  }
}

function serviceOf(given: string | undefined, document: StrategyDocument, problems: Problem[]): string {
  const names = Object.keys(document.services);
  const [only] = names;
  if (given !== undefined) return given;
  if (only !== undefined && names.length === 1) return only;
  problems.push({ code: 'GL0023', message: `there are ${names.length} services`, fix: `say which one: --service ${names.join(' | ')}` });
  return '';
}
