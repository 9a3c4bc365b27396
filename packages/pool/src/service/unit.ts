// What the system's own service manager needs to know: systemd units and a launchd property list, as text. Writes nothing.

export interface ServicePlan {
  /** Letters, digits and dashes; becomes the unit's file name. */
  readonly name: string;
  readonly description: string;
  /** The command line of the anchor, absolute path first. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly user: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** Public places; with them systemd keeps the sockets, also over a restart of the service. */
  readonly places: readonly { readonly port: number; readonly host: string | null; readonly slots: number }[];
  /** The longest graceful end: drain plus kill timeout. */
  readonly stopTimeoutMs: number;
}

export interface UnitFile { readonly file: string; readonly text: string }

const NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,60}$/;

/** The service, and a socket unit when there are places. Throws RangeError on a name that could escape its folder. */
export function systemdUnits(plan: ServicePlan): readonly UnitFile[] {
  checkName(plan.name);
  const socket: UnitFile = { file: `${plan.name}.socket`, text: socketUnit(plan) };
  const service: UnitFile = { file: `${plan.name}.service`, text: serviceUnit(plan) };
  return plan.places.length === 0 ? [service] : [service, socket];
}

export function launchdPlist(plan: ServicePlan): UnitFile {
  checkName(plan.name);
  const strings = plan.command.map((word) => `    <string>${xml(word)}</string>`).join('\n');
  const env = Object.entries(plan.env).map(([name, value]) => `    <key>${xml(name)}</key><string>${xml(value)}</string>`).join('\n');
  const user = plan.user === null ? '' : `  <key>UserName</key><string>${xml(plan.user)}</string>\n`;
  return {
    file: `dev.graylane.${plan.name}.plist`,
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>dev.graylane.${plan.name}</string>
  <key>ProgramArguments</key>
  <array>
${strings}
  </array>
  <key>WorkingDirectory</key><string>${xml(plan.cwd)}</string>
  <key>EnvironmentVariables</key>
  <dict>
${env}
  </dict>
${user}  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><true/>
  <!-- Workers outlive a supervisor; launchd must not end them with it. -->
  <key>AbandonProcessGroup</key><true/>
  <key>ExitTimeOut</key><integer>${seconds(plan)}</integer>
</dict>
</plist>
`,
  };
}

function serviceUnit(plan: ServicePlan): string {
  const env = Object.entries(plan.env).map(([name, value]) => `Environment=${quote(`${name}=${value}`)}\n`).join('');
  const sockets = plan.places.length === 0 ? '' : `Requires=${plan.name}.socket\nAfter=${plan.name}.socket\n`;
  return `[Unit]
Description=${oneLine(plan.description)}
After=network.target
${sockets}
[Service]
Type=exec
ExecStart=${plan.command.map(quote).join(' ')}
WorkingDirectory=${oneLine(plan.cwd)}
${plan.user === null ? '' : `User=${oneLine(plan.user)}\n`}${env}# Workers outlive a supervisor that dies and are adopted by the next one, so systemd must signal the main process only.
KillMode=process
Restart=always
RestartSec=100ms
TimeoutStopSec=${seconds(plan)}s
# The worker that runs out of memory is the one to go, not the service.
OOMPolicy=continue
# Gives canary pools less CPU than stable ones.
Delegate=cpu memory
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;
}

function socketUnit(plan: ServicePlan): string {
  const listens = plan.places.flatMap((place) => {
    const address = place.host === null ? String(place.port) : `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
    return Array.from({ length: place.slots }, () => `ListenStream=${address}\n`);
  });
  return `[Unit]
Description=Public sockets of ${oneLine(plan.description)}

[Socket]
# One socket for each worker slot; they share their port.
ReusePort=yes
${listens.join('')}Backlog=511
NoDelay=yes

[Install]
WantedBy=sockets.target
`;
}

/** Time for drain and kill, and a little more for the way there and back. */
function seconds(plan: ServicePlan): number {
  return Math.ceil(plan.stopTimeoutMs / 1000) + 5;
}

/** systemd.syntax(7): double quotes, C escapes, and `%` and `$` doubled. */
function quote(word: string): string {
  const escaped = oneLine(word).replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[A-Za-z0-9_./:=@%$+,-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/** A line break would begin a directive of its own. */
function oneLine(text: string): string {
  if (/[\0\r\n]/.test(text)) throw new RangeError(`a unit file cannot hold the line break in ${JSON.stringify(text)}`);
  return text;
}

function checkName(name: string): void {
  if (!NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name for a service; use letters, digits and dashes`);
}

function xml(text: string): string {
  return oneLine(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
