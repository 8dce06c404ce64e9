/** Small files of a program's own. */
export { readFileIfThere, writePrivateFile } from "./private-file.ts";
