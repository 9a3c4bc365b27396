// `graylane up ./v1/server.js --canary ./v2/server.js --percent 5` as the document that a config file would hold.

import { basename, dirname, resolve } from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import { exit, Failure, type Problem } from '../print/failure.ts';
import { matchClauses, numberOf } from './options.ts';

export interface ScriptOptions {
  readonly script: string;
  readonly canary?: string;
  /** As typed. */
  readonly percent?: string;
  readonly port?: readonly string[];
  readonly workers?: string;
  readonly service?: string;
  readonly cookie?: readonly string[];
  readonly header?: readonly string[];
  readonly exposeRoute?: boolean;
}

/** A plain document, not yet checked by `rules`. Throws Failure with everything that is wrong with the options. */
export function documentFromScripts(options: ScriptOptions, directory: string): unknown {
  const problems: Problem[] = [];
  const stable = scriptOf(options.script, directory, problems);
  const canary = options.canary === undefined ? null : scriptOf(options.canary, directory, problems);
  const percent = numberOf('--percent', options.percent, problems);
  const workers = numberOf('--workers', options.workers, problems);
  if (workers !== undefined && (!Number.isInteger(workers) || workers < 1)) problems.push({ code: 'GL0021', message: `--workers ${workers} cannot serve everybody`, fix: 'stable needs a whole number of workers, one at least' });
  const ports = (options.port ?? []).map((port) => numberOf('--port', port, problems));
  const clauses = [...matchClauses('cookie', options.cookie, problems), ...matchClauses('header', options.header, problems)];
  if (canary === null && (percent !== undefined || clauses.length > 0)) {
    problems.push({ code: 'GL0020', message: 'a share of users or a rule is given, but no canary to send them to', fix: 'add --canary ./v2/server.js' });
  }
  if (problems.length > 0) throw new Failure(problems, exit.usage);

  const [stableName, canaryName] = versionNames(stable, canary);
  const service = options.service ?? serviceName(stable);
  return {
    ...(options.exposeRoute === true ? { exposeRoute: true } : {}),
    services: {
      [service]: {
        ...(ports.length > 0 ? { listen: ports } : {}),
        stable: stableName,
        versions: {
          [stableName]: { script: stable, cwd: dirname(stable), ...(workers === undefined ? {} : { workers }) },
          ...(canary === null ? {} : { [canaryName]: { script: canary, cwd: dirname(canary) } }),
        },
      },
    },
    // Rules alone mean: these users and nobody else. Without any rule or share the canary warms up and serves nobody.
    releases: canary === null ? [] : [{ name: 'canary', when: [...clauses, {}], percent: percent ?? 0, versions: { [service]: canaryName } }],
  };
}

function scriptOf(given: string, directory: string, problems: Problem[]): string {
  const path = resolve(directory, given);
  if (!existsSync(path)) problems.push({ code: 'GL2001', message: `the script ${given} does not exist`, cause: `looked for ${path}`, fix: 'name the file that starts your server' });
  return path;
}

/** The folders' names where they tell the versions apart (`v1`, `v2`), else the roles. */
function versionNames(stable: string, canary: string | null): [string, string] {
  const first = basename(dirname(stable));
  const second = canary === null ? '' : basename(dirname(canary));
  return first !== second && isName(first) && (canary === null || isName(second)) ? [first, second] : ['stable', 'canary'];
}

/** The nearest package's name, as it is what people call the app. */
function serviceName(script: string): string {
  for (let folder = dirname(script); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const { name } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { name?: unknown };
      const short = typeof name === 'string' ? name.replace(/^@[^/]*\//, '') : '';
      if (isName(short)) return short;
    } catch {
      // No package here or none that can be read: look further up.
    }
  }
  return 'web';
}

function isName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text);
}
