// Entry file of an anchor that a supervisor starts when the one that started it has been killed.

import { succeedAnchor } from './run.ts';

process.exitCode = await succeedAnchor();
if (process.connected) process.disconnect();
