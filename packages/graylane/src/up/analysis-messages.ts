// What the thread of the analysis is asked, and what it answers.

import type { Finding, Snapshot, Strategy, StrategyDocument, StrategyError } from '@graylane/rules';

export type Question =
  | { readonly kind: 'analyse'; readonly strategy: Strategy; readonly budget: number }
  | { readonly kind: 'compile'; readonly document: StrategyDocument };

export type Answer =
  | { readonly kind: 'findings'; readonly findings: readonly Finding[] }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'invalid'; readonly errors: readonly StrategyError[] }
  | { readonly kind: 'failed'; readonly why: string };

export interface Asked { readonly id: number; readonly question: Question }
export interface Answered { readonly id: number; readonly answer: Answer }
