import { updateJson, writeJson, writeJsonSync } from "@holdfast/json";

export function candidates() {
  const variants = {
    "holdfast json": {},
    "holdfast json, offload flushes": { offload: "flushes" },
  };
  return Object.entries(variants).map(([name, options]) => ({
    name,
    side: "holdfast",
    writeJson: (path, value) => writeJson(path, value, options),
    updateJson: (path, fn) => updateJson(path, fn, options),
    // The synchronous function never uses the thread pool: there is nothing to choose.
    ...(!options.offload && { writeJsonSync: (path, value) => writeJsonSync(path, value) }),
  }));
}
