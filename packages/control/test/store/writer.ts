// A process to be killed: commits numbers as fast as it can and says on stdout which one was acknowledged.

import { writeSync } from 'node:fs';
import { systemClock } from '../../src/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

const [, , file = ''] = process.argv;
const store = await openSqliteStore({ file, clock: systemClock });
let number = Number((await store.get('number'))?.value ?? 0);
say(`open ${await store.revision()}\n`);
for (;;) {
  number += 1;
  say(`try ${number}\n`);
  const result = await store.commit([], [{ key: 'number', value: String(number) }, { key: `log/${String(number).padStart(9, '0')}`, value: String(number) }]);
  say(`done ${number} ${result.revision}\n`);
}

/** Waits for the reader: what is said has left this process before the next thing is done. `process.stdout` would keep what the pipe has no room for. */
function say(text: string): void {
  writeSync(1, text);
}
