// What the programs that take over a stale lock have in common. All of them assume that an owner whose
// lock is older than a minute has crashed.
import { CheckFailed, type NodeFileSystem, type Scenario } from "@holdfast/testing";
import { ifFree, ifThere } from "./exclusive.ts";

export async function isStale({ promises }: NodeFileSystem, path: string): Promise<boolean> {
  let stale = false;
  await ifThere(
    promises.stat(path).then(({ mtimeMs }) => {
      stale = mtimeMs < Date.now() - 60_000;
    }),
  );
  return stale; // and no lock that was released a moment ago is
}

/** @param takeOver returns the path of the lock that it got, if it got one */
export const owning = (
  takeOver: (fs: NodeFileSystem) => Promise<string | undefined>,
): Scenario => ({
  setup: leaveStaleLock,
  async run(fs) {
    const lock = await takeOver(fs);
    if (lock === undefined) return;
    const alone = await ifFree(fs.promises.mkdir("/at-work"));
    if (!alone) throw new CheckFailed("two owners at the same time");
    await fs.promises.rmdir("/at-work");
    await ifThere(fs.promises.unlink(lock));
  },
  check(_fs, { end }) {
    if (end instanceof Error) throw end;
  },
});

function leaveStaleLock(fs: NodeFileSystem): void {
  fs.mkdirSync("/locks");
  fs.writeFileSync("/locks/1", "");
  fs.utimesSync("/locks/1", 0, 0);
}
