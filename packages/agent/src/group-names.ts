// How the forwarder's groups are called. It knows no worker.

/** A version's servers on one public place form a group. */
export function groupName(version: string, index: number): string {
  return `${version}/${index}`;
}

/** The same for HTTP/2 streams, which have a private socket of their own. */
export function streamGroupName(version: string, index: number): string {
  return `${groupName(version, index)}/h2`;
}
