// The text of a change: what it changed, and who routes by it now. Pure.

import type { Api } from '@graylane/wire';

export function appliedText(applied: Api<'Applied'>): string {
  const lines = applied.changes.length === 0 ? [] : [changesText(applied.changes)];
  lines.push(...applied.notes.map((note) => `note: ${note}`));
  const isDone = applied.notes.some((note) => note.startsWith('nothing to do'));
  lines.push(...applied.findings.map((finding) => `${finding.level}: ${finding.message}`));
  if (applied.dryRun) lines.push(`nothing was changed (dry run on revision ${applied.revision})`);
  else if (!isDone) lines.push(inForceText(applied));
  return lines.join('\n');
}

function inForceText({ generation, revision, acked, stale, tookMs }: Api<'Applied'>): string {
  // Nothing was published by this very call: it was done before, or it goes on in the background.
  if (acked === 0 && stale.length === 0 && tookMs === 0) return 'accepted; graylane status --wait shows how it goes on';
  const behind = stale.length === 0 ? '' : `; behind and no entry until they answer: ${stale.join(', ')}`;
  return `generation ${generation} (revision ${revision}) is in force in ${acked} worker${acked === 1 ? '' : 's'} after ${tookMs.toFixed(1)} ms${behind}`;
}

export function changesText(changes: Api<'Difference'>['changes']): string {
  return changes.map(changeText).join('\n');
}

function changeText({ pointer, kind, before, after }: Api<'Change'>): string {
  switch (kind) {
    case 'added': return `+ ${pointer}: ${JSON.stringify(after)}`;
    case 'removed': return `- ${pointer}: ${JSON.stringify(before)}`;
    case 'changed': return `~ ${pointer}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`;
  }
}
