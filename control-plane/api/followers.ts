/** Who follows a log now, so that there are not too many. */
import { ProblemError } from "#foundation/http";
import { type ApiCaller, actorOf } from "./authentication/caller.ts";
import { FOLLOWERS_MAX, FOLLOWERS_OF_CALLER_MAX } from "./limits.ts";

export class Followers {
  readonly #ofCallers = new Map<string, number>();
  #all = 0;

  /** @throws ProblemError 503 TOO_MANY_FOLLOWERS */
  expectPlace(caller: ApiCaller): void {
    if (this.#all >= FOLLOWERS_MAX) throw tooMany(`${FOLLOWERS_MAX} clients follow the log already.`);
    // The operator may have them all.
    if (caller.type === "operator") return;
    const own = this.#ofCallers.get(actorOf(caller)) ?? 0;
    if (own >= FOLLOWERS_OF_CALLER_MAX) throw tooMany(`${FOLLOWERS_OF_CALLER_MAX} clients of yours follow already.`);
  }

  /** @returns ends it; to be called once */
  enter(caller: ApiCaller): () => void {
    const actor = actorOf(caller);
    this.#all++;
    this.#ofCallers.set(actor, (this.#ofCallers.get(actor) ?? 0) + 1);
    return () => {
      this.#all--;
      const left = (this.#ofCallers.get(actor) ?? 1) - 1;
      if (left === 0) this.#ofCallers.delete(actor);
      else this.#ofCallers.set(actor, left);
    };
  }
}

function tooMany(title: string): ProblemError {
  return new ProblemError({
    status: 503,
    code: "TOO_MANY_FOLLOWERS",
    title,
    detail: "Try again later, or read pages.",
  });
}
