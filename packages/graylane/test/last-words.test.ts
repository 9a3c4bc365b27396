// The last output of a process that did not come up, in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StartFailure } from '@graylane/pool';
import { Failure, problemText } from '../src/print/failure.ts';
import { lastWords } from '../src/print/last-words.ts';
import { asFailure } from '../src/print/thrown.ts';

function check(name: string, output: string, cause: string, fix: RegExp): void {
  test(name, () => {
    const words = lastWords(output.split('\n'));
    assert.equal(words?.cause, cause);
    assert.match(words.fix, fix);
  });
}

check('a port that nobody declared and somebody has', "Error: listen EADDRINUSE: address already in use :::3000\n  code: 'EADDRINUSE',\n  port: 3000\n}", 'port 3000 is already in use by another process', /another port/);
check('the same where the message was cut off before the port', 'Error: listen EADDRINUSE: address already in use 127.0.0.1:8081', 'port 8081 is already in use by another process', /another port/);
check('a port for root', "Error: listen EACCES: permission denied 0.0.0.0:80\n  syscall: 'listen',\n  port: 80", 'this user may not open port 80', /1024/);
check('a package that is not installed', "Error: Cannot find module 'express'\nRequire stack:", 'the package express is not installed where the script looks for it', /npm install/);
check('the same in a module', "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@hono/node-server' imported from /app/server.mjs", 'the package @hono/node-server is not installed where the script looks for it', /npm install/);
check('a file that is not there', "Error: Cannot find module './dist/app.js'", 'there is no file ./dist/app.js', /build/);
check('a module taken for CommonJS', 'SyntaxError: Cannot use import statement outside a module', 'the script is an ES module, and Node takes it for CommonJS', /"type": "module"/);
check('CommonJS taken for a module', 'ReferenceError: require is not defined in ES module scope, you can use import instead', 'the script is CommonJS, and Node takes it for an ES module', /\.cjs/);
check('a script that does not parse', '/app/server.js:3\nlet x = ;\n\nSyntaxError: Unexpected token', 'SyntaxError: Unexpected token, at /app/server.js:3', /correct/);

test('what is not known stays with the output and the fix that came with it', () => {
  assert.equal(lastWords(['Error: no DB_URL']), null);
});

test('a version that did not come up says why, before its output', () => {
  const failure = asFailure(new StartFailure({ reason: 'exited', message: 'v1 ended', cure: 'see the last lines of its output', lastLines: ["Error: Cannot find module 'express'"] }));
  assert.ok(failure instanceof Failure);
  assert.deepEqual(failure.problems.map(problemText), ["GL2006 v1 ended\n  cause: the package express is not installed where the script looks for it\n  its last output:\n    Error: Cannot find module 'express'\n  fix: npm install in the folder of that version"]);
});
