// Names and numbers that fit nothing, said to a supervisor that runs: an empty answer would say that all is well.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { appSource, freePort, Project } from './support/project.ts';

describe('of what is not there', () => {
  const project = new Project({ 'v1/server.js': appSource('one'), 'v2/server.js': appSource('two') });
  after(() => project.remove());
  before(async () => {
    const up = await project.up('./v1/server.js', '--canary', './v2/server.js', '--percent', '5', '--port', String(await freePort()));
    assert.doesNotMatch(up.output().stderr, /has changed/, 'the first run changes nothing');
  });

  const cases: Readonly<Record<string, { readonly args: readonly string[]; readonly code: number; readonly says: RegExp }>> = {
    'logs names the versions that there are': { args: ['logs', '--version', 'v9'], code: 2, says: /GL0053 there is no log of a version v9\n {2}fix: name one of: v1, v2/ },
    'status names the releases that there are': { args: ['status', 'nope'], code: 2, says: /GL3005 there is no release 'nope'\n {2}fix: name one of: canary/ },
    'events says that there are none': { args: ['events', 'nope'], code: 0, says: /nothing is known of 'nope'/ },
    'scale repeats what was asked for': { args: ['scale', 'v2', 'abc'], code: 2, says: /GL0021 <workers> abc[^]*fix:/ },
    'get refuses a revision that is no number': { args: ['get', '-r', 'abc'], code: 2, says: /GL0021 --revision abc/ },
    'logs refuses a count that is none': { args: ['logs', '-n', 'abc'], code: 2, says: /GL0021 --lines abc/ },
  };
  for (const [name, { args, code, says }] of Object.entries(cases)) {
    it(name, async () => {
      const outcome = await project.run(...args);
      assert.match(outcome.stderr, says);
      assert.equal(outcome.code, code, outcome.stderr);
    });
  }

  it('status of one release shows that release', async () => {
    const { stdout, code } = await project.run('status', 'canary', '--json');
    assert.equal(code, 0);
    assert.match(stdout, /"name":"canary"/);
  });
  it('events of a release reach back further than the last events of all', async () => {
    assert.equal((await project.run('split', 'canary', '10%')).code, 0);
    for (const reason of ['a', 'b']) {
      assert.equal((await project.run('freeze', reason)).code, 0);
      assert.equal((await project.run('unfreeze')).code, 0);
    }
    const { stdout } = await project.run('events', 'canary', '-n', '1');
    assert.match(stdout, /canary .*5 % → 10 %/);
  });
});
