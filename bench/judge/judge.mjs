import { durableAsAcknowledged, exploreCrashes, oldOrNew, sweepFaults } from "@holdfast/testing";

export const models = ["posix", "ext4", "xfs", "btrfs"];

// More than a page, so that a file can be half there.
const version = (letter) => letter.repeat(6000);
const versions = ["a", "b", "c"].map(version);
const path = "/data/state";

/**
 * Two replacements of one file that was there before, each acknowledged when its promise resolves.
 * @returns {Promise<Record<string, import("@holdfast/testing").Report>>}
 */
export async function judge(candidate, writerFor, replaced) {
  const scenario = {
    name: candidate.name,
    async setup(fs) {
      await fs.promises.mkdir("/data");
      await fs.promises.writeFile(path, versions[0]);
    },
    async run(fs, ack) {
      replaced.use(fs);
      const write = writerFor(fs);
      for (const content of versions.slice(1)) {
        await write(path, content);
        ack(content);
      }
    },
  };
  const whole = { ...scenario, check: oldOrNew(path, versions) };
  const durable = { ...scenario, check: durableAsAcknowledged(path, versions) };
  const reports = {};
  for (const model of models) {
    reports[`whole, ${model}`] = await exploreCrashes(whole, { models: [model] });
  }
  reports["durable"] = await exploreCrashes(durable);
  reports["faults"] = await sweepFaults(whole, { shortIO: true });
  return reports;
}
