/** What decoders throw; `decodeInput` turns it into the error of the protocol and service. */

/** Where in a request the fault lies. */
export type MalformedPlace = "body" | "header" | "query" | "label";

/** A request that does not parse, or whose values are not of the modelled types. Never leaves `foundation/aws`. */
export class MalformedInput extends Error {
  override readonly name = "MalformedInput";
  readonly place: MalformedPlace;
  /** Wire name of the offending header or parameter, where one is to blame. */
  readonly argument: string | undefined;
  /** What it held. */
  readonly value: string | undefined;
  /** The text does not parse at all (as opposed to a value of the wrong type). */
  readonly syntax: boolean;

  constructor(
    message: string,
    details: {
      readonly place?: MalformedPlace;
      readonly argument?: string;
      readonly value?: string;
      readonly syntax?: boolean;
    } = {},
  ) {
    super(message);
    this.place = details.place ?? "body";
    this.argument = details.argument;
    this.value = details.value;
    this.syntax = details.syntax ?? false;
  }
}
