export async function candidates(peers) {
  const { writeJsonFile, writeJsonFileSync } = await peers.load("write-json-file");
  return [
    {
      name: "write-json-file",
      side: "peer",
      writeJson: (path, value) => writeJsonFile(path, value),
      writeJsonSync: (path, value) => writeJsonFileSync(path, value),
    },
  ];
}
