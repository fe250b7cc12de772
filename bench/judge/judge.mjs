import { exploreCrashes, sweepFaults } from "@holdfast/testing";

export const models = ["posix", "ext4", "xfs", "btrfs"];

// More than a page, so that a file can be half there.
const version = (letter) => letter.repeat(6000);
const versions = ["a", "b", "c"].map(version);
const path = "/data/state";
const keepAll = { maxFailures: 100_000 };

/**
 * Two replacements of one file that was there before, each acknowledged when its promise resolves.
 * @returns {Promise<Record<string, import("@holdfast/testing").Report>>}
 */
export async function judge(candidate, writerFor, replaced) {
  const scenario = (options) => ({
    name: candidate.name,
    async setup(fs) {
      await fs.promises.mkdir("/data");
      await fs.promises.writeFile(path, versions[0]);
    },
    async run(fs, ack) {
      replaced.use(fs);
      const write = writerFor(fs, options);
      for (const content of versions.slice(1)) {
        await write(path, content);
        ack(content);
      }
    },
  });
  const whole = { ...scenario({}), check: (fs) => void readVersion(fs) };
  const durable = { ...scenario({}), check: notGoneBack };
  const reports = {};
  for (const model of models) {
    reports[`whole, ${model}`] = await exploreCrashes(whole, { ...keepAll, models: [model] });
  }
  reports["durable"] = await exploreCrashes(durable, keepAll);
  // A persistent failure is retried for seconds by some, once for each case.
  const impatient = { ...scenario({ impatient: true }), check: (fs) => void readVersion(fs) };
  reports["faults"] = await sweepFaults(impatient, keepAll);
  return reports;
}

/** Which version is there; throws a word for the damage if it is none. */
function readVersion(fs) {
  let found;
  try {
    found = fs.readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(error.code === "ENOENT" ? "missing" : error.message);
  }
  const at = versions.indexOf(found);
  if (at !== -1) return at;
  if (found === "") throw new Error("empty");
  throw new Error(/^\0+$/.test(found) ? "zeros" : "torn");
}

/** What was acknowledged is there, or a later version. */
function notGoneBack(fs, { acks }) {
  const atLeast = acks.length === 0 ? 0 : versions.indexOf(acks.at(-1));
  if (readVersion(fs) < atLeast) throw new Error("gone back");
}
