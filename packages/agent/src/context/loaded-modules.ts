// Sees certain files of packages as the app loads them, as CommonJS or (from Node 22.15 on) as ES modules, and those that it
// has loaded already. It does not know what is done with them.

import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { isMethod } from './bound.ts';

/** One file of a package, and what is done with what it exports. */
export interface Patch {
  /** From the name of the package on: 'amqplib/lib/channel.js'. */
  readonly file: string;
  /** Set for an ES module: the export that is handed to `apply`. */
  readonly exported?: string;
  /** Gets the exports of a CommonJS file, or `{ [exported]: … }`. */
  readonly apply: (exports: object) => void;
}

type Guard = (place: string, work: () => void) => void;
type Patches = ReadonlyMap<string, Patch>;

/** Where a patched ES module hands over its export. */
const HAND_OVER: symbol = Symbol.for('graylane.context.loaded');

export function watchModules(patches: readonly Patch[], guard: Guard): void {
  const byFile: Patches = new Map(patches.map((patch) => [patch.file, patch]));
  const loaded = (file: string, exports: unknown): void => {
    const patch = byFile.get(file);
    if (patch !== undefined && isObject(exports)) guard(file, () => patch.apply(exports));
  };
  watchCommonJs((filename, exports) => loaded(fileInPackage(filename), exports));
  // The hook sees every module of the app: it is set only where there is something to see.
  const packages = new Set(patches.filter(({ exported }) => exported !== undefined).map(({ file }) => file.split('/')[0] ?? ''));
  if ([...packages].some(isInstalled)) watchEsModules(byFile, loaded);
}

/** 'amqplib/lib/channel.js' of any path to it; '' for a file of no package. */
function fileInPackage(path: string): string {
  const file = path.replaceAll('\\', '/');
  const at = file.lastIndexOf('/node_modules/');
  return at === -1 ? '' : file.slice(at + '/node_modules/'.length);
}

/** `require.extensions` (any `require` has it) is deprecated and stable: what is imported as CommonJS passes there as well. */
function watchCommonJs(loaded: (filename: string, exports: unknown) => void): void {
  const require = nodeModule.createRequire(process.execPath);
  const extensions: unknown = Reflect.get(require, 'extensions');
  const load: unknown = isObject(extensions) ? Reflect.get(extensions, '.js') : undefined;
  if (isObject(extensions) && isMethod(load)) {
    // Assigned, for Node looks for the extensions that it can enumerate.
    Reflect.set(extensions, '.js', function (this: object, module: object, filename: string): unknown {
      const result = load.call(this, module, filename);
      loaded(filename, Reflect.get(module, 'exports'));
      return result;
    });
  }
  for (const [filename, module] of Object.entries(require.cache)) loaded(filename, module?.exports);
}

interface LoadResult {
  readonly format?: string | null | undefined;
  readonly source?: unknown;
}

type Load = (url: string, context: unknown, next: (url: string, context: unknown) => LoadResult) => LoadResult;

/** An ES module's exports cannot be changed from outside, but what they hold can: one line at its end hands it over. */
function watchEsModules(patches: Patches, loaded: (file: string, exports: unknown) => void): void {
  const register: unknown = Reflect.get(nodeModule, 'registerHooks');
  if (!isMethod(register)) return;
  Reflect.defineProperty(globalThis, HAND_OVER, { value: loaded });
  const load: Load = (url, context, next) => {
    const result = next(url, context);
    const exported = result.format === 'module' ? patches.get(fileInPackage(url))?.exported : undefined;
    if (exported === undefined || !isText(result.source)) return result;
    const line = `globalThis[Symbol.for('graylane.context.loaded')](${JSON.stringify(fileInPackage(url))}, { ${exported} });`;
    return { ...result, source: `${textOf(result.source)}\n${line}\n` };
  };
  register.call(nodeModule, { load });
}

function isInstalled(name: string): boolean {
  return [process.cwd(), dirname(process.argv[1] ?? '')].some((folder) => {
    try {
      nodeModule.createRequire(join(folder, 'any.js')).resolve(name);
      return true;
    } catch {
      return false;
    }
  });
}

function isText(source: unknown): source is string | Uint8Array {
  return typeof source === 'string' || source instanceof Uint8Array;
}

function textOf(source: string | Uint8Array): string {
  return typeof source === 'string' ? source : Buffer.from(source).toString();
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
