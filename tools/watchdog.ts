// Loaded before each test file: a file that does not end, because something in it still runs, ends here and says what it was.
// The time limits of node:test are for single tests; without this one, a loop that a failed test left behind runs forever.

/** Far above the longest file on a busy machine. */
const FILE_LIMIT_MS = 600_000;

// Processes that a test starts inherit options and environment, but not this: only the runner's own child speaks to it.
if (process.env['NODE_TEST_CONTEXT']?.startsWith('child') === true && process.argv[1]?.endsWith('.test.ts') === true) {
  setTimeout(() => {
    console.error(`${process.argv[1] ?? ''} has not ended after ${FILE_LIMIT_MS / 1000} s; still active: ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  }, FILE_LIMIT_MS).unref();
}
