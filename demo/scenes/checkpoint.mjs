import { appendFileSync, chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "../children.mjs";
import { differing, listingOf } from "../checkpoint/listing.mjs";

export const title =
  "Ten turns of an agent in a tree that a user works in too, and rewinds that are killed in the middle";

const turns = 10;
/** To which turn, before which change of the tree it is killed, and what the next process does. */
const rounds = [
  { to: 1, holdAt: 3, ending: "resume" },
  { to: 1, holdAt: 40, ending: "resume" },
  { to: 1, holdAt: 55, ending: "rollback" },
  { to: 4, holdAt: 20, ending: "rollback" },
  { to: 4, holdAt: 35, ending: "resume" },
  { to: 8, holdAt: 30, ending: "resume" },
];

const agent = fileURLToPath(new URL("../checkpoint/agent.mjs", import.meta.url));
const rewinder = fileURLToPath(new URL("../checkpoint/rewinder.mjs", import.meta.url));
const slowRewinder = fileURLToPath(new URL("../checkpoint/slow-rewinder.mjs", import.meta.url));

export async function play({ folder, terminal }) {
  const tree = join(folder, "tree");
  const store = join(folder, "store");
  const run = (script, ...args) => startChild(script, [tree, store, ...args]);
  const asked = async (...args) => JSON.parse(await run(rewinder, ...args).output());

  const work = terminal.work(`an agent works for ${turns} turns, and so does a user`);
  plant(tree);
  const points = [];
  for (let turn = 1; turn <= turns; turn++) {
    work.at(turn / turns);
    act(tree, turn);
    const listing = listingOf(tree);
    points.push({ listing, id: (await run(agent, String(turn)).output()).trim() });
  }
  act(tree, turns + 1);
  const now = listingOf(tree);
  const edited = differing(points[0].listing, now).length;
  work.end(`${now.size} paths, ${edited} of them are not what they were`);

  const results = [];
  const rewinding = terminal.work(`${rounds.length} rewinds, each killed in the middle`);
  for (const [i, { to, holdAt, ending }] of rounds.entries()) {
    rewinding.at(i / rounds.length);
    const { id } = points[to - 1];
    const wanted = wantedAt(to, points, now);
    const victim = run(slowRewinder, id, String(holdAt));
    await victim.firstLine;
    await victim.kill();
    const torn = settled(listingOf(tree));
    const back = differing(torn, now).length;
    const missing = differing(torn, wanted).length;

    const { restoreId, left } = await asked(ending);
    const resumed = ending === "resume";
    const wrong = differing(listingOf(tree), resumed ? wanted : now);
    if (resumed) await asked("undo", restoreId);
    const afterUndo = resumed ? differing(listingOf(tree), now) : [];
    // It is to be said of the one that the agent has made, and the user has changed since.
    const said = !resumed || left.join() === "src/index.js";
    results.push({ to, holdAt, back, missing, ending, wrong, afterUndo, said });
    if (!isRight(results.at(-1))) break; // the next one would begin with a wrong tree
  }
  rewinding.end(`${results.filter(isRight).length} of ${rounds.length} ended byte for byte`);
  return { tables: [tableOf(results)], ...judge(results, now) };
}

/** What is there before the first turn. */
function plant(tree) {
  const files = {
    "README.md": "# A project\n",
    "src/app.js": "start();\n",
    "docs/guide.md": "Read me.\n",
    "docs/old.md": "Do not read me.\n",
    "notes/diary.md": "Monday.\n",
    config: "a=1\n",
    "run.sh": "#!/bin/sh\n",
    "secret.txt": "hush\n",
    "logo.bin": Buffer.alloc(200_000, 3),
  };
  for (let i = 1; i <= 20; i++) files[`lib/part-${i}.js`] = `// part ${i}\n`.repeat(i * 50);
  for (const directory of ["src", "docs", "notes", "lib", "empty"])
    mkdirSync(join(tree, directory), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(tree, name), content);
  chmodSync(join(tree, "run.sh"), 0o644);
  symlinkSync("docs", join(tree, "link"));
}

/** What the user does before a turn of the agent, and after the last one. */
const doings = {
  3: ["notes/diary.md"], // a file that the agent never touches
  5: ["docs/guide.md"], // one that it edits in turn 7
  8: ["notes/plan.md"], // a new one
  9: ["notes/diary.md"],
  [turns + 1]: ["src/index.js", "src/mine.js"], // one that the agent has made, and one beside it
};

function act(tree, turn) {
  for (const name of doings[turn] ?? []) appendFileSync(join(tree, name), `mine, turn ${turn}\n`);
}

const users = new Set(Object.values(doings).flat());

/** What a rewind is to leave: the tree of that time, with what is the user's as he left it. */
function wantedAt(turn, points, now) {
  const wanted = new Map(points[turn - 1].listing);
  for (const name of users) wanted.set(name, now.get(name));
  // The agent edited this one later: that is taken back, and what the user had written before stays.
  const guide = points[Math.max(turn, 7) - 1].listing.get("docs/guide.md");
  return wanted.set("docs/guide.md", guide);
}

/** Without what is on its way under a name of its own. */
function settled(listing) {
  return new Map([...listing].filter(([name]) => !name.split("/").pop().startsWith(".holdfast-")));
}

const isRight = ({ back, missing, wrong, afterUndo, said }) =>
  back > 0 && missing > 0 && wrong.length + afterUndo.length === 0 && said;

function tableOf(results) {
  return {
    title: "Rewinds killed in the middle",
    rows: [
      [
        "to turn",
        "killed before change",
        "paths back",
        "still to do",
        "then",
        "wrong",
        "wrong after undo",
      ],
      ...results.map((one) => [
        one.to,
        one.holdAt,
        one.back,
        one.missing,
        one.ending,
        one.wrong.length,
        one.ending === "resume" ? one.afterUndo.length : "",
      ]),
    ],
    notes: [
      "wrong: paths whose SHA-256, permission bits or link target differ from what they should be",
    ],
  };
}

function judge(results, now) {
  const broken = results
    .filter((one) => !isRight(one))
    .map(({ to, holdAt, back, missing, ending, wrong, afterUndo, said }) => {
      const problems = [
        ...(back === 0 || missing === 0 ? [`${back} paths back and ${missing} to do`] : []),
        ...wrong.map((name) => `${name} after ${ending}`),
        ...afterUndo.map((name) => `${name} after undo`),
        ...(said ? [] : ["not said what was left alone"]),
      ];
      return `checkpoint: to turn ${to}, killed before change ${holdAt}: ${problems.join(", ")}`;
    });
  if (broken.length > 0) return { held: [], broken };
  const count = (ending) => results.filter((one) => one.ending === ending).length;
  const line =
    `checkpoint: of ${results.length} rewinds killed in the middle ${count("resume")} were finished and undone, ` +
    `${count("rollback")} taken back; of ${now.size} paths, ${users.size} of them the user's, none is wrong`;
  return { held: [line], broken };
}
