import { providePeers } from "../peers.mjs";
import { candidates as atomically } from "./atomically.mjs";
import { candidates as conf } from "./conf.mjs";
import { candidates as fastWriteAtomic } from "./fast-write-atomic.mjs";
import { candidates as fsExtra } from "./fs-extra.mjs";
import { candidates as fsSafe } from "./fs-safe.mjs";
import { candidates as holdfast } from "./holdfast.mjs";
import { candidates as holdfastJson } from "./holdfast-json.mjs";
import { candidates as holdfastRoot } from "./holdfast-root.mjs";
import { candidates as plain } from "./plain.mjs";
import { candidates as steno } from "./steno.mjs";
import { candidates as writeFileAtomic } from "./write-file-atomic.mjs";
import { candidates as writeJsonFile } from "./write-json-file.mjs";

const sources = {
  holdfast,
  "holdfast root": holdfastRoot,
  "holdfast json": holdfastJson,
  plain,
  "write-file-atomic": writeFileAtomic,
  atomically,
  "fast-write-atomic": fastWriteAtomic,
  steno,
  "@openclaw/fs-safe": fsSafe,
  "fs-extra": fsExtra,
  "write-json-file": writeJsonFile,
  conf,
};

/** Every candidate that loads on this Node, and why the others do not. */
export async function allCandidates() {
  const peers = await providePeers();
  /** @type {import("./candidate.mjs").Candidate[]} */
  const candidates = [];
  const leftOut = [];
  for (const [name, source] of Object.entries(sources)) {
    try {
      candidates.push(...(await source(peers)));
    } catch (error) {
      leftOut.push({ name, why: error.message });
    }
  }
  return { candidates, leftOut, versions: peers.versions };
}
