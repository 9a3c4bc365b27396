// Counts the agent's own faults and keeps them away from the app; it knows nothing of what was attempted.

/** A fault is reported at most this often, so that one in every request does not flood the control socket. */
const REPORT_INTERVAL_MS = 1000;

export interface FaultReport {
  /** All faults since the start. */
  readonly count: number;
  /** The newest one. */
  readonly detail: string;
}

export class Faults {
  count = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  readonly #report: (report: FaultReport) => void;
  readonly #now: () => number;

  constructor(report: (report: FaultReport) => void, now: () => number) {
    this.#report = report;
    this.#now = now;
  }

  /** Never throws: it stands where the app must go on. */
  note(place: string, fault: unknown): void {
    this.count += 1;
    const now = this.#now();
    if (now - this.#reportedAt < REPORT_INTERVAL_MS) return;
    this.#reportedAt = now;
    try {
      this.#report({ count: this.count, detail: `${place}: ${describe(fault)}` });
    } catch {
      // The report is lost, the count is not.
    }
  }

  /** What `work` returns, or `otherwise` when it throws. */
  guard<Result>(place: string, work: () => Result, otherwise: Result): Result {
    try {
      return work();
    } catch (fault) {
      this.note(place, fault);
      return otherwise;
    }
  }
}

function describe(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  return fault.stack?.split('\n').slice(0, 3).join(' ') ?? fault.message;
}
