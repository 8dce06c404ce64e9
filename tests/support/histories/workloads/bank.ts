/**
 * Bank: transfers between accounts. Money is neither made nor lost, so that every read of all accounts has the same sum.
 */

export interface BankRules {
  readonly accounts: readonly string[];
  readonly total: bigint;
  /** Whether a transfer may take more than there is; it may not when left out. */
  readonly mayOverdraw?: boolean;
}

/** What one transaction read: the balance of every account. */
export interface BankRead {
  readonly name: string;
  readonly balances: ReadonlyMap<string, bigint>;
}

/** @returns what is wrong, a sentence each; nothing when all is well */
export function checkBank({ accounts, total, mayOverdraw = false }: BankRules, reads: readonly BankRead[]): string[] {
  const known = new Set(accounts);
  return reads.flatMap(({ name, balances }) => {
    const missing = accounts.filter((account) => !balances.has(account));
    const strange = [...balances.keys()].filter((account) => !known.has(account));
    const overdrawn = mayOverdraw ? [] : [...balances].filter(([, balance]) => balance < 0n);
    const sum = [...balances.values()].reduce((left, right) => left + right, 0n);
    return [
      ...missing.map((account) => `${name} does not see account ${account}.`),
      ...strange.map((account) => `${name} sees ${account}, which is no account.`),
      ...overdrawn.map(([account, balance]) => `${name} sees ${balance} in account ${account}.`),
      ...(sum === total ? [] : [`${name} sees a sum of ${sum}, not ${total}.`]),
    ];
  });
}
