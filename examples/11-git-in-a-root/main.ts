// A git library that knows nothing of roots, and works in one: all that it can reach is this directory.
// What a stranger's repository has in it, links above all, cannot lead it anywhere else.
import { openRoot, type Root } from "@holdfast/root";
import git from "isomorphic-git";

const author = { name: "Ada", email: "ada@example.org" };

/** What every call of the library is told: which files there are, and that "." is the repository. */
export const inside = (root: Root) => ({ fs: { promises: root.promises }, dir: "." });

export async function createRepository(directory: string): Promise<void> {
  await using root = await openRoot(directory); // no rule yet: `init` makes them itself
  await git.init({ ...inside(root), defaultBranch: "main" });
}

/** From now on nobody puts a program there that git would run, nor names one in its config. */
export const openRepository = (directory: string): Promise<Root> =>
  openRoot(directory, { deny: { write: [".git/hooks", ".git/config"] } });

export async function commitAll(root: Root, message: string): Promise<string> {
  const repository = inside(root);
  for (const [filepath, , inWorkTree] of await git.statusMatrix(repository)) {
    await (inWorkTree === 0 ? git.remove : git.add)({ ...repository, filepath });
  }
  return git.commit({ ...repository, message, author });
}

if (import.meta.filename === process.argv[1]) {
  const directory = process.argv[2] ?? ".";
  await createRepository(directory);
  await using root = await openRepository(directory);
  await root.writeFile("README.md", "# Ours\n");
  await commitAll(root, "begin");
  for (const { oid, commit } of await git.log(inside(root))) console.log(oid, commit.message);
}
