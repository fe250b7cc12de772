import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "../children.mjs";
import { ways } from "../root/ways.mjs";

export const title =
  "A program that may only touch one directory, and somebody who swaps a part of it for a link out";

const turnMs = 2_500;
const maxRounds = 20_000; // a fast machine makes no longer demo and no fuller disk
const attackerMs = 60_000;
const attacker = fileURLToPath(new URL("../root/attacker.mjs", import.meta.url));

const inner = "what belongs to the program";
const secret = "what is outside";

export async function play({ folder, terminal }) {
  const counts = {};
  for (const [way, { name, open }] of Object.entries(ways)) {
    const work = terminal.work(name);
    const place = prepare(join(folder, way));
    const victim = await open(place.root);
    try {
      counts[way] = { ...(await attack(victim, place, work)), containment: victim.containment };
    } finally {
      await victim.close();
    }
    const { landedOutside, secrets, swaps } = counts[way];
    work.end(`${swaps} swaps, ${landedOutside} files outside, ${secrets} secrets read`);
  }
  return { tables: [tableOf(counts)], ...judge(counts) };
}

/** `root/inbox` is what is swapped; the link in waiting leads to `outside`, where the secret is. */
function prepare(folder) {
  const root = join(folder, "root");
  const outside = join(folder, "outside");
  const link = join(folder, "link");
  mkdirSync(join(root, "inbox"), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(root, "inbox", "note"), inner);
  writeFileSync(join(outside, "note"), secret);
  symlinkSync(outside, link, "junction"); // on Windows nobody needs a privilege for one of these
  return { root, outside, link, notes: join(folder, "notes") };
}

/** Writes and reads in turn, and looks afterwards where it all went. */
async function attack({ write, read }, { root, outside, link, notes }, work) {
  const child = startChild(attacker, [join(root, "inbox"), link, notes, String(attackerMs)]);
  await child.firstLine;
  const swapsBefore = noted(notes);
  const started = performance.now();
  const results = { writes: 0, written: 0, reads: 0, inside: 0, secrets: 0, refused: 0 };
  const admitted = new Set(); // written elsewhere, perhaps, says the error itself
  let elapsed = 0;
  while (results.writes < maxRounds && (elapsed = performance.now() - started) < turnMs) {
    work.at(elapsed / turnMs);
    const name = `w${results.writes++}`;
    const written = await outcomeOf(write(`inbox/${name}`, inner));
    if (written.code === "ok") results.written++;
    else if (written.effect === "unknown") admitted.add(name);
    if (refusals.has(written.code)) results.refused++;

    results.reads++;
    let content;
    const found = await outcomeOf(read("inbox/note").then((text) => (content = text)));
    if (content === secret) results.secrets++;
    else if (content === inner) results.inside++;
    if (refusals.has(found.code)) results.refused++;
  }
  const swaps = noted(notes) - swapsBefore;
  await child.kill();
  const strangers = readdirSync(outside).filter((name) => name !== "note" && !admitted.has(name));
  const untouched = readFileSync(join(outside, "note"), "utf8") === secret;
  return { ...results, swaps, landedOutside: strangers.length + (untouched ? 0 : 1) };
}

const noted = (file) => readFileSync(file).readUInt32BE(0);

/**
 * What came of a call. In the middle of a swap there is nothing of that name; a code that is no answer
 * to a swap ends the demo, because then something else went wrong.
 */
async function outcomeOf(call) {
  try {
    await call;
    return { code: "ok" };
  } catch (error) {
    if (!refusals.has(error.code) && !inTheMiddle.has(error.code)) throw error;
    return error;
  }
}

const refusals = new Set(["ERR_PATH_ESCAPES", "ERR_CHANGED"]);
const inTheMiddle = new Set(["ENOENT", "ENOTDIR", "EPERM", "EBUSY", "EACCES"]); // the last on Windows

function tableOf(counts) {
  const caught = escapes(counts.resolve) + escapes(counts.realpath);
  return {
    title: `A directory swapped for a link to outside, again and again, for ${turnMs / 1000} s each`,
    rows: [
      ["checked with", "swaps", "writes", "landed outside", "reads", "secrets read", "refused"],
      ...Object.entries(counts).map(([way, count]) => [
        ways[way].name,
        count.swaps,
        count.writes,
        count.landedOutside,
        count.reads,
        count.secrets,
        count.refused,
      ]),
    ],
    notes: [
      "refused: with an error that says that the path leads out, or was changed meanwhile",
      ...(caught > 0
        ? []
        : ["The usual checks were never cheated in this run: the comparison shows nothing"]),
    ],
  };
}

const escapes = ({ landedOutside, secrets }) => landedOutside + secrets;

/** Held only if there was something to withstand, and if the program could work all the same. */
function judge({ root }) {
  const { swaps, writes, reads, written, inside, refused, landedOutside, secrets } = root;
  const tried = `${writes} writes and ${reads} reads while ${swaps} swaps landed`;
  if (escapes(root) > 0) {
    const line = `Root: ${landedOutside} files landed outside, ${secrets} secrets were read, in ${tried}`;
    return { held: [], broken: [line] };
  }
  // "identity" does nothing where the way never holds still: it cannot be cheated, nor used, meanwhile.
  const worked = root.containment === "identity" || (written > 0 && inside > 0);
  if (swaps === 0 || refused === 0 || !worked) {
    const line = `Root: nothing was tested: ${refused} refused, ${written + inside} inside, in ${tried}`;
    return { held: [], broken: [line] };
  }
  const none = root.containment === "identity" ? "0 escapes that it did not report" : "0 escapes";
  return { held: [`Root (${root.containment}): ${none} in ${tried}`], broken: [] };
}
