/** The edge as a process of its own: `edge-front.ts <upstream port>`. Prints its port. Its one route leads to that upstream. */
import { configOf, routeTo, startTestEdge } from "#data-plane/edge/testing";

const { port } = await startTestEdge(configOf(1, routeTo("shop.test", [Number(process.argv[2])])));
console.log(port);
