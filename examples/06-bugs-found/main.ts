// A gallery of the bugs of programs that keep state in files: each with what the tools of
// @holdfast/testing say of it, and a correction that passes. One file per bug.
//   node main.ts                  all of them, the smallest failure of each
//   node main.ts fsync-retried    one of them, the whole report, and that of its correction
import { assertPassed, formatReport } from "@holdfast/testing";
import { bugs } from "./bugs.ts";

type Print = (text: string) => void;

async function tellAll(print: Print): Promise<void> {
  for (const [name, bug] of Object.entries(bugs)) {
    const { failures, failed, cases } = await bug.explore("bug");
    assertPassed(await bug.explore("corrected"));
    print(`${bug.title} (${name}.ts): ${failed} of ${cases} cases failed`);
    const [smallest] = failures;
    if (smallest !== undefined) print(`  ${smallest.message}\n  ${smallest.where}\n`);
  }
}

export async function tell(name: string, print: Print): Promise<void> {
  const bug = bugs[name];
  if (bug === undefined) throw new Error(`no such bug; there are ${Object.keys(bugs).join(", ")}`);
  print(`${bug.title}\n\n${formatReport(await bug.explore("bug"))}\n`);
  print(`Corrected\n\n${formatReport(await bug.explore("corrected"))}`);
}

if (import.meta.filename === process.argv[1]) {
  const [name] = process.argv.slice(2);
  await (name === undefined ? tellAll(console.log) : tell(name, console.log));
}
