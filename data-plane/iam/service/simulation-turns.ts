/** Simulations of any size, in turns between which other requests come in. */
import { PolicySyntaxError, type SimulationInput, type SimulationResult, simulate } from "#foundation/policy";
import { sleep, type Timers } from "#foundation/runtime";
import { invalidInput } from "../errors.ts";

/**
 * How much is worked off at once: characters of all policies times decisions. Ten million take about 130 ms where every statement matches, and so long others wait.
 */
const TURN_WORK_MAX = 10_000_000;
/** How much one request may ask. */
const WORK_MAX = 10 * TURN_WORK_MAX;
/** Matched statements in one answer: 250 bytes of XML each, 50 MB together. */
const MATCHES_MAX = 200_000;

/** @throws AwsError InvalidInput for policies that cannot be read, and for too much of everything */
export async function simulateInTurns(timers: Timers, input: SimulationInput): Promise<readonly SimulationResult[]> {
  const { actions, resources, identity, boundary, resource } = input;
  const policies = [...identity, boundary, resource].filter((policy) => policy !== undefined);
  const work = policies.reduce((sum, { text }) => sum + text.length, 1) * Math.max(1, resources.length);
  if (work > TURN_WORK_MAX || work * actions.length > WORK_MAX) throw tooMuch();
  const perTurn = Math.floor(TURN_WORK_MAX / work);
  const results: SimulationResult[] = [];
  let matches = 0;
  for (let start = 0; start < actions.length; start += perTurn) {
    if (start > 0) await sleep(timers, 0);
    const turn = readable(() => simulate({ ...input, actions: actions.slice(start, start + perTurn) }));
    matches += turn.reduce((sum, result) => sum + matchesOf(result), 0);
    if (matches > MATCHES_MAX) throw tooMuch();
    results.push(...turn);
  }
  return results;
}

const matchesOf = ({ matchedStatements, resourceResults }: SimulationResult): number =>
  resourceResults.reduce((sum, each) => sum + each.matchedStatements.length, matchedStatements.length);

const tooMuch = () =>
  invalidInput("Invalid Input: too much for one simulation. Name fewer actions, resources or policies at a time.");

/** @throws AwsError InvalidInput for policies that cannot be read */
export function readable<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalidInput(`Invalid Input Policy: ${error.message}`);
    throw error;
  }
}
