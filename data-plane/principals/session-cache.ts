/** Opened session tokens: opening one costs as much as everything else about a request, and clients use theirs for an hour. */

/** An entry holds a token (4 KiB at most), its claims and its compiled policies, 2 KiB as a rule and 20 KiB at most: below 5 MiB as a rule, 40 MiB at most. */
const ENTRIES_MAX = 2048;

interface Entry<Value> {
  readonly token: string;
  readonly value: Value;
}

/** By access key, the least recently used first; a token is for one key. */
export class SessionCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();

  /** What is kept for exactly this token. */
  get(accessKeyId: string, token: string): Value | undefined {
    const entry = this.#entries.get(accessKeyId);
    if (entry === undefined || entry.token !== token) return undefined;
    this.#entries.delete(accessKeyId);
    this.#entries.set(accessKeyId, entry);
    return entry.value;
  }

  set(accessKeyId: string, token: string, value: Value): void {
    this.#entries.delete(accessKeyId);
    this.#entries.set(accessKeyId, { token, value });
    if (this.#entries.size <= ENTRIES_MAX) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }

  get size(): number {
    return this.#entries.size;
  }
}
