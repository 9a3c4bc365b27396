// What a judge has to reach in a question.

export type Reach =
  | { readonly kind: 'false-stops'; readonly atMost: number }
  | { readonly kind: 'median-stop'; readonly minutes: number }
  | { readonly kind: 'false-passes'; readonly atMost: number };
