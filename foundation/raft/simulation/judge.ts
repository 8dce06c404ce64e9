/**
 * Watches a whole group while it runs, and says at once what must never be: the properties of figure 3.2 of the dissertation, memberships that differ,
 * and histories that are not linearizable.
 */

import type { Core, Effects, Entry, Membership, NodeId } from "../index.ts";

/** The group has broken a promise. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}

/** See the head of this file. One for each run. */
export class Judge {
  /** What was committed, by index, as the first member to apply it saw it. */
  readonly committed = new Map<number, string>();
  /** The term of each, and the term in which it was first seen to be committed. */
  private readonly committedTerms = new Map<number, { readonly term: number; readonly seenIn: number }>();
  private readonly leaders = new Map<number, NodeId>();
  private readonly written = new Map<string, string>();
  private readonly memberships = new Map<number, string>();
  /** Commands that were refused: they must never be seen. */
  private readonly refused = new Set<string>();
  /** The position of the latest command that anybody was told of. */
  private toldPosition = 0;
  elections = 0;

  /** After every input. */
  onStep(core: Core): void {
    this.checkMembership(core);
    if (core.role !== "leader") return;
    const known = this.leaders.get(core.term);
    if (known === core.options.id) return;
    if (known !== undefined) broken(`election safety: ${known} and ${core.options.id} both lead term ${core.term}`);
    this.leaders.set(core.term, core.options.id);
    this.elections++;
    for (const [index, { term, seenIn }] of this.committedTerms) {
      // A candidate of an older term may win late, when others have gone on without it: it will commit nothing.
      if (index < core.log.firstIndex || seenIn >= core.term) continue;
      if (core.log.termAt(index) !== term)
        broken(`leader completeness: ${core.options.id} leads term ${core.term} without the committed entry ${index}`);
    }
  }

  /** What a member is about to write. By induction over the entry before, equal index and term mean equal logs up to there. */
  onEffects(core: Core, effects: Effects): void {
    for (const entry of effects.entries) {
      const before = core.log.termAt(entry.index - 1);
      if (before === undefined) continue;
      const place = `${entry.index}@${entry.term}`;
      const text = `after ${before}: ${describe(entry)}`;
      const known = this.written.get(place);
      if (known === undefined) this.written.set(place, text);
      else if (known !== text) broken(`log matching: ${place} is '${known}' and '${text}'`);
    }
  }

  onApplied(core: Core, entry: Entry): void {
    const text = `${entry.term} ${describe(entry)}`;
    const known = this.committed.get(entry.index);
    if (known === undefined) {
      this.committed.set(entry.index, text);
      this.committedTerms.set(entry.index, { term: entry.term, seenIn: core.term });
    } else if (known !== text)
      broken(`state machine safety: ${core.options.id} applies '${text}' at ${entry.index}, another '${known}'`);
    if (entry.kind === "command" && this.refused.has(textOf(entry.data)))
      broken(`a refused command was applied: ${text}`);
  }

  /** An operation begins. @returns what it must at least see. */
  begin(): number {
    return this.toldPosition;
  }

  /** A command was told to be applied at a position of its own, or a read has seen everything up to a position. */
  end(kind: "write" | "read", seenBefore: number, position: number): void {
    if (kind === "write" ? position <= seenBefore : position < seenBefore)
      broken(`linearizability: a ${kind} at ${position} began after ${seenBefore} was told`);
    this.toldPosition = Math.max(this.toldPosition, position);
  }

  refuse(command: string): void {
    this.refused.add(command);
    for (const text of this.committed.values())
      if (text.endsWith(` ${command}`)) broken(`an applied command was refused: ${text}`);
  }

  /** Members must never disagree who the members are at the same place of the log. */
  private checkMembership(core: Core): void {
    if (core.membershipIndex === 0) return;
    const text = JSON.stringify(core.membership satisfies Membership);
    const known = this.memberships.get(core.membershipIndex);
    if (known === text) return;
    if (known !== undefined)
      broken(`membership: at ${core.membershipIndex} ${core.options.id} has ${text}, another ${known}`);
    this.memberships.set(core.membershipIndex, text);
  }
}

function describe(entry: Entry): string {
  if (entry.kind === "command") return `command ${textOf(entry.data)}`;
  return entry.kind === "config" ? `config ${JSON.stringify(entry.change)}` : "empty";
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function broken(text: string): never {
  throw new BrokenPromise(text);
}
