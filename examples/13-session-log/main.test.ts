import { appendFile, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSession, type Message } from "./main.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-13-"));
  path = join(folder, "session.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

const hello: Message = { role: "user", text: "hello" };
const answer: Message = { role: "assistant", text: "two\nlines" };
const output: Message = { role: "tool", name: "bash", output: "}{".repeat(1000) };

test("a session goes on where it was", async () => {
  {
    await using session = await openSession(path);
    expect(session.messages).toEqual([]);
    await session.say(hello);
    await session.say(answer);
  }
  await using again = await openSession(path);
  expect(again.messages).toEqual([hello, answer]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("wherever a crash has torn the last line, what came before is there, and it goes on", async () => {
  const whole = `${JSON.stringify(output)}\n`;
  for (const cut of [1, 10, 40, whole.length - 3, whole.length - 1]) {
    await rm(path, { force: true });
    {
      await using session = await openSession(path);
      await session.say(hello);
    }
    await appendFile(path, whole.slice(0, cut));
    {
      await using session = await openSession(path);
      const rescued = cut === whole.length - 1 ? [output] : []; // it only lacked its newline
      expect(session.messages).toEqual([hello, ...rescued]);
      await session.say(answer);
    }
    await using session = await openSession(path);
    expect(session.messages.at(-1)).toEqual(answer);
    expect((await readFile(path, "utf8")).endsWith(`${JSON.stringify(answer)}\n`)).toBe(true);
  }
});

test("two that speak at once lose nothing", async () => {
  await using one = await openSession(path);
  await using other = await openSession(path);
  await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      (i % 2 === 0 ? one : other).say({ role: "tool", name: `${i}`, output: "x".repeat(i * 500) }),
    ),
  );
  await using all = await openSession(path);
  const names = all.messages.map((message) => (message.role === "tool" ? message.name : ""));
  expect(names.toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 40 }, (_, i) => `${i}`),
  );
  expect((await readdir(folder)).filter((name) => name.includes("torn"))).toEqual([]);
});

test("a line that is no message is not passed over in silence", async () => {
  await appendFile(path, '{"role":"cat"}\n');
  await expect(openSession(path)).rejects.toMatchObject({ code: "ERR_JSON_INVALID" });
});
