import { expect, test } from "bun:test";
import { programCandidates } from "./environment.ts";
import { environHolds, kilobytesLine, parseStat } from "./proc-files.ts";

test("parseStat() counts fields from the last parenthesis: a name may hold anything", () => {
  const rest = `S 7 ${Array.from({ length: 9 }, (_, index) => index).join(" ")} 100 20 30 4 20 0 6 0 12345 0`;
  expect(parseStat(`42 (a) b (c) ${rest}`)).toEqual({
    pid: 42,
    state: "S",
    parentPid: 7,
    threads: 6,
    cpuTicks: 120,
    childrenCpuTicks: 34,
    startTicks: 12_345,
  });
  expect(parseStat("")).toBeUndefined();
  expect(parseStat("42 (x) S")).toBeUndefined();
});

test("environHolds() looks for whole entries", () => {
  const block = Buffer.from("A=1\0TOKEN=abc\0B=TOKEN=x\0");
  expect(environHolds(block, "TOKEN=abc")).toBe(true);
  expect(environHolds(block, "A=1")).toBe(true);
  expect(environHolds(block, "TOKEN=ab")).toBe(false);
  expect(environHolds(block, "TOKEN=x")).toBe(false);
});

test("kilobytesLine() reads one line", () => {
  expect(kilobytesLine("VmRSS:\t  10 kB\nRssAnon:\t   7 kB\n", "RssAnon")).toBe(7168);
  expect(kilobytesLine("", "RssAnon")).toBe(0);
});

test("programCandidates() follows PATH as execvp(3) does, relative to the program's folder", () => {
  expect(programCandidates("/bin/x", "/a", "/w")).toEqual(["/bin/x"]);
  expect(programCandidates("bin/x", "/a", "/w")).toEqual(["/w/bin/x"]);
  expect(programCandidates("x", "/a::b", "/w")).toEqual(["/a/x", "/w/x", "/w/b/x"]);
});
