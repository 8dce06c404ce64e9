/** Counts the steps of a run and spoils one of them. */

/** What happens at the chosen step. */
export type Fault =
  /** The step fails as on a full disk; everything after it works. */
  | "fails"
  /** The machine stops just before the step takes effect. */
  | "crash before"
  /** The machine stops just after. */
  | "crash after";

/** The machine is gone; whoever waits for it waits in vain. */
export class Crashed extends Error {
  override readonly name = "Crashed";
}

export class FaultPlan {
  /** Names of the steps passed so far. */
  readonly steps: string[] = [];
  private readonly at: number;
  private readonly fault: Fault;
  crashed = false;

  /** @param at the step to spoil, from 0; -1 for none */
  constructor(at: number, fault: Fault) {
    this.at = at;
    this.fault = fault;
  }

  /** Call before an effect. */
  before(name: string, code: "ENOSPC" | "SQLITE_FULL" = "ENOSPC"): number {
    if (this.crashed) throw new Crashed();
    const step = this.steps.push(name) - 1;
    if (step !== this.at) return step;
    if (this.fault === "fails") throw Object.assign(new Error(`no space for ${name}`), { code });
    if (this.fault === "crash before") this.crash();
    return step;
  }

  /** Call after it, with what `before` returned. */
  after(step: number): void {
    if (this.crashed) throw new Crashed();
    if (step === this.at && this.fault === "crash after") this.crash();
  }

  sync<Result>(name: string, run: () => Result): Result {
    const step = this.before(name);
    const result = run();
    this.after(step);
    return result;
  }

  async async<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
    const step = this.before(name);
    const result = await run();
    this.after(step);
    return result;
  }

  private crash(): never {
    this.crashed = true;
    throw new Crashed();
  }
}
