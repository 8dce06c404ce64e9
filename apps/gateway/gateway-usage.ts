/** A wrong option. The program ends with 2. */
export class GatewayUsage extends Error {
  override readonly name = "GatewayUsage";
}
