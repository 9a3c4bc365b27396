// Starts well as often as GOOD_STARTS says, and never again. Each start takes a number of its own from the folder STARTS.
const fs = require('node:fs');
const path = require('node:path');
const { STARTS, GOOD_STARTS, LATE_MS, REMOVE } = process.env;
let number = 1;
for (;; number++) {
  try {
    fs.closeSync(fs.openSync(path.join(STARTS, String(number)), 'wx'));
    break;
  } catch {
    // Somebody has it.
  }
}
if (number > Number(GOOD_STARTS)) {
  if (REMOVE) fs.rmSync(REMOVE, { recursive: true });
  // The others of the same moment are to be up before this one fails.
  setTimeout(() => process.exit(9), Number(LATE_MS ?? 0));
} else require('./hello.cjs');
