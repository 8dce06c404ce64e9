/** Entry point of instance processes when Biplane runs from source. */
import { runInstanceProcess } from "./instance-process.ts";

await runInstanceProcess(process.argv.slice(2), [...process.argv.slice(0, 1), import.meta.filename]);
