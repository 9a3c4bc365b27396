// `graylane/modules`. In the repository it is the sources as they stand; the published package has only the compiled ones.
import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';

// Not by `await`: an app in CommonJS can then require it.
const load = createRequire(import.meta.url);
const isSource = existsSync(new URL('../src/modules/index.ts', import.meta.url));
const hooks = isSource
  ? registerHooks({ resolve: (specifier, context, next) => next(specifier, { ...context, conditions: [...context.conditions, 'graylane-source'] }) })
  : null;

export const { createRouter, loadVersion } = load(isSource ? '../src/modules/index.ts' : '../dist/modules/index.js');
hooks?.deregister();
