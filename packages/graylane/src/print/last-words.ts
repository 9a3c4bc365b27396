// What the last output of a process that did not come up means, where it is one of the usual things. Pure.

export interface LastWords {
  readonly cause: string;
  readonly fix: string;
}

/** By what Node itself prints; null for anything else, which the reader understands better. */
export function lastWords(lines: readonly string[]): LastWords | null {
  const text = lines.join('\n');
  for (const { mark, words } of KNOWN) {
    const found = mark.exec(text);
    if (found !== null) return words(found[1] ?? '', text);
  }
  return null;
}

interface Known {
  readonly mark: RegExp;
  readonly words: (part: string, text: string) => LastWords;
}

const KNOWN: readonly Known[] = [
  { mark: /EADDRINUSE/, words: (_part, text) => ({ cause: `${portOf(text)} is already in use by another process`, fix: 'stop that process, or choose another port' }) },
  { mark: /EACCES[^]*?syscall: 'listen'/, words: (_part, text) => ({ cause: `this user may not open ${portOf(text)}`, fix: 'choose a port from 1024 on, or declare it (`listen`, --port) and start graylane as a user who may' }) },
  { mark: /Cannot find (?:module|package) '([^'./][^']*)'/, words: (name) => ({ cause: `the package ${name} is not installed where the script looks for it`, fix: 'npm install in the folder of that version' }) },
  { mark: /Cannot find module '([^']+)'/, words: (file) => ({ cause: `there is no file ${file}`, fix: 'correct the import, or build what it names first' }) },
  { mark: /Cannot use import statement outside a module/, words: () => ({ cause: 'the script is an ES module, and Node takes it for CommonJS', fix: 'name it .mjs (.mts), or write "type": "module" into its package.json' }) },
  { mark: /(?:require|module) is not defined in ES module scope/, words: () => ({ cause: 'the script is CommonJS, and Node takes it for an ES module', fix: 'name it .cjs, or leave "type": "module" out of its package.json' }) },
  { mark: /Unknown file extension "([^"]+)"/, words: (extension) => ({ cause: `this Node does not run ${extension} files`, fix: 'build them first, or run that version with Node 22.18 or newer (`interpreter`)' }) },
  { mark: /^(SyntaxError[^\n]*)/m, words: (error, text) => ({ cause: `${error}${placeOf(text)}`, fix: 'correct the script' }) },
];

function portOf(text: string): string {
  const port = /\bport: (\d+)/.exec(text)?.[1] ?? /EADDRINUSE\S*[^\n]*:(\d+)\b/.exec(text)?.[1];
  return port === undefined ? 'its port' : `port ${port}`;
}

/** Node begins with the place. */
function placeOf(text: string): string {
  const place = /^((?:file:\/\/)?\/[^\n]*:\d+)$/m.exec(text)?.[1];
  return place === undefined ? '' : `, at ${place}`;
}
