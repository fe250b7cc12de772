// The same agent, as it is usually written: writeFile, appendFile, a copy of the folder for each turn. The
// test shows what becomes of it.
import { exec } from "node:child_process";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Agent } from "./main.ts";
import { defaults, type Message, type Settings } from "./state.ts";

export async function openAgent(
  folder: string,
  home: string,
  fs: typeof nodeFs = nodeFs,
): Promise<Agent> {
  const { appendFile, chmod, cp, mkdir, readFile, readdir, rm, writeFile } = fs.promises;
  const pathOf = (name: string): string => join(home, name);
  await mkdir(pathOf("turns"), { recursive: true });
  let settings: Settings = defaults;
  try {
    settings = JSON.parse(await readFile(pathOf("settings.json"), "utf8")) as Settings;
  } catch {
    // there are none yet
  }
  const lines = fs.existsSync(pathOf("session.jsonl"))
    ? (await readFile(pathOf("session.jsonl"), "utf8")).split("\n").filter(Boolean)
    : [];
  const messages = lines.map((line) => JSON.parse(line) as Message);
  let turn = (await readdir(pathOf("turns"))).length;
  const show = (doing: string): void =>
    fs.writeFileSync(pathOf("status.json"), JSON.stringify({ pid: process.pid, doing }));

  return {
    settings: () => settings,
    messages,
    async configure(change) {
      settings = { ...settings, ...change };
      await writeFile(pathOf("settings.json"), JSON.stringify(settings));
    },
    async login(token) {
      await writeFile(pathOf("credentials.json"), JSON.stringify({ token }));
      await chmod(pathOf("credentials.json"), 0o600);
    },
    async beginTurn(text) {
      show(`turn ${turn + 1}`);
      await cp(folder, pathOf(`turns/${turn + 1}`), { recursive: true });
      turn++;
      messages.push({ role: "user", text });
      await appendFile(pathOf("session.jsonl"), `${JSON.stringify(messages.at(-1))}\n`);
    },
    turns: () => readdir(pathOf("turns")),
    async rewind(to) {
      await rm(folder, { recursive: true });
      await cp(pathOf(`turns/${to}`), folder, { recursive: true });
      return [`back at turn ${to}`];
    },
    undoRewind: () => Promise.resolve(["That cannot be undone."]),

    async write(path, content) {
      await writeFile(join(folder, path), content);
      return "done";
    },
    async edit(path, from, to) {
      const text = await readFile(join(folder, path), "utf8");
      if (text.split(from).length !== 2) throw new Error(`"${from}" is not in ${path} once`);
      await writeFile(
        join(folder, path),
        text.replace(from, () => to),
      );
      return "done";
    },
    async remove(path) {
      await rm(join(folder, path));
      return "done";
    },
    async run(command) {
      const all = { cwd: folder, maxBuffer: Number.POSITIVE_INFINITY };
      return (await promisify(exec)(command, all)).stdout;
    },
    read: () => Promise.resolve("All of it was shown."),
    ended: show,
    close: () => Promise.resolve(),
  };
}
