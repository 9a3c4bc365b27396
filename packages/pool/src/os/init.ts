// Being process 1, as in a container: orphans of the whole container become its children, and who does not reap them runs
// out of process numbers. Node reaps only what it has started itself; a shell reaps whatever there is.

import { existsSync } from 'node:fs';

const SHELL = '/bin/sh';

/**
 * Waits for the command and reaps all others meanwhile. A signal that arrives interrupts `wait` (POSIX, 2.11), so it asks
 * again until the command is gone. Standard input is given on by hand: a shell takes it from what it starts in the background.
 */
const REAPER = `
"$@" <&0 &
command=$!
for name in TERM INT HUP QUIT USR2; do trap "kill -$name $command" $name; done
while kill -0 $command 2>/dev/null; do wait $command; code=$?; done
exit $code
`;

/**
 * As process 1 this call does not return: a shell takes its place and runs the same command as a child.
 * Where there is no shell, or Node cannot be replaced (before 22.15), the process goes on as it is; `docker run --init` helps there.
 */
export function leaveInitToShell(self: Pick<NodeJS.Process, 'pid' | 'execPath' | 'execArgv' | 'argv' | 'env' | 'execve'>): void {
  if (self.pid !== 1 || !existsSync(SHELL)) return;
  self.execve?.(SHELL, ['sh', '-c', REAPER, 'graylane', self.execPath, ...self.execArgv, ...self.argv.slice(1)], self.env);
}
