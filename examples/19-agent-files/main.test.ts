import { spawnSync } from "node:child_process";
import * as nodeFs from "node:fs";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  and,
  fail,
  hang,
  injectFaults,
  nth,
  once,
  op,
  or,
  path as onPath,
  readTree,
  rule,
  type Rule,
} from "@holdfast/testing";
import { assertProcessPassed, sweepProcess, type ProcessOutcome } from "@holdfast/testing/process";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { needs } from "../../packages/atomic/test/support/needs.ts";
import { asProgram, withPackages } from "../16-agent-state/as-program.ts";
import * as ours from "./main.ts";
import * as plain from "./plain.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

const here = import.meta.dirname;
let scratch: string;
const programs = { ours: "", plain: "" };
beforeAll(async () => {
  scratch = await realpath(await mkdtemp(join(tmpdir(), "example-19-")));
  await withPackages(scratch);
  programs.ours = await asProgram(join(here, "main.ts"), join(scratch, "main.mjs"));
  programs.plain = await asProgram(join(here, "plain.ts"), join(scratch, "plain.mjs"));
});
afterAll(() => rm(scratch, { recursive: true }));

let inside: string;
let folder: string;
let home: string;
beforeEach(async () => {
  inside = await mkdtemp(join(scratch, "test-"));
  folder = join(inside, "project");
  home = join(inside, "home");
  await prepare(inside);
});

const notes = "one\ntwo\nthree\n";
async function prepare(dir: string): Promise<void> {
  await mkdir(join(dir, "project/src"), { recursive: true });
  await writeFile(join(dir, "project/notes.md"), notes);
  await writeFile(join(dir, "project/src/app.js"), "app()\n", { mode: 0o755 });
}

const at = (...names: string[]): string => join(folder, ...names);
const textOf = (file: string): string => nodeFs.readFileSync(file, "utf8");
const tree = (): Promise<string[]> => readTree(nodeFs, folder);

type OpenAgent = typeof ours.openAgent;

/** An agent on the real disk of which some asynchronous calls are disturbed. */
function disturbed(openAgent: OpenAgent, ...rules: Rule[]): Promise<ours.Agent> {
  const { promises } = injectFaults(nodeFs, rules);
  return openAgent(folder, home, { ...nodeFs, promises });
}

/**
 * Lets some work stand still at each of its calls on a file or on what is staged beside it, in its turn, the first one
 * to the last, and looks at the disk meanwhile, and when it has ended.
 */
async function atEachCall(
  openAgent: OpenAgent,
  name: string,
  work: (agent: ours.Agent) => Promise<unknown>,
  meanwhile: () => void,
  afterwards: (call: string) => void = () => {},
): Promise<number> {
  for (let n = 1; ; n++) {
    await rm(inside, { recursive: true });
    await mkdir(inside);
    await prepare(inside);
    const calls = or(onPath(`**/${name}`), onPath("**/.holdfast-*"));
    const held = rule(and(calls, nth(n)), hang(), once());
    const { promises, faults } = injectFaults(nodeFs, held);
    const done = openAgent(folder, home, { ...nodeFs, promises }).then(async (agent) => {
      await work(agent);
      await agent.close();
      return true;
    });
    if ((await Promise.race([held.reached(), done])) === true) return n - 1;
    meanwhile();
    held.release();
    await done;
    afterwards(faults.log[0]!);
  }
}

describe.each([
  ["plain", plain.openAgent],
  ["ours", ours.openAgent],
])("undisturbed, %s", (_, openAgent) => {
  test("files are changed and brought back, and the next run knows of it", async () => {
    const before = await tree();
    const agent = await openAgent(folder, home);
    await agent.beginTurn("first");
    await agent.write("new.md", "hello");
    await agent.edit("notes.md", "two", "2");
    await agent.beginTurn("second");
    await agent.remove("src/app.js");
    const run = await agent.run("cat notes.md");
    expect(run).toBe("one\n2\nthree\n");
    await agent.configure({ model: "large" });
    await agent.close();

    const next = await openAgent(folder, home);
    expect(next.settings().model).toBe("large");
    expect(next.messages.map(({ text }) => text)).toEqual(["first", "second"]);
    await next.rewind(2);
    expect(textOf(at("src/app.js"))).toBe("app()\n");
    expect(textOf(at("new.md"))).toBe("hello");
    await next.rewind(1);
    expect(await tree()).toEqual(before);
    await next.close();
  });

  test("an edit whose place is not there, or twice, is a mistake and changes nothing", async () => {
    const agent = await openAgent(folder, home);
    await agent.beginTurn("first");
    for (const from of ["four", "o"])
      await expect(agent.edit("notes.md", from, "x")).rejects.toThrow("notes.md");
    expect(textOf(at("notes.md"))).toBe(notes);
    await agent.close();
  });
});

describe("an edit, and a user who saves the same file meanwhile", () => {
  /** At which calls of the edit a save of the user is lost. */
  async function losses(openAgent: OpenAgent) {
    const lost: string[] = [];
    const calls = await atEachCall(
      openAgent,
      "notes.md",
      async (agent) => {
        await agent.beginTurn("first");
        await agent.edit("notes.md", "two", "2");
      },
      () => nodeFs.writeFileSync(at("notes.md"), `${notes}mine\n`),
      (call) => {
        if (!textOf(at("notes.md")).includes("mine")) lost.push(call);
      },
    );
    return { calls, lost };
  }

  test("plain: what he saved after it was read is gone", async () => {
    const { lost } = await losses(plain.openAgent);
    expect(lost.join("\n")).toContain("open");
  });

  test("ours: it is his text that is edited", async () => {
    const { calls, lost } = await losses(ours.openAgent);
    expect(calls).toBeGreaterThan(20);
    // But for the moment between the last look and the rename, which no call that Node has can close.
    const moments = new Set(lost.map((call) => call.split(" ")[1]));
    expect(["close", "rename"]).toEqual(expect.arrayContaining([...moments]));
  });
});

describe("settings that cannot be read", () => {
  const path = (): string => join(home, "settings.json");
  async function configured(openAgent: OpenAgent): Promise<void> {
    const agent = await openAgent(folder, home);
    await agent.configure({ approve: "always" });
    await agent.configure({ model: "large" });
    await agent.close();
  }
  const unreadable = (): Rule =>
    rule(and(op("open"), onPath("**/settings.json")), fail("EACCES"), once());

  test("plain: they are reset, by a comma too many as by a permission", async () => {
    for (const way of ["broken", "refused"]) {
      await configured(plain.openAgent);
      if (way === "broken") await writeFile(path(), `${textOf(path())},`);
      const rules = way === "refused" ? [unreadable()] : [];
      const agent = await disturbed(plain.openAgent, ...rules);
      await agent.configure({ model: "huge" });
      expect(JSON.parse(textOf(path()))).toEqual({ model: "huge", approve: "ask" });
    }
  });

  test("ours: what a person broke is kept, and the last good ones go on", async () => {
    await configured(ours.openAgent);
    const broken = `${textOf(path())},`;
    await writeFile(path(), broken);
    const agent = await ours.openAgent(folder, home);
    expect(agent.settings()).toEqual({ model: "small", approve: "always" }); // one change ago
    await agent.close();
    const kept = (await readdir(home)).find((name) => name.includes(".corrupt-"));
    expect(textOf(join(home, kept!))).toBe(broken);
  });

  test("ours: what may not be read is an error, and stays", async () => {
    await configured(ours.openAgent);
    const before = textOf(path());
    const refused = unreadable();
    await expect(disturbed(ours.openAgent, refused)).rejects.toMatchObject({ code: "EACCES" });
    expect(refused.hits).toBe(1);
    expect(textOf(path())).toBe(before);
  });
});

describe.runIf(needs("posix"))("credentials, at each call of their writing", () => {
  /** The permissions of all files that the key was seen in. */
  async function modesSeen(openAgent: OpenAgent): Promise<Set<number>> {
    const modes = new Set<number>();
    const look = (): void => {
      for (const name of nodeFs.readdirSync(home, { recursive: true }) as string[]) {
        const file = join(home, name);
        const stats = nodeFs.statSync(file);
        if (stats.isFile() && textOf(file).includes("very secret")) modes.add(stats.mode & 0o777);
      }
    };
    await atEachCall(openAgent, "credentials.json", (a) => a.login("very secret"), look, look);
    return modes;
  }

  test("plain: everybody can read them for a moment", async () => {
    const usual = 0o666 & ~process.umask();
    expect(await modesSeen(plain.openAgent)).toEqual(new Set([usual, 0o600]));
  });

  test("ours: nobody else ever can", async () => {
    expect(await modesSeen(ours.openAgent)).toEqual(new Set([0o600]));
  });
});

describe("the log, torn by a kill", () => {
  async function tornAt(cut: number, openAgent: OpenAgent): Promise<ours.Agent> {
    const agent = await openAgent(folder, home);
    await agent.beginTurn("first");
    await agent.close();
    await appendFile(join(home, "session.jsonl"), '{"role":"user","text":"sec'.slice(0, cut));
    const next = await openAgent(folder, home);
    await next.beginTurn("third");
    await next.close();
    return openAgent(folder, home);
  }

  test("plain: what comes next is glued to it, and the session cannot be opened any more", async () => {
    await expect(tornAt(20, plain.openAgent)).rejects.toThrow(SyntaxError);
  });

  test("ours: it goes on", async () => {
    for (const cut of [1, 2, 20, 26]) {
      await rm(home, { recursive: true, force: true });
      const agent = await tornAt(cut, ours.openAgent);
      expect(agent.messages.map(({ text }) => text)).toEqual(["first", "third"]);
      await agent.close();
    }
  });
});

describe("back to an earlier turn, and what the user has done meanwhile", () => {
  async function atWork(openAgent: OpenAgent): Promise<ours.Agent> {
    await writeFile(at("todo.md"), "");
    const agent = await openAgent(folder, home);
    await agent.beginTurn("first");
    await agent.edit("notes.md", "two", "2");
    await agent.write("src/new.js", "new()\n");
    await writeFile(at("todo.md"), "buy milk\n"); // a file that the agent has never touched
    await writeFile(at("src/mine.js"), "mine()\n"); // one that is new
    await writeFile(at("notes.md"), "one\n2\nthree\nfour, by me\n"); // and one of the agent's
    return agent;
  }

  test("plain: it is gone", async () => {
    const agent = await atWork(plain.openAgent);
    await agent.rewind(1);
    expect(textOf(at("todo.md"))).toBe("");
    expect(nodeFs.existsSync(at("src/mine.js"))).toBe(false);
    expect(textOf(at("notes.md"))).toBe(notes);
  });

  test("ours: it is there, is said to be, and the rewind can be taken back", async () => {
    const agent = await atWork(ours.openAgent);
    const before = await tree();
    const said = [`left alone ${at("notes.md")}: conflict`, `remove ${at("src/new.js")}`];
    expect(await agent.rewind(1, true)).toEqual(said);
    expect(await tree()).toEqual(before);
    expect(await agent.rewind(1)).toEqual(said);
    expect(await tree()).toEqual(before.filter((line) => !line.startsWith("src/new.js")));
    await agent.close();
    const next = await ours.openAgent(folder, home);
    expect(await next.undoRewind()).toEqual([`create ${at("src/new.js")}`]);
    expect(await tree()).toEqual(before);
    await next.close();
  });
});

describe.runIf(needs("node", "posix"))("a command that puts out 48 MB", () => {
  const megabytes = 48;
  /** In a process whose heap is half as large. */
  function run(which: "ours" | "plain") {
    const script = `
      const { openAgent } = await import(${JSON.stringify(programs[which])});
      const agent = await openAgent(${JSON.stringify(folder)}, ${JSON.stringify(home)});
      await agent.beginTurn("first");
      const shown = await agent.run("yes | head -c ${megabytes}000000; echo the end");
      console.log(JSON.stringify({ length: shown.length, shown: shown.slice(0, 10_000) }));
      await agent.close();`;
    return spawnSync(
      process.execPath,
      [`--max-old-space-size=${megabytes / 2}`, "--input-type=module", "-e", script],
      { cwd: inside, encoding: "utf8", timeout: 60_000 },
    );
  }

  test("plain: ends the agent", () => {
    const { status, signal, stderr } = run("plain");
    expect({ status, signal }).toEqual({ status: null, signal: "SIGABRT" });
    expect(stderr).toContain("JavaScript heap out of memory");
  });

  test("ours: is a page for the model, and a file", async () => {
    const { status, stdout, stderr } = run("ours");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { length, shown } = JSON.parse(stdout) as { length: number; shown: string };
    expect(length).toBeLessThan(8000);
    expect(shown).toContain("the end");
    const kept = (await readdir(join(home, "output/main"))).filter((name) => name.endsWith(".txt"));
    const { size } = await stat(join(home, "output/main", kept[0]!));
    expect([kept.length, size]).toEqual([1, megabytes * 1_000_000 + "the end\n".length]);
  });
});

describe.runIf(needs("node", "posix"))("the program", () => {
  const run = (...lines: string[]) =>
    spawnSync(process.execPath, [programs.ours, folder, home, ...lines], { encoding: "utf8" });
  const status = (): unknown => JSON.parse(textOf(join(home, "status.json")));

  test("does what it is told, and its status is what it did last", () => {
    const { stdout, stderr } = run("write a.md hello you", "edit a.md you me", "/rewind");
    const lines = ["done", "done", "1  write a.md hello you", "2  edit a.md you me", ""];
    expect({ stdout, stderr }).toEqual({ stdout: lines.join("\n"), stderr: "" });
    expect(run("/rewind 2", "/undo", "/rewind 1").stdout).toBe(
      `overwrite ${at("a.md")}\noverwrite ${at("a.md")}\nremove ${at("a.md")}\n`,
    );
    expect(status()).toMatchObject({ doing: "nothing" });
  });

  test("also when an error ends it", () => {
    expect(run("edit a.md you me").stderr).toContain("ENOENT");
    expect(status()).toMatchObject({ doing: "crashed" });
  });
});

describe.runIf(needs("node", "posix"))("killed at each of its calls", () => {
  const text = "y".repeat(6000);
  const message = "z".repeat(6000);
  /** One turn with one change; with a number a rewind too, and killed right before that call in the workspace. */
  const script = `
    import * as nodeFs from "node:fs";
    import { and, hang, injectFaults, nth, or, path, rule, writes } from "@holdfast/testing";
    const [program, dir, number] = process.argv.slice(2);
    let fileSystem = nodeFs;
    if (number !== undefined) {
      const there = or(path("/proc/self/fd/*/notes.md"), path("/proc/self/fd/*/.holdfast-*"));
      const fatal = rule(and(writes(), there, nth(Number(number))), hang());
      fileSystem = { ...nodeFs, promises: injectFaults(nodeFs, fatal).promises };
      void fatal.reached().then(() => process.kill(process.pid, "SIGKILL"));
    }
    const { openAgent } = await import(program);
    const agent = await openAgent(dir + "/project", dir + "/home", fileSystem);
    await agent.beginTurn("${message}");
    await agent.write("notes.md", "${text}");
    if (number !== undefined) await agent.rewind(1);
    await agent.close();`;
  const command = (which: "ours" | "plain", dir: string, ...more: string[]): string[] => {
    const driver = join(scratch, "driver.mjs");
    nodeFs.writeFileSync(driver, script);
    return [process.execPath, driver, programs[which], dir, ...more];
  };
  const sweep = (which: "ours" | "plain", check: (outcome: ProcessOutcome) => Promise<void>) =>
    sweepProcess({
      command: (dir) => command(which, dir),
      verb: "kill",
      prepare,
      check,
      maxFailures: 1000,
    });

  test("plain: half of the file, half of a line in the log", async () => {
    const report = await sweep("plain", async ({ dir }) => {
      expect([notes, text]).toContain(await readFile(join(dir, "project/notes.md"), "utf8"));
      await plain.openAgent(join(dir, "project"), join(dir, "home"));
    });
    const found = report.failures.map(({ message: what }) => what).join("\n");
    expect(found).toContain("to include ''"); // emptied by open(2), and never filled
    expect(found).toMatch(/to include 'y+…'/); // filled to a page
    expect(found).toContain("Unterminated string in JSON at position 4096"); // the log
  });

  /** What the next run finds and does; whether the change could not be told from one of the user. */
  async function nextRun(dir: string): Promise<boolean> {
    const file = join(dir, "project/notes.md");
    const found = await readFile(file, "utf8");
    expect([notes, text]).toContain(found);
    const agent = await ours.openAgent(join(dir, "project"), join(dir, "home"));
    const spoken = agent.messages.filter(({ role }) => role === "user");
    expect(spoken.every((one) => one.text === message)).toBe(true);
    const said = await agent.rewind(1);
    await agent.close();
    const after = await readFile(file, "utf8");
    if (after === notes) return false;
    expect([after, said]).toEqual([found, [`left alone ${file}: conflict`]]);
    return true;
  }

  test("ours: the old file or the new one, and the next run knows the way back", async () => {
    const conflicts: string[] = [];
    const report = await sweep("ours", async ({ dir, disturbed: kill }) => {
      if (await nextRun(dir)) conflicts.push(`${kill?.when} ${kill?.call.text}`);
    });
    assertProcessPassed(report);
    expect(report.limits).toEqual([]);
    // Written, and not yet on record as ours: then it is left alone, and said to be.
    expect(conflicts.at(0)).toMatch(/^after rename .* -> project\/notes\.md$/);
    expect(conflicts.slice(1, -1)).toEqual(["before fsync project", "after fsync project"]);
    expect(conflicts.at(-1)).toMatch(/^before write .*journal\.jsonl/);
  });

  // There a `Root` works by descriptors, and the sweep above sees names.
  test.runIf(needs("linux"))("ours: also at those in the workspace", async () => {
    for (let n = 1; ; n++) {
      await rm(inside, { recursive: true });
      await mkdir(inside);
      await prepare(inside);
      const [node, ...args] = command("ours", inside, String(n));
      const { signal, status, stderr } = spawnSync(node!, args, { encoding: "utf8" });
      await nextRun(inside);
      if (signal === "SIGKILL") continue;
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(n).toBeGreaterThan(8);
      return;
    }
  });
});
