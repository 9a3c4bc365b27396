// Is the canary worse? Counts in, verdict out. Pure: no clock, no randomness, no input or output.

export type { Arrivals } from './arrivals.ts';
export { checkConfig } from './config.ts';
export type { Counting, Guardrail, Margin, MetricGuardrail, Plan, PlannedGuardrail, QuantileGuardrail, ShareGuardrail, VerdictConfig } from './config.ts';
export type { ArmEvidence, Evidence, Interval } from './evidence.ts';
export { judge } from './judge.ts';
export type { Answer, JudgeOptions, Verdict } from './judge.ts';
export { mergeObservations } from './observation.ts';
export type { ArmCounts, Observation } from './observation.ts';
export { createVerdict, observe } from './observe.ts';
export type { Reason, ReasonCode } from './reasons.ts';
export type { Crossing, State } from './state.ts';
