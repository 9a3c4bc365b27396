// Lint with types on: a floating promise in a process supervisor is a lost process.
import tseslint from 'typescript-eslint';

const tests = ['packages/*/test/**/*.ts', 'tools/**/*.ts', 'bench/**/*.ts', 'conformance/**/*.ts'];

/** One program for all sources and one for all tests: a program for each package would check what they share ten times. */
const program = (project) => ({ parserOptions: { project: [project], tsconfigRootDir: import.meta.dirname } });

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'examples/**', '.cache/**', 'bench/node_modules/**', '**/*.js', '**/*.mjs', '**/*.cjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: program('tsconfig.lint.json'),
    rules: {
      // Numbers and booleans in messages are what a message is for.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // noPropertyAccessFromIndexSignature asks for the brackets that dot-notation forbids.
      '@typescript-eslint/dot-notation': 'off',
      // A fifth of the time for nothing: erasableSyntaxOnly leaves no enum, and of a class with #members the compiler takes no stand-in.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: tests,
    languageOptions: program('tsconfig.test.json'),
    rules: {
      // node:test's describe and it return promises that the runner awaits.
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] }] }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      // What a test calls may be on its way out.
      '@typescript-eslint/no-deprecated': 'off',
    },
  },
);
