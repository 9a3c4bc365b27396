#!/usr/bin/env node
// The command. In the repository it runs the sources as they stand; the published package has only the compiled ones.
import { existsSync } from 'node:fs';
// As a namespace: an old Node that lacks one of its functions must still get as far as the message below.
import * as nodeModule from 'node:module';

/** The first patched release of each line (CVE-2026-58044: more header lines than Node keeps hide a Content-Length). */
const patched = { 22: [23, 2], 24: [18, 1], 26: [5, 1] };
const [major, minor, patch] = process.versions.node.split('.').map(Number);
const [leastMinor, leastPatch] = patched[major] ?? (major > 26 ? [0, 0] : [Infinity, 0]);
if (minor < leastMinor || (minor === leastMinor && patch < leastPatch)) {
  process.stderr.write(
    `graylane: GL0001 Node ${process.versions.node} cannot forward requests safely (CVE-2026-58044)\n` +
      '  fix: run graylane itself with Node 22.23.2+, 24.18.1+ or 26.5.1+; a version of your app keeps its own Node with `interpreter`\n',
  );
  process.exit(2);
}

// The store is on it since before Node called it stable; said at each command it would only hide what matters.
const emitWarning = process.emitWarning.bind(process);
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).startsWith('SQLite is an experimental feature')) emitWarning(warning, ...rest);
};

nodeModule.enableCompileCache?.();
const source = new URL('../src/main.ts', import.meta.url);
if (existsSync(source)) {
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, 'graylane-source'] }),
  });
  await import(source.href);
} else {
  await import('../dist/main.js');
}
