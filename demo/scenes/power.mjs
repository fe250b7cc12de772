import { exploreCrashes } from "@holdfast/testing";
import { ways } from "../power/ways.mjs";

export const title = "The power goes, at every moment of a save, in every state that it can leave";

const path = "/state.json";
const versions = ["a", "b", "c"].map((letter) => JSON.stringify({ letter }));

/** No disk is touched: the states are those that ext4, xfs, btrfs and POSIX allow. */
export async function play({ terminal }) {
  const counts = {};
  let shown;
  for (const [way, { name, write }] of Object.entries(ways)) {
    const work = terminal.work(name);
    const report = await exploreCrashes(
      {
        setup: (fs) => fs.promises.writeFile(path, versions[0]),
        async run(fs, ack) {
          for (const content of versions.slice(1)) {
            await write(fs, path, content);
            ack(content);
          }
        },
        check: examine,
      },
      { maxFailures: 10_000 },
    );
    const kinds = { torn: 0, older: 0 };
    for (const { message } of report.failures)
      kinds[message.startsWith("older") ? "older" : "torn"]++;
    counts[way] = { ...report, ...kinds };
    if (way === "rename") shown = report.failures[0];
    work.end(`${report.cases} states, ${report.failed} bad`);
  }
  explain(shown, terminal);
  return {
    tables: [
      {
        title: "The power cut off at every moment of two saves: what was in the file",
        rows: [
          ["saved with", "states", "whole", "empty, zeros or torn", "older than acknowledged"],
          ...Object.entries(counts).map(([way, { cases, failed, torn, older }]) => [
            ways[way].name,
            cases,
            cases - failed,
            torn,
            older,
          ]),
        ],
      },
    ],
    ...judged(counts),
  };
}

/** The file is one of its versions, and not older than what the user was told is saved. */
function examine(fs, { acks }) {
  const found = fs.readFileSync(path, "utf8");
  const at = versions.indexOf(found);
  if (at === -1) throw new Error(found === "" ? "empty" : "torn");
  if (acks.length > 0 && at < versions.indexOf(acks.at(-1))) throw new Error("older");
}

/** One counterexample in full: it is what the others are counted from. */
function explain({ where, calls, message }, terminal) {
  terminal.say(`  For example, ${ways.rename.name}: ${message},`);
  terminal.say(`  ${where}:`);
  for (const call of calls) terminal.say(terminal.dim(`    ${call}`));
}

function judged({ plain, rename, holdfast }) {
  const held = [];
  const broken = [];
  const promise = (kept, yes, no) => (kept ? held : broken).push(kept ? yes : no);
  promise(
    holdfast.failed === 0 && holdfast.exhaustive,
    `replaceFileAtomic: whole and current in all ${holdfast.cases} states that a power cut can leave`,
    `replaceFileAtomic: bad in ${holdfast.failed} of ${holdfast.cases} states`,
  );
  promise(
    plain.failed > 0 && rename.failed > 0,
    "exploreCrashes: finds what a power cut does to the two usual ways",
    "exploreCrashes: found nothing wrong with fs.writeFile, or with a rename without a flush",
  );
  return { held, broken };
}
