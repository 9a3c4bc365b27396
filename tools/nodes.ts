// Installs the Node versions of the test matrix into .cache/nodes: plain binaries from npm, no install script.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** One pinned release of each line, so that two runs test the same thing. */
const versions: Readonly<Record<string, string>> = { 20: '20.20.2', 22: '22.23.3', 26: '26.10.0' };

const root = join(import.meta.dirname, '..', '.cache', 'nodes');

/** The binary of a major version; null where the platform has no such package. */
export function nodeBinary(major: string): string | null {
  const binary = join(root, major, 'node_modules', packageName(), 'bin', 'node');
  return existsSync(binary) ? binary : null;
}

function packageName(): string {
  return `node-${process.platform}-${process.arch}`;
}

function install(): void {
  for (const [major, version] of Object.entries(versions)) {
    if (nodeBinary(major) !== null) continue;
    const folder = join(root, major);
    mkdirSync(folder, { recursive: true });
    try {
      execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save', '--ignore-scripts', `${packageName()}@${version}`], { stdio: ['ignore', 'ignore', 'pipe'] });
      console.log(`nodes: ${version} is in ${join('.cache', 'nodes', major)}`);
    } catch {
      console.log(`nodes: no package ${packageName()}@${version} to be had; the matrix runs without Node ${major}`);
    }
  }
}

if (import.meta.main) install();
