// Which commands make sense now, the most likely first. Pure text from what status says.

import type { Api } from '@graylane/wire';

type Release = Api<'Release'>;

/** A person reads three. */
const NEXT_LIMIT = 3;
const FIRST_PERCENT = 5;

export function nextCommands(releases: readonly Release[]): string[] {
  const open = releases.filter(({ phase }) => phase !== 'succeeded' && phase !== 'rolled-back');
  // What was rolled back is tried again, or another version comes.
  const again = releases.filter(({ phase }) => phase === 'rolled-back').map(({ name }) => `graylane start ${name}`);
  if (open.length === 0) return [...again, 'graylane canary <dir or script>'].slice(0, NEXT_LIMIT);
  return [...new Set(open.flatMap(commandsFor))].slice(0, NEXT_LIMIT);
}

function commandsFor(release: Release): readonly string[] {
  const { name, phase, steps, hold } = release;
  const back = `graylane rollback ${name}`;
  switch (phase) {
    case 'pending': return [`graylane start ${name}`];
    case 'promoting': case 'rolling-back': return ['graylane status --wait'];
    case 'succeeded': case 'rolled-back': return [];
    case 'progressing': case 'paused':
      if (hold === 'failure') return [`graylane resume ${name}`, back];
      if (hold === 'verdict') return [`graylane compare ${name}`, `graylane promote ${name}`, back];
      return steps.length === 0 ? [...unplanned(release), back] : [`graylane compare ${name}`, `graylane promote ${name}`, back];
  }
}

/** Twice as many, and a few at first. */
export function nextPercent(percent: number): number {
  return percent === 0 ? FIRST_PERCENT : Math.min(100, percent * 2);
}

/** Without a plan a person raises the share, and looks before it. */
function unplanned({ name, percent, verdict }: Release): readonly string[] {
  if (verdict?.answer === 'harm') return [`graylane rollback ${name}`, `graylane compare ${name}`];
  if (percent >= 100) return [`graylane promote ${name} --full`];
  return [`graylane split ${name} ${nextPercent(percent)}%`];
}
