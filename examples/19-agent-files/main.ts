// An agent for the command line, and what it does with files: those of the user, which it changes and can
// bring back to any turn, and its own. It may be killed at any moment, and the user works on the same files.
//
//   node main.ts FOLDER HOME "write notes.md hello" "edit notes.md hello bye" /rewind "/rewind 1" /undo
//
// What the user says is what the "model" does, so that there is something to see without one.
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { openCheckpoints, type RestoreReport } from "@holdfast/checkpoint";
import { openRoot } from "@holdfast/root";
import { openSpillStore } from "@holdfast/spill";
import { openState, type Settings } from "./state.ts";
import { createTools } from "./tools.ts";

export type Agent = Awaited<ReturnType<typeof openAgent>>;

export async function openAgent(folder: string, home: string, fileSystem = nodeFs) {
  const state = await openState(home, fileSystem);
  const workspace = await openRoot(folder, { fileSystem });
  const spill = await openSpillStore({
    root: join(home, "output"),
    session: "main",
    fileSystem,
    howToRead: "Read the rest with the tool `read`, by this ref.",
  });
  const checkpoints = await openCheckpoints({
    store: join(home, "history"),
    roots: [folder],
    session: "main",
    fileSystem,
  });
  // A rewind in the middle of which the last process was killed.
  if (checkpoints.interrupted !== undefined) await checkpoints.resume();

  const turnSnapshots = async () =>
    (await checkpoints.listSnapshots()).filter(({ kind }) => kind === "turn");
  let turn = (await turnSnapshots()).length;
  const turnId = (): string => `turn-${turn}`;

  /** What a rewind has done, and what it has left alone because it was somebody else's. */
  async function told({ restoreId, paths }: RestoreReport): Promise<string[]> {
    if (restoreId !== undefined) await state.say({ role: "rewind", text: restoreId });
    return paths
      .filter(({ action, ok }) => action !== "none" || !ok)
      .map(({ action, path, ok, reason, code }) =>
        ok ? `${action} ${path}` : `left alone ${path}: ${code ?? reason}`,
      );
  }

  return {
    ...createTools({ folder, workspace, checkpoints, spill, turnId }),
    messages: state.messages,
    settings: () => state.settings.get() as Settings,
    configure: async (change: Partial<Settings>): Promise<void> =>
      void (await state.settings.update((draft) => void Object.assign(draft, change))),
    login: (token: string) => state.login(token),
    /** Afterwards there is a way back to this moment, and what the user said is in the log. */
    async beginTurn(text: string): Promise<void> {
      state.show(`turn ${turn + 1}`);
      await checkpoints.makeSnapshot(`turn-${turn + 1}`, { label: text.slice(0, 80) });
      turn++;
      await state.say({ role: "user", text });
    },
    turns: async () => (await turnSnapshots()).map(({ label }, i) => `${i + 1}  ${label}`),
    /** Brings the files back to what they were when a turn began; or only says what that would do. */
    async rewind(to: number, preview = false): Promise<string[]> {
      const snapshot = (await turnSnapshots())[to - 1];
      if (snapshot === undefined) return [`There is no turn ${to}.`];
      return told(await checkpoints.restoreToSnapshot(snapshot.id, { dryRun: preview }));
    },
    async undoRewind(): Promise<string[]> {
      const last = state.messages.findLast(({ role }) => role === "rewind");
      return last === undefined ? [] : told(await checkpoints.undoRestore(last.text));
    },
    /** The last word in the status file, for the end of the process. */
    ended: (how: string) => state.showLast(how),
    async close(): Promise<void> {
      await checkpoints.close();
      await spill.close();
      await workspace.close();
      await state.close();
    },
  };
}

async function answer(agent: Agent, said: string): Promise<string> {
  const [word, path = "", from = "", ...rest] = said.split(" ");
  if (word === "/rewind")
    return (path === "" ? await agent.turns() : await agent.rewind(Number(path))).join("\n");
  if (word === "/undo") return (await agent.undoRewind()).join("\n");
  await agent.beginTurn(said);
  if (word === "write") return agent.write(path, [from, ...rest].join(" "));
  if (word === "edit") return agent.edit(path, from, rest.join(" "));
  if (word === "remove") return agent.remove(path);
  if (word === "run") return agent.run(said.slice("run ".length));
  if (word === "model") await agent.configure({ model: path });
  if (word === "login") await agent.login(path);
  return "done";
}

if (import.meta.filename === process.argv[1]) {
  const [folder = ".", home = "../agent-home", ...lines] = process.argv.slice(2);
  const agent = await openAgent(folder, home);
  process.once("exit", (code) => agent.ended(code === 0 ? "nothing" : "crashed"));
  for (const line of lines) console.log(await answer(agent, line));
  await agent.close();
}
