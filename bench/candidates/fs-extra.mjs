export async function candidates(peers) {
  const { default: fsExtra } = await peers.load("fs-extra");
  return [
    {
      name: "fs-extra",
      side: "peer",
      move: (source, destination) => fsExtra.move(source, destination, { overwrite: true }),
    },
  ];
}
