export async function candidates(peers) {
  const { Writer } = await peers.load("steno");
  // Meant to be made once per file and kept.
  const writers = new Map();
  return [
    {
      name: "steno",
      side: "peer",
      replace(path, content) {
        let writer = writers.get(path);
        if (!writer) writers.set(path, (writer = new Writer(path)));
        return writer.write(content);
      },
    },
  ];
}
