// The `saveConfig()` that everybody writes: "rename is atomic, so the file is always the old one or the
// new one". It is, until the power goes. `exploreCrashes` finds what is on the disk then.
import { dirname } from "node:path";
import {
  durableAsAcknowledged,
  exploreCrashes,
  formatReport,
  type NodeFileSystem,
  type Report,
  type Scenario,
} from "@holdfast/testing";

type Save = (fs: NodeFileSystem, path: string, config: object) => void;

export const saveConfig: Save = (fs, path, config) => {
  fs.writeFileSync(`${path}.tmp`, JSON.stringify(config));
  fs.renameSync(`${path}.tmp`, path);
};

export const saveConfigDurably: Save = (fs, path, config) => {
  fs.writeFileSync(`${path}.tmp`, JSON.stringify(config), { flush: true }); // the content first,
  fs.renameSync(`${path}.tmp`, path);
  const directory = fs.openSync(dirname(path), "r"); // then the name
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
};

/** A program that saves once, and tells somebody that it did. */
export const saving = (save: Save): Scenario<string> => ({
  name: save.name,
  setup: (fs) => fs.writeFileSync("/config", '{"theme":"light"}'),
  run(fs, ack) {
    save(fs, "/config", { theme: "dark" });
    ack('{"theme":"dark"}');
  },
  check: durableAsAcknowledged({
    path: "/config",
    order: ['{"theme":"light"}', '{"theme":"dark"}'],
  }),
});

export const explore = (save: Save): Promise<Report> => exploreCrashes(saving(save));

if (import.meta.filename === process.argv[1]) {
  console.log(formatReport(await explore(saveConfig)));
  console.log(`\n${formatReport(await explore(saveConfigDurably))}`);
}
