// Imports a config file written in TypeScript or JavaScript, whatever kind of package it stands in.

import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The module's exports. Rejects with what Node says of it. */
export async function importConfig(file: string): Promise<Readonly<Record<string, unknown>>> {
  const url = pathToFileURL(file).href;
  const hooks = registerHooks({
    // `import { defineConfig } from 'graylane'` also where graylane was started by npx and is not installed beside the file.
    resolve: (specifier, context, next) => {
      if (specifier !== 'graylane' || context.parentURL !== url) return next(specifier, context);
      return { url: new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js', import.meta.url).href, shortCircuit: true };
    },
    // A config in TypeScript is a module, also in a package of CommonJS.
    load: (loaded, context, next) => next(loaded, loaded === url && file.endsWith('.ts') ? { ...context, format: 'module-typescript' } : context),
  });
  try {
    return (await import(url)) as Readonly<Record<string, unknown>>;
  } finally {
    hooks.deregister();
  }
}
