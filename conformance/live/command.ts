// The graylane under test: the one of this checkout, or the build that GRAYLANE_COMMAND names.

import { join } from 'node:path';

/** Path of the command's script, to be run with this Node. */
export const graylaneCommand: string = process.env['GRAYLANE_COMMAND'] ?? join(import.meta.dirname, '../../packages/graylane/bin/graylane.js');
