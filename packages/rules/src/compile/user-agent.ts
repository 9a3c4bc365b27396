// What a client says of itself, as rules that data planes only run: client hints first, then marks in the User-Agent.
// A table, not a parser: only names that audiences are built on, in the order in which the strings disguise as each other.
// It travels with the strategy, so a new browser needs no new agent.

import type { MarkRule } from './snapshot.ts';

export type UserAgentPart = 'os' | 'browser' | 'device';

const AGENT = 'user-agent';
const BRANDS = 'sec-ch-ua';
const MOBILE = 'sec-ch-ua-mobile';

/** Any of the marks, in lower case, says `value`. */
const any = (value: string, header: string, ...marks: readonly string[]): readonly MarkRule[] => marks.map((mark) => [value, [[header, mark]]]);

const OS: readonly MarkRule[] = [
  ...any('Windows', AGENT, 'windows'), ...any('Android', AGENT, 'android'), ...any('iOS', AGENT, 'iphone', 'ipad', 'ipod'),
  // With the space: "microsoft" has the letters too.
  ...any('Chrome OS', AGENT, 'cros '), ...any('macOS', AGENT, 'macintosh', 'mac os x'), ...any('Linux', AGENT, 'linux', 'x11'),
];

const BROWSER: readonly MarkRule[] = [
  // Several brands are listed, made-up ones too; the most specific known one counts.
  ...any('Edge', BRANDS, '"microsoft edge"'), ...any('Opera', BRANDS, '"opera"'), ...any('Samsung Internet', BRANDS, '"samsung internet"'), ...any('Chrome', BRANDS, '"google chrome"', '"chromium"'),
  ...any('Edge', AGENT, 'edg/', 'edga/', 'edgios/', 'edge/'), ...any('Opera', AGENT, 'opr/', 'opera'), ...any('Samsung Internet', AGENT, 'samsungbrowser/'),
  ...any('Firefox', AGENT, 'firefox/', 'fxios/'), ...any('Chrome', AGENT, 'chrome/', 'crios/', 'chromium/'), ...any('Safari', AGENT, 'safari/'),
];

const DEVICE: readonly MarkRule[] = [
  ...any('mobile', MOBILE, '?1'),
  // ?0 says only "no phone": tablets send it too.
  ['tablet', [[MOBILE, '?0'], [AGENT, 'android']]], ...any('desktop', MOBILE, '?0'),
  ...any('bot', AGENT, 'bot/', 'bot;', 'bot)', 'bot ', 'bot-', 'crawler', 'spider'),
  ...any('tablet', AGENT, 'ipad', 'tablet'), ['mobile', [[AGENT, 'android'], [AGENT, 'mobile']]], ...any('tablet', AGENT, 'android'),
  ...any('mobile', AGENT, 'mobile', 'iphone', 'ipod'), ...any('desktop', AGENT, 'windows', 'macintosh', 'x11', 'linux', 'cros '),
];

export const USER_AGENT_RULES: Readonly<Record<UserAgentPart, readonly MarkRule[]>> = { os: OS, browser: BROWSER, device: DEVICE };
