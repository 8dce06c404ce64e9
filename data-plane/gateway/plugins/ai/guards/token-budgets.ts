/** Budgets of tokens in windows of time that move: taken by an estimate first, and put right when it is known. Pure but for the clock. */
import type { Clock } from "#foundation/runtime";

export interface TokenBudgetOptions {
  readonly clock: Clock;
  readonly quota: number;
  readonly windowMs: number;
  /** Keys told apart; the others share one budget, or (`allow`) have none. */
  readonly keysMax?: number;
  readonly whenFull: "share" | "allow";
}

/** What was taken for one request. */
export interface Reservation {
  readonly allowed: boolean;
  /** What is left now; never less than 0. */
  readonly remaining: number;
  /** Until what was asked for is there, when nobody takes any meanwhile; Infinity when it is more than the whole budget. Refused ones only. */
  readonly moreAfterMs: number;
  /** How many it really were. Once. May lead below nothing: then others wait longer. @returns what is left */
  settle(tokens: number): number;
}

export interface TokenBudgets {
  reserve(key: string, tokens: number): Reservation;
  readonly size: number;
}

/** Tokens taken within this part of a window are remembered together, and leave it together, when the last of them could: so that no window has more than the quota. */
export const SLOTS_PER_WINDOW = 16;
const KEYS_MAX = 100_000;

interface Slot {
  readonly number: number;
  tokens: number;
}

interface Budget {
  readonly slots: Slot[];
  used: number;
  touchedAtMs: number;
}

export function createTokenBudgets(options: TokenBudgetOptions): TokenBudgets {
  const { clock, quota, windowMs, keysMax = KEYS_MAX, whenFull } = options;
  const slotMs = windowMs / SLOTS_PER_WINDOW;
  /** Those that were touched last are last. */
  const budgets = new Map<string, Budget>();
  const shared: Budget = { slots: [], used: 0, touchedAtMs: 0 };
  const leavesAtMs = ({ number }: Slot): number => (number + 1) * slotMs + windowMs;

  const refresh = (budget: Budget, nowMs: number): void => {
    while (budget.slots.length > 0 && leavesAtMs(budget.slots[0]!) <= nowMs)
      budget.used -= budget.slots.shift()!.tokens;
  };

  const budgetOf = (key: string, nowMs: number): Budget | undefined => {
    const known = budgets.get(key);
    if (known !== undefined) {
      budgets.delete(key);
      budgets.set(key, known);
      return known;
    }
    if (budgets.size >= keysMax) {
      const [oldestKey, oldest] = budgets.entries().next().value!;
      // What was not touched for so long is empty.
      if (oldest.touchedAtMs + windowMs + 2 * slotMs > nowMs) return whenFull === "share" ? shared : undefined;
      budgets.delete(oldestKey);
    }
    const made: Budget = { slots: [], used: 0, touchedAtMs: nowMs };
    budgets.set(key, made);
    return made;
  };

  const add = (budget: Budget, tokens: number, nowMs: number): Slot => {
    const number = Math.floor(nowMs / slotMs);
    let slot = budget.slots.at(-1);
    if (slot?.number !== number) {
      slot = { number, tokens: 0 };
      budget.slots.push(slot);
    }
    slot.tokens += tokens;
    budget.used += tokens;
    budget.touchedAtMs = nowMs;
    return slot;
  };

  const remaining = ({ used }: Budget): number => Math.max(0, quota - used);

  const waitOf = (budget: Budget, tokens: number, nowMs: number): number => {
    let missing = budget.used + tokens - quota;
    for (const slot of budget.slots) {
      missing -= slot.tokens;
      if (missing <= 0) return Math.max(1, Math.ceil(leavesAtMs(slot) - nowMs));
    }
    return Number.POSITIVE_INFINITY;
  };

  return {
    reserve(key, tokens) {
      const nowMs = clock.monotonicMs();
      const budget = budgetOf(key, nowMs);
      if (budget === undefined) return { allowed: true, remaining: quota, moreAfterMs: 0, settle: () => quota };
      refresh(budget, nowMs);
      if (budget.used + tokens > quota) {
        const moreAfterMs = waitOf(budget, tokens, nowMs);
        return { allowed: false, remaining: remaining(budget), moreAfterMs, settle: () => remaining(budget) };
      }
      const slot = add(budget, tokens, nowMs);
      return {
        allowed: true,
        remaining: remaining(budget),
        moreAfterMs: 0,
        settle(actual) {
          const settledMs = clock.monotonicMs();
          refresh(budget, settledMs);
          if (budget.slots.includes(slot)) {
            slot.tokens += actual - tokens;
            budget.used += actual - tokens;
            budget.touchedAtMs = settledMs;
          } else if (actual > tokens && (budget === shared || budgets.get(key) === budget)) {
            // What was taken has left the window already; what comes on top of it is taken now.
            add(budget, actual - tokens, settledMs);
          }
          return remaining(budget);
        },
      };
    },
    get size() {
      return budgets.size;
    },
  };
}
