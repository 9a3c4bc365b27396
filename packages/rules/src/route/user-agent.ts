// Operating system, browser and device class of a client: client hints first, then a small table over the User-Agent.
// A table, not a parser: only names that audiences are built on, in the order in which the strings disguise as each other.

export type UserAgentPart = 'os' | 'browser' | 'device';

type Lookup = (header: string) => string | null;

/** The value of a tag, or null when the request does not say. */
export function userAgent(part: UserAgentPart, header: Lookup): string | null {
  switch (part) {
    case 'os': return hintedPlatform(header('sec-ch-ua-platform')) ?? first(SYSTEMS, header('user-agent'));
    case 'browser': return hintedBrand(header('sec-ch-ua')) ?? first(BROWSERS, header('user-agent'));
    case 'device': return hintedDevice(header) ?? device(header('user-agent'));
  }
}

type Table = readonly (readonly [name: string, marks: readonly string[]])[];

const SYSTEMS: Table = [
  ['Windows', ['Windows']], ['Android', ['Android']], ['iOS', ['iPhone', 'iPad', 'iPod']], ['Chrome OS', ['CrOS']],
  ['macOS', ['Macintosh', 'Mac OS X']], ['Linux', ['Linux', 'X11']],
];

const BROWSERS: Table = [
  ['Edge', ['Edg/', 'EdgA/', 'EdgiOS/', 'Edge/']], ['Opera', ['OPR/', 'Opera']], ['Samsung Internet', ['SamsungBrowser/']],
  ['Firefox', ['Firefox/', 'FxiOS/']], ['Chrome', ['Chrome/', 'CriOS/', 'Chromium/']], ['Safari', ['Safari/']],
];

function first(table: Table, agent: string | null): string | null {
  if (agent === null) return null;
  return table.find(([, marks]) => marks.some((mark) => agent.includes(mark)))?.[0] ?? null;
}

/** Sec-CH-UA-Platform is a quoted string of RFC 8941. */
function hintedPlatform(hint: string | null): string | null {
  const name = hint === null ? null : /^"([^"\\]{1,64})"$/.exec(hint)?.[1] ?? null;
  return name === 'Unknown' ? null : name;
}

const BRANDS: ReadonlyMap<string, string> = new Map([['Microsoft Edge', 'Edge'], ['Opera', 'Opera'], ['Samsung Internet', 'Samsung Internet'], ['Google Chrome', 'Chrome'], ['Chromium', 'Chrome']]);

/** Sec-CH-UA lists several brands, made-up ones too; the most specific known one counts. */
function hintedBrand(hint: string | null): string | null {
  if (hint === null) return null;
  for (const [brand, name] of BRANDS) if (hint.includes(`"${brand}"`)) return name;
  return null;
}

function hintedDevice(header: Lookup): string | null {
  const mobile = header('sec-ch-ua-mobile');
  if (mobile === '?1') return 'mobile';
  // ?0 says only "no phone": tablets send it too.
  return mobile === '?0' && header('user-agent')?.includes('Android') === true ? 'tablet' : mobile === '?0' ? 'desktop' : null;
}

function device(agent: string | null): string | null {
  if (agent === null) return null;
  if (/bot\b|crawler|spider/i.test(agent)) return 'bot';
  if (agent.includes('iPad') || (agent.includes('Android') && !agent.includes('Mobile')) || agent.includes('Tablet')) return 'tablet';
  if (agent.includes('Mobile') || agent.includes('iPhone') || agent.includes('iPod')) return 'mobile';
  return /Windows|Macintosh|X11|Linux|CrOS/.test(agent) ? 'desktop' : null;
}
