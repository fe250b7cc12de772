import { openRoot } from "@holdfast/root";

export function candidates() {
  const variants = {
    "holdfast root": {},
    "holdfast root, offload flushes": { offload: "flushes" },
  };
  return Object.entries(variants).map(([name, options]) => ({
    name,
    side: "holdfast",
    async root(dir) {
      const root = await openRoot(dir, options);
      return {
        read: (path) => root.readFile(path),
        write: (path, content) => root.writeFile(path, content),
        list: (path) => root.readdir(path, { withFileTypes: true }),
        close: () => root.close(),
      };
    },
  }));
}
