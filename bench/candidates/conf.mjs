import { basename, dirname } from "node:path";

export async function candidates(peers) {
  const { default: Conf } = await peers.load("conf");
  const opened = new Map();
  const open = (path) => {
    if (!opened.has(path)) {
      const configName = basename(path, ".json");
      opened.set(path, new Conf({ cwd: dirname(path), configName, fileExtension: "json" }));
    }
    return opened.get(path);
  };
  const write = (path, value) => {
    open(path).store = value;
  };
  return [
    {
      // It is synchronous whoever calls it, and reads before an update without a lock.
      name: "conf",
      side: "peer",
      writeJson: async (path, value) => write(path, value),
      writeJsonSync: write,
      updateJson: async (path, fn) => write(path, fn(open(path).store)),
    },
  ];
}
