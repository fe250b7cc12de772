/** The value below which the share `q` of `values` lies, interpolated. */
export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

export const median = (values) => quantile(values, 0.5);

/**
 * How `a` compares to `b`: the ratio of their medians, and between which values the middle 80% of
 * the per-round ratios lie. Both were measured in every round, moments apart, so what disturbed a
 * round disturbed both; a wide spread says that the ratio is not to be trusted.
 */
export function ratio(a, b) {
  const rounds = a.rounds.map((value, n) => value / b.rounds[n]);
  return { value: a.median / b.median, low: quantile(rounds, 0.1), high: quantile(rounds, 0.9) };
}
