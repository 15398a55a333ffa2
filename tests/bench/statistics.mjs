/** The few statistics that the figures are made of. */

/** The value below which the given part of the samples lies; between two samples it is interpolated. */
export function quantile(samples, part) {
  const sorted = [...samples].sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const position = (sorted.length - 1) * part;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

export const median = (samples) => quantile(samples, 0.5);
export const p95 = (samples) => quantile(samples, 0.95);
export const p99 = (samples) => quantile(samples, 0.99);
export const sum = (samples) => samples.reduce((total, sample) => total + sample, 0);

/** Keeps what a reader can use: three decimals below 10, one above. */
export function rounded(value) {
  if (!Number.isFinite(value)) return null;
  return Number(value.toFixed(Math.abs(value) < 10 ? 3 : 1));
}
