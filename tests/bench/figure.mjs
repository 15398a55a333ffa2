/** Figures: a value, where it came from, the goal it is held against, and whether it meets it. */

import { median, rounded } from "./statistics.mjs";

/**
 * Makes a figure from the values of the rounds; the figure's value is their median.
 *
 * @param {string} name
 * @param {{unit: string, rounds: number[], value?: number, atMost?: number, atLeast?: number, note?: string}} options
 *   `value` replaces the median where pooling the samples of all rounds says more.
 */
export function figure(name, { unit, rounds, value = median(rounds), atMost, atLeast, note }) {
  const made = {
    name,
    unit,
    value: rounded(value),
    min: rounded(Math.min(...rounds)),
    max: rounded(Math.max(...rounds)),
    rounds: rounds.map(rounded),
  };
  if (atMost !== undefined) Object.assign(made, { goal: { at_most: atMost }, met: value <= atMost });
  if (atLeast !== undefined) Object.assign(made, { goal: { at_least: atLeast }, met: value >= atLeast });
  if (note) made.note = note;
  return made;
}

/** The same, for the ratio of two arms: divided inside each round, so that the machine's drift cancels. */
export function ratio(name, ours, theirs, goal = {}) {
  return figure(name, { unit: "×", rounds: ours.map((value, round) => value / theirs[round]), ...goal });
}

/** Writes the figures as a table that a person reads. */
export function table(results) {
  const rows = [["", "value", "min–max", "goal", ""]];
  for (const [measurement, { figures, failure }] of Object.entries(results)) {
    rows.push([measurement, "", "", "", ""]);
    if (failure) rows.push([`  failed: ${failure.split("\n")[0]}`, "", "", "", ""]);
    for (const figure of figures ?? []) {
      const spread = figure.rounds.length > 1 ? `${figure.min}–${figure.max}` : "";
      rows.push([`  ${figure.name}`, `${figure.value} ${figure.unit}`.trim(), spread, goal(figure), verdict(figure)]);
    }
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

function goal({ goal }) {
  if (!goal) return "";
  return goal.at_most !== undefined ? `≤ ${goal.at_most}` : `≥ ${goal.at_least}`;
}

function verdict({ met }) {
  if (met === undefined) return "";
  return met ? "met" : "MISSED";
}
