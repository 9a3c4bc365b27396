// A process to be killed: commits numbers as fast as it can and says on stdout which one was acknowledged.

import { systemClock } from '../../src/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

const [, , file = ''] = process.argv;
const store = await openSqliteStore({ file, clock: systemClock });
let number = Number((await store.get('number'))?.value ?? 0);
process.stdout.write(`open ${await store.revision()}\n`);
for (;;) {
  number += 1;
  process.stdout.write(`try ${number}\n`);
  const result = await store.commit([], [{ key: 'number', value: String(number) }, { key: `log/${String(number).padStart(9, '0')}`, value: String(number) }]);
  process.stdout.write(`done ${number} ${result.revision}\n`);
}
