// What a verdict is asked to guard, and the parsed plan of it that cannot be wrong.

/** How much worse the canary may be and still pass. */
export interface Margin {
  /** Relative: 0.25 lets the treated rate, quantile or value be up to 1.25 times control's. Harm is measured against it. */
  readonly ratio?: number;
  /** Absolute, for shares only: going on is also right when the treated share is at most this much above control's. */
  readonly difference?: number;
}

/**
 * What is counted of a share.
 *
 * - `users`: each user at most once as bad in the life of the release. Exact under randomisation, however the requests
 *   and errors of one user cluster, and however load and error rates drift in both arms.
 * - `requests`: where users are not known. An affected user makes `errorsPerUser` bad requests on average, and each
 *   of them counts for less accordingly: slower, and right as far as that average is not exceeded.
 */
export type Counting = 'users' | 'requests';

/** Errors, or requests over one latency limit: a share of bad units that must not grow. */
export interface ShareGuardrail {
  readonly kind: 'share';
  readonly name: string;
  /** Default `users`. */
  readonly counting?: Counting;
  /** Only for `requests`, default 5; 1 where requests really are independent. */
  readonly errorsPerUser?: number;
  readonly margin?: Margin;
  /** Its part of the error budget, relative to the other guardrails'. Default 1. */
  readonly weight?: number;
}

/** A quantile of latency, from histograms over fixed edges. Units must be independent (one request a user and window). */
export interface QuantileGuardrail {
  readonly kind: 'quantile';
  readonly name: string;
  /** 0.95 for the 95th percentile. */
  readonly quantile: number;
  /**
   * Upper edges of the buckets, ascending; one more bucket holds what is above the last. Edges further apart than a
   * fifth of the margin (5 % for the default) blur what is compared.
   */
  readonly edges: readonly number[];
  readonly margin?: Margin;
  readonly weight?: number;
}

/** Any number that is reported for each arm once a block (from Prometheus or the app), compared pair by pair. */
export interface MetricGuardrail {
  readonly kind: 'metric';
  readonly name: string;
  readonly worse: 'higher' | 'lower';
  readonly margin?: Margin;
  readonly weight?: number;
}

export type Guardrail = ShareGuardrail | QuantileGuardrail | MetricGuardrail;

export interface VerdictConfig {
  readonly guardrails: readonly Guardrail[];
  /**
   * What the treated arm is compared with. `randomised` (default): the same audience, out by its bucket.
   * `stable`: stable as a whole, where no such control exists; differences of audience then look like harm, and the
   * verdict says so.
   */
  readonly control?: 'randomised' | 'stable';
  /** The probability of ever stopping a release that harms nothing, over all guardrails and all looks. Default 0.01. */
  readonly alpha?: number;
  /** The probability of ever going on with one that exceeds a margin. Default 0.05. */
  readonly goAlpha?: number;
  /** Nothing goes on before each arm has this many units. Default 100. */
  readonly minUnits?: number;
  readonly sampleRatio?: {
    /** The probability of a false alarm about the split itself. Default 0.001. */
    readonly alpha?: number;
    /** Relative deviation of the odds of being treated that is nobody's fault (lost counts). Default 0.05. */
    readonly tolerance?: number;
  };
}

interface Planned {
  readonly name: string;
  /** One plus the relative margin: the ratio that is tested. */
  readonly limit: number;
  /** The probability of a false stop that this guardrail may spend. */
  readonly alpha: number;
}
export interface PlannedShare extends Planned { readonly kind: 'share'; readonly counting: Counting; readonly errorsPerUser: number; readonly difference: number }
export interface PlannedQuantile extends Planned { readonly kind: 'quantile'; readonly quantile: number; readonly edges: readonly number[] }
export interface PlannedMetric extends Planned { readonly kind: 'metric'; readonly worse: 'higher' | 'lower' }
export type PlannedGuardrail = PlannedShare | PlannedQuantile | PlannedMetric;

export interface Plan {
  readonly guardrails: readonly PlannedGuardrail[];
  readonly control: 'randomised' | 'stable';
  readonly goAlpha: number;
  readonly minUnits: number;
  readonly sampleRatio: { readonly alpha: number; readonly tolerance: number };
}

/** More guardrails than this leave each with too little of the error budget to see anything in time. */
const GUARDRAIL_LIMIT = 64;
/** Edges at 5 % from 1 ms to a minute are 226. */
const EDGE_LIMIT = 256;

const DEFAULT_ALPHA = 0.01;
const DEFAULT_GO_ALPHA = 0.05;
const DEFAULT_MIN_UNITS = 100;
const DEFAULT_RATIO = 0.25;
const DEFAULT_DIFFERENCE = 0.005;
const DEFAULT_ERRORS_PER_USER = 5;
const DEFAULT_SAMPLE_RATIO_ALPHA = 0.001;
const DEFAULT_TOLERANCE = 0.05;

/** All that is wrong with `config`, each with its place; empty when it is right. */
export function checkConfig(config: VerdictConfig): readonly string[] {
  const problems: string[] = [];
  const check = (holds: boolean, place: string, want: string): void => {
    if (!holds) problems.push(`${place} must be ${want}`);
  };
  check(inside(config.alpha ?? DEFAULT_ALPHA, 0, 0.5), 'alpha', 'a probability above 0 and below 0.5, such as 0.01');
  check(inside(config.goAlpha ?? DEFAULT_GO_ALPHA, 0, 0.5), 'goAlpha', 'a probability above 0 and below 0.5, such as 0.05');
  check(isCount(config.minUnits ?? DEFAULT_MIN_UNITS), 'minUnits', 'a whole number of units, 0 or more');
  check(inside(config.sampleRatio?.alpha ?? DEFAULT_SAMPLE_RATIO_ALPHA, 0, 0.5), 'sampleRatio.alpha', 'a probability above 0 and below 0.5, such as 0.001');
  check(isMargin(config.sampleRatio?.tolerance ?? DEFAULT_TOLERANCE), 'sampleRatio.tolerance', 'a relative deviation from 0 to 1000, such as 0.05 for 5 %');
  check(config.guardrails.length > 0, 'guardrails', 'at least one: a verdict that guards nothing passes everything');
  check(config.guardrails.length <= GUARDRAIL_LIMIT, 'guardrails', `at most ${GUARDRAIL_LIMIT}`);
  const names = new Set<string>();
  for (const [index, guardrail] of config.guardrails.entries()) {
    checkGuardrail(guardrail, `guardrails[${index}]`, check);
    check(!names.has(guardrail.name), `guardrails[${index}].name`, `a name of its own ("${guardrail.name}" is there twice)`);
    names.add(guardrail.name);
  }
  return problems;
}

/** The plan of a config without problems; throws a RangeError that lists them all otherwise. */
export function planOf(config: VerdictConfig): Plan {
  const problems = checkConfig(config);
  if (problems.length > 0) throw new RangeError(`verdict: ${problems.join('; ')}`);
  const weights = config.guardrails.reduce((sum, guardrail) => sum + (guardrail.weight ?? 1), 0);
  return {
    guardrails: config.guardrails.map((guardrail) => planned(guardrail, ((config.alpha ?? DEFAULT_ALPHA) * (guardrail.weight ?? 1)) / weights)),
    control: config.control ?? 'randomised',
    goAlpha: config.goAlpha ?? DEFAULT_GO_ALPHA,
    minUnits: config.minUnits ?? DEFAULT_MIN_UNITS,
    sampleRatio: { alpha: config.sampleRatio?.alpha ?? DEFAULT_SAMPLE_RATIO_ALPHA, tolerance: config.sampleRatio?.tolerance ?? DEFAULT_TOLERANCE },
  };
}

function planned(guardrail: Guardrail, alpha: number): PlannedGuardrail {
  const common = { name: guardrail.name, limit: 1 + (guardrail.margin?.ratio ?? DEFAULT_RATIO), alpha };
  switch (guardrail.kind) {
    case 'share':
      return {
        kind: 'share', ...common, counting: guardrail.counting ?? 'users',
        errorsPerUser: guardrail.counting === 'requests' ? (guardrail.errorsPerUser ?? DEFAULT_ERRORS_PER_USER) : 1,
        difference: guardrail.margin?.difference ?? DEFAULT_DIFFERENCE,
      };
    case 'quantile':
      return { kind: 'quantile', ...common, quantile: guardrail.quantile, edges: guardrail.edges };
    case 'metric':
      return { kind: 'metric', ...common, worse: guardrail.worse };
  }
}

function checkGuardrail(guardrail: Guardrail, place: string, check: (holds: boolean, place: string, want: string) => void): void {
  check(guardrail.name !== '', `${place}.name`, 'a name');
  check(isMargin(guardrail.margin?.ratio ?? DEFAULT_RATIO), `${place}.margin.ratio`, 'a relative margin from 0 to 1000, such as 0.25 for 25 %');
  check(inside(guardrail.weight ?? 1, 0, Infinity), `${place}.weight`, 'a number above 0');
  switch (guardrail.kind) {
    case 'share':
      check(inside(guardrail.margin?.difference ?? DEFAULT_DIFFERENCE, -1e-300, 1), `${place}.margin.difference`, 'a share from 0 to below 1, such as 0.005 for half a percentage point');
      check(inside(guardrail.errorsPerUser ?? 1, 0.999_999, 1001), `${place}.errorsPerUser`, 'an average from 1 to 1000');
      check(guardrail.errorsPerUser === undefined || guardrail.counting === 'requests', `${place}.errorsPerUser`, 'left out unless counting is "requests": a user is bad once');
      return;
    case 'quantile':
      check(inside(guardrail.quantile, 0, 1), `${place}.quantile`, 'above 0 and below 1, such as 0.95');
      check(guardrail.edges.length > 0 && guardrail.edges.length <= EDGE_LIMIT, `${place}.edges`, `1 to ${EDGE_LIMIT} upper edges of buckets`);
      check(guardrail.edges.every((edge, index) => Number.isFinite(edge) && edge > (guardrail.edges[index - 1] ?? 0)), `${place}.edges`, 'numbers above 0 in ascending order');
      return;
    case 'metric':
  }
}

function inside(value: number, above: number, below: number): boolean {
  return value > above && value < below;
}

function isMargin(value: number): boolean {
  return value >= 0 && value <= 1000;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
