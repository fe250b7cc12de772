/**
 * What the scenes print with. On a terminal, progress is one line that changes; in a log, it is a
 * line per quarter, and there is not a single escape code.
 */
export function createTerminal(stream, env) {
  const live = stream.isTTY === true && env.TERM !== "dumb";
  const colour = live && !env.NO_COLOR;
  const paint = (code) => (text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const bold = paint(1);
  const dim = paint(2);
  const red = paint(31);
  const green = paint(32);
  let shown = 0; // columns of the progress line, which the next output must overwrite

  function say(line) {
    if (shown > 0) stream.write(`\r${" ".repeat(shown)}\r`);
    shown = 0;
    stream.write(`${line}\n`);
  }

  /** Tells how far a piece of work has come: `at(share of the whole, note)` often, `end(note)` once. */
  function work(name) {
    let quarter = 0;
    if (!live) say(`  ${name} ...`);
    return {
      at(share, note = "") {
        if (live) {
          const line = `  ${bar(share)} ${name}${note && `: ${note}`}`;
          overwrite(line.slice(0, (stream.columns || 80) - 1));
        } else if (note !== "" && Math.floor(share * 4) > quarter) {
          quarter = Math.floor(share * 4);
          if (quarter < 4) say(`    ${quarter * 25} %: ${note}`);
        }
      },
      end: (note) => say(`  ${live ? `${green("✓")} ${name}` : "   done"}: ${note}`),
    };
  }

  function overwrite(line) {
    stream.write(`\r${line.padEnd(shown)}`);
    shown = line.length;
  }

  /** The first row is the head; columns of numbers are aligned to the right; notes stand below. */
  function table({ title, rows, notes = [] }) {
    const cells = rows.map((row) => row.map((cell) => show(cell)));
    const columns = cells[0].map((_, i) => {
      const column = cells.map((row) => row[i]);
      const pad = column.slice(1).every((cell) => /^[\d.,]+( %)?$/.test(cell))
        ? "padStart"
        : "padEnd";
      return { pad, width: Math.max(...column.map((cell) => cell.length)) };
    });
    const [head, ...lines] = cells.map((row) =>
      row
        .map((cell, i) => cell[columns[i].pad](columns[i].width))
        .join("   ")
        .trimEnd(),
    );
    const width = columns.reduce((sum, column) => sum + column.width + 3, -3);
    say(`\n${bold(title)}`);
    for (const line of [dim(head), dim("─".repeat(width)), ...lines]) say(`  ${line}`);
    for (const note of notes) say(`  ${note}`);
  }

  return { say, work, table, bold, dim, red, green };
}

function bar(share) {
  const width = 10;
  const filled = Math.round(Math.min(share, 1) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

function show(cell) {
  if (typeof cell !== "number") return cell;
  const digits = Number.isInteger(cell) || cell >= 100 ? 0 : 2;
  return cell.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
