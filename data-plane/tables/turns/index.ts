/** Long work in slices, so that other requests are answered in between. */
export { inTurns, startInTurns, type Turn, takeTurns } from "./turns.ts";
