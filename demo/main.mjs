// Shows on real files what the toolkit is for. Each file in scenes/ is one scene:
//   export const title                                 one line
//   export async function play({ folder, terminal })   returns { tables, held, broken }
// `held` and `broken` are the promises that did and did not hold in this very run, in words; one that
// is broken makes the exit code 1.
//   node demo/main.mjs [SCENE]...         default: all, in the order of their names
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { endChildren } from "./children.mjs";
import { createTerminal } from "./terminal.mjs";
import { createWorkFolder } from "./work-folder.mjs";

const started = performance.now();
const scenes = fileURLToPath(new URL("scenes", import.meta.url));
const known = readdirSync(scenes)
  .filter((name) => name.endsWith(".mjs"))
  .map((name) => basename(name, ".mjs"))
  .toSorted();
const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (known.includes(name)) continue;
  console.error(`no scene "${name}"; there are: ${known.join(", ")}`);
  process.exit(2);
}

const terminal = createTerminal(process.stdout, process.env);
const work = createWorkFolder();
process.once("exit", () => {
  endChildren();
  work.remove();
});
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
])
  process.once(signal, () => process.exit(code));

terminal.say(`Holdfast demo, Node ${process.versions.node}, files in ${work.path} (${work.kind})`);
const reports = [];
for (const name of wanted.length > 0 ? wanted : known) {
  const { title, play } = await import(`./scenes/${name}.mjs`);
  terminal.say(`\n${terminal.bold(title)}`);
  reports.push(await play({ folder: work.subfolder(name), terminal }));
}
for (const table of reports.flatMap(({ tables }) => tables)) terminal.table(table);

const broken = reports.flatMap((report) => report.broken);
terminal.say("");
for (const line of reports.flatMap(({ held }) => held))
  terminal.say(terminal.green(`held: ${line}`));
for (const line of broken) terminal.say(terminal.red(`BROKEN: ${line}`));
terminal.say(terminal.dim(`${((performance.now() - started) / 1000).toFixed(0)} s in all`));
process.exit(broken.length === 0 ? 0 : 1);
